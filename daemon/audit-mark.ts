/**
 * `audit-logged.json` in the data folder: up to which line the node's log has the audit. Written behind the
 * lines, the newest only and without a sync: where it is behind, lines are written once more after a crash,
 * and where it is lost all that the record holds are; none is left out.
 */
import { existsSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SqlccError } from '../src/base/index.ts';
import { readSealedJson, sealedJson } from './sealed-json.ts';

export class AuditMark {
  readonly #path: string;
  #wanted: number | null = null;
  #writing: Promise<void> | null = null;

  constructor(dataDir: string) {
    this.#path = join(dataDir, 'audit-logged.json');
  }

  /** The line that a life before wrote last; null where that is not known. */
  recall(): number | null {
    if (!existsSync(this.#path)) return null;
    try {
      const { seq } = readSealedJson(this.#path);
      return Number.isSafeInteger(seq) ? (seq as number) : null;
    } catch (error) {
      if (!(error instanceof SqlccError)) throw error;
      return null; // damaged
    }
  }

  /** The log has the lines up to this one. */
  keep(seq: number): void {
    this.#wanted = seq;
    this.#writing ??= this.#write();
  }

  /** Resolves once what was given last is in the file, or could not be put there. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    while (this.#wanted !== null) {
      const seq = this.#wanted;
      this.#wanted = null;
      // a full disk is somebody else's to tell
      await this.#put(seq).catch(() => {});
    }
    this.#writing = null;
  }

  async #put(seq: number): Promise<void> {
    const temporary = `${this.#path}.tmp`;
    await writeFile(temporary, sealedJson({ seq }), { mode: 0o600 });
    await rename(temporary, this.#path);
  }
}
