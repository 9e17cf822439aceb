/** Looking back at seconds that were recorded: nothing of another time, and nothing that nobody saw. */
import { describe, expect, it } from 'vitest';
import type { StatusResponse } from '../../../tui/feed/wire.ts';
import { explainText } from '../../../tui/lines/explain.ts';
import { happenings } from '../../../tui/model/lists.ts';
import type { Message } from '../../../tui/model/messages.ts';
import type { Model } from '../../../tui/model/model.ts';
import { isStale, shown } from '../../../tui/model/selectors.ts';
import { stepEvent, travel, unseen } from '../../../tui/model/time.ts';
import { UNICODE } from '../../../tui/theme/symbols.ts';
import { textOf } from '../../../tui/theme/tokens.ts';
import { at, event, node, START, status } from '../../tui/recording.ts';
import { live, press, send } from './model-kit.ts';
import { screenText } from './screen-text.ts';

const SECOND = 1000;
const seen = (ms: number, of: StatusResponse = status()): Message => ({
  ...{ type: 'status', status: of, now: START + ms },
});
const told = (ms: number, nodeId: string, kind: string, data = {}): Message => ({
  type: 'events',
  events: [{ ...event(ms, nodeId, kind, `${kind} at ${ms}`), data }],
  now: START + ms,
});
const raftAt = (model: Model, ms: number) => shown(travel(model, START + ms)).status?.raft;
const rowAt = (model: Model, ms: number, id: string) =>
  shown(travel(model, START + ms)).status?.nodes.find((n) => n.node_id === id);

/** A leader is lost in the second minute, and from then on six hundred events are told. */
function busy(): Model {
  const leaderless = status({ raft: { ...status().raft, leader_id: null } });
  const before = [told(500, 'n2', 'health-changed'), ...[1, 2, 3].map((s) => seen(s * SECOND))];
  const loss = [told(3500, 'n1', 'leader-lost', { term: 9 }), seen(4000, leaderless), seen(5000, leaderless)];
  const after = Array.from({ length: 600 }, (_, i) => [
    told(6000 + i * 100, 'n3', 'probe', { i }),
    ...(i % 10 === 0 ? [seen(6000 + i * 100 + 1, leaderless)] : []),
  ]).flat();
  return send(live(), ...before, ...loss, ...after)[0];
}

describe('a second behind more events than are kept', () => {
  it('travel has the events of then, though the newest list begins later', () => {
    const model = busy();
    expect(Date.parse(model.picture.events[0]?.at ?? '')).toBeGreaterThan(START + 10 * SECOND);
    const then = travel(model, START + 5 * SECOND);
    expect(happenings(then).map((h) => ('event' in h ? h.event.kind : ''))).toEqual([
      'leader-lost',
      'health-changed',
    ]);
    expect(raftAt(model, 5 * SECOND)?.leader_id).toBeNull();
    expect(raftAt(model, 2 * SECOND)?.leader_id).toBe('n1');
    // told, and in no status yet
    expect(raftAt(model, 3600)?.leader_id).toBeNull();
    expect(shown(travel(model, START + 5 * SECOND)).leaderlessSince).toBe(START + 3500);
  });

  it('the step by an event goes from the events of then', () => {
    const back = stepEvent(travel(busy(), START + 5 * SECOND), -1);
    expect(back.past?.at).toBe(START + 3500);
    expect(stepEvent(back, -1).past?.at).toBe(START + 500);
    expect(stepEvent(back, 1).past?.at).toBe(START + 6000);
  });
});

/** Five minutes without an answer; who led and died meanwhile was told afterwards. */
function gap(): Model {
  const lost: Message = {
    ...{ type: 'lost', now: START + 4000 },
    failure: { code: 'unavailable', message: 'gone', hint: '' },
  };
  const elections = [
    ...status().elections,
    { ...(status().elections.at(-1) as StatusResponse['elections'][number]) },
  ];
  const last = elections.at(-1) as StatusResponse['elections'][number];
  elections[elections.length - 1] = { ...last, at: at(100_000), term: 10, node_id: 'n2' };
  const later = status({ elections, raft: { ...status().raft, leader_id: 'n2', term: 10 } });
  return send(
    live(),
    seen(2000),
    lost,
    seen(300_000, later),
    told(100_000, 'n4', 'member-failed'),
    seen(301_000, later),
    seen(302_000, later),
  )[0];
}

describe('a second that nobody saw', () => {
  it('is said to be none, and carries no figure', () => {
    const model = travel(gap(), START + 150 * SECOND);
    expect(unseen(model)).toEqual({ from: START + 2000, to: START + 300_000 });
    expect(isStale(model)).toBe(true);
    const text = screenText(model, 200, 60);
    expect(text).toMatch(/~ no picture between \d\d:\d\d:\d\d and \d\d:\d\d:\d\d/);
    expect(text).toContain('~● n3');
    for (const row of shown(model).status?.nodes ?? [])
      expect(row).toMatchObject({ cpu_usage: null, lag_entries: null, health: 'UNKNOWN', rtt_ms: null });
  });

  it('tells what was told of it afterwards', () => {
    const model = gap();
    expect(raftAt(model, 50_000)).toMatchObject({ leader_id: 'n1', term: 9 });
    expect(raftAt(model, 150_000)).toMatchObject({ leader_id: 'n2', term: 10 });
    expect(rowAt(model, 50_000, 'n4')?.liveness).toBe('alive');
    expect(rowAt(model, 150_000, 'n4')?.liveness).toBe('dead');
  });

  it('a leader that one node missed for a moment leads on, and one that nobody hears any more does not', () => {
    const won = {
      term: 9,
      node_id: 'n1',
      at: at(-60_000),
      cause: 'timeout',
      detect_ms: null,
      election_ms: 20,
    };
    const begun = live(status({ elections: [{ ...won, votes: ['n1', 'n2'] }] }));
    const missed = send(begun, told(-30_000, 'n3', 'leader-lost', { term: 9 }))[0];
    expect(raftAt(missed, -40_000)?.leader_id, 'before').toBe('n1');
    expect(raftAt(missed, -20_000)?.leader_id, 'missed').toBeNull();
    const older = send(missed, told(-29_000, 'n4', 'role-changed', { term: 8, leader_id: 'n5' }))[0];
    expect(raftAt(older, -20_000)?.leader_id, 'a word of an earlier term').toBeNull();
    const heard = send(missed, told(-29_997, 'n3', 'role-changed', { term: 9, leader_id: 'n1' }))[0];
    expect(raftAt(heard, -20_000), 'heard again').toMatchObject({ leader_id: 'n1', term: 9 });
  });

  it('a figure of a recorded picture stands where the trace has none', () => {
    const model = { ...gap(), trace: {} };
    const n1 = status().nodes.find((n) => n.node_id === 'n1');
    expect(rowAt(model, 301_500, 'n1')?.cpu_usage).toBe(n1?.cpu_usage);
  });

  it('next to a picture nothing is marked', () => {
    const model = travel(gap(), START + 301_500);
    expect(unseen(model)).toBeNull();
    expect(isStale(model)).toBe(false);
    expect(screenText(model, 200, 60)).not.toContain('no picture between');
    expect(rowAt(gap(), 301_500, 'n1')?.rtt_ms).toBe(status().nodes.find((n) => n.node_id === 'n1')?.rtt_ms);
  });
});

/** A screen that was just opened, and what the cluster remembers: n1 each second, n3 until 20 s before. */
function opened(): Model {
  const points = Array.from({ length: 120 }, (_, i) => (i - 120) * SECOND).flatMap((ms) =>
    ['n1', 'n2', ...(ms <= -20 * SECOND ? ['n3'] : []), 'n4'].map((node_id) => ({
      ...{ at: at(ms), node_id, applied_index: node_id === 'n4' ? 0 : 1_200_000 },
      cpu_usage: node_id === 'n4' ? null : 0.25,
      lag_entries: node_id === 'n4' ? null : 3,
    })),
  );
  const screen = send(live(), seen(0), told(-3_000_000, 'n1', 'node-started'))[0];
  return send(screen, { type: 'history', history: { schemaVersion: 1, step_ms: 1000, points } })[0];
}

describe('a second before the screen was opened', () => {
  const marks = (ms: number) =>
    screenText(travel(opened(), START + ms), 120, 36)
      .split('\n')
      .flatMap((line) => /^│(.)\S(.)(n\d)/.exec(line)?.slice(1).join('') ?? []);

  it('marks the rows whose figures are missing or older than three refreshes, the selected one too', () => {
    // n4 told nothing of itself, n5 and n6 are not remembered
    expect(marks(-60 * SECOND)).toEqual(['▌ n1', '  n2', '  n3', '~ n5', '~ n6', '~ n4']);
    expect(marks(-17 * SECOND)).toEqual(['▌ n1', '  n2', '  n3', '~ n5', '~ n6', '~ n4']);
    expect(marks(-16.5 * SECOND)).toEqual(['▌ n1', '  n2', '~ n3', '~ n5', '~ n6', '~ n4']);
    expect(rowAt(opened(), -16.5 * SECOND, 'n3')).toMatchObject({ cpu_usage: 0.25, lag_entries: 3 });
    expect(rowAt(opened(), -4 * SECOND, 'n3')).toMatchObject({ cpu_usage: null, lag_entries: null });
    expect(marks(-125 * SECOND)).toEqual(['▌~n1', '~ n2', '~ n3', '~ n5', '~ n6', '~ n4']);
  });

  it('says so in words where no node has a figure, and of the node that a view is of', () => {
    const then = travel(opened(), START - 125 * SECOND);
    expect(screenText(then, 120, 36)).toContain('~ no figures ');
    expect(screenText(then, 44, 12)).toContain('◄◄ ~12:02:26');
    const partly = travel(opened(), START - 10 * SECOND);
    expect(screenText(partly, 120, 36)).not.toContain('no figures');
    const ofNode = (selected: string) => screenText({ ...partly, view: 'node', selected }, 120, 36);
    expect(ofNode('n3')).toContain('~ no fresh figures');
    expect(ofNode('n2')).not.toContain('~');
  });

  it('in the Node view what nobody recorded is a dash, and no word for something else', () => {
    const then = { ...travel(opened(), START - 125 * SECOND), view: 'node' as const, selected: 'n2' };
    const text = screenText(then, 120, 36);
    expect(text).toMatch(/liveness +alive · heard — · round trip —/);
    expect(text).toMatch(/health +— /);
    expect(text).toMatch(/clients +— · /);
    expect(text).not.toMatch(/never|checked|— connections/);
    const now = screenText({ ...opened(), view: 'node', selected: 'n2' }, 120, 36);
    expect(now).toMatch(/health +healthy · checked/);
  });

  it('a figure that nobody told is none: neither index 0 nor a growth from it', () => {
    expect(rowAt(opened(), -60 * SECOND, 'n4')?.match_index).toBeNull();
    expect(rowAt(opened(), -60 * SECOND, 'n2')?.match_index).toBe(1_200_000);
  });

  it('sparklines show the minute before, and nothing of earlier', () => {
    const samples = (ms: number) => shown(travel(opened(), START + ms)).samples['n3']?.length;
    expect(samples(-30 * SECOND)).toBe(60);
    expect(samples(-5 * SECOND)).toBe(45);
    expect(shown(travel(opened(), START - 125 * SECOND)).samples['n3']).toEqual([]);
  });
});

describe('a record that is thinned', () => {
  it('a node that died between two pictures is dead, and its picture is marked as old', () => {
    const nodes = Array.from({ length: 1000 }, (_, i) => node(`n${i + 1}`, { role: 'follower' }));
    const many = status({ nodes });
    const seconds = Array.from({ length: 90 }, (_, i) => seen((i + 1) * SECOND, many));
    const model = send(
      live(many),
      ...seconds.slice(0, 20),
      told(20_500, 'n7', 'node-dead'),
      ...seconds.slice(20),
    )[0];
    expect(model.record.length).toBeLessThan(4);
    expect(rowAt(model, 50_000, 'n7')?.liveness).toBe('dead');
    expect(rowAt(model, 15_000, 'n7')?.liveness).toBe('alive');
    expect(isStale(travel(model, START + 50_000))).toBe(true);
  });
});

describe('the moment that is shown', () => {
  const leaderless = status({ raft: { ...status().raft, leader_id: null } });
  /** Nobody leads from 100 ms on; the screen looks on for a minute. */
  const vacant = send(
    live(),
    told(100, 'n2', 'leader-lost', { term: 9 }),
    ...Array.from({ length: 60 }, (_, i) => seen((i + 1) * SECOND, leaderless)),
  )[0];
  const later = (model: Model) => send(model, { type: 'tick', now: START + 90 * SECOND, mono: 90_000 })[0];
  const text = (model: Model, view: Model['view']) => screenText({ ...model, view }, 120, 36);

  it.each(['topology', 'raft'] as const)('%s: of the past head and body count to then alone', (view) => {
    for (const model of [travel(vacant, START + 55 * SECOND), later(travel(vacant, START + 55 * SECOND))]) {
      expect(text(model, view)).toContain('NO LEADER 54.9 s');
      expect(text(model, view)).toMatch(/no leader for 54\.9 s/i);
    }
  });

  it.each(['topology', 'raft'] as const)('%s: what stands counts no further', (view) => {
    const still = later(press(vacant, ' '));
    expect(text(still, view)).toContain('NO LEADER 59.9 s');
    expect(text(still, view)).toMatch(/no leader for 59\.9 s/i);
    expect(text(later(still), view)).toBe(text(still, view));
  });

  it('a maintenance that ends has as long left in the banner as in its row', () => {
    const still = send(press(live(), ' '), { type: 'tick', now: START + 180 * SECOND, mono: 180_000 })[0];
    expect(screenText(still, 120, 36)).toMatch(/ n6 in maintenance 48m left: [\s\S]* n6 .* MAINT 48m left /);
    const { lines } = explainText({ model: { ...still, selected: 'n6' }, symbols: UNICODE }, 0, {
      ...{ width: 200, rows: 40 },
    });
    expect(lines.map(textOf).join('\n')).toContain('ends by itself in 48m30s');
  });
});
