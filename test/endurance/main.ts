/**
 * `npm run endurance -- [--minutes 30] [--only a,b] [--seed N] [-o json|table] [--list]`: faults, exhaustion and time
 * on real clusters, each scenario bounded and checking itself. Needs root for namespaces; what can't run is
 * said. Exits 1 when a claim did not hold. `--minutes` is the length of the soak; all else has its own.
 */
import { parseArgs } from 'node:util';
import { runScenario } from './run.ts';
import { SCENARIOS } from './scenarios.ts';
import type { Report } from './stage.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    only: { type: 'string' },
    seed: { type: 'string', default: '1' },
    output: { type: 'string', short: 'o', default: 'table' },
    list: { type: 'boolean', default: false },
  },
});

function table(reports: readonly Report[]): string {
  const lines = reports.flatMap(({ scenario, ok, skipped, seconds, figures, claims, error }) => [
    `${skipped !== null ? 'skipped' : ok ? 'ok     ' : 'FAILED '} ${scenario} (${seconds} s)${skipped === null ? '' : `: ${skipped}`}`,
    ...claims.map((c) => `    ${c.ok ? 'ok    ' : 'FAILED'} ${c.what}: ${c.found}`),
    ...Object.entries(figures).map(([name, value]) => `    ${name}: ${JSON.stringify(value)}`),
    ...(error === null ? [] : [`    ${error}`]),
  ]);
  return `${lines.join('\n')}\n`;
}

const names = values.only?.split(',') ?? SCENARIOS.map((s) => s.name);
const unknown = names.filter((name) => !SCENARIOS.some((s) => s.name === name));
if (values.list || unknown.length > 0) {
  if (unknown.length > 0) process.stderr.write(`no scenario ${unknown.join(', ')}\n`);
  for (const { name, about } of SCENARIOS) process.stdout.write(`${name.padEnd(16)} ${about}\n`);
  process.exit(unknown.length > 0 ? 2 : 0);
}
const reports: Report[] = [];
for (const scenario of SCENARIOS.filter((s) => names.includes(s.name))) {
  process.stderr.write(`== ${scenario.name}: ${scenario.about}\n`);
  reports.push(await runScenario(scenario, { minutes: Number(values.minutes), seed: Number(values.seed) }));
}
const document = { schemaVersion: 1, at: new Date().toISOString(), seed: Number(values.seed), reports };
process.stdout.write(values.output === 'json' ? `${JSON.stringify(document, null, 2)}\n` : table(reports));
process.exitCode = reports.every((r) => r.ok) ? 0 : 1;
