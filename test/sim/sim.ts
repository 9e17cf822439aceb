/** `npm run sim -- --seeds 100 [--from 1] [--nodes 3|5] [--memory]`, or `-- --seed 7` for one seed with its story. */
import { parseArgs } from 'node:util';
import type { SimResult } from './cluster.ts';
import { nodesOf, playSeed } from './play.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string', default: '100' },
    from: { type: 'string', default: '1' },
    nodes: { type: 'string' },
    memory: { type: 'boolean', default: false },
  },
});

function play(seed: number): SimResult {
  return playSeed(seed, values.memory ? 'memory' : 'wal', Number(values.nodes ?? nodesOf(seed)));
}

function one(seed: number): void {
  const result = play(seed);
  console.log(result.story.join('\n'));
  console.log(JSON.stringify({ ...result, story: undefined }, null, 2));
  process.exitCode = result.violation === null ? 0 : 1;
}

function many(from: number, count: number): void {
  const began = performance.now();
  const sum = { simulatedMs: 0, bad: 0, acked: 0, reads: 0, terms: 0, snapshots: 0, checks: 0 };
  for (let seed = from; seed < from + count; seed++) {
    const result = play(seed);
    for (const key of ['simulatedMs', 'acked', 'reads', 'terms', 'snapshots', 'checks'] as const)
      sum[key] += result[key];
    if (result.violation === null) continue;
    sum.bad++;
    console.log(
      `seed ${seed} (${result.options.nodes} nodes): ${result.violation.split('\n').slice(0, 3).join(' | ')}`,
    );
  }
  const seconds = (performance.now() - began) / 1000;
  const speed = (sum.simulatedMs / 1000 / seconds).toFixed(0);
  console.log(JSON.stringify(sum));
  console.log(
    `${count} seeds in ${seconds.toFixed(1)} s, ${sum.bad} with a violation, ${speed} simulated seconds a second`,
  );
  process.exitCode = sum.bad === 0 ? 0 : 1;
}

if (values.seed !== undefined) one(Number(values.seed));
else many(Number(values.from), Number(values.seeds));
