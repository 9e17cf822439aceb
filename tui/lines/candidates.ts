/** Who may take over in the dialog of a move, and why not; and what to do where the checks let nobody. */
import type { NodeRow, Plan } from '../feed/wire.ts';
import { clean, fitText } from '../format/width.ts';
import { count } from '../format/words.ts';
import { keyOf } from '../key-names.ts';
import type { ActionDialog } from '../model/model.ts';
import { shown } from '../model/selectors.ts';
import { type Line, span } from '../theme/tokens.ts';
import { nodeSign } from './node-table.ts';
import type { View } from './view.ts';

/** From here on zone and round trip have room, and who has no vote: the dialog of a screen of 110 cells. */
const WIDE_CELLS = 98;
const ZONE_CELLS = 8;

type Candidate = Pick<Plan['candidates'][number], 'node_id' | 'eligible' | 'reasons' | 'lag_entries'>;

/**
 * Whoever may lead, in the places of the list; behind them nodes without a vote are named, where there is
 * room to say why not.
 */
function candidatesOf(
  { order }: ActionDialog,
  plan: Plan,
  nodes: readonly NodeRow[],
  isWide: boolean,
): readonly Candidate[] {
  const able = [...plan.candidates].sort((a, b) => order.indexOf(a.node_id) - order.indexOf(b.node_id));
  const learners = nodes.filter((n) => !n.voter && !able.some((c) => c.node_id === n.node_id));
  const reasons = ['not possible: it has no vote'];
  return [
    ...able,
    ...(isWide ? learners : []).map(({ node_id, lag_entries }) => ({
      ...{ node_id, reasons, eligible: false },
      lag_entries: lag_entries ?? 0,
    })),
  ];
}

/** So many of them, with the chosen one always among them. */
function windowOf(ordered: readonly Candidate[], plan: Plan, most: number): readonly Candidate[] {
  const chosen = ordered.findIndex((c) => c.node_id === plan.to);
  const first = Math.max(0, chosen - most + 1);
  return ordered.slice(first, first + most);
}

/** Where a candidate is and how far from here; empty where there is no room. */
function placeWords(row: NodeRow | undefined, isWide: boolean): string {
  if (!isWide) return '';
  // the node that answers has no round trip to itself
  const rtt = !row?.rtt_ms ? '—' : row.rtt_ms.toFixed(1);
  return `${fitText(clean(row?.zone ?? ''), ZONE_CELLS)} ${fitText(rtt, 6, 'right')} `;
}

export function candidateLines(
  dialog: ActionDialog,
  plan: Plan,
  view: View,
  { most, width }: { most: number; width: number },
): Line[] {
  const rows = shown(view.model).status?.nodes ?? [];
  const isWide = width >= WIDE_CELLS;
  const ordered = candidatesOf(dialog, plan, rows, isWide);
  const seen = windowOf(ordered, plan, most);
  const nameWidth = ordered.reduce((w, c) => Math.max(w, clean(c.node_id).length), 6);
  const place = isWide ? `${fitText('ZONE', ZONE_CELLS)} RTT ms ` : '';
  const head: Line = [
    span(`   ${fitText('TARGET', nameWidth + 2)} ${place}${fitText('LAG', 8, 'right')}  VERDICT`, 'muted'),
  ];
  const lines = seen.map((c): Line => {
    const chosen = c.node_id === plan.to;
    const row = rows.find((r) => r.node_id === c.node_id);
    const verdict = c.reasons.map(clean).join('; ') || (c.eligible ? 'can take over now' : 'not possible');
    return [
      span(chosen ? `${view.symbols.bar} ` : '  ', 'focus'),
      row === undefined ? span(' ') : nodeSign(row, view),
      span(` ${fitText(clean(c.node_id), nameWidth + 1)} `, chosen ? 'title' : 'plain'),
      span(placeWords(row, isWide)),
      span(`${fitText(count(c.lag_entries), 7, 'right')}  `),
      span(`${chosen ? 'TARGET: ' : ''}${verdict}`, c.eligible ? (chosen ? 'ok' : 'plain') : 'muted'),
    ];
  });
  const hidden = ordered.length - most;
  return hidden > 0 ? [head, ...lines, [span(`   and ${hidden} more`, 'muted')]] : [head, ...lines];
}

/** By the check that fails first. */
const WAYS_OUT: Readonly<Record<string, (plan: Plan) => string>> = {
  leader: () => 'start the voters that are down',
  quorum: () => 'start the voters that are down',
  operation: () => 'wait until that has ended',
  transfer: () => 'wait until that has ended',
  membership: () => 'wait until that has ended',
  pause: () => `choose a target with ↑↓, or end the pause: ${keyOf('palette')}resume`,
  target: ({ candidates, to }) =>
    candidates.some((c) => c.eligible && c.node_id !== to) ? '↑↓ chooses another' : 'mend what is said of it',
  voters: () => `${keyOf('failover')} moves leadership nevertheless`,
  'target-health': () => `${keyOf('failover')} moves leadership nevertheless`,
  'target-lag': () => `${keyOf('failover')} moves leadership nevertheless`,
};

/** What a person does about a plan that is refused, since nothing forces it. */
export function wayOut(plan: Plan): string {
  const failed = plan.checks.find((c) => c.result === 'fail');
  const way = WAYS_OUT[failed?.name ?? '']?.(plan) ?? 'mend what is marked';
  return `The checks refuse it and nothing forces it: ${way}. Esc closes.`;
}
