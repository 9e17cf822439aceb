/**
 * What every planned action answers with: the checks that were made, a row for each
 * node that could take part, and all reasons when it is refused. Planning changes
 * nothing and asks nobody; whoever calls hands in the facts of the moment.
 */
import type { NodeId, Term } from '../base/index.ts';
import type { CandidateRow, ClusterState, OperationKind } from './cluster-state.ts';

/** One node as gossip and Raft see it now. */
export interface NodeFact {
  readonly nodeId: NodeId;
  readonly liveness: 'alive' | 'suspect' | 'dead' | 'left' | 'unknown';
  readonly health: 'HEALTHY' | 'DEGRADED' | 'UNHEALTHY' | 'UNKNOWN';
  /** Entries behind the leader's commit index; null when nobody knows. */
  readonly lagEntries: number | null;
  /** The same in bytes of log, where it is known. */
  readonly lagBytes: number | null;
  readonly rttMs: number | null;
  /** How far its wall clock is from the nearest other one, ms; absent or null where nobody knows. */
  readonly clockOffsetMs?: number | null;
  /** The newest term that it is known to be in; absent or null where nobody knows. */
  readonly term?: Term | null;
  /** Open connections of people and programs; absent or null where nobody knows. */
  readonly connections?: number | null;
}

/** The facts of the moment, as the leader sees them after a read barrier. */
export interface PlanFacts {
  readonly leaderId: NodeId | null;
  readonly term: Term;
  /** Ids of the voters in force; the outgoing ones of a joint configuration too. */
  readonly voters: readonly NodeId[];
  readonly nodes: readonly NodeFact[];
  /** The node that leadership is being handed to already, or null. */
  readonly transferringTo: NodeId | null;
  /** False while a change of the membership is under way. */
  readonly membershipSettled: boolean;
  /** `replica_lag_threshold`: a node further behind is no candidate. */
  readonly lagThresholdBytes: number;
  /** `replication.min_replicas`: no step leaves fewer live copies. */
  readonly minReplicas: number;
  /** Writes that the leader has taken and not answered yet; absent or null where nobody counts them. */
  readonly writesWaiting?: number | null;
}

/** Compare-and-set: what the asker believes. null or absent = whatever is. */
export interface Expected {
  readonly expectTerm?: Term | null;
  /** Who leads now. */
  readonly expectLeader?: NodeId | null;
}

export interface Check {
  readonly name: string;
  readonly result: 'pass' | 'warn' | 'fail';
  readonly text: string;
}

/** What would be done and why; the wire's `plan` without its token. */
export interface ActionPlan {
  readonly kind: OperationKind;
  readonly from: NodeId | null;
  readonly to: NodeId | null;
  readonly term: Term;
  readonly checks: readonly Check[];
  readonly candidates: readonly CandidateRow[];
  /** Pause that writers will feel, ms; null when leadership does not move. */
  readonly expectedGapMs: number | null;
  /** What hand-overs before took, ms, oldest first: what is expected comes from them; none = an estimate. */
  readonly measuredGapsMs: readonly number[];
  /** The same action as a command line. */
  readonly command: string;
}

/** A refusal carries the whole picture too: people must see why, and what would do instead. */
export type Planned =
  | { readonly kind: 'ready'; readonly plan: ActionPlan }
  | { readonly kind: 'refused'; readonly plan: ActionPlan; readonly reasons: readonly string[] };

/** A plan from its checks: ready if none failed, else refused with the text of each that did. */
export function planned(plan: ActionPlan): Planned {
  const reasons = plan.checks.filter((c) => c.result === 'fail').map((c) => c.text);
  return reasons.length === 0 ? { kind: 'ready', plan } : { kind: 'refused', plan, reasons };
}

/** Checks that say "somebody else was first" instead of "this is not safe". */
const CONFLICTS: ReadonlySet<string> = new Set([
  'operation',
  'transfer',
  'membership',
  'term',
  'expected-leader',
]);

/** The code of a refusal by these checks: `conflict` when every one of them is a matter of turn. */
export function refusalCode(failed: readonly Pick<Check, 'name'>[]): 'conflict' | 'failed_precondition' {
  return failed.every((c) => CONFLICTS.has(c.name)) ? 'conflict' : 'failed_precondition';
}

export function check(name: string, result: Check['result'], text: string): Check {
  return { name, result, text };
}

/** Consent to what can't be undone, as part of a command line; a name with blanks is quoted. */
export function yesCluster({ name }: Pick<ClusterState, 'name'>): string {
  return `--yes-cluster ${/^[\w.-]+$/.test(name) ? name : JSON.stringify(name)}`;
}
