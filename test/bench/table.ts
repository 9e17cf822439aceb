/** The figures as text. */
import type { FailoverRow, Times } from './failover.ts';
import { textOf } from './spread.ts';
import type { Cell } from './throughput.ts';
import type { Figures, Target, Verdict } from './verdict.ts';

/** Columns as wide as their widest cell, all but the first to the right. */
function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  ');
  return [head, ...rows].map((row) => line(row).trimEnd()).join('\n');
}

function cellsOf(cells: readonly Cell[]): string {
  const rows = cells.map((cell) => [
    `${cell.op} ${cell.side} ${cell.way}`,
    `${cell.callers}`,
    `${cell.connections}`,
    textOf(cell.perSecond),
    textOf(cell.p50Ms),
    textOf(cell.p99Ms),
    textOf(cell.serverCpuUs),
    textOf(cell.loadCpuUs),
    textOf(cell.loadCores),
    textOf(cell.otherCores),
    `${cell.rssBeforeMb.median} → ${cell.rssMb.median}`,
    `${cell.errors}`,
  ]);
  const head = [
    ...['load', 'callers', 'conns', 'per second', 'p50 ms', 'p99 ms'],
    ...['server CPU µs/op', 'load CPU µs/op', 'load cores', 'other cores', 'RSS MB', 'errors'],
  ];
  return tableOf(head, rows);
}

/** Where the CPU of a call goes, a column a thread that matters. */
function threadsOf(cells: readonly Cell[]): string {
  const own = cells.filter((cell) => cell.side === 'sqlcc');
  const names = [...new Set(own.flatMap((cell) => Object.keys(cell.threadsUs)))].sort().reverse();
  const rows = own.map((cell) => [
    ...[`${cell.op} ${cell.side} ${cell.way}`, `${cell.callers}`],
    ...names.map((name) => `${cell.threadsUs[name] ?? ''}`),
  ]);
  return rows.length === 0
    ? ''
    : tableOf(['CPU µs/op by thread (L leader, F followers)', 'callers', ...names], rows);
}

function failoverOf(failover: readonly FailoverRow[]): string {
  const text = (times: Times | null): string =>
    times === null ? '' : `${times.p50} / ${times.p95} / ${times.p99} / ${times.max}`;
  const rows = failover.map((row) => [
    `${row.side} ${row.heartbeatMs}/${row.electionMs} ms${row.isDefault ? ' (default)' : ''}`,
    `${row.nodes}`,
    row.signal,
    `${row.rounds}`,
    text(row.gapMs),
    text(row.detectMs),
    text(row.electionTookMs),
    textOf(row.otherCores),
  ]);
  const head = [
    'p50 / p95 / p99 / max, ms',
    'nodes',
    'signal',
    'rounds',
    'signal → first write',
    'detection',
    'election',
    'other cores',
  ];
  return tableOf(head, rows);
}

function targetText(target: Target | null): string {
  if (target === null) return '';
  const { of, kind, value, aim } = target;
  const times = of === 'ratio' ? '×' : '';
  return `${kind === 'at least' ? '≥' : '≤'} ${value}${times}${aim === undefined ? '' : ` (aim ${aim}${times})`}`;
}

function verdictsOf(verdicts: readonly Verdict[]): string {
  const number = (value: number | null): string => (value === null ? '–' : value.toLocaleString('en-US'));
  const rows = verdicts.map((v) => [
    v.what,
    `${number(v.etcd)} ${v.unit}`,
    `${number(v.ours)} ${v.unit}`,
    v.ratio === null ? '–' : `${v.ratio}×`,
    targetText(v.target),
    v.met === null ? '' : v.met ? 'met' : 'MISSED',
  ]);
  return tableOf(['figure', 'etcd', 'sqlcc', 'ratio', 'target', ''], rows);
}

/** All tables, those without rows left out; the one of the ratios last. */
export function printFigures(figures: Figures, verdicts: readonly Verdict[]): string {
  const watch = figures.watch.map((r) => [`${r.side} by ${r.generator}`, `${r.p50Ms}`, `${r.p99Ms}`]);
  const list = (values: readonly number[]): string => values.join(' / ');
  const memory = figures.memory.map((r) => [
    ...[`${r.side}, ${r.writes} writes`, list(r.freshMb), list(r.afterMb), list(r.laterMb)],
  ]);
  const tables = [
    figures.cells.length > 0 ? cellsOf(figures.cells) : '',
    threadsOf(figures.cells),
    figures.failover.length > 0 ? failoverOf(figures.failover) : '',
    watch.length > 0 ? tableOf(['put → change at a follower', 'p50 ms', 'p99 ms'], watch) : '',
    memory.length > 0 ? tableOf(['MB a node, leader first', 'fresh', 'after', 'later'], memory) : '',
    verdicts.length > 0 ? verdictsOf(verdicts) : '',
  ];
  return tables.filter((text) => text !== '').join('\n\n');
}
