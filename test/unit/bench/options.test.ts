import { describe, expect, it } from 'vitest';
import { parseOptions } from '../../bench/options.ts';

describe('parseOptions', () => {
  it('measures everything, long enough to be quoted, without flags', () => {
    expect(parseOptions([])).toMatchObject({
      parts: ['own', 'writes', 'reads', 'failover', 'watch', 'memory'],
      callers: [1, 16, 64, 256],
      ...{ repetitions: 3, measureMs: 3000, rounds: 20, json: null, sides: ['etcd', 'sqlcc'] },
      ...{ nodes: 3, signal: 'SIGKILL' },
    });
  });

  it('takes parts, callers and rounds; what is said beats --quick', () => {
    const options = parseOptions([
      '--quick',
      '--only',
      'writes,reads',
      '--clients',
      '8,9',
      '--rounds',
      '200',
    ]);
    expect(options).toMatchObject({
      parts: ['writes', 'reads'],
      callers: [8, 9],
      rounds: 200,
      repetitions: 1,
    });
  });

  it.each([
    ['--only', 'wirtes'],
    ['--clients', '1,x'],
    ['--rounds', '0'],
    ['--nodes', '2'],
    ['--signal', 'SIGSTOP'],
    ['--sides', 'zookeeper'],
  ])('refuses %s %s with what it takes', (flag, word) => {
    expect(() => parseOptions([flag, word])).toThrow(new RegExp(`${flag} .*'${word}'.*It takes `));
  });
});
