/**
 * What this node refused, on its own disk: a chain of hashes like the audit's, one JSON
 * line each, in at most two files of bounded size. It is written without a sync: a power
 * cut may take the newest lines, and a torn one is cut off at the next start. A disk
 * that takes no more costs lines, never the node; that is said once.
 */
import {
  closeSync,
  existsSync,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { type ChainEnd, endOf, GENESIS, type Linked, linked } from '../src/audit/index.ts';
import { LIMITS, SqlccError, type Timestamp } from '../src/base/index.ts';
import type { Denial } from './denials.ts';

const FILE = 'denials.jsonl';
const OLDER = 'denials.1.jsonl';

/** A refusal, or many alike within a minute. */
export interface DenialRecord extends Denial, Linked {
  readonly at: Timestamp;
}

export interface KeptDenials {
  readonly anchor: ChainEnd;
  readonly records: readonly DenialRecord[];
  /** The first line that can't be read at all, or null; what follows it is not in `records`. */
  readonly damage: { readonly file: string; readonly line: number } | null;
}

/** What the files in `dataDir` hold, oldest first. Asks no daemon. */
export function readDenials(dataDir: string): KeptDenials {
  let anchor: ChainEnd | null = null;
  const records: DenialRecord[] = [];
  for (const name of [OLDER, FILE]) {
    const path = join(dataDir, name);
    if (!existsSync(path)) continue;
    // behind the last line break is what a crash tore
    const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
    for (const [n, line] of lines.entries()) {
      const found = readLine(line);
      if (found === null) {
        return { anchor: anchor ?? GENESIS, records, damage: { file: name, line: n + 1 } };
      }
      if ('anchor' in found) anchor ??= found.anchor;
      else records.push(found);
    }
  }
  return { anchor: anchor ?? GENESIS, records, damage: null };
}

function readLine(line: string): DenialRecord | { readonly anchor: ChainEnd } | null {
  try {
    const value = JSON.parse(line) as { anchor?: ChainEnd; seq?: number };
    const { seq } = value.anchor ?? value;
    return Number.isSafeInteger(seq) ? (value as DenialRecord) : null;
  } catch {
    return null;
  }
}

export class DenialChain {
  readonly #dataDir: string;
  readonly #onTrouble: (reason: string) => void;
  #fd: number | null = null;
  #size = 0;
  #end: ChainEnd = GENESIS;
  #troubled = false;

  /** `onTrouble` is called once, when a line could not be kept. Opens nothing before the first line. */
  constructor(dataDir: string, onTrouble: (reason: string) => void) {
    this.#dataDir = dataDir;
    this.#onTrouble = onTrouble;
  }

  append({ who, from, what, count }: Denial, at: Timestamp): void {
    try {
      const fd = this.#fd ?? this.#open();
      const record: DenialRecord = linked(this.#end, { at, who, from, what, count });
      this.#write(fd, record);
      this.#end = record;
      if (this.#size >= LIMITS.maxDenialFileBytes) this.#turn();
    } catch (error) {
      if (!this.#troubled) this.#onTrouble((error as Error).message);
      this.#troubled = true;
    }
  }

  close(): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
  }

  #open(): number {
    const path = join(this.#dataDir, FILE);
    let kept = readDenials(this.#dataDir);
    // a file that can't be read is kept for whoever looks into it; the chain goes on behind what is left
    for (; kept.damage !== null; kept = readDenials(this.#dataDir)) {
      const broken = join(this.#dataDir, kept.damage.file);
      renameSync(broken, `${broken}.broken`);
    }
    this.#end = endOf(kept.anchor, kept.records);
    const fd = openSync(path, 'a+', 0o600);
    fchmodSync(fd, 0o600);
    this.#size = wholeBytes(path);
    if (fstatSync(fd).size > this.#size) ftruncateSync(fd, this.#size);
    if (this.#size === 0) this.#write(fd, { anchor: { seq: this.#end.seq, hash: this.#end.hash } });
    this.#fd = fd;
    return fd;
  }

  /** A line or nothing: what was written of it is taken back. */
  #write(fd: number, line: object): void {
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
    try {
      const written = writeSync(fd, bytes);
      if (written < bytes.length) throw new SqlccError('storage_failed', `${FILE}: the disk is full`);
      this.#size += written;
    } catch (error) {
      ftruncateSync(fd, this.#size);
      throw error;
    }
  }

  #turn(): void {
    this.close();
    renameSync(join(this.#dataDir, FILE), join(this.#dataDir, OLDER));
    this.#open();
  }
}

/** Bytes up to and with the last line break. */
function wholeBytes(path: string): number {
  return readFileSync(path).lastIndexOf(0x0a) + 1;
}
