/** States of the screen that no other golden has, each at every size, to be looked at. */
import { describe, expect, it } from 'vitest';
import { evaluateFixedAlerts } from '../../../src/alerts/index.ts';
import { screenOf } from '../../../tui/lines/screen.ts';
import type { Model } from '../../../tui/model/model.ts';
import { VIEWS, type ViewId } from '../../../tui/model/views.ts';
import { cellsOf } from '../../../tui/out/cells.ts';
import { asText } from '../../../tui/out/picture.ts';
import { UNICODE } from '../../../tui/theme/symbols.ts';
import { THEMES } from '../../../tui/theme/themes.ts';
import { expectScreen } from '../../tui/golden.ts';
import { at, event, node, START, status } from '../../tui/recording.ts';
import { expectFits, SIZES as TIERS } from '../../tui/sizes.ts';
import { alone, disagreeing, fresh, full, live, press, send } from './model-kit.ts';

const SIZES = [
  [80, 24],
  [44, 12],
] as const;

const failure = { code: 'unavailable', message: 'connection refused', hint: '' };

/** One node in ten lags, one in a hundred is dead. */
function thousand(): Model {
  const nodes = Array.from({ length: 1000 }, (_, i) =>
    node(`n${i + 1}`, {
      zone: `eu-${'abcde'[i % 5]}`,
      ...(i === 0 ? { role: 'leader', state: 'LEADER' } : i > 6 ? { voter: false } : {}),
      ...(i % 100 === 99 ? { liveness: 'dead', last_heartbeat_ms: 388_000 } : {}),
      ...(i % 10 === 5 ? { lag_entries: 9000 + i } : {}),
    } as Parameters<typeof node>[1]),
  );
  const { cluster, raft } = status();
  const voters = nodes.filter((n) => n.voter).map((n) => n.node_id);
  return live(
    status({
      ...{ nodes, raft: { ...raft, voters, quorum: 4, tolerates: 3 } },
      ...{ cluster: { ...cluster, reasons: ['10 nodes are dead'] }, maintenance: [], alerts: { firing: 0 } },
    }),
  );
}

const tentative = { version: 42, previous: 41, expires: '2026-03-04T12:09:31.000Z' };

const STATES: Readonly<Record<string, () => Model>> = {
  'explained: a node': () => press(full({ selected: 'n5' }), 'e'),
  'explained: an alert': () => press(full({ view: 'alerts' }), 'e'),
  'what can be copied': () => press(full({ selected: 'n3' }), 'y'),
  'the other clusters': () => press(full(), 'c'),
  'outcome unknown': () => ({
    ...full(),
    unsettled: ['sqlcc op list: failover n2, outcome unknown (no answer within 5 s; it may have happened)'],
  }),
  'views disagree': disagreeing,
  'read-only': () => full({ readOnly: true }),
  connecting: () => fresh(),
  'connecting, refused': () => send(fresh(), { type: 'lost', failure, now: START })[0],
  'a configuration on trial': () => live(status({ config: { version: 42, tentative } }), { view: 'config' }),
  '1,000 nodes': thousand,
  help: () => press(full(), '?'),
  'the palette': () => press(full(), ':', ...'fail'),
  'a filter': () => press(full(), '/', ...'lag>500'),
  'whose view': () => press(full(), 'v'),
  'what can be done': () => press(full({ selected: 'n3' }), 'a'),
};

function draw(model: Model, columns: number, rows: number): string {
  const look = { theme: THEMES.mono, symbols: UNICODE, colour: false };
  return asText(cellsOf(screenOf({ model, symbols: UNICODE }, columns, rows), look));
}

/** What n1, the last of five voters, shows: it reaches nobody, and there is no answer but its own. */
function noQuorum(view: ViewId): Model {
  const [before, missing] = [status(), ['n2', 'n3', 'n5', 'n6']];
  const text = `cut off from ${missing.join(', ')} since 1m 5s: 1 of 5 voters reached, needs 3; writes and linearizable reads are refused here; --stale reads work`;
  const model = alone({
    cluster: {
      ...before.cluster,
      ...{ health: 'critical', reasons: ['no leader is known', text, '5 nodes are dead'] },
      read: { ...before.cluster.read, node_id: 'n1', age_ms: 65_000 },
    },
    alerts: { firing: 3 },
    isolation: { since_ms: 65_000, reached: ['n1'], missing, needs: 3, text },
  });
  const words = { severity: 'critical' as const, data: { term: 9 } };
  const lost = event(-65_000, 'n1', 'leader-lost', 'knows no leader (term 9): it reaches no majority', words);
  const views = [...missing, 'n4'].map((id) => ({
    ...{ node_id: id, leader_id: null, term: null, error: 'connection refused' },
  }));
  const own = { node_id: 'n1', leader_id: null, term: 9, error: null };
  const [heard] = send(
    model,
    { type: 'events', events: [lost], now: START },
    { type: 'views', views: { schemaVersion: 1, agree: true, views: [own, ...views] } },
    { type: 'no-answer', question: { slice: 'versions', arg: '' }, failure, now: START },
  );
  // told while it lasts, and on no record
  const none = { previous: [], nodes: [], leaderId: null, leaderIncident: 'term-9.1', rules: [] };
  const down = evaluateFixedAlerts({ ...none, leaderlessMs: 65_000 }).map(({ nodeId, ...alert }) => {
    return { ...alert, node_id: nodeId, since: at(-65_000), acknowledged_by: null };
  });
  const alerts = [...heard.picture.alerts, ...down];
  expect(down.map((a) => `${a.severity} ${a.rule}`)).toEqual(['critical LeaderDown']);
  return { ...send(heard, { type: 'alerts', alerts })[0], view };
}

it('before the first picture every size says what is waited for', () => {
  for (const [columns, rows] of [[60, 15], ...SIZES] as const) {
    expect(draw(fresh(), columns, rows)).toContain('asking the cluster…');
    const refused = send(fresh(), { type: 'lost', failure, now: START })[0];
    expect(draw(refused, columns, rows)).toContain('no answer yet: connection refused');
    expect(draw(refused, columns, rows), 'nobody knows that').not.toContain('quiet so far');
  }
});

it('where the connection is lost the smallest screen has the age of the picture, and what its key does', () => {
  const [lost] = send(
    full(),
    { type: 'lost', failure, now: START },
    { type: 'tick', now: START + 7000, mono: 7000 },
  );
  expect(draw(lost, 44, 12)).toMatch(/LOST n1 7s {2}7s old.* e reads on R other/);
  expect(draw({ ...lost, readOnly: true }, 44, 12)).toMatch(/LOST n1 7s {2}7s o.* e reads on READ-ONLY R/);
});

describe.each(TIERS)('without a majority at %ix%i', (columns, rows) => {
  it('each view looks as drawn, fills the screen, and names no leader', () => {
    const all = VIEWS.map(({ id }) => {
      const text = draw(noQuorum(id), columns, rows);
      expectFits(text, columns, rows, id);
      const [first] = text.split('\n');
      expect(first, id).toMatch(/NO LEADER|NO QUORUM/);
      expect(first, id).not.toContain('★');
      return `=== ${id}\n${text}`;
    });
    expectScreen(`${all.join('\n')}\n`, `no-quorum-${columns}x${rows}`);
  });
});

describe.each(TIERS)('at %ix%i', (columns, rows) => {
  it('states look as drawn, and each fills the screen', () => {
    const all = Object.entries(STATES).map(([name, make]) => {
      const text = draw(make(), columns, rows);
      expectFits(text, columns, rows, name);
      return `=== ${name}\n${text}`;
    });
    expectScreen(`${all.join('\n')}\n`, `states-${columns}x${rows}`);
  });
});

describe.each(SIZES)('at %ix%i', (columns, rows) => {
  it('a name in Chinese takes two cells a sign, and the columns behind it stand', () => {
    const name = '节点一';
    const nodes = [node(name, { zone: '上海' }), node('n2'), node('n1', { role: 'leader', state: 'LEADER' })];
    const raft = { ...status().raft, quorum: 2, tolerates: 1 };
    const cluster = { ...status().cluster, name: '生产集群' };
    const model = live(status({ nodes, cluster, raft }), { selected: name });
    expectScreen(
      `${[model, press(model, 'M'), press(model, 'enter')].map((m) => draw(m, columns, rows)).join('\n===\n')}\n`,
      `cjk-${columns}x${rows}`,
    );
  });
});
