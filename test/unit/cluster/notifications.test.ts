/** Notifications, acknowledgements and silences as replicated state; a leader is played by what is due. */
import { describe, expect, it } from 'vitest';
import type { AlertAction, DeliveryState, DeliveryStep } from '../../../src/alerts/index.ts';
import {
  DELIVERY_TRANSITIONS,
  deliveriesToHand,
  inhibitorOf,
  notificationsDue,
  silenceOf,
} from '../../../src/alerts/index.ts';
import { LIMITS, must } from '../../../src/base/index.ts';
import type { ClusterState } from '../../../src/cluster/index.ts';
import { decodeState } from '../../../src/cluster/index.ts';
import { type Ledger, NOW, threeNodes } from './world.ts';

type Channels = readonly AlertAction[];

const high = { rule: 'High', severity: 'critical', condition: 'error_rate > 0.01', value: 'much' } as const;

function move(ledger: Ledger, state: 'firing' | 'resolved', nodeId = 'n1', rule = 'High'): void {
  ledger.now += 1000;
  const alert = { ...high, rule, id: `${rule}:${nodeId}`, nodeId, state };
  ledger.done({ kind: 'alert-transition', alert });
}

function leaderDown(ledger: Ledger, state: 'firing' | 'resolved', told: Channels = []): void {
  ledger.now += 1000;
  const condition = 'leader_count == 0';
  const who = { id: 'LeaderDown', rule: 'LeaderDown', nodeId: null, severity: 'critical' } as const;
  const incident = state === 'firing' ? { incident: 'term-1' } : {};
  ledger.done({
    kind: 'alert-transition',
    alert: { ...who, condition, value: '', state, ...incident },
    told,
  });
}

function due(ledger: Ledger, channels: Channels = ['email']): DeliveryStep[] {
  const { alerts, outbox, silences } = ledger.cluster;
  return notificationsDue({ alerts, outbox, silences, channelsOf: () => channels, now: ledger.now });
}

function words(steps: readonly DeliveryStep[]): string[] {
  return steps.map((s) => `${s.channel} ${s.alertId} ${s.kind}`);
}

/** Records what is due; answers it in words. */
function note(ledger: Ledger, channels?: Channels): string[] {
  const steps = due(ledger, channels);
  ledger.done({ kind: 'notification-steps', steps });
  return words(steps);
}

/** A leader of `term` hands over whatever is to be handed. */
function hand(ledger: Ledger, term: number): string[] {
  const steps = deliveriesToHand(ledger.cluster.outbox, term).slice(0, LIMITS.maxDeliverySteps);
  ledger.done({ kind: 'notification-steps', steps }, { term });
  return words(steps);
}

function answer(ledger: Ledger, state: 'delivered' | 'dead', kind: DeliveryStep['kind'] = 'firing'): void {
  const entry = must(
    ledger.cluster.outbox.findLast((e) => e.content.kind === kind),
    'an entry',
  );
  const ref = { alertId: entry.content.alertId, incident: entry.incident, kind, channel: 'email' } as const;
  ledger.done({ kind: 'notification-steps', steps: [{ ...ref, state, note: 'r1' }] });
}

describe('notifications', () => {
  it('are due once a kind and incident, in the order of the incident', () => {
    const ledger = threeNodes();
    move(ledger, 'firing');
    expect(note(ledger)).toEqual(['email High:n1 firing']);
    expect(note(ledger)).toEqual([]);
    ledger.done({ kind: 'alert-acknowledge', id: 'High:n1' });
    expect(note(ledger)).toEqual(['email High:n1 acknowledged']);
    move(ledger, 'resolved');
    expect(note(ledger)).toEqual(['email High:n1 resolved']);
    expect(note(ledger)).toEqual([]);
    expect(ledger.cluster.outbox.map((e) => [e.content.kind, e.content.by])).toEqual([
      ...[
        ['firing', null],
        ['acknowledged', 'ann'],
        ['resolved', null],
      ],
    ]);
    expect(ledger.cluster.outbox[2]?.content).toMatchObject({ since: NOW + 1000, at: NOW + 2000 });
  });

  it('tell of an acknowledgement once, not that it was taken back, and not of one that is gone by then', () => {
    const ledger = threeNodes();
    move(ledger, 'firing');
    note(ledger);
    const [{ id = '', incident = '' } = {}] = ledger.cluster.alerts;
    ledger.done({ kind: 'alert-acknowledge', id });
    const late = due(ledger);
    expect(words(late)).toEqual(['email High:n1 acknowledged']);
    ledger.done({ kind: 'alert-unacknowledge', id, incident });
    ledger.done({ kind: 'notification-steps', steps: late });
    expect(ledger.cluster.outbox.map((e) => e.content.kind)).toEqual(['firing']);
    ledger.done({ kind: 'alert-acknowledge', id });
    expect(note(ledger)).toEqual(['email High:n1 acknowledged']);
    ledger.done({ kind: 'alert-unacknowledge', id, incident });
    expect(note(ledger)).toEqual([]);
    ledger.done({ kind: 'alert-acknowledge', id });
    expect(note(ledger)).toEqual([]);
    move(ledger, 'resolved');
    expect(note(ledger)).toEqual(['email High:n1 resolved']);
  });

  it('tell of the end of an incident that a new one has replaced, and of both beginnings', () => {
    const ledger = threeNodes();
    move(ledger, 'firing');
    note(ledger);
    move(ledger, 'resolved');
    move(ledger, 'firing');
    expect(note(ledger)).toEqual(['email High:n1 resolved', 'email High:n1 firing']);
    expect(new Set(ledger.cluster.outbox.map((e) => e.incident)).size).toBe(2);
  });

  it('tell of the end when the node was removed together with its alerts', () => {
    const ledger = threeNodes();
    move(ledger, 'firing', 'n3');
    note(ledger);
    ledger.done({ kind: 'node-remove', nodeId: 'n3', reason: '' });
    expect(note(ledger)).toEqual(['email High:n3 resolved']);
  });

  it('are handed once a term, again by the next leader, and never after they ended', () => {
    const ledger = threeNodes();
    move(ledger, 'firing');
    note(ledger);
    expect(hand(ledger, 1)).toEqual(['email High:n1 firing']);
    expect(hand(ledger, 1)).toEqual([]);
    expect(hand(ledger, 2)).toEqual(['email High:n1 firing']);
    expect(ledger.cluster.outbox[0]?.deliveries[0]).toMatchObject({ state: 'handed', term: 2, times: 2 });
    answer(ledger, 'delivered');
    expect(ledger.kinds()).toEqual(['notification-delivered']);
    expect(hand(ledger, 3)).toEqual([]);
    answer(ledger, 'dead');
    expect(ledger.kinds()).toEqual([]);
    expect(ledger.cluster.outbox[0]?.deliveries[0]).toMatchObject({ state: 'delivered', note: 'r1' });
  });

  it('that could not be delivered are told as an event, and their end is not tried', () => {
    const ledger = threeNodes();
    move(ledger, 'firing');
    note(ledger);
    hand(ledger, 1);
    answer(ledger, 'dead');
    expect(ledger.events.at(-1)).toMatchObject({
      kind: 'notification-dead',
      severity: 'warning',
      nodeId: 'n1',
    });
    move(ledger, 'resolved');
    expect(note(ledger)).toEqual([]);
  });

  it('go to a channel that a rule got while it fires, to no channel twice', () => {
    const ledger = threeNodes();
    move(ledger, 'firing');
    expect(note(ledger, ['email', 'email'])).toEqual(['email High:n1 firing']);
    expect(note(ledger, ['email', 'slack'])).toEqual(['slack High:n1 firing']);
    expect(ledger.cluster.outbox).toHaveLength(1);
  });

  it('that somebody told while nobody led are not repeated, their end is told', () => {
    const ledger = threeNodes();
    leaderDown(ledger, 'firing', ['email']);
    expect(note(ledger, ['email', 'slack'])).toEqual(['slack LeaderDown firing']);
    expect(ledger.cluster.outbox[0]).toMatchObject({ incident: 'term-1', content: { since: NOW + 1000 } });
    leaderDown(ledger, 'resolved');
    expect(note(ledger)).toEqual(['email LeaderDown resolved', 'slack LeaderDown resolved']);
    const before = ledger.cluster;
    leaderDown(ledger, 'firing', ['email']);
    expect(ledger.cluster.alerts).toEqual(before.alerts);
  });

  it('are bounded: what may be forgotten goes, what may not keeps others waiting', () => {
    const ledger = threeNodes();
    for (let n = 0; n < LIMITS.alertOutbox; n++) move(ledger, 'firing', `n${n}`);
    for (let more = true; more; ) {
      const steps = due(ledger).slice(0, LIMITS.maxDeliverySteps);
      more = steps.length > 0;
      ledger.done({ kind: 'notification-steps', steps });
    }
    expect(ledger.cluster.outbox).toHaveLength(LIMITS.alertOutbox);
    move(ledger, 'firing', 'n5', 'Other');
    // the oldest alert left the history with the newest, and its end has no room either
    const waiting = due(ledger);
    expect(words(waiting)).toContain('email Other:n5 firing');
    expect(ledger.done({ kind: 'notification-steps', steps: waiting })).toEqual({ changed: 0 });
    // the one that has ended and is told makes room
    answer(ledger, 'delivered');
    move(ledger, 'resolved', `n${LIMITS.alertOutbox - 1}`);
    expect(ledger.done({ kind: 'notification-steps', steps: [must(waiting.at(-1), 'one')] })).toEqual({
      changed: 1,
    });
    expect(ledger.cluster.outbox).toHaveLength(LIMITS.alertOutbox);
    const many = Array.from({ length: LIMITS.maxDeliverySteps + 1 }, () => must(waiting[0], 'one'));
    ledger.refused({ kind: 'notification-steps', steps: many }, 'invalid_argument');
  });
});

describe('DELIVERY_TRANSITIONS', () => {
  const states: readonly DeliveryState[] = ['due', 'handed', 'delivered', 'dead'];
  const cells = states.flatMap((from) => states.map((to) => [from, to] as const));
  it.each(cells)('%s to %s', (from, to) => {
    const ledger = threeNodes();
    move(ledger, 'firing');
    const [step] = due(ledger);
    const into = (state: DeliveryState, term: number) =>
      ledger.done({ kind: 'notification-steps', steps: [{ ...must(step, 'one'), state }] }, { term });
    into('due', 1);
    if (from !== 'due') into(from, 1);
    into(to, 2);
    const expected = DELIVERY_TRANSITIONS[from].includes(to) ? to : from;
    expect(ledger.cluster.outbox[0]?.deliveries[0]?.state).toBe(expected);
  });
});

describe('inhibition', () => {
  it('holds back what follows from a dead node or a missing leader, and tells it when that is over', () => {
    const ledger = threeNodes();
    move(ledger, 'firing', 'n2', 'NodeDown');
    move(ledger, 'firing', 'n2');
    move(ledger, 'firing', 'n3');
    expect(note(ledger)).toEqual(['email NodeDown:n2 firing', 'email High:n3 firing']);
    move(ledger, 'resolved', 'n2', 'NodeDown');
    expect(note(ledger)).toEqual(['email NodeDown:n2 resolved', 'email High:n2 firing']);
    // a leader records both ends of the time without one before it looks at any other rule
    leaderDown(ledger, 'firing');
    expect(note(ledger)).toEqual(['email LeaderDown firing']);
    leaderDown(ledger, 'resolved');
    const { now: endedAt } = ledger;
    expect(note(ledger)).toEqual(['email LeaderDown resolved']);
    move(ledger, 'firing', 'n1');
    move(ledger, 'firing', 'n1', 'Other');
    expect(note(ledger)).toEqual([]);
    const [alert] = ledger.cluster.alerts.filter((a) => a.id === 'High:n1');
    const inhibitor = (now: number) => inhibitorOf(must(alert, 'an alert'), ledger.cluster.alerts, now)?.id;
    expect(inhibitor(ledger.now)).toBe('LeaderDown');
    // a clock that went back holds nothing back for longer
    expect(inhibitor(endedAt - LIMITS.leaderDownAftermathMs)).toBeUndefined();
    move(ledger, 'resolved', 'n1', 'Other');
    ledger.now = endedAt + LIMITS.leaderDownAftermathMs - 1;
    expect(note(ledger)).toEqual([]);
    ledger.now++;
    expect(note(ledger)).toEqual(['email High:n1 firing']);
  });

  it.each([
    ['maintenance_active > 0', false],
    ['disk_usage > 80%', false],
    ['certificate_expires_in < 7d or clock_offset > 500ms', false],
    ['node_up == 0', false],
    ['query_latency_p95 > 1s', true],
    ['healthy_nodes < total_nodes * 0.5', true],
    ['disk_usage > 80% and sync_lag > 1MB', true],
    // of another version: it can't be known what it follows from
    ['a_metric_of_tomorrow > 1', false],
    ['', false],
  ])('behind a time without a leader holds back what that spoils: %s', (condition, expected) => {
    const ledger = threeNodes();
    leaderDown(ledger, 'firing');
    leaderDown(ledger, 'resolved');
    note(ledger);
    const alert = { ...high, rule: 'Own', id: 'Own', nodeId: null, condition } as const;
    ledger.done({ kind: 'alert-transition', alert: { ...alert, state: 'firing' } });
    expect(note(ledger)).toEqual(expected ? [] : ['email Own firing']);
    ledger.done({ kind: 'alert-transition', alert: { ...alert, state: 'resolved' } });
    ledger.now += LIMITS.leaderDownAftermathMs;
    expect(note(ledger)).toEqual(expected ? [] : ['email Own resolved']);
  });

  it('tells of a dead node again where a rule asks for just that', () => {
    const ledger = threeNodes();
    move(ledger, 'firing', 'n2', 'NodeDown');
    note(ledger);
    const alert = { ...high, rule: 'Long', id: 'Long:n2', nodeId: 'n2', condition: 'node_up == 0' } as const;
    ledger.done({ kind: 'alert-transition', alert: { ...alert, state: 'firing' } });
    expect(note(ledger)).toEqual(['email Long:n2 firing']);
  });

  it('holds back nothing that began before the time without a leader', () => {
    const ledger = threeNodes();
    move(ledger, 'firing', 'n1');
    leaderDown(ledger, 'firing');
    leaderDown(ledger, 'resolved');
    expect(note(ledger, ['slack'])).toContain('slack High:n1 firing');
  });
});

describe('silences', () => {
  const create = { kind: 'silence-create', id: 's1', forMs: 5000, reason: 'known' } as const;
  const none = { rule: null, nodeId: null, severity: null } as const;

  it.each([
    [{ ...none, rule: 'High' }, true],
    [{ ...none, rule: 'Low' }, false],
    [{ ...none, nodeId: 'n1' }, true],
    [{ ...none, nodeId: 'n2' }, false],
    [{ ...none, severity: 'critical' }, true],
    [{ ...none, severity: 'info' }, false],
    [{ rule: 'High', nodeId: 'n2', severity: null }, false],
    [none, true],
  ] as const)('%j holds for it: %s', (matchers, expected) => {
    const ledger = threeNodes();
    ledger.done({ ...create, matchers });
    move(ledger, 'firing');
    expect(note(ledger)).toEqual(expected ? [] : ['email High:n1 firing']);
  });

  it('hold while they are on record, also for a leader whose clock is ahead; then what fires is told', () => {
    const ledger = threeNodes();
    ledger.done({ ...create, matchers: none });
    move(ledger, 'firing');
    ledger.now = NOW + 7_200_000;
    expect(note(ledger)).toEqual([]);
    const step = { alertId: 'High:n1', kind: 'firing', channel: 'email', state: 'due', note: '' } as const;
    const [{ incident } = { incident: '' }] = ledger.cluster.alerts;
    const steps = [{ ...step, incident }];
    expect(ledger.done({ kind: 'notification-steps', steps })).toEqual({ changed: 0 });
    ledger.done({ ...create, id: 's2', matchers: { ...none, rule: 'Low' } });
    expect(ledger.cluster.silences.map((s) => s.id)).toEqual(['s1', 's2']);
    ledger.done({ kind: 'silence-expire', id: 's1', cause: '' });
    expect(ledger.kinds()).toEqual(['silence-ended']);
    expect(note(ledger)).toEqual(['email High:n1 firing']);
    ledger.refused({ kind: 'silence-expire', id: 's1', cause: '' }, 'not_found');
  });

  it('that came first win over a notification that was due before them', () => {
    const ledger = threeNodes();
    move(ledger, 'firing');
    const steps = due(ledger);
    ledger.done({ ...create, matchers: none });
    expect(ledger.done({ kind: 'notification-steps', steps })).toEqual({ changed: 0 });
  });

  it('are refused without a time, twice, and beyond their number; who and why is on record', () => {
    const ledger = threeNodes();
    for (const forMs of [0, -1, Number.NaN, 1e15])
      ledger.refused({ ...create, forMs, matchers: none }, 'invalid_argument');
    ledger.done({ ...create, matchers: none });
    ledger.refused({ ...create, matchers: none }, 'conflict');
    for (let n = 1; n < LIMITS.maxSilences; n++) ledger.done({ ...create, id: `x${n}`, matchers: none });
    ledger.refused({ ...create, id: 'more', matchers: none }, 'overloaded');
    expect(ledger.cluster.silences[0]).toMatchObject({ by: 'ann', reason: 'known', until: NOW + 5000 });
    ledger.done({ kind: 'silence-expire', id: 's1', cause: '' });
    ledger.done({ ...create, id: 'more', matchers: none });
    expect(ledger.cluster.audit.at(-1)).toMatchObject({ action: 'silence-create', target: 'everything' });
  });

  it('show the one that lasts longest', () => {
    const silence = (id: string, until: number) => ({
      id,
      until,
      created: 0,
      matchers: none,
      by: '',
      reason: '',
    });
    const subject = { rule: 'High', nodeId: 'n1', severity: 'critical' } as const;
    expect(silenceOf(subject, [silence('a', 5), silence('b', 9), silence('c', 7)])?.id).toBe('b');
    expect(silenceOf(subject, [])).toBeUndefined();
  });
});

describe('decodeState', () => {
  it('reads what the first format wrote: an incident is known by its beginning', () => {
    const { silences: _silences, outbox: _outbox, ...rest } = threeNodes().cluster;
    const who = { id: 'NodeDown:n3', rule: 'NodeDown', nodeId: 'n3', severity: 'warning' } as const;
    const old = { ...who, state: 'firing', since: 77, value: 'dead', acknowledgedBy: null };
    const bytes = new TextEncoder().encode(JSON.stringify({ format: 1, state: { ...rest, alerts: [old] } }));
    const state: ClusterState = decodeState(bytes);
    expect(state).toMatchObject({ silences: [], outbox: [], name: rest.name });
    expect(state.alerts).toEqual([{ ...old, incident: '77', firedAt: 77, condition: '' }]);
  });
});
