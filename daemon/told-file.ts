/**
 * `told.json` in the data folder: the incident that was told of while nobody led, until it is on record, so
 * that a restart of every node at once forgets none whose end is still to be told. Written beside the
 * telling, never before it: a disk that hangs may be why nobody leads. What can't be read or written costs
 * nothing else.
 */
import { existsSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SqlccError } from '../src/base/index.ts';
import { readSealedJson, sealedJson } from './sealed-json.ts';
import type { ToldIncident } from './told.ts';

export class ToldFile {
  readonly #path: string;
  /** Writes and removals one after the other. */
  #last: Promise<void> = Promise.resolve();

  constructor(dataDir: string) {
    this.#path = join(dataDir, 'told.json');
  }

  recall(): ToldIncident | null {
    if (!existsSync(this.#path)) return null;
    try {
      const { incident, channels } = readSealedJson(this.#path);
      const isSound = typeof incident === 'string' && Array.isArray(channels);
      return isSound ? { incident, channels } : null;
    } catch (error) {
      if (!(error instanceof SqlccError)) throw error;
      return null; // damaged
    }
  }

  /** From now on this is what a restart recalls; null = nothing. */
  keep(told: ToldIncident | null): void {
    const step = () => (told === null ? rm(this.#path, { force: true }) : this.#write(told));
    // a full disk is somebody else's to tell
    this.#last = this.#last.then(step).catch(() => {});
  }

  /** Resolves once all that was given is on the disk, or could not be put there. */
  settled(): Promise<void> {
    return this.#last;
  }

  async #write({ incident, channels }: ToldIncident): Promise<void> {
    const temporary = `${this.#path}.tmp`;
    const file = await open(temporary, 'w', 0o600);
    try {
      await file.writeFile(sealedJson({ incident, channels }));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, this.#path);
  }
}
