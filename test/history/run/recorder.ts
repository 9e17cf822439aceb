/** The history of a run as it comes: one list, one monotonic clock, one counter of processes and operations. */
import { writeFileSync } from 'node:fs';
import type { HistoryLine, Note, Op, WatchEvent } from '../check/record.ts';

const NS_PER_MS = 1_000_000;

export class Recorder {
  readonly lines: HistoryLine[] = [];
  readonly #began = process.hrtime.bigint();
  #nextProcess = 1;
  #nextOp = 1;

  /** Nanoseconds since the run began. */
  now(): number {
    return Number(process.hrtime.bigint() - this.#began);
  }

  /** A process that nobody has been yet. */
  newProcess(): number {
    return this.#nextProcess++;
  }

  newOp(): number {
    return this.#nextOp++;
  }

  op(op: Op): void {
    this.lines.push(op);
  }

  watch(event: WatchEvent): void {
    this.lines.push(event);
  }

  note(kind: string, facts: Readonly<Record<string, unknown>> = {}): void {
    this.lines.push({ e: 'note', at: this.now(), kind, ...facts } satisfies Note);
  }

  /** Writes the history as JSONL. */
  save(file: string): void {
    writeFileSync(file, this.lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  }
}

export function toMs(ns: number): number {
  return ns / NS_PER_MS;
}
