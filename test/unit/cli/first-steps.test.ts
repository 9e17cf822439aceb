import { describe, expect, it } from 'vitest';
import { DEFAULT_ALERT_RULES, FIXED_RULES } from '../../../src/alerts/index.ts';
import { firstSteps } from '../../../src/cli/commands/first-steps.ts';
import { COMMANDS } from '../../../src/cli/tree/commands.ts';

const RULES = [...DEFAULT_ALERT_RULES, ...FIXED_RULES].map(({ name, condition }) => ({ name, condition }));

describe('firstSteps', () => {
  it.each(RULES)('has one for $name: $condition', ({ condition }) => {
    const steps = firstSteps(condition);
    expect(steps).toHaveLength(1);
    // what it names in quotes is a command of the program, or of the system
    for (const [, command = ''] of steps.join().matchAll(/"sqlcc ([a-z ]+)/g)) {
      const words = command.trim();
      expect(
        COMMANDS.some(({ path }) => words === path || words.startsWith(`${path} `)),
        words,
      ).toBe(true);
    }
  });

  it('is by what is read, whatever the rule is called: each once, none where nothing is known', () => {
    expect(firstSteps('query_latency_p50 > 1s or query_latency_p99 > 5s')).toHaveLength(1);
    expect(firstSteps('disk_usage > 80% and clock_offset > 1s')).toHaveLength(2);
    expect(firstSteps('leader_nodes == 0')).toEqual(firstSteps('leader_count == 0'));
    expect(firstSteps('uptime < 1h')).toEqual([]);
  });
});
