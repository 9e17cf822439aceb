import { describe, expect, it } from 'vitest';
import type { ClusterState } from '../../../src/cluster/index.ts';
import { campaignWords, electionCause } from '../../../src/cluster/index.ts';
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

const cause = (e: Election, ...operations: readonly Operation[]) =>
  electionCause({ operations, elections: [e] }, e);

describe('electionCause', () => {
  it('names who moved leadership and why, or that it was by itself', () => {
    expect(cause(election(), operation())).toBe('transfer by admin: kernel update');
    expect(cause(election(), operation({ reason: '' }))).toBe('transfer by admin');
    const own = operation({ kind: 'hand-over', actor: 'system', reason: 'event loop lags', startedAt: NOW });
    expect(cause(election(), own)).toBe('transfer by itself: event loop lags');
  });

  it('leaves what no operation moved as it was recorded', () => {
    expect(cause(election())).toBe('transfer');
    const own = election({ cause: '153 ms of silence' });
    expect(electionCause({ operations: [operation()], elections: [election({ term: 2 }), own] }, own)).toBe(
      '153 ms of silence',
    );
    expect(cause(election(), operation({ to: 'n3' }))).toBe('transfer');
    expect(cause(election({ at: NOW + 60_000 }), operation())).toBe('transfer');
    expect(cause(election(), operation({ startedAt: NOW + 60_000, endedAt: null }))).toBe('transfer');
  });

  it('names whose loss it was, and never by what Raft calls it', () => {
    const told = (former: string, kind: string) => {
      const won = election({ cause: kind });
      return electionCause({ operations: [], elections: [election({ term: 2, nodeId: former }), won] }, won);
    };
    expect(told('n5', 'hint')).toBe('n5 connection lost');
    expect(told('n5', 'timeout')).toBe('n5 heartbeat lost');
    expect(told('n2', 'timeout'), 'it led before').toBe('no leader heard');
    const first = election({ cause: 'timeout' });
    expect(electionCause({ operations: [], elections: [first] }, first)).toBe('first election');
    // who led before the oldest that is remembered is forgotten
    expect(electionCause({ operations: [], elections: [first], electionCount: 7 }, first)).toBe(
      'no leader heard',
    );
    expect(['hint', 'timeout', 'transfer'].map((kind) => campaignWords(kind, null))).toEqual([
      ...['leader connection lost', 'no leader heard', 'transfer'],
    ]);
  });
});
