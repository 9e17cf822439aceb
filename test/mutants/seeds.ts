/**
 * Runs inside a planted copy: plays seeds until one shows a violation. One line of JSON
 * a finding: `{seed, violation}`, with `violation` null when all of them were clean.
 *
 *   node test/mutants/seeds.ts <first> <last>
 */
import { playSeed } from '../sim/play.ts';

function firstViolation(first: number, last: number) {
  for (let seed = first; seed <= last; seed++) {
    const { violation } = playSeed(seed);
    if (violation !== null) return { seed, violation };
  }
  return { seed: last, violation: null };
}

const [first = 1, last = 1000] = process.argv.slice(2).map(Number);
console.log(JSON.stringify(firstViolation(first, last)));
