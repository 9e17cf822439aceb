/** The figures of both sides against each other, with the targets that this project has set itself. */
import type { FailoverRow } from './failover.ts';
import type { MemoryRow } from './memory.ts';
import type { EndSignal } from './options.ts';
import type { Way } from './sides.ts';
import { short } from './spread.ts';
import type { Cell } from './throughput.ts';
import type { WatchRow } from './watch.ts';

export interface Figures {
  readonly cells: readonly Cell[];
  readonly failover: readonly FailoverRow[];
  readonly watch: readonly WatchRow[];
  readonly memory: readonly MemoryRow[];
}

/** A target: at least, or at most, of the ratio or of our own figure. */
export interface Target {
  readonly of: 'ratio' | 'ours';
  readonly kind: 'at least' | 'at most';
  readonly value: number;
  /** What would be better still. */
  readonly aim?: number;
}

export interface Verdict {
  readonly what: string;
  readonly unit: string;
  readonly etcd: number | null;
  readonly ours: number;
  /** Ours by etcd's; null where etcd has no such figure. */
  readonly ratio: number | null;
  readonly target: Target | null;
  readonly met: boolean | null;
}

type Measure = 'perSecond' | 'p50Ms' | 'p99Ms' | 'serverCpuUs';

interface Comparison {
  readonly what: string;
  readonly op: Cell['op'];
  readonly callers: number;
  readonly way: Way['name'];
  readonly measure: Measure;
  readonly target: Target;
}

const ratio = (kind: Target['kind'], value: number, aim?: number): Target => ({
  ...{ of: 'ratio', kind, value },
  ...(aim === undefined ? {} : { aim }),
});

const COMPARISONS: readonly Comparison[] = [
  ...[64, 256].flatMap((callers) =>
    (['shared', 'own'] as const).map((way) => ({
      ...({ what: 'writes/s, SDK', op: 'put', callers, way, measure: 'perSecond' } as const),
      target: ratio('at least', 3, 5),
    })),
  ),
  {
    ...{ what: 'writes/s, one POST a write', op: 'put', callers: 64, way: 'post', measure: 'perSecond' },
    target: ratio('at least', 0.7, 1),
  },
  {
    ...{ what: 'write p99', op: 'put', callers: 64, way: 'shared', measure: 'p99Ms' },
    target: ratio('at most', 0.5),
  },
  {
    ...{ what: 'write p50', op: 'put', callers: 1, way: 'shared', measure: 'p50Ms' },
    target: ratio('at most', 1),
  },
  {
    ...{ what: 'linearizable reads/s, SDK', op: 'get', callers: 64, way: 'shared', measure: 'perSecond' },
    target: ratio('at least', 2),
  },
  {
    ...{ what: 'server CPU a write', op: 'put', callers: 64, way: 'shared', measure: 'serverCpuUs' },
    target: ratio('at most', 0.5),
  },
];

const UNITS: Record<Measure, string> = { perSecond: '/s', p50Ms: 'ms', p99Ms: 'ms', serverCpuUs: 'µs' };

function isMet({ of, kind, value }: Target, ours: number, ratioOf: number | null): boolean | null {
  const figure = of === 'ours' ? ours : ratioOf;
  if (figure === null || Number.isNaN(figure)) return null;
  return kind === 'at least' ? figure >= value : figure <= value;
}

function verdictOf(
  facts: { readonly what: string; readonly unit: string },
  etcd: number | null,
  ours: number,
  target: Target | null,
): Verdict {
  const quotient = etcd === null ? null : short(ours / etcd);
  return { ...facts, etcd, ours, ratio: quotient, target, met: target && isMet(target, ours, quotient) };
}

/** etcd counts with the better of its two ways: one connection for all callers, or one each. */
function bestOfEtcd(cells: readonly Cell[], { op, callers, measure }: Comparison): number | null {
  const values = cells
    .filter((c) => c.side === 'etcd' && c.op === op && c.callers === callers)
    .map((c) => c[measure].median);
  if (values.length === 0) return null;
  return measure === 'perSecond' ? Math.max(...values) : Math.min(...values);
}

function ofCells(cells: readonly Cell[]): Verdict[] {
  return COMPARISONS.flatMap((comparison) => {
    const { op, callers, way, measure, what, target } = comparison;
    const own = cells.find(
      (c) => c.side === 'sqlcc' && c.op === op && c.callers === callers && c.way === way,
    );
    if (own === undefined) return [];
    const facts = { what: `${what}, ${callers} callers (${way})`, unit: UNITS[measure] };
    return [verdictOf(facts, bestOfEtcd(cells, comparison), own[measure].median, target)];
  });
}

/** Without a write, ms, whatever the size. */
const GAP_LIMITS: Readonly<Record<EndSignal, Partial<Record<'p50' | 'p99', number>>>> = {
  SIGKILL: { p50: 40, p99: 250 },
  SIGTERM: { p99: 50 },
};

function ofFailover(rows: readonly FailoverRow[]): Verdict[] {
  const of = (side: FailoverRow['side'], electionMs: number | null): FailoverRow | undefined =>
    rows.find((r) => r.side === side && (electionMs === null ? r.isDefault : r.electionMs === electionMs));
  const pairs = [
    { what: 'first write, defaults', election: null },
    { what: 'first write, election time-out 500 ms', election: 500 },
  ] as const;
  return pairs.flatMap(({ what: part, election }) => {
    const ours = of('sqlcc', election);
    if (ours === undefined) return [];
    const etcd = of('etcd', election);
    const size = ours.nodes === 3 ? '' : `, ${ours.nodes} nodes`;
    const what = `${ours.signal === 'SIGTERM' ? 'SIGTERM' : 'kill'} → ${part}${size}`;
    const limits = election === null ? GAP_LIMITS[ours.signal] : null;
    return (['p50', 'p99'] as const).map((q) => {
      const most = limits?.[q];
      const target: Target | null = most === undefined ? null : { of: 'ours', kind: 'at most', value: most };
      const facts = { what: `${what}, ${q} of ${ours.rounds}`, unit: 'ms' };
      return verdictOf(facts, etcd?.gapMs[q] ?? null, ours.gapMs[q], target);
    });
  });
}

function ofWatch(rows: readonly WatchRow[]): Verdict[] {
  const etcd = rows.find((r) => r.side === 'etcd');
  return rows
    .filter((r) => r.side === 'sqlcc')
    .flatMap((row) =>
      (['p50Ms', 'p99Ms'] as const).map((q) =>
        verdictOf(
          { what: `put → change at a follower, ${q.slice(0, 3)} (${row.generator})`, unit: 'ms' },
          etcd?.[q] ?? null,
          row[q],
          null,
        ),
      ),
    );
}

function ofMemory(rows: readonly MemoryRow[]): Verdict[] {
  const etcd = rows.find((r) => r.side === 'etcd');
  return rows
    .filter((r) => r.side === 'sqlcc')
    .flatMap((row) =>
      (['afterMb', 'laterMb'] as const).map((when) => {
        const after = when === 'afterMb' ? 'after' : 'a rest after';
        return verdictOf(
          { what: `memory a node, ${after} ${row.writes.toLocaleString('en-US')} writes`, unit: 'MB' },
          etcd === undefined ? null : Math.max(...etcd[when]),
          Math.max(...row[when]),
          { of: 'ours', kind: 'at most', value: 150 },
        );
      }),
    );
}

export function verdicts({ cells, failover, watch, memory }: Figures): Verdict[] {
  return [...ofCells(cells), ...ofFailover(failover), ...ofWatch(watch), ...ofMemory(memory)];
}
