import { describe, expect, it } from 'vitest';
import type { AlertSink } from '../../../daemon/alert-sink.ts';
import { type LeaderlessFacts, LeaderlessTeller, toldDue } from '../../../daemon/leaderless-teller.ts';
import type { MemberFacts } from '../../../daemon/node-view.ts';
import type { ToldIncident } from '../../../daemon/told.ts';
import type { AlertAction, Notification } from '../../../src/alerts/index.ts';
import { notificationsDue } from '../../../src/alerts/index.ts';
import type { NotifierConfig } from '../../../src/config/index.ts';
import { campaign, type Ledger, NOW, threeNodes } from '../cluster/world.ts';

class Receiver implements AlertSink {
  got: string[] = [];

  offer(n: { key: string; kind: string; since: number }, channel: AlertAction): void {
    this.got.push(`${channel} ${n.key} ${n.kind}`);
  }

  withdraw(isIt: (n: Notification, channel: AlertAction) => boolean): void {
    this.got = this.got.filter((one) => {
      const [channel, key, kind] = one.split(' ');
      return !isIt({ key, kind } as Notification, channel as AlertAction);
    });
  }

  reconfigure(): void {}

  async stop(): Promise<void> {}
}

const webhook = { url: 'https://pager.example/x', allowLoopback: false };
const notifiers: NotifierConfig = { email: null, slack: null, pagerduty: null, webhook };

function member(
  nodeId: string,
  liveness: MemberFacts['liveness'],
  told: ToldIncident | null = null,
): MemberFacts {
  const digest = { told } as unknown as MemberFacts['digest'];
  return { nodeId, liveness, silenceMs: 0, rttMs: 0, digest };
}

function facts(ledger: Ledger, changes: Partial<LeaderlessFacts> = {}): LeaderlessFacts {
  const members = new Map(['n1', 'n2', 'n3'].map((id) => [id, member(id, id === 'n1' ? 'dead' : 'alive')]));
  return {
    ...{ self: 'n2', cluster: ledger.cluster, leaderId: null, leaderlessMs: 1500, members },
    ...{ now: NOW, sharedTime: NOW },
    config: { alerts: [], notifiers },
    ...changes,
  };
}

const KEY = 'c-1/LeaderDown/term-1';
const TOLD: ToldIncident = { incident: 'term-1', channels: ['webhook'] };

const BY = { rules: [], now: NOW };

/** A leader that has recorded what others told; `due`: what it has to tell then. */
function ledBy(told: readonly ToldIncident[], ledger = threeNodes()) {
  // it announced itself before it heard of it
  ledger.done({ kind: 'leader-started', ...campaign('n3', 2) });
  const [command, ...more] = toldDue(ledger.cluster, told, BY);
  expect(more).toEqual([]);
  if (command === undefined) throw new TypeError('nothing to record');
  ledger.done(command);
  expect(toldDue(ledger.cluster, told, BY)).toEqual([]);
  const due = () => {
    const { alerts, outbox, silences } = ledger.cluster;
    const channelsOf = (): readonly AlertAction[] => ['webhook'];
    return notificationsDue({ alerts, outbox, silences, channelsOf, now: NOW });
  };
  return { ledger, due };
}

describe('LeaderlessTeller', () => {
  it('tells once, as the lowest live node, under the key that the record will have', () => {
    const ledger = threeNodes();
    const sink = new Receiver();
    const teller = new LeaderlessTeller();
    expect(teller.look(facts(ledger), sink)).toBe(true);
    expect(teller.look(facts(ledger, { leaderlessMs: 9000 }), sink)).toBe(false);
    expect(sink.got).toEqual([`webhook ${KEY} firing`]);
  });

  it('names a channel only when that has answered, once', () => {
    const teller = new LeaderlessTeller();
    teller.look(facts(threeNodes()), new Receiver());
    expect(teller.told).toEqual({ incident: 'term-1', channels: [] });
    expect(teller.delivered('term-0', 'webhook')).toBe(false);
    expect(teller.delivered('term-1', 'webhook')).toBe(true);
    expect(teller.delivered('term-1', 'webhook')).toBe(false);
    expect(teller.told).toEqual(TOLD);
  });

  it('leaves to the next leader what no channel has taken yet', () => {
    const { ledger, due } = ledBy([{ incident: 'term-1', channels: [] }, TOLD, { ...TOLD, channels: [] }]);
    expect(due()).toEqual([]);
    expect(ledger.cluster.alerts).toHaveLength(1);
    const open = ledBy([{ incident: 'term-1', channels: [] }]);
    expect(open.due()).toMatchObject([{ kind: 'firing', incident: 'term-1', channel: 'webhook' }]);
  });

  it('keeps nothing back of what another leader tells, and offers it again where that one goes untold', () => {
    const ledger = threeNodes();
    const sink = new Receiver();
    const teller = new LeaderlessTeller();
    teller.look(facts(ledger), sink);
    // who leads itself has the same parcel on its way, and tells it
    teller.look(facts(ledger, { leaderId: 'n2' }), sink);
    expect(sink.got).toEqual([`webhook ${KEY} firing`]);
    teller.look(facts(ledger, { leaderId: 'n3' }), sink);
    expect(sink.got).toEqual([]);
    expect(teller.isIdle).toBe(false);
    expect(teller.told).toEqual({ incident: 'term-1', channels: [] });
    expect(teller.look(facts(ledger), sink)).toBe(true);
    expect(sink.got).toEqual([`webhook ${KEY} firing`]);
  });

  it('withdraws too where the record came before the word of who leads', () => {
    const sink = new Receiver();
    const teller = new LeaderlessTeller();
    teller.look(facts(threeNodes()), sink);
    const { ledger } = ledBy([{ incident: 'term-1', channels: [] }]);
    teller.look(facts(ledger), sink);
    expect([teller.told, teller.isIdle]).toEqual([null, false]);
    teller.look(facts(ledger, { leaderId: 'n3' }), sink);
    expect([sink.got, teller.isIdle]).toEqual([[], true]);
  });

  const dead = new Map(['n1', 'n2', 'n3'].map((id) => [id, member(id, 'dead')]));
  const silence = { kind: 'silence-create', id: 's', forMs: 1000, reason: '' } as const;
  it.each<[string, Partial<LeaderlessFacts>, boolean]>([
    ['an election may be under way', { leaderlessMs: 999 }, false],
    ['somebody leads', { leaderId: 'n3', leaderlessMs: 0 }, false],
    ['a lower node lives', { self: 'n3' }, false],
    ['all others are dead', { self: 'n3', members: dead }, true],
    ['another one told', { members: new Map([['n3', member('n3', 'dead', TOLD)]]) }, false],
    [
      'another one told of another',
      { members: new Map([['n3', member('n3', 'dead', { ...TOLD, incident: 'x' })]]) },
      true,
    ],
  ])('when %s', (_case, changes, expected) => {
    expect(new LeaderlessTeller().look(facts(threeNodes(), changes), new Receiver())).toBe(expected);
  });

  it('tells nothing that is silenced, and of all when the time is over by the clock of most', () => {
    const ledger = threeNodes();
    ledger.done({ ...silence, matchers: { rule: 'LeaderDown', nodeId: null, severity: null } });
    const tells = (now: number, sharedTime: number) =>
      new LeaderlessTeller().look(facts(ledger, { now, sharedTime }), new Receiver());
    expect([tells(NOW, NOW), tells(NOW + 3_600_000, NOW + 999)]).toEqual([false, false]);
    // nobody leads who could take it out of the record
    expect(tells(NOW, NOW + 1000)).toBe(true);
  });

  it('tells again when a channel gave up, and only that one', () => {
    const sink = new Receiver();
    const teller = new LeaderlessTeller();
    const both = { ...notifiers, slack: { url: 'https://chat.example/x', allowLoopback: false } };
    const actions: readonly AlertAction[] = ['slack', 'webhook'];
    const rule = {
      name: 'LeaderDown',
      condition: 'leader_count == 0',
      severity: 'critical',
      actions,
    } as const;
    const world = facts(threeNodes(), { config: { alerts: [{ ...rule, forMs: 0 }], notifiers: both } });
    teller.look(world, sink);
    teller.delivered('term-1', 'slack');
    teller.dead('term-0');
    expect(teller.look(world, sink)).toBe(false);
    teller.dead('term-1');
    // one that refuses, or has no notifier, gives up at once, and again
    expect(teller.look({ ...world, leaderlessMs: 61_499 }, sink)).toBe(false);
    expect(teller.look({ ...world, leaderlessMs: 61_500 }, sink)).toBe(true);
    expect(teller.look({ ...world, leaderlessMs: 180_000 }, sink)).toBe(false);
    expect(sink.got.map((text) => text.split(' ')[0])).toEqual(['slack', 'webhook', 'webhook']);
    expect(teller.told).toEqual({ incident: 'term-1', channels: ['slack'] });
  });

  it('is told by the next one where the one who told dies before a channel had it', () => {
    const ledger = threeNodes();
    const sink = new Receiver();
    const teller = new LeaderlessTeller();
    const by = (liveness: MemberFacts['liveness'], told: ToldIncident) => {
      const members = new Map([['n2', member('n2', liveness, told)]]);
      return teller.look(facts(ledger, { self: 'n3', members }), sink);
    };
    const untaken = { ...TOLD, channels: [] };
    expect([by('alive', untaken), by('suspect', untaken)]).toEqual([false, false]);
    expect([by('dead', untaken), by('dead', untaken), by('dead', TOLD)]).toEqual([true, false, false]);
    expect(sink.got).toEqual([`webhook ${KEY} firing`]);
    // nothing where a channel had it
    const other = new LeaderlessTeller();
    const members = new Map([['n2', member('n2', 'dead', TOLD)]]);
    expect(other.look(facts(ledger, { self: 'n3', members }), sink)).toBe(false);
  });

  it('tells what a leader recorded that was gone before a channel had it, where none comes', () => {
    const { ledger } = ledBy([{ ...TOLD, channels: [] }]);
    const sink = new Receiver();
    const teller = new LeaderlessTeller();
    const alone = (leaderlessMs: number) => teller.look(facts(ledger, { leaderlessMs }), sink);
    expect([alone(9999), alone(10_000), alone(20_000)]).toEqual([false, true, false]);
    expect(sink.got).toEqual([`webhook ${KEY} firing`]);
    expect(teller.told).toBeNull();
    // the next leader tells it itself
    teller.look(facts(ledger, { leaderId: 'n3' }), sink);
    expect([sink.got, teller.isIdle]).toEqual([[], true]);
    // of what a channel had, and of what is over, there is nothing to tell
    const taken = ledBy([TOLD]);
    expect(new LeaderlessTeller().look(facts(taken.ledger, { leaderlessMs: 10_000 }), sink)).toBe(false);
  });

  /** A disk, as a test sees it. */
  class Memory {
    told: ToldIncident | null = null;
    recall(): ToldIncident | null {
      return this.told;
    }
    keep(told: ToldIncident | null): void {
      this.told = told;
    }
  }

  it('remembers over a restart what was told, and offers what no channel had taken', () => {
    const ledger = threeNodes();
    const memory = new Memory();
    new LeaderlessTeller(memory).look(facts(ledger), new Receiver());
    // all nodes are restarted at once and lead within a second: nobody tells again
    const next = new LeaderlessTeller(memory);
    expect(next.look(facts(ledger, { leaderlessMs: 300 }), new Receiver())).toBe(false);
    const { due } = ledBy([next.told].filter((told) => told !== null));
    expect(due()).toMatchObject([{ kind: 'firing', incident: 'term-1', channel: 'webhook' }]);
    const sink = new Receiver();
    // the others say what they heard of this node, which is no reason to leave it at that
    const others = { members: new Map([['n3', member('n3', 'alive', { ...TOLD, channels: [] })]]) };
    expect(next.look(facts(ledger, others), sink)).toBe(true);
    expect(sink.got).toEqual([`webhook ${KEY} firing`]);
    next.delivered('term-1', 'webhook');
    const third = new LeaderlessTeller(memory);
    expect(third.told).toEqual(TOLD);
    ledBy([TOLD], ledger);
    third.look(facts(ledger, { leaderId: 'n3' }), new Receiver());
    expect(memory.told).toBeNull();
  });

  it('says what it has heard, also when the one who told does not come back', () => {
    const ledger = threeNodes();
    const memory = new Memory();
    const teller = new LeaderlessTeller(memory);
    const heard = (told: ToldIncident) => ({ members: new Map([['n3', member('n3', 'suspect', told)]]) });
    expect(teller.look(facts(ledger, heard({ ...TOLD, channels: [] })), new Receiver())).toBe(false);
    expect(teller.told).toEqual({ incident: 'term-1', channels: [] });
    teller.look(facts(ledger, heard(TOLD)), new Receiver());
    expect(memory.told).toEqual(TOLD);
    expect(teller.look(facts(ledger), new Receiver())).toBe(false);
    // what is on record is no news, whoever still says it
    ledBy([TOLD], ledger);
    teller.look(facts(ledger, heard(TOLD)), new Receiver());
    expect(teller.told).toBeNull();
  });

  /** `term` leads; a time without a leader before it is on record where `recorded`. */
  function led(ledger: Ledger, term: number, recorded: boolean): void {
    const alert = { id: 'LeaderDown', rule: 'LeaderDown', nodeId: null, severity: 'critical' } as const;
    const down = {
      ...alert,
      condition: '',
      value: '',
      state: 'firing',
      incident: `term-${term - 1}`,
    } as const;
    if (recorded) ledger.done({ kind: 'alert-transition', alert: down });
    ledger.done({ kind: 'leader-started', ...campaign('n3', term) });
    if (recorded) ledger.done({ kind: 'alert-transition', alert: { ...down, state: 'resolved' } });
  }

  it('is not believed once a later one is on record and no channel had taken it', () => {
    const ledger = threeNodes();
    const untaken = { incident: 'term-1', channels: [] };
    led(ledger, 2, false);
    expect(toldDue(ledger.cluster, [untaken], BY)).toHaveLength(1);
    led(ledger, 3, true);
    expect(toldDue(ledger.cluster, [untaken], BY)).toEqual([]);
    // somebody was called: there is an end to tell
    expect(toldDue(ledger.cluster, [untaken, TOLD], BY)).toMatchObject([{ told: ['webhook'] }]);
  });

  it('is not believed, and forgotten, a week after somebody led again, however old it is itself', () => {
    const ledger = threeNodes();
    const memory = new Memory();
    memory.told = TOLD;
    const teller = new LeaderlessTeller(memory);
    const late = NOW + 7 * 86_400_000 + 1;
    // all were off for long: nobody has led since
    teller.look(facts(ledger, { leaderId: 'n3', sharedTime: late }), new Receiver());
    expect(toldDue(ledger.cluster, [TOLD], { ...BY, now: late })).toHaveLength(1);
    expect(memory.told).toEqual(TOLD);
    led(ledger, 2, false);
    expect(toldDue(ledger.cluster, [TOLD], { ...BY, now: late - 1 })).toHaveLength(1);
    expect(toldDue(ledger.cluster, [TOLD], { ...BY, now: late })).toEqual([]);
    teller.look(facts(ledger, { leaderId: 'n3', sharedTime: late }), new Receiver());
    expect(memory.told).toBeNull();
    // nor is it taken over from one who still says it
    const members = new Map([['n1', member('n1', 'alive', TOLD)]]);
    teller.look(facts(ledger, { members, sharedTime: late, leaderlessMs: 1 }), new Receiver());
    expect(teller.told).toBeNull();
  });

  it('tells of a cluster that stands still after a node that was cut off told in the same term', () => {
    const ledger = threeNodes();
    const over = { id: 'LeaderDown', rule: 'LeaderDown', nodeId: null, severity: 'critical' } as const;
    const end = { ...over, condition: '', value: 'n1 leads', state: 'resolved' } as const;
    const record = (told: ToldIncident): void => {
      const [command] = toldDue(ledger.cluster, [told], BY);
      if (command === undefined) throw new TypeError('nothing to record');
      ledger.done(command);
    };
    // n3 came back: n1 led all the time, and still does
    record(TOLD);
    ledger.done({ kind: 'alert-transition', alert: end });
    const sink = new Receiver();
    const teller = new LeaderlessTeller();
    expect(teller.look(facts(ledger), sink)).toBe(true);
    expect(sink.got).toEqual([`webhook ${KEY}.2 firing`]);
    teller.delivered('term-1.2', 'webhook');
    ledger.done({ kind: 'leader-started', ...campaign('n3', 2) });
    // the first one is over: whoever still says it is not believed
    record({ incident: 'term-1.2', channels: ['webhook'] });
    expect(toldDue(ledger.cluster, [{ incident: 'term-1', channels: [] }], BY)).toEqual([]);
    expect(ledger.cluster.alerts).toMatchObject([{ incident: 'term-1.2', state: 'firing' }]);
    ledger.done({ kind: 'alert-transition', alert: { ...end, value: 'n3 leads' } });
    expect(ledger.cluster.alerts).toMatchObject([{ incident: 'term-1.2', state: 'resolved' }]);
    // and the next time without a leader has the name of the new term
    new LeaderlessTeller().look(facts(ledger), sink);
    expect(sink.got.at(-1)).toBe('webhook c-1/LeaderDown/term-2 firing');
  });

  it('is believed by the next leader: recorded as told, its end due, and then forgotten', () => {
    const ledger = threeNodes();
    const teller = new LeaderlessTeller();
    const sink = new Receiver();
    teller.look(facts(ledger), sink);
    teller.delivered('term-1', 'webhook');
    const told = teller.told === null ? [] : [teller.told, teller.told];
    const { due } = ledBy(told, ledger);
    expect(due()).toEqual([]);
    const over = { id: 'LeaderDown', rule: 'LeaderDown', nodeId: null, severity: 'critical' } as const;
    const alert = { ...over, condition: '', value: 'n3 leads', state: 'resolved' } as const;
    ledger.done({ kind: 'alert-transition', alert });
    expect(due()).toMatchObject([{ kind: 'resolved', incident: 'term-1', channel: 'webhook' }]);
    expect(teller.look(facts(ledger, { leaderId: 'n3' }), sink)).toBe(false);
    expect(teller.told).toBeNull();
  });
});
