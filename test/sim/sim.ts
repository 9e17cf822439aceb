/**
 * The simulator by hand, as `npm run sim -- …`; exit code 1 on any violation.
 *
 *   --seeds 1000 [--from 1] [--nodes 3|5] [--jobs 2] [--minutes 5] [--memory]   many, on all cores
 *   --seed 7 [--options JSON]      one, with its story
 *   --hashes --seeds 50 [--from 1] [--backwards] [--options JSON]   a line each: equal whenever and wherever it is played
 *   --shrink 7                     the smallest play of a failing one
 *   --speed                        simulated seconds a second, in four worlds
 *   --calm-hours 24 [--calm idle|load|stall]   nothing goes wrong, and nothing may happen
 *   --limits                       plays that are known to break rules, and why
 */
import { parseArgs } from 'node:util';
import { CALM_PLAYS } from './calm.ts';
import type { SimResult } from './cluster.ts';
import { playFleet } from './fleet.ts';
import type { SimOptions } from './options.ts';
import { LIMITS_OF_THE_PRODUCT } from './pinned.ts';
import { nodesOf, playSeed, playTraced } from './play.ts';
import { shrink } from './shrink.ts';
import { measureSpeed, speedText } from './speed.ts';
import { failureText, tallyText } from './tally.ts';
import { STORY_LINES, tellingOf } from './telling.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string', default: '100' },
    from: { type: 'string', default: '1' },
    nodes: { type: 'string' },
    jobs: { type: 'string' },
    minutes: { type: 'string' },
    memory: { type: 'boolean', default: false },
    options: { type: 'string', default: '{}' },
    shrink: { type: 'string' },
    speed: { type: 'boolean', default: false },
    'calm-hours': { type: 'string' },
    calm: { type: 'string' },
    limits: { type: 'boolean', default: false },
    hashes: { type: 'boolean', default: false },
    backwards: { type: 'boolean', default: false },
  },
});

const kind = values.memory ? 'memory' : 'wal';

function tell(result: SimResult, lines?: number): void {
  for (const line of tellingOf(result, lines)) console.log(line);
}

function play(seed: number, options: Partial<SimOptions> = {}): SimResult {
  return playSeed(seed, kind, options.nodes ?? Number(values.nodes ?? nodesOf(seed)), options);
}

function one(seed: number): void {
  const result = play(seed, JSON.parse(values.options) as Partial<SimOptions>);
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
    ...{ from, seeds, kind, nodes: values.nodes === undefined ? null : Number(values.nodes) },
    ...(values.jobs === undefined ? {} : { jobs: Number(values.jobs) }),
    ...(values.minutes === undefined ? {} : { limitMs: Number(values.minutes) * 60_000 }),
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
    if (result.elections > 0 || result.terms > 0) process.exitCode = 1;
  }
}

/** One line a seed; a seed that is played after others must not differ, so the order may be turned round. */
function hashes(from: number, count: number): void {
  const seeds = Array.from({ length: count }, (_, n) => from + n);
  if (values.backwards) seeds.reverse();
  const options = JSON.parse(values.options) as Partial<SimOptions>;
  for (const seed of seeds) {
    const { traceHash, bytes } = playTraced(seed, options);
    console.log(`${seed} ${traceHash} ${bytes.count}`);
  }
}

function limits(): void {
  for (const { seed, options, was } of LIMITS_OF_THE_PRODUCT)
    console.log(`seed ${seed}: ${playSeed(seed, 'wal', options.nodes, options).violation} (${was})`);
}

if (values.seed !== undefined) one(Number(values.seed));
else if (values.shrink !== undefined) shrinkOne(Number(values.shrink));
else if (values.speed) for (const speed of measureSpeed()) console.log(speedText(speed));
else if (values.limits) limits();
else if (values.hashes) hashes(Number(values.from), Number(values.seeds));
else if (values['calm-hours'] !== undefined) calm(Number(values['calm-hours']));
else await many(Number(values.from), Number(values.seeds));
