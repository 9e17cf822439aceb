import { describe, expect, it } from 'vitest';
import type { ClusterState } from '../../../src/cluster/index.ts';
import { electionCause } from '../../../src/cluster/index.ts';
import { NOW } from './world.ts';

type Operation = ClusterState['operations'][number];
type Election = ClusterState['elections'][number];

const election = (patch: Partial<Election> = {}): Election => ({
  ...{ term: 3, nodeId: 'n2', cause: 'transfer', silenceMs: null, electionMs: 20, votes: ['n1', 'n2'] },
  ...{ at: NOW, index: 9 },
  ...patch,
});

const operation = (patch: Partial<Operation> = {}): Operation => ({
  ...{ id: 'op-1', kind: 'failover', state: 'done', phase: 'transferring', phases: [], from: 'n1', to: 'n2' },
  ...{ actor: 'admin', reason: 'kernel update', error: null, startedAt: NOW - 150, endedAt: NOW + 30 },
  ...{ forMs: null, candidates: [] },
  ...patch,
});

const cause = (e: Election, ...operations: readonly Operation[]) => electionCause({ operations }, e);

describe('electionCause', () => {
  it('names who moved leadership and why, or that it was by itself', () => {
    expect(cause(election(), operation())).toBe('transfer by admin: kernel update');
    expect(cause(election(), operation({ reason: '' }))).toBe('transfer by admin');
    const own = operation({ kind: 'hand-over', actor: 'system', reason: 'event loop lags', startedAt: NOW });
    expect(cause(election(), own)).toBe('transfer by itself: event loop lags');
  });

  it('leaves what no operation moved as it was recorded', () => {
    expect(cause(election())).toBe('transfer');
    expect(cause(election({ cause: '153 ms of silence' }), operation())).toBe('153 ms of silence');
    expect(cause(election(), operation({ to: 'n3' }))).toBe('transfer');
    expect(cause(election({ at: NOW + 60_000 }), operation())).toBe('transfer');
    expect(cause(election(), operation({ startedAt: NOW + 60_000, endedAt: null }))).toBe('transfer');
  });
});
