/**
 * When a configuration on trial is taken back. Every node watches the record, so that whoever leads next
 * knows how long the trial has been going on: its time counts on each node's own monotonic clock from the
 * moment in which that node learned of it. That is never earlier than the proposal, so no clock that is off,
 * no new leader and no restart takes it back early; a node that learns of it late, by a restart or a
 * snapshot, counts its whole time from then. `since` of the record is for people.
 */
import type { Duration, Instant, NodeId } from '../src/base/index.ts';
import { formatDuration } from '../src/base/index.ts';
import type { ClusterState, TentativeConfig } from '../src/cluster/index.ts';
import { type AilmentSources, ailmentsOf } from './ailments.ts';
import type { MemberFacts } from './node-view.ts';

/** An election is over within a few timeouts; a pause that is longer than this many is no plain election. */
const LONG_ELECTION_TIMEOUTS = 6;
const LONG_ELECTION_MS = 1500;
/** What is gone sooner than this has degraded nothing. */
const STANDS_MS = 1000;

/** What the leader knows now. */
export interface TrialFacts extends AilmentSources {
  /** Monotonic. */
  readonly now: Instant;
  /** The election that this leader won: its term, and how long nobody led before it; null = none known. */
  readonly elected: { readonly term: number; readonly leaderlessMs: Duration } | null;
  readonly electionTimeoutMs: Duration;
}

/** The nodes that could go wrong because of a change: those that are alive and not unhealthy. */
export function soundNodes(nodeIds: readonly NodeId[], memberOf: TrialFacts['memberOf']): NodeId[] {
  return nodeIds
    .filter((nodeId) => {
      const member = memberOf(nodeId);
      return member !== undefined && whatIsWrong(member) === null;
    })
    .sort();
}

function whatIsWrong(member: Pick<MemberFacts, 'liveness' | 'digest'>): string | null {
  if (member.liveness === 'dead' || member.liveness === 'left') return member.liveness;
  return member.digest?.health === 'UNHEALTHY' ? 'unhealthy' : null;
}

/** Why the cluster is worse off than when the trial began; null = it is not. */
function degradation(
  cluster: Pick<ClusterState, 'nodes'>,
  { sound, term }: TentativeConfig,
  facts: TrialFacts,
): string | null {
  for (const nodeId of sound) {
    // whoever was taken out on purpose is missed by nobody
    const member = cluster.nodes[nodeId] === undefined ? undefined : facts.memberOf(nodeId);
    const wrong = member === undefined ? null : whatIsWrong(member);
    if (wrong !== null) return `${nodeId} is ${wrong} and was well before`;
  }
  const { elected } = facts;
  const limitMs = Math.max(LONG_ELECTION_MS, LONG_ELECTION_TIMEOUTS * facts.electionTimeoutMs);
  if (elected !== null && elected.term > term && elected.leaderlessMs > limitMs) {
    return `there was no leader for ${Math.round(elected.leaderlessMs)} ms`;
  }
  return null;
}

export class ConfigTrial {
  /** What is wrong and was not before the trial, by name, and since when. */
  #ailing = new Map<string, Instant>();
  /** The trial that this node knows of, and since when. */
  #seen: { readonly version: number; readonly at: Instant } | null = null;

  /** To be called with each record that this node applies. */
  follow({ tentative }: Pick<ClusterState, 'tentative'>, now: Instant): void {
    if (tentative === undefined) this.#seen = null;
    else if (this.#seen?.version !== tentative.version) {
      this.#seen = { version: tentative.version, at: now };
      this.#ailing = new Map();
    }
  }

  /** Why the trial of the record is to end now; null = there is none, or it goes on. */
  due(cluster: Pick<ClusterState, 'tentative' | 'nodes' | 'alerts'>, facts: TrialFacts): string | null {
    const { tentative } = cluster;
    if (tentative === undefined) return null;
    this.follow(cluster, facts.now);
    const elapsedMs = facts.now - (this.#seen?.at ?? facts.now);
    if (elapsedMs >= tentative.withinMs) {
      return `it was not confirmed within ${formatDuration(tentative.withinMs)}`;
    }
    return degradation(cluster, tentative, facts) ?? this.#newAilment(cluster, tentative, facts);
  }

  /** What the cluster's own health says and did not say before, as long as it is no passing word. */
  #newAilment(
    cluster: Pick<ClusterState, 'nodes' | 'alerts'>,
    { ailments }: TentativeConfig,
    facts: TrialFacts,
  ): string | null {
    // an older version began it and said nothing: nobody knows what is new
    if (ailments === undefined) return null;
    const fresh = [...ailmentsOf(cluster, facts)].filter(([name]) => !ailments.includes(name));
    this.#ailing = new Map(fresh.map(([name]) => [name, this.#ailing.get(name) ?? facts.now]));
    const stands = fresh.find(([name]) => facts.now - (this.#ailing.get(name) ?? facts.now) >= STANDS_MS);
    return stands === undefined ? null : `${stands[1]}, which was not so before`;
  }
}
