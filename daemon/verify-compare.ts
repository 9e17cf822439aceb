/** Digests of several nodes at one index, compared: who says what most say, and who not, and where. Pure. */
import type { LogIndex, NodeId } from '../src/base/index.ts';
import { type ClusterState, type ComparedReplica, seatOf } from '../src/cluster/index.ts';
import type { PartDigest } from '../src/engines/index.ts';

/** What one node said, or why it said nothing. */
export interface NodeDigest {
  readonly nodeId: NodeId;
  readonly digest: { readonly parts: readonly PartDigest[]; readonly damage: string | null } | null;
  /** How far it had applied, where it answered. */
  readonly appliedIndex: LogIndex | null;
  readonly error: string | null;
}

export interface PartDifference {
  readonly part: string;
  /** null = this node does not have the part. */
  readonly rows: number | null;
  /** null = the others do not have the part. */
  readonly expectedRows: number | null;
}

export interface ComparedNode {
  readonly nodeId: NodeId;
  readonly state: 'ok' | 'differs' | 'behind' | 'unreachable';
  readonly differences: readonly PartDifference[];
  readonly damage: string | null;
  readonly appliedIndex: LogIndex | null;
  readonly error: string | null;
}

const keyOf = (parts: readonly PartDigest[]): string =>
  parts.map(({ part, rows, sha256 }) => `${part}\0${rows}\0${sha256}`).join('\n');

/** What most say; of two camps of one size that of `leaderId`. */
function reference(nodes: readonly NodeDigest[], leaderId: NodeId): readonly PartDigest[] | null {
  const camps = new Map<string, NodeDigest[]>();
  for (const node of nodes) {
    if (node.digest === null) continue;
    const key = keyOf(node.digest.parts);
    camps.set(key, [...(camps.get(key) ?? []), node]);
  }
  const weight = (camp: readonly NodeDigest[]): number =>
    camp.length + (camp.some((n) => n.nodeId === leaderId) ? 0.5 : 0);
  const [best] = [...camps.values()].sort((a, b) => weight(b) - weight(a));
  return best?.[0]?.digest?.parts ?? null;
}

function differencesOf(own: readonly PartDigest[], wanted: readonly PartDigest[]): PartDifference[] {
  const names = [...new Set([...wanted, ...own].map((p) => p.part))];
  return names.flatMap((part): PartDifference[] => {
    const [a, b] = [own.find((p) => p.part === part), wanted.find((p) => p.part === part)];
    if (a !== undefined && b !== undefined && a.sha256 === b.sha256 && a.rows === b.rows) return [];
    return [{ part, rows: a?.rows ?? null, expectedRows: b?.rows ?? null }];
  });
}

/** Every node against what most of them say. */
export function compareDigests(nodes: readonly NodeDigest[], leaderId: NodeId): ComparedNode[] {
  const wanted = reference(nodes, leaderId) ?? [];
  return nodes.map(({ nodeId, digest, appliedIndex, error }): ComparedNode => {
    if (digest === null) {
      const state = appliedIndex === null ? 'unreachable' : 'behind';
      return { nodeId, state, differences: [], damage: null, appliedIndex, error };
    }
    const differences = differencesOf(digest.parts, wanted);
    const isGood = differences.length === 0 && digest.damage === null;
    return {
      ...{ nodeId, state: isGood ? 'ok' : 'differs', differences },
      ...{ damage: digest.damage, appliedIndex, error },
    };
  });
}

export interface ComparisonSources {
  readonly cluster: Pick<ClusterState, 'nodes'>;
  readonly leaderId: NodeId;
  /** Nodes that are thought to differ, by the record or by somebody's word. */
  readonly accused: readonly NodeId[];
}

const differenceText = ({ differences, damage }: ComparedNode): string =>
  [...differences.map((d) => d.part), ...(damage === null ? [] : [damage])].join(', ');

/**
 * What is news for the record: who differs and is not on record as such, and who holds the same although it
 * is accused. A comparison counts where a majority of the voters hold the same, or the leader is not
 * accused: a leader that differs itself finds every single other node wrong.
 */
export function comparisonNews(
  compared: readonly ComparedNode[],
  { cluster, leaderId, accused }: ComparisonSources,
): ComparedReplica[] {
  const voters = Object.values(cluster.nodes).filter((n) => seatOf(n) === 'voter');
  const isEqual = (nodeId: NodeId): boolean => compared.some((n) => n.nodeId === nodeId && n.state === 'ok');
  const isMajority = voters.filter((v) => isEqual(v.nodeId)).length > voters.length / 2;
  if (!isMajority && accused.includes(leaderId)) return [];
  return compared.flatMap((node): ComparedReplica[] => {
    const record = cluster.nodes[node.nodeId];
    if (record === undefined) return [];
    const { nodeId, instanceId, diverged } = record;
    if (node.state === 'differs' && diverged === undefined)
      return [{ nodeId, instanceId, differs: differenceText(node) }];
    if (node.state === 'ok' && accused.includes(nodeId)) return [{ nodeId, instanceId, differs: null }];
    return [];
  });
}
