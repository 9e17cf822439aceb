/**
 * Runs inside a planted copy: plays seeds until one shows a violation. One line of JSON:
 * `{seed, violation}`, with `violation` null when all of them were clean.
 *
 *   node test/mutants/seeds.ts <first> <last> [<rule>,<rule>]
 */
import { playSeed } from '../sim/play.ts';

function firstViolation(first: number, last: number, rules: readonly string[]) {
  for (let seed = first; seed <= last; seed++) {
    const { violation } = playSeed(seed);
    // what is planted may also bring about what another rule forbids, by way of different times
    const counts = rules.length === 0 || rules.some((rule) => violation?.startsWith(`${rule}:`));
    if (violation !== null && counts) return { seed, violation };
  }
  return { seed: last, violation: null };
}

const [first = '1', last = '1000', rules = ''] = process.argv.slice(2);
const wanted = rules.split(',').filter((rule) => rule !== '');
console.log(JSON.stringify(firstViolation(Number(first), Number(last), wanted)));
