/**
 * `npm run endurance`: faults, exhaustion and time on real clusters, each scenario bounded and checking itself.
 * Needs root for namespaces; what can't run is said, and the exit code says that something was left out.
 */
import { given, listOf, number, OUTPUT, oneOf, takes, turnsOn, whole } from '../usage.ts';
import { exitCodeOf, notPlayed } from '../verdict.ts';
import { runScenario } from './run.ts';
import { BRIEF, SCENARIOS } from './scenarios.ts';
import type { Report } from './stage.ts';

const USAGE = {
  command: 'npm run endurance --',
  about:
    'Faults, exhaustion and time on real clusters in a lab (root). Exits 1 when a claim did not hold, 3 when none ' +
    'failed and a scenario could not be played here.',
  takes:
    'about an hour and a half and --minutes in all; most scenarios one to five minutes, F9, F10 and FD1 longer; ' +
    '--brief half an hour.',
  flags: {
    only: takes({
      ...{ value: 'a,b', parse: listOf(oneOf(SCENARIOS.map((s) => s.name))) },
      about: 'these scenarios',
    }),
    brief: turnsOn('exhaustion, wires, 16 daemons (not 64) and a soak: half an hour in all'),
    minutes: takes({
      ...{ value: 'M', parse: number(0.1) },
      about:
        'length of the soak; 30 without, 15 of --brief, in which memory fails above 15 MB in ten, not above 1',
    }),
    seed: takes({ value: 'N', parse: whole(), standard: '1', about: 'of operations and chances' }),
    list: turnsOn('the scenarios, and what each plays'),
    output: OUTPUT,
  },
};
const values = given(USAGE);

function table(reports: readonly Report[]): string {
  const lines = reports.flatMap(({ scenario, ok, skipped, seconds, figures, claims, error }) => [
    `${skipped !== null ? 'skipped' : ok ? 'ok     ' : 'FAILED '} ${scenario} (${seconds} s)${skipped === null ? '' : `: ${skipped}`}`,
    ...claims.map((c) => `    ${c.ok ? 'ok    ' : 'FAILED'} ${c.what}: ${c.found}`),
    ...Object.entries(figures).map(([name, value]) => `    ${name}: ${JSON.stringify(value)}`),
    ...(error === null ? [] : [`    ${error}`]),
  ]);
  return `${lines.join('\n')}\n`;
}

if (values.list) {
  for (const { name, about } of SCENARIOS) process.stdout.write(`${name.padEnd(16)} ${about}\n`);
  process.exit(0);
}
const reports: Report[] = [];
const wanted = values.only ?? (values.brief ? BRIEF : SCENARIOS.map((s) => s.name));
const minutes = values.minutes ?? (values.brief ? 15 : 30);
for (const scenario of SCENARIOS.filter((s) => wanted.includes(s.name))) {
  process.stderr.write(`== ${scenario.name}: ${scenario.about}\n`);
  reports.push(await runScenario(scenario, { minutes, seed: values.seed }));
}
const document = { schemaVersion: 1, at: new Date().toISOString(), seed: values.seed, reports };
process.stdout.write(values.output === 'json' ? `${JSON.stringify(document, null, 2)}\n` : table(reports));
const plays = {
  asked: reports.length,
  skipped: reports.filter((r) => r.skipped !== null).length,
  failed: reports.filter((r) => !r.ok).length,
};
const left = notPlayed(plays);
if (left !== null) (values.output === 'json' ? process.stderr : process.stdout).write(`${left}\n`);
process.exitCode = exitCodeOf(plays);
