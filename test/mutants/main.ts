/** `npm run mutants`: plants each bug of mutants.ts and tells by what it was found. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { given, OUTPUT, takes, turnsOff, turnsOn, whole, wrong } from '../usage.ts';
import { hunt } from './hunt.ts';
import type { Mutant, Verdict } from './mutant.ts';
import { MUTANTS } from './mutants.ts';
import { ROOT } from './plant.ts';

function idsOf(words: string): readonly string[] {
  const ids = words.split(',');
  const unknown = ids.filter((id) => !MUTANTS.some((m) => m.id === id));
  if (unknown.length > 0) throw wrong(`what --list prints, not ${unknown.join(', ')}`);
  return ids;
}

function suiteOf(word: string): Mutant['by'] {
  if (word === 'sim') return word;
  if (word.startsWith('suite:') && existsSync(join(ROOT, word.slice('suite:'.length))))
    return word as Mutant['by'];
  throw wrong('sim, or suite:PATH of a test file');
}

function partOf(word: string): { readonly at: number; readonly parts: number } {
  const [, at = 0, parts = 0] = (/^(\d+)\/(\d+)$/.exec(word) ?? []).map(Number);
  if (at < 1 || at > parts) throw wrong('I/N, as 1/4 to 4/4');
  return { at, parts };
}

const USAGE = {
  command: 'npm run mutants --',
  about:
    'Plants each bug in a copy of the product and tells by what it was found: a seed of the simulation and the rule ' +
    'that it broke, or a test. Then the same searches with nothing planted, which must find nothing. ' +
    'Exits 1 when a bug was not found, or something was found though nothing was planted.',
  takes: 'about ten minutes of one core; --by sim 3 to 10 minutes for each bug that survives 1,000 seeds.',
  flags: {
    only: takes({ value: 'id,id', parse: idsOf, about: 'these bugs' }),
    by: takes({
      value: 'SUITE',
      parse: suiteOf,
      about: 'another suite than the one that must know: sim, or suite:PATH',
    }),
    from: takes({ value: 'N', parse: whole(), standard: '1', about: 'the first seed' }),
    seeds: takes({ value: 'N', parse: whole(1), standard: '1000', about: 'so many seeds' }),
    part: takes({
      value: 'I/N',
      parse: partOf,
      about: 'the I-th of N parts of the bugs, to play a long list in pieces',
    }),
    control: turnsOff('leave out the searches with nothing planted'),
    list: turnsOn('the bugs and their suites'),
    output: OUTPUT,
  },
};
const values = given(USAGE);
const isJson = values.output === 'json';
const first = values.from;
const last = first + values.seeds - 1;
const TIMEOUT_MS = 20 * 60_000;

const UNDECIDED = 'UNDECIDED';
const isUndecided = (text: string): boolean => text.startsWith(UNDECIDED);

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
const options = { timeoutMs: TIMEOUT_MS, signal: stop.signal };

const say = (line: string): void => (isJson ? undefined : console.log(line));

function chosen(): Mutant[] {
  const { only, by, part = { at: 1, parts: 1 } } = values;
  return MUTANTS.filter((m) => only?.includes(m.id) ?? true)
    .filter((_, n) => n % part.parts === part.at - 1)
    .map((m) => ({ ...m, by: by ?? m.by }));
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

/** A search that does not end decides nothing, and must not cost what the others found. */
async function verdictOn(mutant: Mutant, seeds: [number, number]): Promise<Verdict> {
  const began = performance.now();
  try {
    return await hunt(mutant, { ...options, seeds });
  } catch (error) {
    if (stop.signal.aborted) throw error;
    const { id, by, sentence } = mutant;
    const text = `${UNDECIDED}: ${(error as Error).message.split('\n')[0]}`;
    return { id, by, sentence, seed: null, found: null, text, seconds: (performance.now() - began) / 1000 };
  }
}

function row({ id, by, seed, found, text, seconds }: Verdict): string {
  const where = by === 'sim' ? `seed ${seed ?? '–'}` : 'suite';
  const cells = [id.padEnd(38), where.padEnd(10), `${seconds.toFixed(1)} s`.padStart(8)];
  if (found === null) return `${cells.join(' ')}  ${isUndecided(text) ? '' : 'SURVIVES: '}${text}`;
  return `${cells.join(' ')}  ${by === 'sim' ? text.slice(0, 110) : found}`;
}

function summary(verdicts: readonly Verdict[]): string[] {
  const idsOf = (list: readonly Verdict[]): string => list.map(({ id }) => id).join(', ');
  const notFound = verdicts.filter((v) => v.found === null);
  const undecided = notFound.filter((v) => isUndecided(v.text));
  const survivors = notFound.filter((v) => !isUndecided(v.text));
  return [
    `${verdicts.length - notFound.length} of ${verdicts.length} planted bugs found, seeds ${first} to ${last}`,
    ...(survivors.length > 0 ? [`survive: ${idsOf(survivors)}`] : []),
    ...(undecided.length > 0 ? [`undecided: ${idsOf(undecided)}`] : []),
  ];
}

async function main(): Promise<number> {
  if (values.list) {
    for (const m of chosen()) console.log(`${m.id.padEnd(38)} ${m.by}: ${m.sentence}`);
    return 0;
  }
  const verdicts: Verdict[] = [];
  for (const mutant of chosen()) {
    const verdict = await verdictOn(mutant, [first, last]);
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
  else for (const line of summary(verdicts)) console.log(line);
  return found === verdicts.length && isClean ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!stop.signal.aborted) throw error;
  console.error('stopped');
  process.exitCode = 130;
}
