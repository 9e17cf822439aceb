/**
 * Plays one scenario in a network of its own and prints its report as one line of JSON:
 * `play.ts NAME MINUTES SEED`. Started by main.ts, through `Lab.inside`.
 */
import { must } from '../../src/base/index.ts';
import { SCENARIOS } from './scenarios.ts';
import { play } from './stage.ts';

const [name, minutes, seed] = process.argv.slice(2);
const scenario = must(
  SCENARIOS.find((s) => s.name === name),
  `scenario ${name}`,
);
const say = (text: string): void => void process.stderr.write(`${text}\n`);
const report = await play(scenario, { minutes: Number(minutes), seed: Number(seed), say });
process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit(0));
