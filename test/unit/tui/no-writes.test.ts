/** What nobody can do any more stands first, whole at every width; why, and who is missing, behind it. */
import { describe, expect, it } from 'vitest';
import { explainText } from '../../../tui/lines/explain.ts';
import type { Model } from '../../../tui/model/model.ts';
import { UNICODE } from '../../../tui/theme/symbols.ts';
import { textOf } from '../../../tui/theme/tokens.ts';
import { status } from '../../tui/recording.ts';
import { SIZES } from '../../tui/sizes.ts';
import { alone, full, send } from './model-kit.ts';
import { drawn } from './screen-text.ts';

const text = 'cut off from n2, n3, n5, n6 since 32s: 1 of 5 voters reached, needs 3; writes are refused here';
const isolation = {
  ...{ since_ms: 32_000, reached: ['n1'], missing: ['n2', 'n3', 'n5', 'n6'], needs: 3, text },
};
const reasons = [
  text,
  'no quorum: 1 of 5 voters are alive, 3 are needed',
  'no leader is known',
  'n4 is dead',
];

function withoutMajority(patch: Partial<typeof isolation> | null = {}): Model {
  const cluster = { ...status().cluster, health: 'critical' as const, reasons };
  return alone({ cluster, isolation: patch === null ? null : { ...isolation, ...patch } });
}

describe.each(SIZES)('nothing can be written, at %ix%i', (columns, rows) => {
  it('that is said first and whole, and what is needed for it', () => {
    expect(drawn(withoutMajority(), columns, rows)).toMatch(/!!\d? NO WRITES: 1 of 5 reached/);
    expect(drawn(withoutMajority(null), columns, rows)).toMatch(/!!\d? NO WRITES: no majority/);
    if (columns < 60) return;
    expect(drawn(withoutMajority(), columns, rows)).toContain('NO WRITES: 1 of 5 reached, 3 needed');
    if (columns < 80) return;
    expect(drawn(withoutMajority(), columns, rows)).toContain('(n2, n3, n5, n6 missing 32s');
  });

  it('also while an election is under way', () => {
    const raft = { ...status().raft, leader_id: null };
    const cluster = { ...status().cluster, health: 'critical' as const, reasons: ['no leader is known'] };
    const [calm] = send(full(), { type: 'status', status: status({ raft, cluster }), now: full().now });
    expect(drawn(calm, columns, rows)).toMatch(/!!\d? NO WRITES: no leader/);
  });

  it('e begins with it and with each of the reasons, said once', () => {
    const model = { ...withoutMajority(), selected: 'n5' };
    const { lines } = explainText({ model, symbols: UNICODE }, 0, { width: 400, rows: 40 });
    const told = lines.map(textOf);
    expect(told.slice(0, 3).map((l) => l.trim())).toEqual([
      '!! NO WRITES: 1 of 5 reached, 3 needed (n2, n3, n5, n6 missing 32s).',
      `Because ${text}.`,
      `Because ${reasons[1]}.`,
    ]);
    expect(told.filter((l) => l.includes('Because')).length).toBe(reasons.length);
  });
});
