/**
 * A recording as text, line by line: an hour of fifty nodes is 40 MB, of which no more than a line need be
 * held at a time. A file is read where it lies; of what can be read only once (a pipe) all bytes are kept.
 */
import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';

const NEWLINE = 0x0a;
const CHUNK_BYTES = 256 * 1024;

export interface RawLine {
  /** From 1. */
  readonly number: number;
  readonly text: string;
  /** Its newline was there: else it may be cut off. */
  readonly isWhole: boolean;
  /** The same text again, when it is needed. */
  readonly again: () => string;
}

/** Fills `into` from `at` on, and answers how many bytes there were. */
export type Read = (into: Buffer, at: number) => number;

function readFully(fd: number, into: Buffer, at: number): number {
  for (let got = 0; ; ) {
    const more = readSync(fd, into, got, into.length - got, at + got);
    got += more;
    if (more === 0 || got === into.length) return got;
  }
}

/** Open as long as this process: what is replayed is asked for until it ends. */
export function openText(path: string): Read {
  const fd = openSync(path, 'r');
  if (fstatSync(fd).isFile()) return (into, at) => readFully(fd, into, at);
  const bytes = readFileSync(fd);
  closeSync(fd);
  return textBytes(bytes);
}

export function textBytes(bytes: Buffer): Read {
  return (into, at) => bytes.copy(into, 0, at, at + into.length);
}

function lineAt(read: Read, at: number, length: number): string {
  const bytes = Buffer.alloc(length);
  return bytes.toString('utf8', 0, read(bytes, at));
}

/** All lines that are not empty, in order. */
export function* linesOf(read: Read): Generator<RawLine> {
  const chunk = Buffer.alloc(CHUNK_BYTES);
  /** Of a line whose end is not read yet. */
  let begun: Buffer = Buffer.alloc(0);
  let lineFrom = 0;
  let number = 0;
  const line = (bytes: Buffer, isWhole: boolean): RawLine[] => {
    const at = lineFrom;
    const { length } = bytes;
    number++;
    lineFrom += length + 1;
    const text = bytes.toString('utf8');
    return text.trim() === '' ? [] : [{ number, text, isWhole, again: () => lineAt(read, at, length) }];
  };
  for (let at = 0, got = read(chunk, 0); got > 0; at += got, got = read(chunk, at)) {
    const bytes = chunk.subarray(0, got);
    let from = 0;
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, from)) {
      const part = bytes.subarray(from, end);
      yield* line(begun.length === 0 ? part : Buffer.concat([begun, part]), true);
      begun = Buffer.alloc(0);
      from = end + 1;
    }
    if (from < got) begun = Buffer.concat([begun, bytes.subarray(from)]);
  }
  if (begun.length > 0) yield* line(begun, false);
}
