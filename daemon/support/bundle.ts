/** What goes into the archive: bounded, each with its source, and what could not be had with the reason. */
import { createHash } from 'node:crypto';
import { LIMITS } from '../../src/base/index.ts';
import { REDACTED, redactLog, redactText, redactValue } from './redact.ts';
import type { TarEntry } from './tar.ts';

export interface BundleRow {
  readonly name: string;
  readonly source: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Something was cut off: of logs the beginning, of all else the end. */
  readonly truncated: boolean;
}

export interface Missing {
  readonly name: string;
  readonly reason: string;
}

/** Name in the archive, and where it came from. */
export interface Piece {
  readonly name: string;
  readonly source: string;
}

export class Bundle {
  readonly rows: BundleRow[] = [];
  readonly missing: Missing[] = [];
  readonly #entries: TarEntry[] = [];
  #total = 0;
  readonly #secrets: readonly string[];

  /** `secrets`: texts that are replaced wherever they stand, longest first. */
  constructor(secrets: readonly string[] = []) {
    this.#secrets = secrets;
  }

  get entries(): readonly TarEntry[] {
    return this.#entries;
  }

  /** Runs `read` and adds what it gives as JSON; a throw becomes a missing piece. */
  async json(piece: Piece, read: () => unknown): Promise<void> {
    await this.#try(piece, async () => {
      const value = redactValue(await read());
      this.#add(piece, `${JSON.stringify(value, null, 1)}\n`, 'head');
    });
  }

  async text(piece: Piece, read: () => string | Promise<string>): Promise<void> {
    await this.#try(piece, async () => this.#add(piece, redactText(await read()), 'head'));
  }

  /** `read` gives the end of the log; `cut`: it began earlier. */
  async log(
    piece: Piece,
    read: () => { text: string; cut: boolean } | Promise<{ text: string; cut: boolean }>,
  ): Promise<void> {
    await this.#try(piece, async () => {
      const { text, cut } = await read();
      this.#add(piece, redactLog(text), 'tail', cut);
    });
  }

  lacks(name: string, reason: string): void {
    this.missing.push({ name, reason: this.#clean(redactText(reason)) });
  }

  async #try(piece: Piece, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.lacks(piece.name, (error as Error).message);
    }
  }

  #clean(text: string): string {
    return this.#secrets.reduce((cleaned, secret) => cleaned.replaceAll(secret, REDACTED), text);
  }

  #add({ name, source }: Piece, text: string, keep: 'head' | 'tail', cut = false): void {
    const whole = Buffer.from(this.#clean(text));
    const room = LIMITS.maxSupportBytes - this.#total;
    if (room <= 0) return this.lacks(name, 'the archive is full');
    const size = Math.min(whole.length, LIMITS.maxSupportFileBytes, room);
    const bytes = keep === 'head' ? whole.subarray(0, size) : whole.subarray(whole.length - size);
    this.#total += size;
    this.#entries.push({ name, bytes });
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    this.rows.push({ name, source, bytes: size, sha256, truncated: cut || size < whole.length });
  }
}
