/** Tables of the cluster against those who act on them. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nextStep } from '../../../daemon/operation-steps.ts';
import type { ClusterEvent, ClusterState, Operation, OperationKind } from '../../../src/cluster/index.ts';
import { EVENT_KINDS, OPERATION_PHASES } from '../../../src/cluster/index.ts';
import type { RaftMember, RaftStatus } from '../../../src/raft/index.ts';
import { campaign, started, threeNodes } from './world.ts';

function member(nodeId: string): RaftMember {
  return { nodeId, instanceId: `i-${nodeId}`, address: `${nodeId}:1` };
}

/** What the steps read of a leader's status. */
function status(nodeId: string, voters: readonly string[]): RaftStatus {
  const membership = { voters: voters.map(member), outgoing: [], learners: [], learnersNext: [] };
  const told = {
    ...{ nodeId, term: 4, transferringTo: null, membershipCommitted: true, membership },
    ...{ last: { term: 4, index: 9 }, peers: [{ nodeId: 'n2', match: 9 }] },
  };
  return told as unknown as RaftStatus;
}

/** Runs an operation as leaders would: what they propose is applied, what they ask of Raft happens. */
function phasesOf(kind: OperationKind, from: string): string[] {
  const ledger = threeNodes();
  if (kind === 'maintenance-disable') {
    ledger.done({ kind: 'maintenance-enable', nodeId: from, owner: 'ann', reason: '', forMs: 60_000 });
  }
  const operation = { id: 'o1', kind, from, to: 'n2', reason: '', forMs: null, candidates: [] };
  ledger.done({ kind: 'operation-begin', operation: { ...operation, phase: 'accepted' } });
  let leader = 'n1';
  let voters = ['n1', 'n2', 'n3'];
  for (let turn = 0; turn < 20; turn++) {
    const state: ClusterState = ledger.cluster;
    const running = state.operations.at(-1) as Operation;
    if (running.state !== 'running') break;
    const step = nextStep(running, state, status(leader, voters), 0);
    if (step.kind === 'propose') ledger.done(step.command);
    else if (step.kind === 'transfer') {
      leader = 'n2';
      ledger.done({ kind: 'leader-started', ...campaign('n2', 5) });
    } else if (step.kind === 'change-members' && step.change.kind === 'remove') {
      const { nodeId } = step.change;
      voters = voters.filter((v) => v !== nodeId);
    }
  }
  const ended = ledger.cluster.operations.at(-1);
  expect(ended).toMatchObject({ state: 'done', error: null });
  return ended?.phases.map((p) => p.name) ?? [];
}

describe('OPERATION_PHASES', () => {
  it.each([
    ['failover', 'n1'],
    ['switchover', 'n1'],
    ['maintenance-enable', 'n1'],
    ['maintenance-disable', 'n3'],
    ['remove-node', 'n1'],
  ] as const)('names the phases that leaders walk through: %s of %s', (kind, from) => {
    expect(phasesOf(kind, from)).toEqual(OPERATION_PHASES[kind]);
  });
});

describe('EVENT_KINDS', () => {
  it('has every kind that applying commands tells', () => {
    const ledger = threeNodes();
    ledger.done(started('n2'));
    ledger.done({ kind: 'node-remove', nodeId: 'n3', reason: '' });
    const told: readonly ClusterEvent[] = ledger.events;
    expect(told.filter((e) => !EVENT_KINDS.includes(e.kind))).toEqual([]);
    expect(new Set(EVENT_KINDS).size).toBe(EVENT_KINDS.length);
  });

  it('are told by somebody each, and none waits for an event that never comes', () => {
    const root = join(import.meta.dirname, '../../..');
    // whoever lists kinds tells nothing
    const lists = ['src/cluster/events.ts', 'src/cli/commands/watch.ts'].map((file) => join(root, file));
    const files = ['src', 'daemon']
      .flatMap((dir) => globSync(join(root, dir, '**/*.ts')))
      .filter((file) => !lists.includes(file));
    const source = files.map((file) => readFileSync(file, 'utf8')).join('\n');
    const isTold = (kind: string): boolean =>
      source.includes(`'${kind}'`) || (/^schedule-/.test(kind) && /kind: `schedule-/.test(source));
    expect(EVENT_KINDS.filter((kind) => !isTold(kind))).toEqual([]);
  });
});
