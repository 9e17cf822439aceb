/** Who leads, and whether there is a quorum, by the events that say so first. */
import { describe, expect, it } from 'vitest';
import { quorumFacts } from '../../../tui/model/selectors.ts';
import { event, START, sixNodes, status } from '../../tui/recording.ts';
import { live, send } from './model-kit.ts';

describe('the picture of an election', () => {
  it('a new leader is shown when its event comes, before the next status', () => {
    const lost = send(live(), {
      type: 'events',
      now: START,
      events: [event(0, 'n1', 'leader-lost', 'gone', { data: { term: 9 } })],
    })[0];
    expect(lost.picture.status?.raft.leader_id).toBeNull();
    expect(lost.picture.leaderlessSince).toBe(START);
    const won = send(lost, {
      type: 'events',
      now: START + 300,
      events: [event(300, 'n2', 'leader-elected', 'leads', { data: { term: 10 } })],
    })[0];
    expect(won.picture.status?.raft).toMatchObject({ leader_id: 'n2', term: 10 });
    expect(won.picture.leaderlessSince).toBeNull();
  });

  it('by a follower nobody but itself and the leader has a lag, by the leader all have one', () => {
    const { cluster, raft } = status();
    const lagsBy = (node_id: string, leader_id: string | null = 'n1') => {
      const told = { ...cluster, read: { ...cluster.read, node_id } };
      const picture = status({ cluster: told, raft: { ...raft, leader_id } });
      const model = send(live(), { type: 'status', status: picture, now: START + 1000 })[0];
      expect(model.trace['n3']?.at(-1)?.lag, 'the chart says the same').toBe(
        model.picture.status?.nodes.find((n) => n.node_id === 'n3')?.lag_entries,
      );
      return model.picture.status?.nodes.map((n) => n.lag_entries);
    };
    expect(lagsBy('n1')).toEqual([0, 0, 5610, 104_549, 23_151, 0]);
    expect(lagsBy('n3')).toEqual([0, null, 5610, null, null, null]);
    expect(lagsBy('n3', null), 'nobody leads').toEqual([null, null, 5610, null, null, null]);
  });

  it('the time without a leader counts from the loss, also when it is heard of late or by a wrong clock', () => {
    const heard = (at: number, model = live()) => {
      const lost = event(at, 'n3', 'leader-lost', 'gone', { data: { term: 9 } });
      return send(model, { type: 'events', events: [lost], now: START + 1500 })[0].picture.leaderlessSince;
    };
    expect(heard(10)).toBe(START + 10);
    expect(heard(9000), 'a clock that is ahead').toBe(START + 1500);
    const raft = { ...status().raft, leader_id: null };
    const behind = event(-60_000, 'n3', 'leader-lost', 'gone', { data: { term: 9 } });
    const told = send(live(), { type: 'events', events: [behind], now: START + 400 })[0];
    expect(told.picture.leaderlessSince, 'a clock that is behind: the next status says it').toBeNull();
    const seen = send(told, { type: 'status', status: status({ raft }), now: START + 450 })[0];
    expect(seen.picture.leaderlessSince, 'a leader was seen then').toBe(START - 1000);
    const said = send(live(), { type: 'status', status: status({ raft }), now: START + 1400 })[0];
    expect(said.picture.leaderlessSince).toBe(START + 1400);
    expect(heard(10, said), 'the event of what a status said before').toBe(START + 10);
  });

  it('whoever is cut off counts the voters that it reaches, not those it holds for suspect', () => {
    const told = { since_ms: 1200, reached: ['n3'], missing: ['n1', 'n2'], needs: 3, text: 'cut off' };
    expect(quorumFacts(status({ isolation: told }))).toMatchObject({ up: 2, spare: -1 });
    expect(quorumFacts(status({ isolation: null }))).toMatchObject({ up: 4, spare: 1 });
  });

  it('a lost leader is no health: banner and quorum turn with the event, not with the next status', () => {
    const lost = event(0, 'n2', 'leader-lost', 'gone', { data: { term: 9 } });
    const ill = { ...status().cluster, health: 'degraded' as const, reasons: ['n5 is dead'] };
    const without = send(live(status({ cluster: ill })), { type: 'events', events: [lost], now: START })[0];
    expect(without.picture.status?.cluster).toMatchObject({
      health: 'critical',
      reasons: ['no leader is known', 'n5 is dead'],
    });
    const won = event(9, 'n2', 'leader-elected', 'leads', { data: { term: 10 } });
    const again = send(without, { type: 'events', events: [won], now: START })[0];
    expect(again.picture.status?.cluster).toEqual(ill);
    const healthy = live(status({ cluster: { ...ill, health: 'healthy', reasons: [] } }));
    const both = send(healthy, { type: 'events', events: [lost, won], now: START })[0];
    expect(both.picture.status?.cluster).toMatchObject({ health: 'healthy', reasons: [] });
  });

  it('a node’s own word of who leads now is enough, unless it is of an older term', () => {
    const lost = event(0, 'n2', 'leader-lost', 'gone', { data: { term: 9 } });
    const without = send(live(), { type: 'events', events: [lost], now: START })[0];
    const told = (node: string, data: Record<string, unknown>) =>
      send(without, {
        type: 'events',
        events: [event(9, node, 'role-changed', 'x', { data })],
        now: START,
      })[0];
    for (const model of [
      told('n2', { leader_id: 'n3', term: 10 }),
      told('n3', { role: 'leader', term: 10 }),
    ]) {
      expect(model.picture.status?.raft).toMatchObject({ leader_id: 'n3', term: 10 });
      expect(model.picture.leaderlessSince).toBeNull();
    }
    for (const model of [
      told('n3', { role: 'candidate', term: 10 }),
      told('n2', { leader_id: 'n3', term: 8 }),
      told('n2', { leader_id: null, term: 10 }),
    ])
      expect(model.picture.status?.raft.leader_id).toBeNull();
  });

  it('a suspect counts for the quorum while somebody leads, and no longer', () => {
    const nodes = sixNodes().map((n) =>
      n.node_id === 'n1' || n.node_id === 'n2' ? { ...n, liveness: 'suspect' as const } : n,
    );
    expect(quorumFacts(status({ nodes }))).toMatchObject({ up: 4, spare: 1 });
    const raft = { ...status().raft, leader_id: null };
    expect(quorumFacts(status({ nodes, raft }))).toMatchObject({ up: 2, spare: -1 });
  });
});
