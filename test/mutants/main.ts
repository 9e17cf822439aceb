/**
 * `npm run mutants [-- --only id,id] [--from 1] [--seeds 1000] [--by suite:PATH] [-o json]`: plants each
 * bug of mutants.ts and tells by what it was found. `--by` asks another suite than the one that must know;
 * `--no-control` leaves out the same searches with nothing planted.
 * Ends with 1 when a bug was not found, or when something was found though nothing was planted.
 */
import { parseArgs } from 'node:util';
import { hunt } from './hunt.ts';
import type { Mutant, Verdict } from './mutant.ts';
import { MUTANTS } from './mutants.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    from: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '1000' },
    by: { type: 'string' },
    control: { type: 'boolean', default: true },
    output: { type: 'string', short: 'o', default: 'table' },
  },
  allowNegative: true,
});
const isJson = values.output === 'json';
const first = Number(values.from);
const last = first + Number(values.seeds) - 1;
const TIMEOUT_MS = 20 * 60_000;

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
const options = { timeoutMs: TIMEOUT_MS, signal: stop.signal };

const say = (line: string): void => (isJson ? undefined : console.log(line));

function chosen(): Mutant[] {
  const ids = values.only?.split(',');
  const unknown = ids?.filter((id) => !MUTANTS.some((m) => m.id === id)) ?? [];
  if (unknown.length > 0) throw new Error(`no such bug: ${unknown.join(', ')}`);
  const by = values.by as Mutant['by'] | undefined;
  return MUTANTS.filter((m) => ids?.includes(m.id) ?? true).map((m) => ({ ...m, by: by ?? m.by }));
}

/** The same searches with nothing planted, as far as they went; they must find nothing. */
function controlsOf(verdicts: readonly Verdict[]): { control: Mutant; seeds: [number, number] }[] {
  const end = Math.max(first, ...verdicts.map((v) => v.seed ?? 0));
  return [...new Set(verdicts.map((v) => v.by))].map((by) => {
    const where = by === 'sim' ? `seeds ${first} to ${end}` : by.slice('suite:'.length);
    const control = { id: 'nothing', sentence: `nothing is planted: ${where}`, edits: [], by };
    return { control, seeds: [first, end] };
  });
}

function row({ id, by, seed, found, text, seconds }: Verdict): string {
  const where = by === 'sim' ? `seed ${seed ?? '–'}` : 'suite';
  const cells = [id.padEnd(38), where.padEnd(10), `${seconds.toFixed(1)} s`.padStart(8)];
  if (found === null) return `${cells.join(' ')}  SURVIVES: ${text}`;
  return `${cells.join(' ')}  ${by === 'sim' ? text.slice(0, 110) : found}`;
}

async function main(): Promise<number> {
  const verdicts: Verdict[] = [];
  for (const mutant of chosen()) {
    const verdict = await hunt(mutant, { ...options, seeds: [first, last] });
    verdicts.push(verdict);
    say(row(verdict));
  }
  const controls: Verdict[] = [];
  for (const { control, seeds } of values.control ? controlsOf(verdicts) : []) {
    const verdict = await hunt(control, { ...options, seeds });
    controls.push(verdict);
    say(`${verdict.found === null ? 'clean' : `NOT CLEAN, ${verdict.text}`}: ${control.sentence}`);
  }
  const found = verdicts.filter((v) => v.found !== null).length;
  const isClean = controls.every((v) => v.found === null);
  const sum = { planted: verdicts.length, found, seeds: [first, last] };
  if (isJson) console.log(JSON.stringify({ schemaVersion: 1, ...sum, mutants: verdicts, controls }, null, 2));
  else console.log(`${found} of ${verdicts.length} planted bugs found`);
  return found === verdicts.length && isClean ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!stop.signal.aborted) throw error;
  console.error('stopped');
  process.exitCode = 130;
}
