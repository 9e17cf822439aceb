/** A play in words: what a person needs who has nothing but this text. */

import { calmOptions, type SimOptions } from './options.ts';
import type { SimResult } from './sim-result.ts';

export const STORY_LINES = 80;

/** What is not as in a calm world, as JSON that `--options` takes. */
function loud(options: SimOptions): string {
  const calm = new Map<string, unknown>(Object.entries(calmOptions(options.nodes)));
  const found = Object.entries(options).filter(
    ([name, value]) => JSON.stringify(calm.get(name)) !== JSON.stringify(value),
  );
  return JSON.stringify(Object.fromEntries(found));
}

/** What plays it again: the size is part of it, everything else the seed draws. */
export function commandOf({ seed, options }: SimResult, kind: 'wal' | 'memory'): string {
  return `npm run sim -- --seed ${seed} --nodes ${options.nodes}${kind === 'memory' ? ' --memory' : ''}`;
}

/** The newest `lines` of its story, then what it was and how it ended. */
export function tellingOf(result: SimResult, lines = STORY_LINES): string[] {
  const { seed, options, violation, counts, story, simulatedMs, traceHash } = result;
  return [
    ...story.slice(-lines),
    `seed ${seed}, ${options.nodes} nodes, ${(simulatedMs / 1000).toFixed(1)} simulated seconds`,
    `not calm: ${loud(options)}`,
    `happened: ${JSON.stringify(counts)}`,
    `trace ${traceHash}`,
    violation === null ? 'no violation' : `VIOLATION ${violation}`,
  ];
}
