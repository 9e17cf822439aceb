import { describe, expect, it } from 'vitest';
import { fleetDocument, fleetText } from '../../../tui/batch/index.ts';
import { status } from '../../tui/recording.ts';

const cluster = status().cluster;
const entry = (context: string, health: 'healthy' | 'degraded' | 'critical', reasons: string[] = []) => ({
  context,
  status: status({ cluster: { ...cluster, name: context, health, reasons } }),
  error: null,
});
const lost = { context: 'lost', status: null, error: 'connection refused' };

describe('fleet', () => {
  it('fleet rows come worst first, equal ones by name, and the whole is as its worst', () => {
    const entries = [entry('b', 'healthy'), entry('a', 'healthy'), entry('d', 'degraded'), lost];
    const document = fleetDocument([...entries, entry('c', 'critical', ['no leader'])]);
    expect(document.clusters.map((c) => c.context)).toEqual(['c', 'lost', 'd', 'a', 'b']);
    expect(document.health).toBe('critical');
    expect(fleetDocument(entries).health).toBe('unreachable');
    expect(fleetDocument([]).health).toBe('healthy');
  });

  it('fleet row counts voters, nodes and alerts, and knows nothing of a cluster that never answered', () => {
    const [known, unknown] = ['degraded', null].map(
      (health) =>
        fleetDocument([health === null ? lost : entry('x', 'degraded', ['n5 is dead'])]).clusters[0],
    );
    expect(known).toMatchObject({
      ...{ leader_id: 'n1', term: 9, voters_up: 4, voters: 5, nodes_alive: 5, nodes: 6 },
      ...{ alerts_firing: 2, config_version: 41, reason: 'n5 is dead' },
    });
    expect(unknown).toMatchObject({ health: 'unreachable', term: null, nodes: null, reason: lost.error });
  });

  it('fleet row of an old picture is not healthy, and says how old it is', () => {
    const { status: known, ...rest } = entry('x', 'healthy');
    const read = { ...known.cluster.read, age_ms: 60_000 };
    const old = { ...rest, status: { ...known, cluster: { ...known.cluster, read } } };
    expect(fleetDocument([old])).toMatchObject({
      ...{ health: 'unknown', clusters: [{ health: 'unknown', reason: 'STALE: 1m00s old' }] },
    });
    const bad = {
      ...old,
      status: { ...old.status, cluster: { ...old.status.cluster, health: 'critical' as const } },
    };
    expect(fleetDocument([bad]).health).toBe('critical');
  });

  it('fleet text is one line a cluster, and a hostile name steers nothing', () => {
    const text = fleetText([entry('good', 'healthy'), { ...lost, context: '\u001b[2Jx\u202ey\nz' }], 80);
    expect(text.trimEnd().split('\n')).toHaveLength(3);
    expect(text).toMatch(/good +healthy +n1 +9 +4\/5 +5\/6 +2 +v41/);
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
  });
});
