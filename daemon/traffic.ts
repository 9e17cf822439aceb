/** What the consensus thread has written and said since its start: for metrics and for the size of lag. */
import type { LogEntry, RaftMessage } from '../src/raft/index.ts';

export interface TrafficCounts {
  /** Entries appended to this node's log, as records. */
  readonly logBytes: number;
  readonly logEntries: number;
  /** Heartbeats sent and received. */
  readonly heartbeats: number;
}

/** What a record adds to an entry's data in the log. */
const RECORD_BYTES = 34;

export class Traffic {
  #logBytes = 0;
  #logEntries = 0;
  #heartbeats = 0;

  get counts(): TrafficCounts {
    return { logBytes: this.#logBytes, logEntries: this.#logEntries, heartbeats: this.#heartbeats };
  }

  wrote(entries: readonly LogEntry[]): void {
    this.#logEntries += entries.length;
    for (const entry of entries) this.#logBytes += RECORD_BYTES + entry.data.length;
  }

  /** Messages on their way out, or in. */
  spoke(messages: readonly RaftMessage[]): void {
    for (const message of messages) if (message.kind === 'heartbeat') this.#heartbeats++;
  }
}
