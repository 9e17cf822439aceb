/**
 * `npm run detector`: what the failure detector does at which size, one row a scenario.
 *
 *   npm run detector -- --n 3,5,100 --scenario kill,silent   these rows only
 *   npm run detector -- --full                               all seeds and lengths of the report
 *   npm run detector -- --lane h2,udp                        probes over connections, over datagrams
 *   npm run detector -- -o json                              one document
 *   npm run detector -- --store                              keep these rows as the baseline
 *
 * Exit code 1 when a promise is missed that is not known to be, a figure moved by more than a tenth, or a row has no
 * stored one to be compared with.
 */
import { parseArgs } from 'node:util';
import { differences, store } from './baseline.ts';
import { play } from './plan.ts';
import type { Row, Spread } from './row.ts';
import { findings } from './targets.ts';

const { values } = parseArgs({
  options: {
    n: { type: 'string', default: '3,5,16,100' },
    scenario: { type: 'string', default: '' },
    lane: { type: 'string', default: 'h2' },
    seed: { type: 'string', default: '' },
    full: { type: 'boolean', default: false },
    store: { type: 'boolean', default: false },
    output: { type: 'string', short: 'o', default: 'table' },
  },
});

const list = (text: string): string[] => text.split(',').filter((word) => word !== '');
const isTable = values.output !== 'json';

const COLUMNS = [
  ['n', 6, (r: Row) => String(r.nodes)],
  ['scenario', -16, (r: Row) => (r.lane === 'udp' ? `${r.scenario} udp` : r.scenario)],
  ['seeds', 5, (r: Row) => String(r.seeds)],
  ['virt s', 7, (r: Row) => String(r.virtualS)],
  ['suspect ms', 15, (r: Row) => spreadText(r.firstSuspectMs)],
  ['failed ms', 15, (r: Row) => spreadText(r.firstFailedMs)],
  ['all know ms', 15, (r: Row) => `${spreadText(r.allKnowMs)}${r.unknown > 0 ? ` −${r.unknown}` : ''}`],
  ['false S/nh', 10, (r: Row) => String(r.falseSuspectPerNodeHour)],
  ['false F', 7, (r: Row) => String(r.falseFailed)],
  ['refut.', 6, (r: Row) => String(r.refutations)],
  ['unstable s', 10, (r: Row) => String(r.unstableS)],
  ['healed ms', 15, (r: Row) => spreadText(r.healedMs)],
  ['B/s out', 18, (r: Row) => `${r.bytesPerS.mean}/${r.bytesPerS.p99}/${r.bytesPerS.max}`],
  ['peak B', 7, (r: Row) => String(r.bytesPeak)],
  ['msg/s', 6, (r: Row) => String(r.messagesPerS)],
  ['queue', 5, (r: Row) => String(r.queueMax)],
  ['neigh', 5, (r: Row) => String(r.neighboursMax)],
  ['cpu s', 6, (r: Row) => String(r.cpuS)],
  ['trace', -8, (r: Row) => r.traceHash.slice(0, 8)],
] as const;

function spreadText(spread: Spread | null): string {
  return spread === null ? '–' : `${spread.p50}/${spread.p99}/${spread.max}`;
}

function line(cells: readonly string[]): string {
  return cells
    .map((cell, i) => {
      const width = COLUMNS[i]?.[1] ?? 0;
      return width < 0 ? cell.padEnd(-width) : cell.padStart(width);
    })
    .join('  ');
}

function main(): number {
  if (isTable) {
    console.log(
      'p50/p99/max over victims and seeds; bytes: mean/p99/max over nodes, with TLS, HTTP/2, TCP and IP',
    );
    console.log(line(COLUMNS.map(([name]) => name)));
  }
  const rows = play({
    sizes: list(values.n).map(Number),
    scenarios: list(values.scenario),
    lanes: list(values.lane) as ('h2' | 'udp')[],
    effort: values.full ? 'full' : 'brief',
    seeds: list(values.seed).map(Number),
    onRow: (row) => {
      if (isTable) console.log(line(COLUMNS.map(([, , text]) => text(row))));
    },
  });
  const judged = findings(rows);
  const moved = differences(rows);
  if (values.store) store(rows);
  if (!isTable) {
    const { lines, missing } = moved;
    const all = { schemaVersion: 1, rows, targets: judged, moved: lines, notCompared: missing };
    console.log(JSON.stringify(all, null, 2));
  } else {
    for (const { target, row, isMet, isKnown, text } of judged) {
      const word = isMet ? 'met   ' : isKnown ? 'known ' : 'MISSED';
      console.log(`${word} ${target} ${row}: ${text}${isKnown ? ', as docs/detector.md says' : ''}`);
    }
    for (const text of moved.lines) console.log(`MOVED  ${text}`);
    if (!values.store) for (const text of moved.missing) console.log(`NEW    ${text}`);
  }
  const isCompared = moved.lines.length === 0 && moved.missing.length === 0;
  const isGood = judged.every((f) => f.isMet || f.isKnown) && (values.store || isCompared);
  return isGood ? 0 : 1;
}

process.exitCode = main();
