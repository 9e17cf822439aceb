import { describe, expect, it } from 'vitest';
import { alertTransitions, currentAlerts, firingCount } from '../../../daemon/current-alerts.ts';
import type { AlertRecord } from '../../../src/alerts/index.ts';
import { LEADERLESS_ALERT_MS } from '../../../src/alerts/index.ts';
import type { ClusterState } from '../../../src/cluster/index.ts';
import { threeNodes } from '../cluster/world.ts';

const NOW = 1_800_000_000_000;

function cluster(...alerts: AlertRecord[]): ClusterState {
  return { ...threeNodes().cluster, alerts };
}

const old: AlertRecord = {
  ...{ id: 'LeaderDown', rule: 'LeaderDown', nodeId: null, severity: 'critical', state: 'resolved' },
  ...{ since: 5, value: 'n1 leads', acknowledgedBy: 'ann' },
  ...{ incident: '4', firedAt: 4, condition: 'leader_count == 0' },
};

describe('currentAlerts', () => {
  it('are those of the record while somebody leads', () => {
    expect(currentAlerts(cluster(old), { leaderId: 'n1', leaderlessMs: 0, rules: [] }, NOW)).toEqual([old]);
  });

  it('have LeaderDown once, from the threshold on, with the time since when', () => {
    const leaderless = (leaderlessMs: number) =>
      currentAlerts(cluster(old), { leaderId: null, leaderlessMs, rules: [] }, NOW);
    expect(leaderless(LEADERLESS_ALERT_MS - 1)).toEqual([old]);
    const firing = leaderless(2500);
    expect(firing).toMatchObject([
      {
        id: 'LeaderDown',
        state: 'firing',
        since: NOW - 2500,
        value: 'no leader for 2.5s',
        acknowledgedBy: null,
        incident: 'term-1',
        firedAt: NOW - 2500,
      },
    ]);
    expect(firingCount(firing)).toBe(1);
  });
});

describe('alertTransitions', () => {
  it('say what a new leader records of the pause before it, and that the pause is over', () => {
    const ledger = threeNodes();
    const pause = alertTransitions(ledger.cluster, { leaderId: null, leaderlessMs: 3000, rules: [] });
    expect(pause).toMatchObject([{ id: 'LeaderDown', state: 'firing' }]);
    for (const alert of pause) ledger.done({ kind: 'alert-transition', alert });
    const over = alertTransitions(ledger.cluster, { leaderId: 'n2', leaderlessMs: 0, rules: [] });
    expect(over).toMatchObject([{ id: 'LeaderDown', state: 'resolved', value: 'n2 leads' }]);
    for (const alert of over) ledger.done({ kind: 'alert-transition', alert });
    expect(alertTransitions(ledger.cluster, { leaderId: 'n2', leaderlessMs: 0, rules: [] })).toEqual([]);
    expect(ledger.events.slice(-2).map((e) => e.kind)).toEqual(['alert-fired', 'alert-resolved']);
  });
});
