/**
 * Where a node's callers wait, as in daemon/proposals.ts and daemon/reads.ts: a write is
 * answered with the result of its own entry, or told that another one lies in its place;
 * a read waits until its index is applied. What can't be known is not answered.
 */
import type { ErrorCode, LogIndex, Term } from '../../src/base/index.ts';
import type { ApplyResult } from '../../src/cluster/index.ts';
import type { LogEntry, Proposal, ProposalResult, RaftInput, ReadResult } from '../../src/raft/index.ts';
import type { KvMachine, KvRead } from './kv-machine.ts';

export type Answer =
  | { readonly kind: 'written'; readonly index: LogIndex; readonly result: ApplyResult }
  | { readonly kind: 'read'; readonly at: LogIndex; readonly read: KvRead }
  /** It did not happen, or can't be said. */
  | { readonly kind: 'error'; readonly code: ErrorCode }
  /** The connection broke: nobody knows. */
  | { readonly kind: 'silence' };

export type Reply = (answer: Answer) => void;

/** A read that waits for its index to be applied. */
interface Waiting {
  readonly index: LogIndex;
  readonly key: string;
  readonly reply: Reply;
}

const REFUSALS: Readonly<Record<string, ErrorCode>> = {
  'not-leader': 'not_leader',
  overloaded: 'overloaded',
  transferring: 'no_leader',
};

export class Desk {
  readonly #submit: (input: RaftInput) => void;
  readonly #proposed = new Map<number, Reply>();
  readonly #awaited = new Map<LogIndex, { readonly term: Term; readonly reply: Reply }>();
  readonly #reads = new Map<number, { readonly key: string; readonly reply: Reply }>();
  #waiting: Waiting[] = [];
  #nextId = 1;

  constructor(submit: (input: RaftInput) => void) {
    this.#submit = submit;
  }

  propose(data: Uint8Array, timestamp: number, reply: Reply): void {
    const id = this.#nextId++;
    this.#proposed.set(id, reply);
    const proposal: Proposal = { id, kind: 'command', timestamp, data };
    this.#submit({ kind: 'propose', proposals: [proposal] });
  }

  /** A linearizable read; `readAt` is one at an index that the caller knows. */
  read(key: string, reply: Reply): void {
    const id = this.#nextId++;
    this.#reads.set(id, { key, reply });
    this.#submit({ kind: 'read-index', id });
  }

  readAt(waiting: Waiting, machine: KvMachine): void {
    const at = machine.applied.index;
    if (at < waiting.index) this.#waiting.push(waiting);
    else waiting.reply({ kind: 'read', at, read: machine.read(waiting.key) });
  }

  onProposals(results: readonly ProposalResult[]): void {
    for (const r of results) {
      const reply = this.#proposed.get(r.id);
      if (reply === undefined) continue;
      this.#proposed.delete(r.id);
      if (r.kind === 'accepted') this.#awaited.set(r.position.index, { term: r.position.term, reply });
      else reply({ kind: 'error', code: REFUSALS[r.reason] ?? 'internal' });
    }
  }

  onReads(results: readonly ReadResult[], machine: KvMachine): void {
    for (const r of results) {
      const read = this.#reads.get(r.id);
      if (read === undefined) continue;
      this.#reads.delete(r.id);
      if (r.index === null) read.reply({ kind: 'error', code: 'no_leader' });
      else this.readAt({ index: r.index, ...read }, machine);
    }
  }

  applied(entry: LogEntry, result: ApplyResult): void {
    const mine = this.#awaited.get(entry.index);
    if (mine === undefined) return;
    this.#awaited.delete(entry.index);
    if (mine.term === entry.term) mine.reply({ kind: 'written', index: entry.index, result });
    else mine.reply({ kind: 'error', code: 'not_leader' });
  }

  /** The machine has moved: reads that waited for it are answered. */
  moved(machine: KvMachine): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const w of waiting) this.readAt(w, machine);
  }

  /** What was proposed up to there is in the snapshot or not: its callers are never answered. */
  restored(index: LogIndex): void {
    for (const at of this.#awaited.keys()) if (at <= index) this.#awaited.delete(at);
  }

  /** The process is gone: its callers see their connections close. */
  close(): void {
    const replies = [...this.#proposed.values(), ...[...this.#awaited.values()].map((a) => a.reply)];
    replies.push(...[...this.#reads.values()].map((r) => r.reply), ...this.#waiting.map((w) => w.reply));
    this.#proposed.clear();
    this.#awaited.clear();
    this.#reads.clear();
    this.#waiting = [];
    for (const reply of replies) reply({ kind: 'silence' });
  }
}
