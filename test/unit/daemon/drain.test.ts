import { describe, expect, it } from 'vitest';
import { DrainGate, gated } from '../../../daemon/drain-gate.ts';
import { drainsDue } from '../../../daemon/due-commands.ts';
import { nextStep } from '../../../daemon/operation-steps.ts';
import { LIMITS, must, SqlccError } from '../../../src/base/index.ts';
import { planDrain } from '../../../src/cluster/index.ts';
import type { RaftStatus } from '../../../src/raft/index.ts';
import type { Call, Handlers } from '../../../src/rpc/index.ts';
import { fact, facts, type Ledger, NOW, threeNodes } from '../cluster/world.ts';

function drained(nodeId = 'n1'): Ledger {
  const ledger = threeNodes();
  ledger.now = Date.now();
  ledger.done({ kind: 'drain-enable', nodeId, owner: 'ann', reason: 'cable', forMs: 60_000 });
  return ledger;
}

const address = (node_id: string) => ({ node_id, host: '10.0.0.1', port: 1, client_port: 2 });

describe('a drain in the record', () => {
  it('begins and ends with an event and a line of the audit, and ends by itself', () => {
    const ledger = drained();
    expect(ledger.kinds()).toEqual(['drain-enabled']);
    expect(ledger.cluster.audit.at(-1)).toMatchObject({ action: 'drain-enable', target: 'n1', before: null });
    expect(drainsDue(ledger.cluster, ledger.now)).toEqual([]);
    const due = drainsDue(ledger.cluster, ledger.now + 60_000);
    const expires = ledger.now + 60_000;
    expect(due).toEqual([{ kind: 'drain-disable', nodeId: 'n1', cause: 'expired', expires }]);
    for (const command of due) ledger.done(command);
    expect(ledger.kinds()).toEqual(['drain-disabled']);
    expect(ledger.cluster.drains).toEqual({});
    ledger.refused({ kind: 'drain-enable', nodeId: 'n9', owner: 'a', reason: '', forMs: 1 }, 'not_found');
    ledger.refused(
      { kind: 'drain-enable', nodeId: 'n1', owner: 'a', reason: '', forMs: 0 },
      'invalid_argument',
    );
  });

  it('keeps how long clients get to go, from the request to the record, within an hour', () => {
    const ledger = threeNodes();
    const operation = {
      ...{ id: 'o1', from: 'n2', to: null, reason: '', forMs: 60_000, graceMs: 30_000, candidates: [] },
      ...({ kind: 'drain-enable', phase: 'accepted' } as const),
    };
    ledger.done({ kind: 'operation-begin', operation });
    const running = must(ledger.cluster.operations.at(-1), 'the operation');
    const step = nextStep(running, ledger.cluster, { nodeId: 'n1' } as unknown as RaftStatus, 0);
    expect(step).toMatchObject({ command: { kind: 'drain-enable', graceMs: 30_000 } });
    if (step.kind === 'propose') ledger.done(step.command);
    expect(ledger.cluster.drains?.['n2']).toMatchObject({ graceMs: 30_000 });
    const wish = { kind: 'drain-enable', nodeId: 'n3', owner: 'a', reason: '', forMs: 60_000 } as const;
    for (const graceMs of [-1, LIMITS.maxDrainGraceMs + 1, Number.NaN])
      ledger.refused({ ...wish, graceMs }, 'invalid_argument');
    const { plan } = planDrain(
      ...[
        ledger.cluster,
        facts(),
        { nodeId: 'n3', enable: true, forMs: 60_000, graceMs: 5000, owner: 'a' },
        NOW,
      ],
    );
    expect(plan.command).toBe('sqlcc node drain n3 --for 1m --grace 5s');
  });

  it('leaves clients the time they have when its owner only asks for a later end', () => {
    const ledger = threeNodes();
    const wish = { kind: 'drain-enable', nodeId: 'n2', owner: 'ann', reason: '' } as const;
    ledger.done({ ...wish, forMs: 60_000, graceMs: 30_000 });
    ledger.done({ ...wish, forMs: 120_000 });
    expect(ledger.cluster.drains?.['n2']).toMatchObject({ expires: NOW + 120_000, graceMs: 30_000 });
    ledger.done({ ...wish, forMs: 120_000, graceMs: 5000 });
    expect(ledger.cluster.drains?.['n2']).toMatchObject({ graceMs: 5000 });
  });

  it('is planned only where leadership and clients have somewhere to go', () => {
    const plan = (nodeId: string, world = facts(), ledger = threeNodes()) =>
      planDrain(ledger.cluster, world, { nodeId, enable: true, forMs: 60_000, owner: 'bob' }, NOW);
    expect(plan('n1').plan).toMatchObject({ kind: 'drain-enable', from: 'n1', to: 'n2' });
    expect(plan('n2').kind).toBe('ready');
    const lonely = facts({}, [fact('n2', { liveness: 'dead' }), fact('n3', { liveness: 'dead' })]);
    const refused = plan('n1', lonely);
    expect(refused.kind === 'refused' ? refused.reasons.join('; ') : '').toMatch(
      /no other node would take the clients; n1 leads and nobody can take over/,
    );
    const owned = planDrain(
      ...[drained().cluster, facts(), { nodeId: 'n1', enable: true, forMs: 1, owner: 'bob' }, Date.now()],
    );
    expect(owned.kind === 'refused' ? owned.reasons[0] : '').toContain('n1 is drained by ann for another');
    const off = planDrain(
      ...[threeNodes().cluster, facts(), { nodeId: 'n1', enable: false, forMs: 0, owner: 'bob' }, NOW],
    );
    expect(off.kind === 'refused' ? off.reasons : []).toEqual(['n1 is not drained']);
  });

  it('hands leadership over once the record says it, and is done on the next leader', () => {
    const ledger = threeNodes();
    const operation = {
      ...{ id: 'o1', from: 'n1', to: 'n2', reason: '', forMs: 60_000, candidates: [], phase: 'accepted' },
      kind: 'drain-enable' as const,
    };
    ledger.done({ kind: 'operation-begin', operation });
    const voters = ['n1', 'n2', 'n3'].map((nodeId) => ({ nodeId, instanceId: '', address: '' }));
    const steps: string[] = [];
    let leader = 'n1';
    for (let n = 0; n < 8; n++) {
      const running = ledger.cluster.operations.at(-1);
      if (running?.state !== 'running') break;
      const membership = { voters, outgoing: [], learners: [], learnersNext: [] };
      const raft = { nodeId: leader, membership, transferringTo: null } as unknown as RaftStatus;
      const step = nextStep(running, ledger.cluster, raft, 0);
      steps.push(step.kind === 'propose' ? step.command.kind : step.kind);
      if (step.kind === 'propose') ledger.done(step.command);
      if (step.kind === 'transfer') leader = 'n2';
    }
    expect(steps).toEqual(['drain-enable', 'operation-phase', 'transfer', 'operation-end']);
  });
});

describe('the gate of a drained node', () => {
  const call = {} as Call;
  const world = (leader: string | null, ledger: Ledger | null = drained()) => ({
    ...{ nodeId: 'n1', cluster: () => ledger?.cluster ?? null },
    leader: () => (leader === null ? null : address(leader)),
  });

  it('sends requests for data to the leader and serves everything else', async () => {
    const gate = new DrainGate(
      world('n2'),
      () => [],
      () => {},
    );
    const handlers: Handlers = { getKey: async () => ({ body: 1 }), status: async () => ({ body: 2 }) };
    const doors = gated(handlers, gate.refusal, gate.closed);
    await expect(doors.status?.(call)).resolves.toEqual({ body: 2 });
    const refused = await (doors.getKey?.(call) ?? Promise.resolve()).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(SqlccError);
    expect(refused).toMatchObject({ code: 'not_leader', details: { leader: { node_id: 'n2' } } });
  });

  it('serves while it leads itself, while nobody leads, and when nothing is drained', () => {
    for (const parts of [world('n1'), world(null), world('n2', threeNodes()), world('n2', null)]) {
      expect(
        new DrainGate(
          parts,
          () => [],
          () => {},
        ).refusal(),
      ).toBeNull();
    }
  });

  it('asks clients to go once, and says so when it takes them again', () => {
    const ledger = drained();
    const told: string[] = [];
    const graces: number[] = [];
    const door = { dismiss: (graceMs: number) => graces.push(graceMs) };
    const gate = new DrainGate(
      world('n2', ledger),
      () => [door, door],
      (what) => told.push(what),
    );
    gate.follow();
    gate.follow();
    expect(graces).toEqual([LIMITS.drainGraceMs, LIMITS.drainGraceMs]);
    ledger.done({ kind: 'drain-disable', nodeId: 'n1', cause: '' });
    gate.follow();
    expect(told).toEqual(['sends clients away', 'takes clients']);
    expect(gate.closed().aborted).toBe(false);
  });

  it('gives them as long as was asked for', () => {
    const ledger = threeNodes();
    ledger.now = Date.now();
    const wish = { kind: 'drain-enable', nodeId: 'n1', owner: 'ann', reason: '', forMs: 60_000 } as const;
    ledger.done({ ...wish, graceMs: 30_000 });
    const graces: number[] = [];
    const door = { dismiss: (graceMs: number) => graces.push(graceMs) };
    new DrainGate(
      world('n2', ledger),
      () => [door],
      () => {},
    ).follow();
    expect(graces).toEqual([30_000]);
  });

  it('ends a stream that stays when the doors close for good', async () => {
    const closing = new AbortController();
    async function* endless(): AsyncGenerator<number> {
      yield 1;
      await new Promise(() => {}); // it hangs in its own wait: the reader is let go all the same
    }
    const handlers: Handlers = { watchKeys: async () => ({ stream: endless() }) };
    const doors = gated(
      handlers,
      () => null,
      () => closing.signal,
    );
    const lines: unknown[] = [];
    const answer = await doors.watchKeys?.(call);
    for await (const line of answer?.stream ?? []) {
      lines.push(line);
      closing.abort();
    }
    expect(lines).toEqual([1]);
  });
});
