/** Settings of a node's parts that follow from its configuration and the cluster's record. */
import type { Duration, NodeId } from '../src/base/index.ts';
import {
  type ClockDistance,
  type ClusterState,
  runningOperation,
  seatOf,
  wrongClocks,
} from '../src/cluster/index.ts';
import type { ClusterConfig } from '../src/config/index.ts';
import type { Divergence } from './divergence.ts';
import { isWildcard } from './init.ts';
import { advertisedHost, type NodeOptions, raftSettings } from './node-parts.ts';
import type { MemberFacts } from './node-view.ts';
import type { RaftTimings } from './raft-timings.ts';
import type { RenewalOptions } from './renewal.ts';

/**
 * Nodes whose wall clock is far from those of the others that live, by their own word; this one among them.
 * No election rests on a wall clock, but whoever leads by a wrong one refuses good certificates.
 */
export function withWrongClock(
  own: ClockDistance,
  others: Iterable<Pick<MemberFacts, 'nodeId' | 'liveness' | 'digest'>>,
): NodeId[] {
  const alive = [...others].filter(({ liveness }) => liveness === 'alive');
  const clocks = alive.map(({ nodeId, digest }) => {
    const seconds = digest?.readings?.clock_offset;
    return { nodeId, offsetMs: seconds == null ? null : 1000 * seconds };
  });
  return wrongClocks([own, ...clocks]);
}

/** Raft's; `spared`: nodes that should not lead, as their results or their clocks are not to be trusted. */
export function settingsOf(config: ClusterConfig, cluster: ClusterState, spared: readonly NodeId[]) {
  // the two of a replacement get and lose their votes by it alone, or the quorum would grow on the way
  const running = runningOperation(cluster);
  const isSwap = running?.kind === 'replace-node' || running?.kind === 'replace-voter';
  const swapped: readonly (NodeId | null)[] = isSwap ? [running.from, running.to] : [];
  const voters = Object.values(cluster.nodes).filter((n) => seatOf(n) === 'voter');
  const ready = voters.map((n) => n.nodeId).filter((id) => !swapped.includes(id));
  // a paused cluster gets no further voter by itself: who is ready waits as a learner
  const autoPromote = cluster.pause === null ? ready.sort() : [];
  const aside = [...Object.keys(cluster.maintenance), ...Object.keys(cluster.drains ?? {})];
  const avoid = new Set([...aside, ...spared]);
  return raftSettings(config, autoPromote, [...avoid].sort());
}

/** What settings of Raft follow from. */
export interface SettingsParts {
  readonly inForce: { readonly config: ClusterConfig };
  readonly state: { readonly cluster: ClusterState | null };
  readonly events: { readonly divergence: Pick<Divergence, 'accused'> };
  readonly facts: { readonly nodeId: NodeId };
  readonly gossip: {
    clockOffsetMs(): Duration | null;
    /** All others. */
    members(): ReadonlyMap<NodeId, Pick<MemberFacts, 'nodeId' | 'liveness' | 'digest'>>;
  };
}

/**
 * Gives Raft its settings as of now. To be called when the record has changed, and with each sample: clocks
 * jump and are put right while nothing is recorded. The same settings again are not given; null: nothing is
 * yet.
 */
export function giveSettings(parts: SettingsParts, timings: Pick<RaftTimings, 'follow'> | null): void {
  const { inForce, state, events, gossip, facts } = parts;
  const { cluster } = state;
  if (cluster === null || timings === null) return;
  const compared = Object.values(cluster.nodes).filter((n) => n.diverged !== undefined);
  const accused = [...events.divergence.accused(cluster), ...compared].map((a) => a.nodeId);
  const own = { nodeId: facts.nodeId, offsetMs: gossip.clockOffsetMs() };
  const spared = [...accused, ...withWrongClock(own, gossip.members().values())];
  timings.follow(settingsOf(inForce.config, cluster, spared));
}

/** How this node's certificate is renewed. */
export function renewalOptions({ config, identity, dataDir, logger }: NodeOptions): RenewalOptions {
  const hosts = [advertisedHost(config), config.network.host].filter((host) => !isWildcard(host));
  return { dataDir, clusterId: identity.clusterId, hosts: [...new Set(hosts)], logger };
}
