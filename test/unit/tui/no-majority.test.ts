/** What the screen says where no majority is there: words that lead somewhere, and whole ones. */
import { describe, expect, it } from 'vitest';
import { layoutOf } from '../../../tui/layout.ts';
import { explainText } from '../../../tui/lines/explain.ts';
import { header } from '../../../tui/lines/head.ts';
import type { Model } from '../../../tui/model/model.ts';
import { UNICODE } from '../../../tui/theme/symbols.ts';
import { textOf } from '../../../tui/theme/tokens.ts';
import { START, status } from '../../tui/recording.ts';
import { alone, fresh, full, press, send } from './model-kit.ts';
import { screenText } from './screen-text.ts';

function words(model: Model): string {
  const { lines } = explainText({ model, symbols: UNICODE }, 0, { width: 400, rows: 40 });
  return lines.map(textOf).join('\n');
}

const head = (model: Model, columns: number): string =>
  textOf(header({ model, symbols: UNICODE }, layoutOf({ columns, rows: 40, nodes: 6, focus: 'nodes' })));

describe('without a majority', () => {
  it('an action says whom to start, and not to wait for an election that can not come', () => {
    const { toast } = press(alone(), 'F');
    expect(toast?.text).toMatch(
      /no majority: 1 of 5 voters up, 3 needed: start n2, n3, n5, n6; e says more$/,
    );
    const raft = { ...status().raft, leader_id: null };
    const calm = send(full(), { type: 'status', status: status({ raft }), now: full().now })[0];
    expect(press(calm, 'F').toast?.text).toContain('there is no leader: wait for the election');
  });

  it('whoever is cut off names those that it misses', () => {
    const isolation = { since_ms: 1, reached: ['n2'], missing: ['n3', 'n5', 'n6'], needs: 1, text: 'alone' };
    const model = alone({ isolation });
    const via = model.picture.status?.cluster.read.node_id;
    const missing = ['n1', 'n3', 'n5', 'n6'].filter((n) => n !== via).join(', ');
    expect(press(model, 'F').toast?.text).toContain(`start ${missing};`);
  });

  it('e says what to do, and names neither a key that is closed nor a leader that there is not', () => {
    const told = words({ ...alone(), selected: 'n1' });
    expect(told).toContain('Start n2, n3, n5, n6, or mend the network to them');
    expect(told).toContain('sqlcc cluster recover --help');
    expect(told).not.toContain('the leader.');
    expect(told).not.toContain('behind the leader');
    expect(words(full())).not.toContain('recover');
  });
});

describe('nobody leads', () => {
  const isolation = { since_ms: 65_000, reached: ['n1'], missing: ['n2'], needs: 3, text: 'alone' };
  const at = (view: Model['view'], model: Model) => screenText({ ...model, view }, 120, 36);

  it('since when is what the node measured, also where the screen was opened later', () => {
    const raft = { ...status().raft, leader_id: null };
    const cut = status({ raft, isolation });
    const opened = send(fresh(), { type: 'status', status: cut, now: START })[0];
    expect(opened.picture.leaderlessSince).toBe(START - 65_000);
    const later = send(opened, { type: 'status', status: cut, now: START + 1000 })[0];
    expect(later.picture.leaderlessSince, 'known already').toBe(START - 65_000);
    expect(at('raft', opened)).toContain('NO LEADER for 65.00 s');
    expect(at('topology', opened)).toContain('no leader for 65.00 s');
  });

  it('no term goes on in the timeline, and the time without a leader counts this one', () => {
    expect(at('raft', full())).toMatch(/t9 +▲── n1 ─+►/);
    const model = { ...alone(), now: alone().now + 60_000 };
    expect(at('raft', model)).toMatch(/t9 +▲── n1 ─+✖/);
    expect(at('raft', model)).not.toContain('►');
    expect(at('raft', full())).toContain('no leader 439 ms in 60 min');
    expect(at('raft', model)).toContain('no leader 1m00s in 60 min');
  });

  it('an election is waited for only where one can be won', () => {
    const raft = { ...status().raft, leader_id: null };
    const calm = send(full(), { type: 'status', status: status({ raft }), now: full().now })[0];
    for (const view of ['topology', 'raft'] as const) {
      expect(at(view, calm)).toContain('electing');
      expect(at(view, alone())).toContain('no majority: 1 of 5 voters up, 3 needed');
      expect(at(view, alone())).not.toContain('electing');
    }
  });
});

describe('the first line', () => {
  const named = { cluster: { ...status().cluster, name: 'production-of-western-europe' } };
  const lost: readonly (readonly [string, Model, RegExp])[] = [
    ['no leader', alone(named), /NO LEADER.*quorum 1\/5 LOST/],
    ['stale', { ...alone(named), now: alone().now + 60_000 }, /quorum 1\/5 LOST.*STALE/],
    ['lost', disconnected(alone(named)), /quorum 1\/5 LOST.* LOST /],
    ['history', press(full(), '{'), /quorum \d\/\d (OK|LOST) .*HISTORY/],
    ['healthy, with a long name', send(full(), { type: 'status', status: status(named), now: 0 })[0], /OK/],
  ];

  it.each(lost)('%s: who leads, the quorum and the state are whole at every width', (_, model, told) => {
    for (let columns = 110; columns <= 160; columns++) {
      const text = head(model, columns);
      const isFull = layoutOf({ columns, rows: 40, nodes: 6, focus: 'nodes' }).tier === 'full';
      if (isFull) expect(text, `${columns}`).toMatch(told);
      expect(text, `${columns}`).not.toContain('…via');
    }
    expect(head(model, 240)).toMatch(/sqlcc top .*commit/);
  });
});

function disconnected(model: Model): Model {
  const failure = { code: 'unavailable', message: 'refused', hint: '' };
  return send(model, { type: 'lost', failure, now: model.now })[0];
}
