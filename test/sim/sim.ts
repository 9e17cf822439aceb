/** The simulator by hand, `npm run sim -- …`; exit code 1 on any violation. */
import { given, number, oneOf, takes, turnsOn, whole, wrong } from '../usage.ts';
import { CALM_PLAYS } from './calm.ts';
import { playFleet } from './fleet.ts';
import { calmOptions, type SimOptions } from './options.ts';
import { LIMITS_OF_THE_PRODUCT } from './pinned.ts';
import { nodesOf, playSeed, playTraced } from './play.ts';
import { shrink } from './shrink.ts';
import type { SimResult } from './sim-result.ts';
import { measureSpeed, speedText } from './speed.ts';
import { failureText, tallyText } from './tally.ts';
import { STORY_LINES, tellingOf } from './telling.ts';

/** Some of the options of a world, as JSON; the rest is drawn. */
function someOptions(text: string): Partial<SimOptions> {
  const known = calmOptions(3);
  try {
    const options: unknown = JSON.parse(text);
    const isKnown = typeof options === 'object' && options !== null && !Array.isArray(options);
    if (!isKnown) throw wrong('an object in JSON');
    for (const [name, value] of Object.entries(options))
      if (typeof value !== typeof known[name as keyof SimOptions])
        throw wrong(`no ${name} like this (options.ts)`);
    return options;
  } catch (error) {
    if (error instanceof SyntaxError) throw wrong('an object in JSON');
    throw error;
  }
}

const USAGE = {
  command: 'npm run sim --',
  about:
    'Plays clusters in a simulated world of faults, each from a seed, and checks every rule after every step. ' +
    'Exits 1 on any violation. Without another kind of play: --seeds.',
  takes: '1,000 seeds one to eight minutes of two cores; one seed a second; a calm hour a few seconds.',
  flags: {
    seeds: takes({ value: 'N', parse: whole(1), standard: '100', about: 'so many plays, on all cores' }),
    from: takes({ value: 'N', parse: whole(), standard: '1', about: 'the first of the seeds' }),
    nodes: takes({ value: 'N', parse: whole(3, 9), about: 'in each play; 3, 5 or 7 by its seed without' }),
    jobs: takes({ value: 'N', parse: whole(1), about: 'plays at once; as many as cores without' }),
    minutes: takes({ value: 'M', parse: number(0.01), about: 'no new plays after so long' }),
    memory: turnsOn('a log in memory instead of the real one on simulated disks'),
    seed: takes({ value: 'N', parse: whole(), about: 'one play, with its story' }),
    options: takes({
      value: 'JSON',
      parse: someOptions,
      standard: '{}',
      about: 'what is not drawn (options.ts)',
    }),
    shrink: takes({ value: 'N', parse: whole(), about: 'the smallest play of a seed that fails' }),
    speed: turnsOn('simulated seconds a second, in four worlds'),
    calmHours: takes({
      value: 'H',
      parse: number(0.001),
      about: 'nothing goes wrong, and nobody may be elected',
    }),
    calm: takes({
      value: 'PLAY',
      parse: oneOf(['idle', 'load', 'stall']),
      about: 'of --calm-hours, only this',
    }),
    limits: turnsOn('plays that are known to break rules, and why'),
    hashes: turnsOn('a line a seed of --seeds: equal whenever and wherever it is played'),
    backwards: turnsOn('the seeds of --hashes from the last to the first'),
  },
};
const values = given(USAGE);

const kind = values.memory ? 'memory' : 'wal';

function tell(result: SimResult, lines?: number): void {
  for (const line of tellingOf(result, lines)) console.log(line);
}

function play(seed: number, options: Partial<SimOptions> = {}): SimResult {
  return playSeed(seed, kind, options.nodes ?? values.nodes ?? nodesOf(seed), options);
}

function one(seed: number): void {
  const result = play(seed, values.options);
  tell(result, result.violation === null ? Number.POSITIVE_INFINITY : STORY_LINES);
  process.exitCode = result.violation === null ? 0 : 1;
}

function shrinkOne(seed: number): void {
  const first = play(seed);
  if (first.violation === null) {
    console.log(`seed ${seed} breaks no rule`);
    return;
  }
  const { result, options, plays } = shrink((o) => play(seed, o), first);
  tell(result);
  console.log(
    `smallest of ${plays} plays: npm run sim -- --seed ${seed} --options '${JSON.stringify(options)}'`,
  );
  process.exitCode = 1;
}

async function many(from: number, seeds: number): Promise<void> {
  const began = performance.now();
  let told = began;
  let failed = 0;
  const tally = await playFleet({
    ...{ from, seeds, kind, nodes: values.nodes ?? null },
    ...(values.jobs === undefined ? {} : { jobs: values.jobs }),
    ...(values.minutes === undefined ? {} : { limitMs: values.minutes * 60_000 }),
    progress: (so) => {
      for (const failure of so.failures.slice(failed)) console.log(failureText(failure));
      failed = so.failures.length;
      if (performance.now() - told < 5000) return;
      told = performance.now();
      const hours = (so.simulatedMs / 3_600_000).toFixed(2);
      console.log(
        `${so.seeds}/${seeds} seeds, ${hours} simulated hours, ${so.failures.length} with a violation`,
      );
    },
  });
  const seconds = (performance.now() - began) / 1000;
  for (const line of tallyText(tally)) console.log(line);
  console.log(
    `${(tally.simulatedMs / 1000 / seconds).toFixed(0)} simulated seconds a second, ${seconds.toFixed(1)} s`,
  );
  process.exitCode = tally.failures.length === 0 ? 0 : 1;
}

function calm(hours: number): void {
  for (const [name, playCalm] of Object.entries(CALM_PLAYS)) {
    if (values.calm !== undefined && values.calm !== name) continue;
    const result = playCalm(hours * 3_600_000);
    console.log(JSON.stringify(result));
    const isIdle = name !== 'idle' && result.acked === 0;
    if (result.elections > 0 || result.terms > 0 || result.campaigns > 0 || isIdle) process.exitCode = 1;
  }
}

/** One line a seed; a seed that is played after others must not differ, so the order may be turned round. */
function hashes(from: number, count: number): void {
  const seeds = Array.from({ length: count }, (_, n) => from + n);
  if (values.backwards) seeds.reverse();
  for (const seed of seeds) {
    const { traceHash: hash, bytes, counts } = playTraced(seed, values.options);
    console.log(JSON.stringify({ seed, hash, bytes: bytes.count, counts }));
  }
}

function limits(): void {
  for (const { seed, options, was } of LIMITS_OF_THE_PRODUCT)
    console.log(`seed ${seed}: ${playSeed(seed, 'wal', options.nodes, options).violation} (${was})`);
}

if (values.seed !== undefined) one(values.seed);
else if (values.shrink !== undefined) shrinkOne(values.shrink);
else if (values.speed) for (const speed of measureSpeed()) console.log(speedText(speed));
else if (values.limits) limits();
else if (values.hashes) hashes(values.from, values.seeds);
else if (values.calmHours !== undefined) calm(values.calmHours);
else await many(values.from, values.seeds);
