/**
 * What single views ask the cluster for, beside status, alerts and events. A question is a slice and its
 * argument; the model keeps the newest answer, or why there is none, by the text of the question.
 */
import type {
  AlertExplainResponse,
  AuditRow,
  ConfigChangeRow,
  ConfigPendingRow,
  ConfigVersionRow,
  OperationView,
  SilenceRow,
  StatusResponse,
} from './wire.ts';

/** How one node hears another, as it says itself. */
export interface Link {
  readonly from: string;
  readonly to: string;
  readonly rttMs: number | null;
  /** Of its newest round trips; an older node does not say them. */
  readonly rttP50Ms?: number | null;
  readonly rttP99Ms?: number | null;
  readonly liveness: string;
}

export interface LogLine {
  readonly at: string;
  readonly level: string;
  readonly event: string;
  /** The other fields, as `name=value` words. */
  readonly text: string;
}

/** The whole configuration of a version. */
export interface ConfigText {
  readonly version: number;
  readonly text: string;
}

export interface Slices {
  readonly operations: readonly OperationView[];
  readonly versions: readonly ConfigVersionRow[];
  readonly pending: readonly ConfigPendingRow[];
  /** Argument `40..41`. */
  readonly diff: readonly ConfigChangeRow[];
  /** Argument: a version; without one what is in force now. */
  readonly text: ConfigText;
  readonly silences: readonly SilenceRow[];
  /** Argument: name of a rule. */
  readonly explain: AlertExplainResponse;
  readonly audit: readonly AuditRow[];
  readonly links: readonly Link[];
  /** Argument: node. */
  readonly log: readonly LogLine[];
  /** Argument: a context of the person's; another cluster's status. */
  readonly fleet: StatusResponse;
}
export type SliceName = keyof Slices;

export interface Question<K extends SliceName = SliceName> {
  readonly slice: K;
  /** Empty where the slice takes none. */
  readonly arg: string;
}

export function questionKey({ slice, arg }: Question): string {
  return arg === '' ? slice : `${slice} ${arg}`;
}

export interface Answer<K extends SliceName = SliceName> {
  /** Null until the first answer came. */
  readonly value: Slices[K] | null;
  /** Wall ms of the value. */
  readonly at: number;
  /** Why the newest question had no answer; null = it had. */
  readonly error: string | null;
}
