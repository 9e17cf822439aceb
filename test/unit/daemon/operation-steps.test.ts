import { describe, expect, it } from 'vitest';
import { nextStep as stepAt } from '../../../daemon/operation-steps.ts';
import type { ClusterState, Operation } from '../../../src/cluster/index.ts';
import type { RaftStatus } from '../../../src/raft/index.ts';
import { type Ledger, threeNodes } from '../cluster/world.ts';

const member = (nodeId: string) => ({ nodeId, instanceId: `i-${nodeId}`, address: `${nodeId}:1` });

function raft(nodeId: string, changes: Partial<RaftStatus> = {}, voters = ['n1', 'n2', 'n3']): RaftStatus {
  const membership = { voters: voters.map(member), outgoing: [], learners: [], learnersNext: [] };
  const status = {
    nodeId,
    role: 'leader',
    term: 7,
    membership,
    membershipCommitted: true,
    transferringTo: null,
  };
  return { ...status, ...changes } as unknown as RaftStatus;
}

function cluster(changes: Partial<ClusterState> = {}): ClusterState {
  const nodes = { n1: {}, n2: {}, n3: {} };
  return { nodes, maintenance: {}, ...changes } as unknown as ClusterState;
}

function operation(changes: Partial<Operation>): Operation {
  const base = {
    id: 'op1',
    phase: 'accepted',
    from: 'n1',
    to: 'n2',
    actor: 'anna',
    reason: 'r',
    forMs: null,
  };
  return { ...base, ...changes } as unknown as Operation;
}

const NOW = 1_700_000_000_000;
const nextStep = (o: Operation, c: ClusterState, r: RaftStatus, inPhaseMs = 0) => stepAt(o, c, r, inPhaseMs);

const end = (state: string) => ({ kind: 'propose', command: { kind: 'operation-end', id: 'op1', state } });

describe('nextStep of a failover', () => {
  const failover = (phase: string) => operation({ kind: 'failover', phase });

  it('enters its phase in the record before it acts', () => {
    expect(nextStep(failover('accepted'), cluster(), raft('n1'))).toMatchObject({
      command: { kind: 'operation-phase', phase: 'transferring' },
    });
    expect(nextStep(failover('transferring'), cluster(), raft('n1'))).toMatchObject({
      kind: 'transfer',
      to: 'n2',
    });
  });

  it('waits while the transfer is under way', () => {
    const step = nextStep(failover('transferring'), cluster(), raft('n1', { transferringTo: 'n2' }));
    expect(step).toEqual({ kind: 'wait' });
  });

  it('is ended by the target when it leads, and by any other leader as failed', () => {
    expect(nextStep(failover('transferring'), cluster(), raft('n2'))).toMatchObject(end('done'));
    expect(nextStep(failover('transferring'), cluster(), raft('n3'))).toMatchObject({
      command: { state: 'failed', error: 'n3 leads term 7 instead of n2' },
    });
  });
});

describe('nextStep of a switchover', () => {
  const at = (phase: string) =>
    operation({
      ...{ kind: 'switchover', phase, startedAt: NOW },
      phases: [{ name: phase, at: NOW, elapsedMs: null, result: null }],
    });
  const led = (match: number) =>
    raft('n1', {
      last: { term: 7, index: 1000 },
      peers: [{ nodeId: 'n2', match }],
    } as unknown as Partial<RaftStatus>);

  it('waits until the target is in step, then moves leadership', () => {
    expect(nextStep(at('accepted'), cluster(), led(0))).toMatchObject({ command: { phase: 'catching-up' } });
    expect(nextStep(at('catching-up'), cluster(), led(935))).toEqual({ kind: 'wait' });
    expect(nextStep(at('catching-up'), cluster(), led(936))).toMatchObject({
      command: { phase: 'transferring' },
    });
    expect(nextStep(at('transferring'), cluster(), led(1000))).toMatchObject({ kind: 'transfer', to: 'n2' });
  });

  it('gives up on a target that does not get there, and the leader stays', () => {
    expect(nextStep(at('catching-up'), cluster(), led(0), 9_999)).toEqual({ kind: 'wait' });
    expect(nextStep(at('catching-up'), cluster(), led(0), 10_000)).toMatchObject({
      command: { state: 'failed', error: 'n2 is 1000 entries behind after 10 s; n1 goes on leading' },
    });
  });

  it.each(['accepted', 'catching-up', 'transferring'])(
    'taken over in phase %s ends, whoever leads',
    (phase) => {
      expect(nextStep(at(phase), cluster(), raft('n2'))).toMatchObject(end('done'));
      expect(nextStep(at(phase), cluster(), raft('n3'))).toMatchObject(end('failed'));
    },
  );
});

describe.each(['maintenance', 'drain'] as const)('nextStep of a %s that is there already', (what) => {
  const MINUTE = 60_000;
  const ofKind = (ledger: Ledger) =>
    what === 'drain' ? ledger.cluster.drains?.['n2'] : ledger.cluster.maintenance['n2'];

  /** Begins the operation and takes it as far as `steps` of one leader. */
  function asked(ledger: Ledger, id: string, forMs: number, steps = 8): string[] {
    const begun = {
      id,
      kind: `${what}-enable`,
      from: 'n2',
      to: null,
      reason: id,
      phase: 'accepted',
    } as const;
    ledger.done({ kind: 'operation-begin', operation: { ...begun, candidates: [], forMs } });
    return taken(ledger, steps);
  }
  function taken(ledger: Ledger, steps = 8): string[] {
    const kinds: string[] = [];
    while (kinds.length < steps) {
      const running = ledger.cluster.operations.find((o) => o.state === 'running');
      if (running === undefined) break;
      const step = nextStep(running, ledger.cluster, raft('n1'));
      kinds.push(step.kind === 'propose' ? step.command.kind : step.kind);
      if (step.kind === 'propose') ledger.done(step.command);
    }
    return kinds;
  }

  it('sets its new end and reason once, whether later or earlier', () => {
    const ledger = threeNodes();
    asked(ledger, 'first', 60 * MINUTE);
    for (const [id, forMs] of [
      ['longer', 240 * MINUTE],
      ['shorter', 10 * MINUTE],
    ] as const) {
      ledger.now += MINUTE;
      expect(asked(ledger, id, forMs)).toEqual([`${what}-enable`, 'operation-end']);
      expect(ofKind(ledger)).toMatchObject({ reason: id, since: NOW, expires: ledger.now + forMs });
    }
    const said = ledger.events.filter((e) => e.kind === `${what}-enabled`).map((e) => e.message);
    expect(said.at(-2)).toMatch(/by ann for another 4h: longer$/);
    expect(said[0]).not.toContain('another');
    const line = ledger.cluster.audit.findLast((l) => l.action === `${what}-enable`);
    expect(line?.before).not.toBe(line?.after);
  });

  it('is extended once, also when another leader goes on', () => {
    const ledger = threeNodes();
    asked(ledger, 'first', MINUTE);
    expect(asked(ledger, 'longer', 60 * MINUTE, 1)).toEqual([`${what}-enable`]);
    const { expires } = ofKind(ledger) ?? {};
    ledger.now += MINUTE;
    expect(taken(ledger)).toEqual(['operation-end']);
    expect(ofKind(ledger)?.expires).toBe(expires);
  });
});

describe('nextStep of a maintenance', () => {
  const enable = (changes: Partial<Operation> = {}) =>
    operation({ kind: 'maintenance-enable', forMs: 60_000, ...changes });
  const inMaintenance = cluster({
    maintenance: { n1: { operation: 'op1' } },
  } as unknown as Partial<ClusterState>);

  it('marks the node first, for the time that was asked', () => {
    expect(nextStep(enable(), cluster(), raft('n1'))).toMatchObject({
      command: { kind: 'maintenance-enable', nodeId: 'n1', owner: 'anna', forMs: 60_000 },
    });
  });

  it('hands leadership away from the node, then is done on the next leader', () => {
    expect(nextStep(enable(), inMaintenance, raft('n1'))).toMatchObject({
      command: { phase: 'handing-over' },
    });
    expect(nextStep(enable({ phase: 'handing-over' }), inMaintenance, raft('n1'))).toMatchObject({
      kind: 'transfer',
    });
    expect(nextStep(enable({ phase: 'handing-over' }), inMaintenance, raft('n2'))).toMatchObject(end('done'));
  });

  it('leaves a lone voter leading', () => {
    expect(nextStep(enable(), inMaintenance, raft('n1', {}, ['n1']))).toMatchObject(end('done'));
  });

  it('disable takes the mark away, once', () => {
    const disable = operation({ kind: 'maintenance-disable' });
    expect(nextStep(disable, inMaintenance, raft('n1'))).toMatchObject({
      command: { kind: 'maintenance-disable' },
    });
    expect(nextStep(disable, cluster(), raft('n1'))).toMatchObject(end('done'));
  });
});

describe('nextStep of a removal', () => {
  const remove = (phase: string, from = 'n3') => operation({ kind: 'remove-node', phase, from, to: null });
  const without = raft('n1', {}, ['n1', 'n2']);

  it('takes the vote before the record', () => {
    expect(nextStep(remove('accepted'), cluster(), raft('n1'))).toMatchObject({
      command: { phase: 'leaving-raft' },
    });
    expect(nextStep(remove('leaving-raft'), cluster(), raft('n1'))).toEqual({
      kind: 'change-members',
      change: { kind: 'remove', nodeId: 'n3' },
    });
    expect(nextStep(remove('leaving-raft'), cluster(), without)).toMatchObject({
      command: { kind: 'node-remove' },
    });
    const gone = cluster({ nodes: { n1: {}, n2: {} } } as unknown as Partial<ClusterState>);
    expect(nextStep(remove('leaving-raft'), gone, without)).toMatchObject(end('done'));
  });

  it('waits for a configuration that is not committed', () => {
    const pending = raft('n1', { membershipCommitted: false });
    expect(nextStep(remove('leaving-raft'), cluster(), pending)).toEqual({ kind: 'wait' });
  });

  it('of the leader itself hands over first', () => {
    expect(nextStep(remove('accepted', 'n1'), cluster(), raft('n1'))).toMatchObject({
      command: { phase: 'handing-over' },
    });
    expect(nextStep(remove('handing-over', 'n1'), cluster(), raft('n1'))).toMatchObject({ kind: 'transfer' });
    expect(nextStep(remove('handing-over', 'n1'), cluster(), raft('n2'))).toMatchObject({
      command: { phase: 'leaving-raft' },
    });
  });
});
