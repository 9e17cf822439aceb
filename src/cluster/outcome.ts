/**
 * What a handler of one command answers: the new state with what to tell, or a refusal that changes nothing.
 */
import type { ErrorCode, LogIndex, Term, Timestamp } from '../base/index.ts';
import type { ClusterState } from './cluster-state.ts';
import type { ApplyResult, CommandOrigin } from './command.ts';
import type { ClusterEvent } from './events.ts';

/** Where in the log a command stands, when it was proposed, and by whom. */
export interface ApplyPosition {
  readonly index: LogIndex;
  readonly term: Term;
  readonly timestamp: Timestamp;
  readonly actor: string;
  /** Absent for what no caller asked for. */
  readonly origin?: CommandOrigin;
}

export interface Applied {
  readonly state: ClusterState | null;
  readonly events: readonly ClusterEvent[];
  readonly result: ApplyResult;
}

/** An event without what every event of an entry has in common. */
export type EventDraft = Omit<ClusterEvent, 'at' | 'index' | 'severity'> &
  Partial<Pick<ClusterEvent, 'severity'>>;

export type Outcome =
  | {
      readonly ok: true;
      readonly state: ClusterState;
      readonly events: readonly EventDraft[];
      readonly value: unknown;
    }
  | {
      readonly ok: false;
      readonly code: ErrorCode;
      readonly message: string;
      readonly details?: Readonly<Record<string, unknown>>;
    };

export function done(state: ClusterState, events: readonly EventDraft[], value: unknown = {}): Outcome {
  return { ok: true, state, events, value };
}

export function refused(
  code: ErrorCode,
  message: string,
  details?: Readonly<Record<string, unknown>>,
): Outcome {
  return details === undefined ? { ok: false, code, message } : { ok: false, code, message, details };
}

/** `record[key]` when it is the record's own: ids come from outside, and `constructor` is no node. */
export function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

/** `record` without `key`. */
export function without<T>(record: Readonly<Record<string, T>>, key: string): Readonly<Record<string, T>> {
  const { [key]: _gone, ...rest } = record;
  return rest;
}

/** `list` with `item` at its end and at most `limit` items; the oldest go. */
export function ring<T>(list: readonly T[], item: T, limit: number): readonly T[] {
  return [...list, item].slice(-limit);
}
