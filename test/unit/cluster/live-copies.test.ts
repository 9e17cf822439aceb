import { describe, expect, it } from 'vitest';
import type { Planned } from '../../../src/cluster/index.ts';
import { planDrain, planMaintenance, planRemoval, planReplacement } from '../../../src/cluster/index.ts';
import { fact, facts, NOW, record, threeNodes, token } from './world.ts';

const HOUR = 3_600_000;
const wish = { enable: true, forMs: HOUR, owner: 'ann' };
const all = { minReplicas: 3 };

/** n1 … n3 vote, n4 follows without a vote. */
function withSpare() {
  const ledger = threeNodes();
  ledger.done({ kind: 'token-create', token: token('t4', { role: 'observer' }) });
  ledger.done({ kind: 'node-admit', node: record('n4', { suffrage: 'observer' }), tokenId: 't4' });
  return ledger.cluster;
}

function maintained(nodeId: string) {
  const ledger = threeNodes();
  ledger.done({ kind: 'maintenance-enable', nodeId, owner: 'ann', reason: '', forMs: HOUR });
  return ledger.cluster;
}

function replicas({ kind, plan }: Planned) {
  const { result, text } = plan.checks.find((c) => c.name === 'replicas') ?? {};
  return { kind, result, text };
}

describe('fewer live copies than min_replicas', () => {
  it('are what a removal is refused for, with what to do about it', () => {
    const { cluster } = threeNodes();
    expect(replicas(planRemoval(cluster, facts(all), { nodeId: 'n3' }, NOW))).toEqual({
      kind: 'refused',
      result: 'fail',
      text:
        '2 live copies are left, min_replicas is 3; ' +
        'join a voter before, or lower replication.min_replicas',
    });
    expect(replicas(planRemoval(cluster, facts(), { nodeId: 'n3' }, NOW))).toEqual({
      kind: 'ready',
      result: 'pass',
      text: '2 live copies are left, min_replicas is 2',
    });
  });

  it('do not keep a dead node in the cluster: nothing gets worse by its going', () => {
    const given = facts(all, [fact('n3', { liveness: 'dead' })]);
    expect(replicas(planRemoval(threeNodes().cluster, given, { nodeId: 'n3' }, NOW))).toEqual({
      kind: 'ready',
      result: 'warn',
      text: '2 live copies are left, min_replicas is 3: it is no fewer than now',
    });
  });

  it('are too few already, and one more that goes is refused', () => {
    const given = facts({ minReplicas: 9 });
    expect(replicas(planRemoval(threeNodes().cluster, given, { nodeId: 'n3' }, NOW)).result).toBe('fail');
  });

  it('are what a maintenance is refused for, unless the risk is accepted', () => {
    const { cluster } = threeNodes();
    expect(replicas(planMaintenance(cluster, facts(all), { ...wish, nodeId: 'n2' }, NOW))).toEqual({
      kind: 'refused',
      result: 'fail',
      text: '2 live copies are left, min_replicas is 3; --accept-quorum-risk overrides',
    });
    const accepted = { ...wish, nodeId: 'n2', acceptQuorumRisk: true };
    expect(replicas(planMaintenance(cluster, facts(all), accepted, NOW))).toEqual({
      kind: 'ready',
      result: 'warn',
      text: '2 live copies are left, min_replicas is 3; accepted',
    });
  });

  it('count without other nodes in maintenance, which may be stopped', () => {
    const five = ['n1', 'n2', 'n3', 'n4', 'n5'];
    const given = facts({ minReplicas: 4, voters: five, nodes: five.map((id) => fact(id)) });
    const planned = planMaintenance(maintained('n3'), given, { ...wish, nodeId: 'n2' }, NOW);
    expect(replicas(planned).text).toContain('3 live copies are left, min_replicas is 4');
    expect(planned.kind).toBe('refused');
  });

  it('do not keep an owner from more time, nor anybody from the end of it', () => {
    const more = planMaintenance(maintained('n2'), facts(all), { ...wish, nodeId: 'n2' }, NOW);
    expect(replicas(more)).toMatchObject({ kind: 'ready', result: 'warn' });
    const end = { ...wish, nodeId: 'n2', enable: false };
    expect(replicas(planMaintenance(maintained('n2'), facts(all), end, NOW))).toEqual({
      kind: 'ready',
      result: undefined,
      text: undefined,
    });
  });

  it('come by no drain and by no replacement, which keep as many as there were', () => {
    const drain = planDrain(threeNodes().cluster, facts({ minReplicas: 9 }), { ...wish, nodeId: 'n2' }, NOW);
    expect(replicas(drain)).toEqual({
      kind: 'ready',
      result: 'warn',
      text: '3 live copies are left, min_replicas is 9: it is no fewer than now',
    });
    const nodes = ['n1', 'n2', 'n3', 'n4'].map((id) => fact(id));
    const swap = { nodeId: 'n2', by: 'n4', stays: false };
    expect(replicas(planReplacement(withSpare(), facts({ ...all, nodes }), swap, NOW))).toEqual({
      kind: 'ready',
      result: 'pass',
      text: '3 live copies are left, min_replicas is 3',
    });
  });

  it('are what a replacement by a node that is not there is refused for', () => {
    const nodes = [...['n1', 'n2', 'n3'].map((id) => fact(id)), fact('n4', { liveness: 'dead' })];
    const swap = { nodeId: 'n2', by: 'n4', stays: false };
    expect(replicas(planReplacement(withSpare(), facts({ ...all, nodes }), swap, NOW))).toEqual({
      kind: 'refused',
      result: 'fail',
      text:
        '2 live copies are left, min_replicas is 3; ' +
        'wait until n4 is alive, or lower replication.min_replicas',
    });
  });
});
