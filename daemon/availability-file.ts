/**
 * `availability.json` in the data folder: what this node saw of the cluster's availability, so that a month's
 * error budget outlives its restarts. Written once a minute and at the end; what can't be read or written
 * costs the figure of the past and nothing else.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Instant, SqlccError, type Timestamp } from '../src/base/index.ts';
import {
  AvailabilityHistory,
  type AvailabilitySlice,
  type AvailabilityWindows,
  type Span,
} from '../src/health/index.ts';
import { readSealedJson, sealedJson } from './sealed-json.ts';

const WRITE_EVERY_MS = 60_000;

export class AvailabilityFile {
  readonly #path: string;
  readonly #history: AvailabilityHistory;
  #writtenAt: Instant;
  #isWriting = false;

  constructor(dataDir: string, now: Instant) {
    this.#path = join(dataDir, 'availability.json');
    this.#history = new AvailabilityHistory(recalled(this.#path));
    this.#writtenAt = now;
  }

  /** The newest totals since this start. */
  heard(totals: Span, at: { readonly wall: Timestamp; readonly now: Instant }): void {
    this.#history.observe(totals, at.wall);
    if (this.#isWriting || at.now - this.#writtenAt < WRITE_EVERY_MS) return;
    this.#writtenAt = at.now;
    this.#isWriting = true;
    // a full disk is somebody else's to tell
    void this.#write()
      .catch(() => {})
      .finally(() => {
        this.#isWriting = false;
      });
  }

  report(now: Timestamp): AvailabilityWindows {
    return this.#history.report(now);
  }

  /** At the end of the daemon. */
  close(): void {
    try {
      writeFileSync(this.#path, this.#text(), { mode: 0o600 });
    } catch {
      // the last minute is lost with it
    }
  }

  #text(): string {
    const slices = this.#history.slices.map((s) =>
      [s.at, Math.round(s.observedMs), Math.round(s.servingMs)].join(' '),
    );
    return sealedJson({ slices });
  }

  async #write(): Promise<void> {
    const temporary = `${this.#path}.tmp`;
    await writeFile(temporary, this.#text(), { mode: 0o600 });
    await rename(temporary, this.#path);
  }
}

function recalled(path: string): AvailabilitySlice[] {
  if (!existsSync(path)) return [];
  try {
    const { slices } = readSealedJson(path);
    if (!Array.isArray(slices)) return [];
    return slices.flatMap((line) => {
      const [at, observedMs, servingMs] = String(line).split(' ').map(Number);
      const isSound = [at, observedMs, servingMs].every(Number.isFinite);
      return isSound ? [{ at, observedMs, servingMs } as AvailabilitySlice] : [];
    });
  } catch (error) {
    if (!(error instanceof SqlccError)) throw error;
    return []; // damaged
  }
}
