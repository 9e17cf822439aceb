/** docs/alerts.md says nothing about conditions that the program does not say. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkCondition, DEFAULT_ALERT_RULES, FIXED_RULES } from '../../../src/alerts/index.ts';
import { CLUSTER_READINGS, NODE_READINGS, SPOILED_WITHOUT_LEADER } from '../../../src/alerts/vocabulary.ts';
import { LIMITS } from '../../../src/base/index.ts';

const text = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'alerts.md'), 'utf8');

describe('docs/alerts.md', () => {
  it('names the readings of nodes and cluster, all and no others', () => {
    const row = text.split('\n').find((line) => line.startsWith('| `node_up`')) ?? '';
    const cells = row.split('|').map((cell) => [...cell.matchAll(/`(\w+)`/g)].map((match) => match[1]));
    expect(cells[1]).toEqual([...NODE_READINGS]);
    expect(cells[2]).toEqual([...CLUSTER_READINGS]);
  });

  it('has examples that are conditions', () => {
    const [, block = ''] = /Units must agree[^`]*```\n([^`]*)```/.exec(text) ?? [];
    const examples = block.trim().split('\n');
    expect(examples.length).toBeGreaterThan(3);
    for (const example of examples) expect(checkCondition(example), example).toMatchObject({ ok: true });
  });

  it('says how long what follows from a time without a leader is held back', () => {
    expect(text).toContain(`within ${LIMITS.leaderDownAftermathMs / 1000} s of a recorded\n\`LeaderDown\``);
  });

  it('names what a missing leader spoils, all of it and nothing else', () => {
    const line = text.split('\n').find((one) => one.startsWith('Spoiled without a leader:')) ?? '';
    expect([...line.matchAll(/`(\w+)`/g)].map((match) => match[1])).toEqual([...SPOILED_WITHOUT_LEADER]);
  });

  it('names every shipped rule', () => {
    for (const { name } of [...DEFAULT_ALERT_RULES, ...FIXED_RULES]) expect(text).toContain(`\`${name}\``);
  });
});
