import { describe, expect, it } from 'vitest';
import type { Plan } from '../../../tui/feed/wire.ts';
import { actionDialogText } from '../../../tui/lines/action-dialog.ts';
import type { ActionDialog } from '../../../tui/model/model.ts';
import { UNICODE } from '../../../tui/theme/symbols.ts';
import { lineWidth, textOf } from '../../../tui/theme/tokens.ts';
import { full, press, send } from './model-kit.ts';

const PLAN = {
  ...{ kind: 'failover', from: 'n1', to: 'n2', term: 9, allowed: true, checks: [], token: 't' },
  candidates: [
    { node_id: 'n3', eligible: false, reasons: ['5610 entries to catch up first'], lag_entries: 5610 },
    { node_id: 'n2', eligible: true, reasons: [], lag_entries: 0 },
  ],
  ...{ command: 'sqlcc cluster failover --to n2 --yes', expected_gap_ms: 40 },
  ...{ create_time: '2026-03-04T12:00:00.000Z', expires: '2026-03-04T12:30:00.000Z' },
} as unknown as Plan;

/** The table of a failover's plan in a dialog so many cells wide. */
function table(width: number): string[] {
  const opened = press(full(), 'F');
  const dialogId = (opened.overlay as ActionDialog).id;
  const model = send(opened, { type: 'planned', dialogId, plan: PLAN, mono: opened.mono })[0];
  const { lines } = actionDialogText(
    model.overlay as ActionDialog,
    { model, symbols: UNICODE },
    { width, rows: 30 },
  );
  const end = lines.findIndex((line) => textOf(line).startsWith('Checks by the leader'));
  for (const line of lines.slice(0, end)) expect(lineWidth(line)).toBeLessThanOrEqual(width);
  return lines.slice(0, end).map(textOf);
}

describe('the candidates of a failover', () => {
  it('have zone and round trip on a wide screen, and who has no vote is named with the reason', () => {
    const [head = '', ...rows] = table(100);
    expect(head).toMatch(/TARGET +ZONE +RTT ms +LAG +VERDICT/);
    expect(rows[0]).toMatch(/n2 +eu-a +0\.9 +0 +TARGET: can take over now/);
    expect(rows[1]).toMatch(/n3 +eu-b +9\.8 +5 610 +5610 entries/);
    expect(rows[2]).toMatch(/n4 +eu-\w.*not possible: it has no vote/);
    for (const [word, row] of [
      ['eu-a', 0],
      ['eu-b', 1],
    ] as const)
      expect(rows[row]?.indexOf(word), 'under its heading').toBe(head.indexOf('ZONE'));
  });

  it('are the leader’s own rows alone on a narrow one', () => {
    const [head = '', ...rows] = table(72);
    expect(head).toMatch(/TARGET +LAG +VERDICT/);
    expect(rows).toHaveLength(2);
  });
});
