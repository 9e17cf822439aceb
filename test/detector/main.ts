/** `npm run detector`: what the failure detector does at which size, one row a scenario. */
import { given, listOf, OUTPUT, oneOf, takes, turnsOn, whole } from '../usage.ts';
import { differences, store } from './baseline.ts';
import { play } from './plan.ts';
import type { Row, Spread } from './row.ts';
import { scenariosFor } from './scenarios.ts';
import { findings } from './targets.ts';

const USAGE = {
  command: 'npm run detector --',
  about:
    'Plays the failure detector of N simulated members, one row a scenario, and compares rows with promises and with ' +
    'the stored ones. Exits 1 when a promise is missed that is not known to be, a figure moved by more than a tenth, ' +
    'or a row that npm test plays has no stored one; other rows that have none are named.',
  takes:
    'about five minutes of one core, --n 1000 two, with --all a quarter of an hour; --full hours; --n 10000 some two minutes and 1.2 GB for kill or silent, never played with others.',
  flags: {
    n: takes({
      value: 'N,N',
      parse: listOf(whole(2)),
      standard: '3,5,16,100',
      about: 'sizes of the cluster',
    }),
    scenario: takes({
      ...{ value: 'a,b', parse: listOf(oneOf(scenariosFor(100).map((s) => s.name))) },
      about: 'these rows only, also long ones',
    }),
    lane: takes({
      ...{ value: 'a,b', parse: listOf(oneOf(['h2', 'udp'])), standard: 'h2' },
      about: 'probes over connections (h2), over datagrams (udp)',
    }),
    seed: takes({ value: 'N,N', parse: listOf(whole()), about: 'instead of 1, 2, …' }),
    full: turnsOn('all seeds and lengths of the report'),
    all: turnsOn('from 1,000 members on also the rows that take minutes each'),
    store: turnsOn('keep these rows as the baseline'),
    output: OUTPUT,
  },
};
const values = given(USAGE);

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
  ['false F/nh', 10, (r: Row) => String(r.falseFailedPerNodeHour)],
  ['refut.', 6, (r: Row) => String(r.refutations)],
  ['unstable s', 10, (r: Row) => String(r.unstableS)],
  ['healed ms', 15, (r: Row) => spreadText(r.healedMs)],
  ['B/s out', 18, (r: Row) => `${r.bytesPerS.mean}/${r.bytesPerS.p99}/${r.bytesPerS.max}`],
  ['peak B', 7, (r: Row) => String(r.bytesPeak)],
  ['msg/s', 6, (r: Row) => String(r.messagesPerS)],
  ['queue', 5, (r: Row) => String(r.queueMax)],
  ['neigh', 5, (r: Row) => String(r.neighboursMax)],
  ['cpu s', 6, (r: Row) => String(r.cpuS)],
  ['wall s', 6, (r: Row) => String(r.wallS)],
  ['events/s', 8, (r: Row) => String(r.eventsPerS)],
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
    sizes: values.n,
    scenarios: values.scenario ?? [],
    lanes: values.lane,
    effort: values.full ? 'full' : 'brief',
    isWhole: values.all,
    seeds: values.seed ?? [],
    onRow: (row) => {
      if (isTable) console.log(line(COLUMNS.map(([, , text]) => text(row))));
    },
  });
  const judged = findings(rows);
  const moved = differences(rows, !values.full && (values.seed ?? []).length === 0);
  if (values.store) store(rows);
  if (!isTable) {
    const { lines, missing, notStored } = moved;
    const notCompared = [...missing, ...notStored];
    const all = { schemaVersion: 1, rows, targets: judged, moved: lines, notCompared };
    console.log(JSON.stringify(all, null, 2));
  } else {
    for (const { target, row, isMet, isKnown, text } of judged) {
      const word = isMet ? 'met   ' : isKnown ? 'known ' : 'MISSED';
      console.log(`${word} ${target} ${row}: ${text}${isKnown ? ', as docs/detector.md says' : ''}`);
    }
    for (const text of moved.lines) console.log(`MOVED  ${text}`);
    if (!values.store) for (const text of moved.missing) console.log(`NEW    ${text}`);
    if (!values.store) for (const text of moved.notStored) console.log(`       ${text}`);
  }
  const isCompared = moved.lines.length === 0 && moved.missing.length === 0;
  const isGood = judged.every((f) => f.isMet || f.isKnown) && (values.store || isCompared);
  return isGood ? 0 : 1;
}

process.exitCode = main();
