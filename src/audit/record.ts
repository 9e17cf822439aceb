/** What one line of the audit says; the same words in the replicated chain, on the wire and in a file. */
import type { LogIndex, Timestamp } from '../base/index.ts';

/** A line of any chain: its place and what ties it to the lines before it. */
export interface Linked {
  /** 1, 2, 3 … without a gap. */
  readonly seq: number;
  /** SHA-256, hex, over the hash of the line before and everything else in this one. */
  readonly hash: string;
}

/** One control operation or change of the membership, done or refused. */
export interface AuditRecord extends Linked {
  readonly index: LogIndex;
  readonly at: Timestamp;
  /** Name on the certificate, `token:ID`, `join:ID`, or `system` for what the leader does by itself. */
  readonly actor: string;
  /** What proved it: `certificate:SERIAL` or `token:ID`; empty where nobody was asked. */
  readonly credential: string;
  /** Address of the caller; empty where nobody called. */
  readonly from: string;
  readonly action: string;
  readonly target: string;
  readonly reason: string;
  /** What the target was before and is after, in words; null: it was not, or is not any more. */
  readonly before: string | null;
  readonly after: string | null;
  /** `ok`, or code and message of the refusal. */
  readonly outcome: string;
}
