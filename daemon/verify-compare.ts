/** Digests of several nodes at one index, compared: who holds what most voters hold, who not, where. Pure. */
import type { VerifyPartResponse } from '../src/api/index.ts';
import { type InstanceId, LIMITS, type LogIndex, type NodeId, SqlccError } from '../src/base/index.ts';
import type { ClusterState, ComparedReplica } from '../src/cluster/index.ts';
import type { PartDigest } from '../src/engines/index.ts';

/** What one node said, or why it said nothing. */
export interface NodeDigest {
  readonly nodeId: NodeId;
  /** The disk that the name belonged to when the mark was made. */
  readonly instanceId: InstanceId;
  readonly digest: { readonly parts: readonly PartDigest[]; readonly damage: string | null } | null;
  /** How far it had applied, where it answered. */
  readonly appliedIndex: LogIndex | null;
  readonly error: string | null;
}

type Disk = Pick<NodeDigest, 'nodeId' | 'instanceId'>;

/**
 * What a node's answer says. One that holds the record in another format than who compares runs another
 * version: their records differ by that, and what entries made of them may. It is not compared.
 */
export function digestOf(disk: Disk, answer: VerifyPartResponse | SqlccError, format: number): NodeDigest {
  if (answer instanceof SqlccError)
    return { ...disk, digest: null, appliedIndex: null, error: answer.message };
  const { parts, damage, applied_index: appliedIndex, error, record_format: theirs } = answer;
  if (parts === null) return { ...disk, digest: null, appliedIndex, error };
  if (theirs === format) return { ...disk, digest: { parts, damage }, appliedIndex, error };
  const text = `its record has format ${theirs ?? 'of an older version'}, the leader's ${format}`;
  return { ...disk, digest: null, appliedIndex, error: `${text}: compare when all run one version` };
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
  readonly instanceId: InstanceId;
  readonly state: 'ok' | 'differs' | 'behind' | 'unreachable';
  readonly differences: readonly PartDifference[];
  readonly damage: string | null;
  readonly appliedIndex: LogIndex | null;
  readonly error: string | null;
}

/** Who counts, and whose word stands where nobody is known to be right. */
export interface Electorate {
  /** All nodes with a vote, whether they were compared or not. */
  readonly voters: readonly NodeId[];
  readonly leaderId: NodeId;
}

export interface Comparison {
  /** A majority of all voters holds the same here: only then it is known who is right, and who is not. */
  readonly isDecided: boolean;
  readonly nodes: readonly ComparedNode[];
  /** All, whether they were compared or not. */
  readonly voters: readonly NodeId[];
}

/** Parts that are named in the record and in events: a replica may have lost its whole schema. */
const NAMED = 8;

const TOO_FEW = 'equal, but those compared are no majority of the voters: compare all nodes';
const UNDECIDED = 'no majority of the voters holds the same: which one is right is not known';

const keyOf = (parts: readonly PartDigest[]): string =>
  parts.map(({ part, rows, sha256 }) => `${part}\0${rows}\0${sha256}`).join('\n');

interface Reference {
  readonly isDecided: boolean;
  readonly parts: readonly PartDigest[];
  /** What is said of each one that was compared; null = nothing. */
  readonly error: string | null;
}

/** What a majority of the voters holds; without one what the leader holds, to show differences from it. */
function reference(nodes: readonly NodeDigest[], { voters, leaderId }: Electorate): Reference {
  const camps = new Map<string, NodeDigest[]>();
  for (const node of nodes) {
    if (node.digest === null) continue;
    const key = keyOf(node.digest.parts);
    camps.set(key, [...(camps.get(key) ?? []), node]);
  }
  const all = [...camps.values()];
  const partsOf = (camp: readonly NodeDigest[] | undefined) => camp?.[0]?.digest?.parts ?? [];
  const votes = (camp: readonly NodeDigest[]): number =>
    camp.filter(({ nodeId }) => voters.includes(nodeId)).length;
  const right = all.find((camp) => votes(camp) > voters.length / 2);
  if (right !== undefined) return { isDecided: true, parts: partsOf(right), error: null };
  const led = all.find((camp) => camp.some(({ nodeId }) => nodeId === leaderId));
  const error = all.length > 1 ? UNDECIDED : TOO_FEW;
  return { isDecided: false, parts: partsOf(led ?? all[0]), error };
}

function differencesOf(own: readonly PartDigest[], wanted: readonly PartDigest[]): PartDifference[] {
  // by name: there may be a part for each of very many tables
  const named = (parts: readonly PartDigest[]) => new Map(parts.map((p) => [p.part, p]));
  const [owns, wants] = [named(own), named(wanted)];
  return [...new Set([...wants.keys(), ...owns.keys()])].flatMap((part): PartDifference[] => {
    const [a, b] = [owns.get(part), wants.get(part)];
    if (a !== undefined && b !== undefined && a.sha256 === b.sha256 && a.rows === b.rows) return [];
    return [{ part, rows: a?.rows ?? null, expectedRows: b?.rows ?? null }];
  });
}

/**
 * Every node against what a majority of the voters holds. Without one each that was compared is `ok` as long
 * as all of them are equal, and `differs` otherwise: also the leader may be the wrong one.
 */
export function compareDigests(nodes: readonly NodeDigest[], electorate: Electorate): Comparison {
  const { isDecided, parts, error: unknown } = reference(nodes, electorate);
  const compared = nodes.map(({ nodeId, instanceId, digest, appliedIndex, error }): ComparedNode => {
    if (digest === null) {
      const state = appliedIndex === null ? 'unreachable' : 'behind';
      return { nodeId, instanceId, state, differences: [], damage: null, appliedIndex, error };
    }
    const differences = differencesOf(digest.parts, parts);
    const isGood = differences.length === 0 && digest.damage === null && unknown !== UNDECIDED;
    return {
      ...{ nodeId, instanceId, state: isGood ? 'ok' : 'differs', differences },
      ...{ damage: digest.damage, appliedIndex, error: error ?? unknown },
    };
  });
  return { isDecided, nodes: compared, voters: electorate.voters };
}

/** `ok` only when each was compared and holds what a majority of the voters holds. */
export function verdictOf({ isDecided, nodes }: Comparison): 'ok' | 'differs' | 'incomplete' {
  if (nodes.some((n) => n.state === 'differs')) return 'differs';
  return isDecided && nodes.every((n) => n.state === 'ok') ? 'ok' : 'incomplete';
}

export interface ComparisonSources {
  readonly cluster: Pick<ClusterState, 'nodes'>;
  /** Nodes that are thought to differ, by the record or by somebody's word. */
  readonly accused: readonly NodeId[];
}

/** Names of what differs in one text; where it is very much, the first few and how many more. */
export function namedFew(names: readonly string[]): string {
  const rest = names.length - NAMED;
  const more = rest > 0 ? ` and ${rest} more` : '';
  const room = LIMITS.maxAuditText - more.length;
  const text = names.slice(0, NAMED).join(', ');
  return `${text.length <= room ? text : `${text.slice(0, room - 1)}…`}${more}`;
}

/** What differs, and what is damaged before all. */
const namesOf = ({ differences, damage }: ComparedNode): string[] => [
  ...(damage === null ? [] : [damage]),
  ...differences.map((d) => d.part),
];

/**
 * Where no majority holds the same, each of those that differ from one another is on record with all of them:
 * one of them is wrong. Only once all voters that live were asked: the others may decide it.
 */
function undecidedNews(
  { nodes, voters }: Comparison,
  cluster: Pick<ClusterState, 'nodes'>,
): ComparedReplica[] {
  const compared = nodes.filter((n) => n.state === 'differs' && voters.includes(n.nodeId));
  const asked = new Set(nodes.map((n) => n.nodeId));
  const isAsked = voters.every((id) => asked.has(id) || cluster.nodes[id]?.liveness !== 'alive');
  if (!isAsked || compared.length < 2) return [];
  const undecided = compared.map((n) => n.nodeId);
  const names = [...new Set(compared.flatMap(namesOf))];
  return compared.flatMap(({ nodeId, instanceId }): ComparedReplica[] => {
    const record = cluster.nodes[nodeId];
    if (record?.instanceId !== instanceId || record.diverged !== undefined) return [];
    return [{ nodeId, instanceId, differs: namedFew(names), undecided }];
  });
}

/**
 * What is news for the record: who differs and is not on record as such, and who holds the same although it
 * is accused. Nobody is acquitted where no majority of all voters holds the same: a node that is compared
 * with itself is equal, and a leader that is wrong itself finds every single other node wrong.
 */
export function comparisonNews(
  comparison: Comparison,
  { cluster, accused }: ComparisonSources,
): ComparedReplica[] {
  const { isDecided, nodes } = comparison;
  if (!isDecided) return undecidedNews(comparison, cluster);
  return nodes.flatMap((node): ComparedReplica[] => {
    const { nodeId, instanceId } = node;
    const record = cluster.nodes[nodeId];
    // the name may have passed to another disk while the slowest was waited for
    if (record?.instanceId !== instanceId) return [];
    const isOpen = record.diverged === undefined || record.undecided !== undefined;
    if (node.state === 'differs' && isOpen) return [{ nodeId, instanceId, differs: namedFew(namesOf(node)) }];
    if (node.state === 'ok' && accused.includes(nodeId)) return [{ nodeId, instanceId, differs: null }];
    return [];
  });
}
