/** What is wrong with the cluster, in words: the worst first, what several nodes share said once. Pure. */
import type { AlertRecord } from '../src/alerts/index.ts';
import type { NodeRow, StatusResponse } from '../src/api/index.ts';

export interface HealthSources {
  readonly rows: readonly Pick<NodeRow, 'node_id' | 'voter' | 'liveness' | 'health' | 'issues'>[];
  readonly leaderId: string | null;
  /** From whom the answering node is cut off; null where it is not. */
  readonly isolated: string | null;
  /** What becomes of a dead voter's place; null where there is nothing to say. */
  readonly replacement: string | null;
  readonly minReplicas: number;
  readonly alerts: readonly Pick<AlertRecord, 'rule' | 'nodeId' | 'severity' | 'state'>[];
}

/** So many nodes are named; of more only the number is said, and their rows say which. */
const NAMED_NODES = 3;

function whoOf(names: readonly string[]): string {
  if (names.length > NAMED_NODES) return `${names.length} nodes`;
  const [last, ...others] = [...names].reverse();
  return others.length === 0 ? `${last}` : `${others.reverse().join(', ')} and ${last}`;
}

const isNumber = (word: string): boolean => /^\d+(\.\d+)?$/.test(word);

/** Texts that differ in numbers alone as one: `cpu is at 93–100 %`. */
function merged(texts: readonly string[]): string {
  const [first = [], ...rest] = texts.map((text) => text.split(' '));
  const word = (own: string, at: number): string => {
    if (!isNumber(own)) return own;
    const all = [own, ...rest.map((words) => words[at] ?? own)].sort((a, b) => Number(a) - Number(b));
    return all[0] === all.at(-1) ? own : `${all[0]}–${all.at(-1)}`;
  };
  return first.map(word).join(' ');
}

interface Ailing {
  readonly nodeId: string;
  /** What is said of it behind `is` or `are`. */
  readonly text: string;
}

/** One reason for all nodes of which the same is said. */
function folded(ailing: readonly Ailing[]): string[] {
  const shape = ({ text }: Ailing): string =>
    text
      .split(' ')
      .map((word) => (isNumber(word) ? '#' : word))
      .join(' ');
  return [...Map.groupBy(ailing, shape).values()].map((group) => {
    const is = group.length === 1 ? 'is' : 'are';
    return `${whoOf(group.map((a) => a.nodeId))} ${is} ${merged(group.map((a) => a.text))}`;
  });
}

/** One reason for all nodes on which one rule fires. */
function firing(alerts: HealthSources['alerts']): string[] {
  return [...Map.groupBy(alerts, (a) => a.rule)].map(([rule, group]) => {
    const on = group.flatMap((a) => (a.nodeId === null ? [] : [a.nodeId]));
    return `alert ${rule}${on.length === 0 ? '' : ` on ${whoOf(on)}`} is firing`;
  });
}

function ofNodes({ rows }: HealthSources) {
  const ailing = (of: (row: HealthSources['rows'][number]) => string | null): string[] =>
    folded(
      rows.flatMap((row) => {
        const text = of(row);
        return text === null ? [] : [{ nodeId: row.node_id, text }];
      }),
    );
  const says = (health: 'UNHEALTHY' | 'DEGRADED'): string[] =>
    ailing(({ liveness, health: own, issues }) =>
      liveness === 'alive' && own === health ? `${health.toLowerCase()}: ${issues.join(', ')}` : null,
    );
  return {
    dead: ailing((row) => (row.liveness === 'dead' ? row.liveness : null)),
    unheard: ailing((row) => (row.liveness === 'alive' || row.liveness === 'dead' ? null : row.liveness)),
    unhealthy: says('UNHEALTHY'),
    degraded: says('DEGRADED'),
  };
}

/**
 * Why the cluster is not healthy; `critical` means that it can't write. A screen has room for the first words
 * only, so a busy CPU never stands before a dead node.
 */
export function clusterHealth(sources: HealthSources): Pick<StatusResponse['cluster'], 'health' | 'reasons'> {
  const { rows, isolated, replacement, minReplicas } = sources;
  const voters = rows.filter((r) => r.voter);
  const alive = voters.filter((r) => r.liveness === 'alive').length;
  const quorum = Math.floor(voters.length / 2) + 1;
  const critical = [
    ...(isolated === null ? [] : [isolated]),
    ...(alive < quorum
      ? [`no quorum: ${alive} of ${voters.length} voters are alive, ${quorum} are needed`]
      : []),
    ...(sources.leaderId === null ? ['no leader is known'] : []),
  ];
  const { dead, unheard, unhealthy, degraded } = ofNodes(sources);
  const fires = sources.alerts.filter((a) => a.state === 'firing');
  const others = [
    ...dead,
    ...(alive < minReplicas
      ? [`${alive} live ${alive === 1 ? 'copy' : 'copies'}, min_replicas is ${minReplicas}`]
      : []),
    ...firing(fires.filter((a) => a.severity === 'critical')),
    ...unheard,
    ...unhealthy,
    ...(replacement === null ? [] : [replacement]),
    ...firing(fires.filter((a) => a.severity !== 'critical')),
    ...degraded,
  ];
  const health = critical.length > 0 ? 'critical' : others.length > 0 ? 'degraded' : 'healthy';
  return { health, reasons: [...critical, ...others] };
}
