/**
 * When the machine itself was late: a thread that does nothing else asks to be woken every few milliseconds, and
 * keeps the moments at which it was not. Who has waited no longer than others is woken first, so what makes this
 * thread late stopped everybody: another tenant, a hypervisor. What a process under test does to itself is not seen.
 */
import { isMainThread, parentPort, Worker } from 'node:worker_threads';

const EVERY_MS = 5;
/** Beyond any pause of this thread's own (14 ms at most in five seconds of a calm machine). */
const LATE_MS = 25;

/** A time in which nobody ran; ms of `performance.timeOrigin + performance.now()`. */
export interface Gap {
  readonly from: number;
  readonly to: number;
}

const nowMs = (): number => performance.timeOrigin + performance.now();

export class LateMachine {
  readonly #gaps: Gap[] = [];
  readonly #worker: Worker;

  constructor() {
    this.#worker = new Worker(new URL(import.meta.url));
    this.#worker.on('message', (gap: Gap) => this.#gaps.push(gap));
  }

  /** Ends the thread; whether the machine was late within `withinMs` before a moment. */
  async stop(): Promise<(atMs: number, withinMs: number) => boolean> {
    await this.#worker.terminate();
    return (atMs, withinMs) => this.#gaps.some((g) => g.from <= atMs && g.to >= atMs - withinMs);
  }

  static nowMs = nowMs;
}

function watch(before: number): void {
  const now = nowMs();
  if (now - before - EVERY_MS > LATE_MS) parentPort?.postMessage({ from: before, to: now } satisfies Gap);
  setTimeout(watch, EVERY_MS, now);
}

if (!isMainThread && parentPort !== null) watch(nowMs());
