/** The figures as text. */

import { textOf } from './spread.ts';
import type { Cell } from './throughput.ts';

/** Columns as wide as their widest cell, all but the first to the right. */
export function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  ');
  return [head, ...rows].map((row) => line(row).trimEnd()).join('\n');
}

export function printCells(cells: readonly Cell[]): string {
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
    textOf(cell.rssMb),
  ]);
  const head = [
    ...['load', 'callers', 'conns', 'per second', 'p50 ms', 'p99 ms'],
    ...['server CPU µs/op', 'load CPU µs/op', 'load cores', 'RSS MB'],
  ];
  return tableOf(head, rows);
}
