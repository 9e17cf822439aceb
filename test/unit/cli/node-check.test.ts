import { describe, expect, it } from 'vitest';
import { judge } from '../../../src/cli/commands/node-check.ts';
import type { NodeRow, StatusResponse } from '../../../src/client/index.ts';

const LIMITS = { warn: 100, critical: 1000 };
const fine = {
  ...{ node_id: 'n1', voter: true, liveness: 'alive', health: 'HEALTHY', issues: [], maintenance: null },
  lag_entries: 0,
} as unknown as NodeRow;
const maintenance = { owner: 'ann', reason: 'disk', since: '', expires: '' };

/** A cluster of so many voters, of which the last `dead` are dead; n1 is `node`. */
function verdict(node: Partial<NodeRow>, { voters = 3, dead = 0, leader = 'n1' as string | null } = {}) {
  const nodes = Array.from({ length: voters }, (_, n): NodeRow => {
    const liveness = n >= voters - dead ? 'dead' : 'alive';
    return { ...fine, node_id: `n${n + 1}`, liveness };
  });
  nodes[0] = { ...fine, ...node };
  const quorum = Math.floor(voters / 2) + 1;
  const raft = { leader_id: leader, voters: nodes.map((n) => n.node_id), quorum, tolerates: voters - quorum };
  return judge({ raft, nodes } as unknown as StatusResponse, nodes[0], LIMITS);
}

describe('judge', () => {
  it.each([
    ['a healthy node', verdict({}), 'ok'],
    ['a suspected one', verdict({ liveness: 'suspect' }), 'warning'],
    ['a degraded one', verdict({ health: 'DEGRADED', issues: ['slow disk'] }), 'warning'],
    ['one without a verdict', verdict({ health: 'UNKNOWN' }), 'warning'],
    ['an unhealthy one', verdict({ health: 'UNHEALTHY' }), 'critical'],
    ['one in maintenance', verdict({ maintenance }), 'warning'],
    ['a drained one', verdict({ drain: maintenance }), 'warning'],
    ['a dead one', verdict({ liveness: 'dead', health: 'UNKNOWN' }), 'critical'],
    ['one that left', verdict({ liveness: 'left' }), 'critical'],
    ['one that nobody knows of', verdict({ liveness: 'unknown' }), 'critical'],
    ['a lag at the limit', verdict({ lag_entries: 100 }), 'ok'],
    ['a lag above it', verdict({ lag_entries: 101 }), 'warning'],
    ['a large lag', verdict({ lag_entries: 1001 }), 'critical'],
    ['a lag that nobody knows', verdict({ lag_entries: null }), 'ok'],
    ['one of three voters dead', verdict({}, { dead: 1 }), 'warning'],
    ['one of five voters dead', verdict({}, { voters: 5, dead: 1 }), 'ok'],
    ['two of five voters dead', verdict({}, { voters: 5, dead: 2 }), 'warning'],
    ['two of three voters dead', verdict({}, { dead: 2 }), 'critical'],
    ['a voter alone', verdict({}, { voters: 1 }), 'ok'],
    ['two voters', verdict({}, { voters: 2 }), 'ok'],
    ['no leader', verdict({}, { leader: null }), 'critical'],
  ])('%s', (_what, found, level) => {
    expect(found.level).toBe(level);
    expect(found.reasons.length > 0).toBe(level !== 'ok');
  });

  it('tells all reasons', () => {
    const { reasons } = verdict({
      lag_entries: 5000,
      maintenance,
      health: 'DEGRADED',
      issues: ['slow disk'],
    });
    expect(reasons).toEqual(['slow disk', 'in maintenance: disk', '5000 entries behind']);
  });
});
