import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { OutgoingProposal } from '../../../daemon/packed-proposals.ts';
import { Proposals } from '../../../daemon/proposals.ts';
import type { LeaderAddress } from '../../../daemon/protocol.ts';
import { LIMITS } from '../../../src/base/index.ts';

const bytes = (size: number): Uint8Array<ArrayBuffer> => new Uint8Array(new ArrayBuffer(size));

const ignore = (): void => {};

const LEADER: LeaderAddress = { node_id: 'n2', host: 'h2', port: 5433, client_port: 5432 };

function make(leader: LeaderAddress | null = LEADER) {
  const sent: OutgoingProposal[][] = [];
  const proposals = new Proposals(
    (batch) => sent.push([...batch]),
    () => leader,
  );
  return { sent, proposals };
}

describe('Proposals', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('tells how long each of its own took until it was applied, and nothing of what was refused', async () => {
    const took: number[] = [];
    const sent: OutgoingProposal[] = [];
    const proposals = new Proposals(
      (batch) => sent.push(...batch),
      () => null,
      () => 0,
      (ms) => took.push(ms),
    );
    const done = proposals.propose('sql', bytes(1), 1000);
    const refused = proposals.propose('sql', bytes(1), 1000).catch(ignore);
    await vi.advanceTimersByTimeAsync(30);
    const [first, second] = sent as [OutgoingProposal, OutgoingProposal];
    proposals.onRefused([{ id: second.id, kind: 'refused', reason: 'overloaded', text: 'full' }]);
    const applied = { index: 7, term: 1, timestamp: 0, result: { ok: true as const, value: 1 } };
    proposals.onApplied([
      { proposalId: first.id, ...applied },
      { proposalId: 999, ...applied },
    ]);
    await Promise.all([done, refused]);
    expect(took).toEqual([30]);
  });

  it('hands over all proposals of one turn together and settles each with its own result', async () => {
    const { sent, proposals } = make();
    const a = proposals.propose('sql', bytes(1), 1000);
    const b = proposals.propose('command', bytes(2), 1000);
    await vi.advanceTimersByTimeAsync(0);
    expect(sent.map((batch) => batch.map((p) => p.kind))).toEqual([['sql', 'command']]);
    const [first, second] = sent[0] as [OutgoingProposal, OutgoingProposal];
    const result = (proposalId: number, index: number) => ({
      ...{ proposalId, index, term: 1, timestamp: 0 },
      result: { ok: true as const, value: index },
    });
    proposals.onApplied([result(second.id, 8), result(first.id, 7)]);
    await expect(a).resolves.toMatchObject({ index: 7 });
    await expect(b).resolves.toMatchObject({ index: 8 });
    expect(proposals.size).toBe(0);
  });

  it('a few wait for the many who are under way, and leave with them when they come back', async () => {
    const { sent, proposals } = make();
    const propose = (count: number): void => {
      for (let n = 0; n < count; n++) proposals.propose('command', bytes(1), 1000).catch(ignore);
    };
    const answer = (batch: readonly OutgoingProposal[]): void =>
      proposals.onApplied(
        batch.map(({ id }) => ({ proposalId: id, index: id, result: { ok: true as const, value: null } })),
      );
    propose(40);
    await vi.advanceTimersByTimeAsync(0);
    propose(10);
    await vi.advanceTimersByTimeAsync(5);
    expect(sent.map((batch) => batch.length)).toEqual([40]);
    answer(sent[0] as OutgoingProposal[]);
    propose(40);
    await vi.advanceTimersByTimeAsync(0);
    expect(sent.map((batch) => batch.length)).toEqual([40, 50]);
    // who is refused or too late is under way no more
    proposals.onRefused(
      (sent[1] ?? []).slice(0, 30).map(({ id }) => ({ id, kind: 'refused', reason: 'overloaded', text: '' })),
    );
    proposals.onOverwritten((sent[1] ?? []).slice(30).map(({ id }) => id));
    await vi.advanceTimersByTimeAsync(5);
    propose(20);
    await vi.advanceTimersByTimeAsync(0);
    expect(sent.map((batch) => batch.length)).toEqual([40, 50, 20]);
    propose(5);
    await vi.advanceTimersByTimeAsync(19);
    expect(sent).toHaveLength(3);
    await vi.advanceTimersByTimeAsync(2);
    expect(sent.at(-1)).toHaveLength(5);
  });

  it.each([
    ['not-leader', 'not_leader'],
    ['overloaded', 'overloaded'],
    ['transferring', 'no_leader'],
    ['membership-busy', 'conflict'],
    ['membership-illegal', 'failed_precondition'],
  ] as const)('a refusal %s means that nothing happened: %s', async (reason, code) => {
    const { sent, proposals } = make();
    const waiting = expect(proposals.propose('sql', bytes(1), 1000)).rejects.toMatchObject({ code });
    await vi.advanceTimersByTimeAsync(0);
    const id = sent[0]?.[0]?.id as number;
    proposals.onRefused([{ id, kind: 'refused', reason, text: 'no' }]);
    await waiting;
  });

  it('a deadline says outcome_unknown, never failed', async () => {
    const { proposals } = make();
    const waiting = expect(proposals.propose('sql', bytes(1), 50)).rejects.toMatchObject({
      code: 'outcome_unknown',
    });
    await vi.advanceTimersByTimeAsync(51);
    await waiting;
    expect(proposals.size).toBe(0);
  });

  it('another entry at its place proves that it did not happen', async () => {
    const { sent, proposals } = make();
    const waiting = expect(proposals.propose('sql', bytes(1), 1000)).rejects.toMatchObject({
      code: 'not_leader',
      details: { leader: LEADER },
    });
    await vi.advanceTimersByTimeAsync(0);
    proposals.onOverwritten([sent[0]?.[0]?.id as number]);
    await waiting;
  });

  it('not_leader names the leader; where nobody is known to lead it is no_leader', async () => {
    for (const [leader, refusal] of [
      [LEADER, { code: 'not_leader', details: { leader: LEADER } }],
      [null, { code: 'no_leader' }],
    ] as const) {
      const { sent, proposals } = make(leader);
      const [refused, overwritten] = [0, 1].map(() =>
        expect(proposals.propose('sql', bytes(1), 1000)).rejects.toMatchObject(refusal),
      );
      await vi.advanceTimersByTimeAsync(0);
      const [first, second] = sent[0] as [OutgoingProposal, OutgoingProposal];
      proposals.onRefused([{ id: first.id, kind: 'refused', reason: 'not-leader', text: 'no' }]);
      proposals.onOverwritten([second.id]);
      await Promise.all([refused, overwritten]);
    }
  });

  it('a lost majority leaves every outcome unknown, also of what was not yet accepted', async () => {
    const { proposals } = make();
    const waiting = expect(proposals.propose('sql', bytes(1), 60_000)).rejects.toMatchObject({
      code: 'outcome_unknown',
    });
    await vi.advanceTimersByTimeAsync(0);
    proposals.failAll('no majority');
    await waiting;
  });

  it('refuses what no log entry can hold, and more callers than its limit', async () => {
    const { proposals } = make();
    await expect(proposals.propose('sql', bytes(LIMITS.maxEntryBytes + 1), 1)).rejects.toMatchObject({
      code: 'invalid_argument',
    });
    for (let i = 0; i < LIMITS.maxPendingProposals; i++)
      proposals.wait(proposals.nextId(), 1000).catch(ignore);
    await expect(proposals.propose('sql', bytes(1), 1)).rejects.toMatchObject({ code: 'overloaded' });
    await vi.advanceTimersByTimeAsync(1001);
  });
});
