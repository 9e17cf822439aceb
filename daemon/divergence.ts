/**
 * Who has computed something else than this node while it led. What was computed stays
 * wrong, whatever the next windows say: a node is cleared by joining anew, which gives it
 * another instance, or by a later comparison of all that it holds. Both stand in the record,
 * so that also who comes by them through a snapshot accuses no more. Knowledge only; who acts
 * on it reads `accused`.
 */
import type { LogIndex, NodeId } from '../src/base/index.ts';
import { type ClusterState, seatOf } from '../src/cluster/index.ts';

/** A node, and the index up to which its results were first found to differ. */
export interface Accused {
  readonly nodeId: NodeId;
  readonly instanceId: string;
  readonly index: LogIndex;
}

export class Divergence {
  readonly #nodeId: NodeId;
  readonly #found = new Map<NodeId, { readonly index: LogIndex; readonly instanceId: string }>();

  /** `nodeId`: this node. */
  constructor(nodeId: NodeId) {
    this.#nodeId = nodeId;
  }

  /** True when it is news. */
  add(peer: NodeId, index: LogIndex, cluster: ClusterState | null): boolean {
    const instanceId = cluster?.nodes[peer]?.instanceId ?? '';
    const before = this.#found.get(peer);
    const isOpen = before !== undefined && before.index > this.#voidUpTo(peer, cluster);
    if (isOpen && before.instanceId === instanceId) return false;
    this.#found.set(peer, { index, instanceId });
    return true;
  }

  /** Where `peer` was found equal; where this node itself was, nobody differed from it up to there. */
  #voidUpTo(peer: NodeId, cluster: ClusterState | null): LogIndex {
    return Math.max(-1, ...[peer, this.#nodeId].map((id) => cluster?.nodes[id]?.verified ?? -1));
  }

  /**
   * The nodes not to be trusted: those that differ from this one, or this one where most others differ
   * from it.
   */
  accused(cluster: ClusterState | null): readonly Accused[] {
    if (cluster === null || this.#found.size === 0) return [];
    const differ = [...this.#found]
      .filter(([nodeId, { instanceId }]) => cluster.nodes[nodeId]?.instanceId === instanceId)
      .filter(([nodeId, { index }]) => index > this.#voidUpTo(nodeId, cluster))
      .map(([nodeId, found]) => ({ nodeId, ...found }));
    const voters = Object.values(cluster.nodes).filter((n) => seatOf(n) === 'voter');
    const isVoter = ({ nodeId }: Accused): boolean => voters.some((v) => v.nodeId === nodeId);
    const against = differ.filter(isVoter);
    if (against.length <= voters.length / 2) return differ;
    const instanceId = cluster.nodes[this.#nodeId]?.instanceId ?? '';
    return [{ nodeId: this.#nodeId, instanceId, index: Math.min(...against.map((a) => a.index)) }];
  }
}
