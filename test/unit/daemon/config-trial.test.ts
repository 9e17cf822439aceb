import { describe, expect, it } from 'vitest';
import { ailmentsOf } from '../../../daemon/ailments.ts';
import { ConfigTrial, soundNodes, type TrialFacts } from '../../../daemon/config-trial.ts';
import type { DigestFacts, MemberFacts } from '../../../daemon/node-view.ts';
import type { AlertRecord } from '../../../src/alerts/index.ts';
import type { TentativeConfig } from '../../../src/cluster/index.ts';
import { threeNodes } from '../cluster/world.ts';

type Member = Pick<MemberFacts, 'liveness' | 'digest'>;

const SOUND = ['n1', 'n2', 'n3'];
const WALL = 1_700_000_000_000;

function tentative(changes: Partial<TentativeConfig> = {}): TentativeConfig {
  return { version: 5, previous: 4, since: WALL, withinMs: 60_000, term: 7, sound: SOUND, ...changes };
}

function member(
  liveness: Member['liveness'],
  health: DigestFacts['health'] = 'HEALTHY',
  issues: readonly string[] = [],
): Member {
  return { liveness, digest: { health, issues } as unknown as DigestFacts };
}

const degraded = (...issues: string[]) => member('alive', 'DEGRADED', issues);

function facts(
  now: number,
  changes: Partial<TrialFacts> = {},
  members: Record<string, Member> = {},
): TrialFacts {
  return {
    now,
    memberOf: (id) => members[id] ?? member('alive'),
    elected: null,
    electionTimeoutMs: 150,
    ...{ voters: SOUND, minReplicas: 2 },
    ...changes,
  };
}

const cluster = (trial?: TentativeConfig) => ({
  nodes: threeNodes().cluster.nodes,
  alerts: [] as readonly AlertRecord[],
  ...(trial === undefined ? {} : { tentative: trial }),
});

describe('ConfigTrial', () => {
  it('ends when its time is over by the clock of whoever saw it begin, whatever the wall says', () => {
    const trial = new ConfigTrial();
    trial.follow({ tentative: tentative({ since: WALL - 3_600_000 }) }, 1000);
    const state = cluster(tentative({ since: WALL - 3_600_000 }));
    expect(trial.due(state, facts(60_999))).toBeNull();
    expect(trial.due(state, facts(61_000))).toBe('it was not confirmed within 1m');
  });

  it('counts from the first word of it, not from the last record nor from the taking of office', () => {
    const follower = new ConfigTrial();
    follower.follow(cluster(tentative()), 1000);
    follower.follow(cluster(tentative()), 50_000);
    expect(follower.due(cluster(tentative()), facts(60_500))).toBeNull();
    expect(follower.due(cluster(tentative()), facts(61_500))).toMatch(/not confirmed/);
    // a node that was restarted meanwhile gives it the whole time again: never too early
    const restarted = new ConfigTrial();
    expect(restarted.due(cluster(tentative()), facts(61_500))).toBeNull();
    expect(restarted.due(cluster(tentative()), facts(121_499))).toBeNull();
    expect(restarted.due(cluster(tentative()), facts(121_500))).toMatch(/not confirmed/);
  });

  it('forgets a trial that ended, and gives the next one its own time', () => {
    const trial = new ConfigTrial();
    trial.follow(cluster(tentative()), 0);
    trial.follow(cluster(), 30_000);
    expect(trial.due(cluster(), facts(1e9))).toBeNull();
    const next = tentative({ version: 6, previous: 5 });
    trial.follow(cluster(next), 50_000);
    expect(trial.due(cluster(next), facts(109_999))).toBeNull();
    expect(trial.due(cluster(next), facts(110_000))).toMatch(/not confirmed/);
  });

  it.each([
    ['dead', member('dead'), 'n3 is dead and was well before'],
    ['gone on purpose', member('left'), 'n3 is left and was well before'],
    ['unhealthy', member('alive', 'UNHEALTHY'), 'n3 is unhealthy and was well before'],
    ['suspect', member('suspect'), null],
  ])('ends at once when a node that was sound is %s', (_what, n3, cause) => {
    const trial = new ConfigTrial();
    expect(trial.due(cluster(tentative()), facts(0, {}, { n3 }))).toBe(cause);
    // who was not sound before, or is no node any more, was not made worse
    expect(trial.due(cluster(tentative({ sound: ['n1', 'n2'] })), facts(0, {}, { n3 }))).toBeNull();
    const { n3: _gone, ...rest } = cluster().nodes;
    expect(trial.due({ ...cluster(tentative()), nodes: rest }, facts(0, {}, { n3 }))).toBeNull();
  });

  it.each([
    [8, 100, null],
    [8, 1500, null],
    [8, 1501, 'there was no leader for 1501 ms'],
    // the leader that made it had been elected after a long pause: that was before
    [7, 9000, null],
  ])('a leader of term %i after a pause of %i ms: %s', (term, leaderlessMs, cause) => {
    const elected = { term, leaderlessMs };
    expect(new ConfigTrial().due(cluster(tentative()), facts(0, { elected }))).toBe(cause);
  });

  it('measures a pause against the timeouts in force', () => {
    const elected = { term: 8, leaderlessMs: 11_000 };
    const slow = facts(0, { elected, electionTimeoutMs: 2000 });
    expect(new ConfigTrial().due(cluster(tentative()), slow)).toBeNull();
  });
});

describe('ConfigTrial, of what was not so before', () => {
  const WELL = tentative({ ailments: [] });
  const alert = (rule: string, changes: Partial<AlertRecord> = {}) =>
    ({ rule, nodeId: 'n2', severity: 'critical', state: 'firing', ...changes }) as AlertRecord;
  const withAlert = (one: AlertRecord) => ({ ...cluster(WELL), alerts: [one] });

  /** What is said when it is first seen, just before it has stood for a second, and then. */
  function said(state: Parameters<ConfigTrial['due']>[0], changes: Partial<TrialFacts>): (string | null)[] {
    const trial = new ConfigTrial();
    return [0, 999, 1000].map((now) => trial.due(state, facts(now, changes)));
  }

  const stands = (text: string) => [null, null, `${text}, which was not so before`];
  const never = [null, null, null];
  const seen = (members: Record<string, Member>): Partial<TrialFacts> => ({
    memberOf: (id) => members[id] ?? member('alive'),
  });

  it.each<[string, ReturnType<typeof cluster>, Partial<TrialFacts>, (string | null)[]]>([
    ['all is well', cluster(WELL), {}, never],
    ['too few copies', cluster(WELL), { minReplicas: 9 }, stands('3 live copies, min_replicas is 9')],
    [
      'a node that is slow',
      cluster(WELL),
      seen({ n2: degraded('event loop is 300 ms late') }),
      stands('n2 is degraded: event loop is 300 ms late'),
    ],
    ['a busy processor', cluster(WELL), seen({ n2: degraded('cpu is at 99 %') }), never],
    ['a suspect one', cluster(WELL), { ...seen({ n2: member('suspect') }), minReplicas: 3 }, never],
    ['a critical alert', withAlert(alert('DiskFull')), {}, stands('alert DiskFull on n2 is firing')],
    ['a warning', withAlert(alert('Slow', { severity: 'warning' })), {}, never],
    ['an alert that is over', withAlert(alert('DiskFull', { state: 'resolved' })), {}, never],
    ['a node that was dead before', withAlert(alert('NodeDown')), {}, never],
    ['an election', withAlert(alert('LeaderDown', { nodeId: null })), {}, never],
  ])('%s', (_what, state, changes, expected) => {
    expect(said(state, changes)).toEqual(expected);
  });

  it('leaves alone what was there before, with whatever numbers, and names what came besides', () => {
    const before = { minReplicas: 9, ...seen({ n2: degraded('event loop is 300 ms late') }) };
    const state = { ...cluster(), alerts: [alert('DiskFull')] };
    const ailments = [...ailmentsOf(state, facts(0, before)).keys()];
    expect(ailments).toHaveLength(3);
    const trial = { ...state, tentative: tentative({ ailments }) };
    expect(said(trial, { ...before, ...seen({ n2: degraded('event loop is 1250.5 ms late') }) })).toEqual(
      never,
    );
    const more = seen({ n2: degraded('event loop is 260 ms late', 'disk takes 400 ms to sync') });
    expect(said(trial, { ...before, ...more })).toEqual(stands('n2 is degraded: disk takes 400 ms to sync'));
  });

  it('counts each second anew after a pause, and says nothing where nobody said what was before', () => {
    const trial = new ConfigTrial();
    const few = { minReplicas: 9 };
    expect(trial.due(cluster(WELL), facts(0, few))).toBeNull();
    expect(trial.due(cluster(WELL), facts(600))).toBeNull();
    expect(trial.due(cluster(WELL), facts(1200, few))).toBeNull();
    expect(trial.due(cluster(WELL), facts(2200, few))).toMatch(/^3 live copies/);
    expect(said(cluster(tentative()), few)).toEqual(never);
  });
});

describe('soundNodes', () => {
  it('are those that were heard of and nothing is wrong with', () => {
    const known: Record<string, Member> = {
      n1: member('alive'),
      n2: member('dead'),
      n3: member('alive', 'UNHEALTHY'),
      n4: member('suspect', 'DEGRADED'),
    };
    expect(soundNodes(['n5', 'n4', 'n3', 'n2', 'n1'], (id) => known[id])).toEqual(['n1', 'n4']);
  });
});
