import { describe, expect, it } from 'vitest';
import { clusterHealth, type HealthSources } from '../../../daemon/cluster-health.ts';

type Row = HealthSources['rows'][number];

function row(node_id: string, more: Partial<Row> = {}): Row {
  return { node_id, voter: true, liveness: 'alive', health: 'HEALTHY', issues: [], ...more };
}

const busy = (node_id: string, cpu = 100): Row =>
  row(node_id, { health: 'DEGRADED', issues: [`cpu is at ${cpu} %`] });

function told(rows: readonly Row[], more: Partial<HealthSources> = {}) {
  const rest = { leaderId: 'n1', isolated: null, replacement: null, minReplicas: 1, alerts: [] };
  return clusterHealth({ rows, ...rest, ...more });
}

const alert = (rule: string, nodeId: string | null, severity: 'critical' | 'warning') =>
  ({ rule, nodeId, severity, state: 'firing' }) as const;

describe('clusterHealth', () => {
  it('tells the worst first, whatever the order of the rows', () => {
    const rows = [
      busy('n1'),
      row('n2', { health: 'UNHEALTHY', issues: ['its disk is full'] }),
      row('n3', { liveness: 'suspect' }),
      row('n4', { liveness: 'dead' }),
      row('n5'),
    ];
    const alerts = [alert('NodeDown', 'n4', 'warning'), alert('HighErrorRate', null, 'critical')];
    expect(told(rows, { alerts, minReplicas: 4, replacement: 'n4 gives its place to n6 in 4m' })).toEqual({
      health: 'degraded',
      reasons: [
        'n4 is dead',
        '3 live copies, min_replicas is 4',
        'alert HighErrorRate is firing',
        'n3 is suspect',
        'n2 is unhealthy: its disk is full',
        'n4 gives its place to n6 in 4m',
        'alert NodeDown on n4 is firing',
        'n1 is degraded: cpu is at 100 %',
      ],
    });
  });

  it('begins with what keeps it from writing', () => {
    const rows = [busy('n1'), row('n2', { liveness: 'dead' }), row('n3', { liveness: 'dead' })];
    expect(told(rows, { leaderId: null, isolated: 'cut off from n2, n3' })).toEqual({
      health: 'critical',
      reasons: [
        'cut off from n2, n3',
        'no quorum: 1 of 3 voters are alive, 2 are needed',
        'no leader is known',
        'n2 and n3 are dead',
        'n1 is degraded: cpu is at 100 %',
      ],
    });
  });

  it('says once what is said of several nodes: up to three by name, of more the number', () => {
    expect(told([busy('n1'), busy('n2'), busy('n3')]).reasons).toEqual([
      'n1, n2 and n3 are degraded: cpu is at 100 %',
    ]);
    const rows = [busy('n1'), busy('n2'), busy('n3', 93), busy('n4', 97.5)];
    expect(told(rows).reasons).toEqual(['4 nodes are degraded: cpu is at 93–100 %']);
    const alerts = [alert('ReplicaLag', 'n2', 'warning'), alert('ReplicaLag', 'n3', 'warning')];
    expect(told([row('n1')], { alerts }).reasons).toEqual(['alert ReplicaLag on n2 and n3 is firing']);
  });

  it('keeps apart what differs in more than a number', () => {
    const full = (node_id: string, path: string) =>
      row(node_id, { health: 'DEGRADED', issues: [`disk ${path} is at 91 %`] });
    expect(told([full('n1', '/data'), full('n2', '/log')]).reasons).toEqual([
      'n1 is degraded: disk /data is at 91 %',
      'n2 is degraded: disk /log is at 91 %',
    ]);
  });

  it('is healthy when nothing is to be told, and leaves resolved alerts out', () => {
    const alerts = [{ ...alert('NodeDown', 'n2', 'warning'), state: 'resolved' as const }];
    expect(told([row('n1'), row('n2')], { alerts })).toEqual({ health: 'healthy', reasons: [] });
  });
});
