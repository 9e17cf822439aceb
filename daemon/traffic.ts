/** What the consensus thread has written and said since its start: for metrics and for the size of lag. */
import type { LogEntry, RaftInput, RaftMessage } from '../src/raft/index.ts';

export interface TrafficCounts {
  /** Entries appended to this node's log, as records. */
  readonly logBytes: number;
  readonly logEntries: number;
  /** Heartbeats sent and received. */
  readonly heartbeats: number;
  /** Appends that a follower refused, snapshots that did not arrive, messages lost on their way to a peer. */
  readonly errors: number;
}

/** What a record adds to an entry's data in the log. */
const RECORD_BYTES = 34;

export class Traffic {
  #logBytes = 0;
  #logEntries = 0;
  #heartbeats = 0;
  #errors = 0;

  get counts(): TrafficCounts {
    const written = { logBytes: this.#logBytes, logEntries: this.#logEntries };
    return { ...written, heartbeats: this.#heartbeats, errors: this.#errors };
  }

  wrote(entries: readonly LogEntry[]): void {
    this.#logEntries += entries.length;
    for (const entry of entries) this.#logBytes += RECORD_BYTES + entry.data.length;
  }

  /** Messages on their way out, or in. */
  spoke(messages: readonly RaftMessage[]): void {
    for (const message of messages) if (message.kind === 'heartbeat') this.#heartbeats++;
  }

  /** What the core is told: among it what went wrong between the nodes. */
  met(input: RaftInput): void {
    const isRefused =
      input.kind === 'message' && input.message.kind === 'append-response' && !input.message.accepted;
    const isLost = input.kind === 'unreachable' || (input.kind === 'snapshot-report' && !input.ok);
    if (isRefused || isLost) this.#errors++;
  }
}
