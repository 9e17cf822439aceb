/**
 * Descriptors that strangers must leave free, for what a node can't do without: segments of the log,
 * SQLite's files, connections between voters. The kernel gives the lowest free number, so the number of a
 * connection just accepted says how many are in use, and nothing has to be counted.
 */
import { readFileSync } from 'node:fs';
import { LIMITS } from '../base/index.ts';

/** The limit may be changed from outside while the process runs. */
const LOOK_AGAIN_MS = 1000;

/** The soft limit of open files; null where the system does not say. */
export function openFilesLimit(): number | null {
  try {
    const found = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
    return found === null ? null : Number(found[1]);
  } catch (error) {
    // none is left to look with
    return (error as NodeJS.ErrnoException).code === 'EMFILE' ? 0 : null;
  }
}

export class DescriptorReserve {
  readonly #limitOf: () => number | null;
  #limit: number | null = null;
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(limitOf: () => number | null = openFilesLimit) {
    this.#limitOf = limitOf;
  }

  /** True when a connection with this number takes what is to be kept free; `now` is monotonic, ms. */
  isTouched(descriptor: number, now: number): boolean {
    if (now - this.#lookedAt >= LOOK_AGAIN_MS) {
      this.#lookedAt = now;
      this.#limit = this.#limitOf();
    }
    if (this.#limit === null) return false;
    // where few are allowed at all, a reserve as large as the rest would let nobody in
    const kept = Math.min(LIMITS.reservedDescriptors, Math.floor(this.#limit / 8));
    return descriptor >= this.#limit - kept;
  }
}

/** The number behind a socket; -1 where there is none to see. */
export function descriptorOf(socket: object): number {
  return (socket as { readonly _handle?: { readonly fd?: number } | null })._handle?.fd ?? -1;
}
