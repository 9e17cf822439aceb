import { describe, expect, it } from 'vitest';
import { parseAt } from '../../../src/cli/commands/cluster-failover.ts';
import { exitOfOperation } from '../../../src/cli/commands/show-operation.ts';
import type { OperationView } from '../../../src/client/index.ts';

const NOW = Date.parse('2026-01-31T01:30:00Z');

describe('parseAt', () => {
  it.each([
    ['+30m', '2026-01-31T02:00:00.000Z'],
    ['2026-01-31T02:00:00Z', '2026-01-31T02:00:00.000Z'],
    ['2026-01-31T02:00+01:00', '2026-01-31T01:00:00.000Z'],
  ])('%s is %s', (text, at) => {
    expect(parseAt(text, NOW).toISOString()).toBe(at);
  });

  it.each([
    '30m',
    '+soon',
    '+30',
    '2026-01-31T02:00:00',
    '2026-01-31',
    '2026-99-31T02:00Z',
    '+99999999999d',
    '',
  ])('"%s" is none: a time without its zone is somebody else’s', (text) => {
    expect(() => parseAt(text, NOW)).toThrow(/--at takes/);
  });
});

describe('exitOfOperation', () => {
  const operation = (changes: { kind: string; state: string; phases: string[] }) =>
    ({ ...changes, phases: changes.phases.map((name) => ({ name })) }) as unknown as OperationView;

  it.each([
    ['switchover', 'done', ['accepted', 'catching-up', 'transferring'], 0],
    ['switchover', 'failed', ['accepted', 'catching-up'], 1],
    ['switchover', 'cancelled', ['accepted'], 1],
    ['switchover', 'running', ['accepted'], 7],
    ['maintenance-enable', 'failed', ['accepted', 'handing-over'], 12],
    ['maintenance-enable', 'failed', ['accepted'], 1],
    ['remove-node', 'failed', ['accepted', 'handing-over', 'leaving-raft'], 12],
    ['remove-node', 'failed', ['accepted', 'leaving-raft'], 1],
  ])('of a %s that is %s after %j is %i', (kind, state, phases, code) => {
    expect(exitOfOperation(operation({ kind, state, phases }))).toBe(code);
  });
});
