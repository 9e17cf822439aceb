import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/base/index.ts';
import { heartbeat, leading, Stage, vote } from './stage.ts';

describe('TurnLoop', () => {
  it('holds a vote until the disk acknowledges it', () => {
    const stage = new Stage(['a', 'b', 'c']);
    stage.receive('b', vote(2));
    stage.settle();
    expect(stage.kinds()).toEqual([]);
    stage.storage.flush();
    expect(stage.kinds()).toEqual(['vote-response b']);
  });

  it('answers a heartbeat without waiting for the disk', () => {
    const stage = new Stage(['a', 'b', 'c']);
    stage.receive('b', heartbeat(2));
    stage.settle();
    expect(stage.storage.queued).toBe(1);
    expect(stage.kinds()).toEqual(['heartbeat-response b']);
  });

  it('lets held messages go in order, each with its own write', () => {
    const stage = new Stage(['a', 'b', 'c']);
    const append = (index: number) => ({
      kind: 'append',
      term: 2,
      prev: { index: index - 1, term: index === 2 ? 1 : 2 },
      entries: [{ index, term: 2, kind: 'command', timestamp: 0, data: new Uint8Array(1) }],
      commit: 0,
      round: 0,
      session: 1,
    });
    stage.receive('b', append(2));
    stage.settle();
    stage.receive('b', append(3));
    stage.settle();
    expect(stage.storage.queued).toBe(2);
    stage.storage.flush(1);
    expect(stage.sent.splice(0)).toMatchObject([{ kind: 'append-response', index: 2 }]);
    stage.storage.flush(1);
    expect(stage.sent.splice(0)).toMatchObject([{ kind: 'append-response', index: 3 }]);
  });

  it('puts a late timer behind messages that are queued already (bug 36)', () => {
    const stage = new Stage(['a', 'b', 'c']);
    // the process slept for 400 ms; the heartbeat lies in the socket and is read after the timer fired
    stage.advance(400);
    stage.round();
    stage.receive('b', heartbeat(1));
    stage.settle();
    expect(stage.events.filter((e) => e.kind === 'campaign-started')).toEqual([]);
    expect(stage.loop.status().leaderId).toBe('b');
  });

  it('believes a timer that is in time', () => {
    const stage = new Stage(['a', 'b', 'c']);
    stage.advance(225);
    stage.settle();
    expect(stage.events).toMatchObject([{ kind: 'role-changed' }, { kind: 'campaign-started' }]);
  });

  it("takes its disk's and state machine's word with the next turn when no rule waits for it", () => {
    const stage = new Stage(['a', 'b', 'c']);
    const data = new Uint8Array(1);
    const entries = [2, 3].map((index) => ({ term: 1, index, kind: 'command', timestamp: 0, data }) as const);
    const append = { kind: 'append', term: 1, round: 0, session: 1 };
    stage.receive('b', { ...append, prev: { term: 1, index: 1 }, entries, commit: 1 });
    stage.settle();
    stage.storage.flush();
    expect(stage.isAtRest).toBe(true);
    // the answer has left all the same
    expect(stage.sent.map((m) => m.kind)).toContain('append-response');
    expect(stage.applied.map((e) => e.index)).toEqual([1]);
    stage.receive('b', { ...append, prev: { term: 1, index: 3 }, entries: [], commit: 3 });
    stage.settle();
    expect(stage.applied.map((e) => e.index)).toEqual([1, 2, 3]);
  });

  it('applies as soon as the disk holds what is committed already', () => {
    const stage = new Stage(['a', 'b', 'c']);
    const data = new Uint8Array(1);
    const entries = [{ term: 1, index: 2, kind: 'command', timestamp: 0, data }] as const;
    const append = { kind: 'append', term: 1, round: 0, session: 1 };
    stage.receive('b', { ...append, prev: { term: 1, index: 1 }, entries, commit: 2 });
    stage.settle();
    expect(stage.applied.map((e) => e.index)).toEqual([1]);
    stage.storage.flush();
    stage.settle();
    expect(stage.applied.map((e) => e.index)).toEqual([1, 2]);
  });

  it('makes a lone voter leader, and applies what its disk holds', () => {
    const stage = new Stage(['a']);
    stage.advance(0);
    for (let n = 0; n < 4; n++) {
      stage.settle();
      stage.storage.flush();
    }
    stage.settle();
    expect(stage.loop.status()).toMatchObject({ role: 'leader', term: 2, commitIndex: 2, appliedIndex: 2 });
    expect(stage.applied.map((e) => e.index)).toEqual([1, 2]);
  });

  it('takes no more proposals in a turn than fit, so that a message never waits behind all of them', () => {
    const stage = new Stage(['a', 'b', 'c']);
    const proposals = Array.from({ length: 8 }, (_, id) => ({
      ...{ id, kind: 'command' as const, timestamp: 0 },
      data: new Uint8Array(0.4 * LIMITS.maxTurnBytes),
    }));
    stage.loop.submit({ kind: 'propose', proposals });
    stage.round();
    expect(stage.answered()).toEqual([0, 1]);
    stage.receive('b', heartbeat(1));
    stage.round();
    expect(stage.kinds()).toEqual(['heartbeat-response b']);
    stage.settle();
    expect(stage.answered()).toEqual([2, 3, 4, 5, 6, 7]);
    const long = { ...proposals[0], id: 9, data: new Uint8Array(2 * LIMITS.maxTurnBytes) } as const;
    stage.loop.submit({ kind: 'propose', proposals: [long as (typeof proposals)[0]] });
    stage.settle();
    expect(stage.answered()).toEqual([9]);
  });

  it('refuses at once what its leader has no room for, and what waits for its turn counts', () => {
    const stage = new Stage(['a']);
    stage.advance(0);
    for (let n = 0; n < 4; n++) {
      stage.settle();
      stage.storage.flush();
    }
    stage.settle();
    const data = new Uint8Array(0.9 * LIMITS.maxTurnBytes);
    const proposals = Array.from(
      { length: 1000 },
      (_, id) => ({ id, kind: 'command', timestamp: 0, data }) as const,
    );
    stage.loop.submit({ kind: 'propose', proposals });
    stage.round();
    // one is taken and seven wait; the others are answered with this very turn
    const fit = Math.floor((2 * LIMITS.walBatchBytes) / data.length);
    expect(stage.answers.filter((r) => r.kind === 'accepted')).toHaveLength(1);
    const refused = stage.answers.filter((r) => r.kind === 'refused');
    expect(refused.map((r) => r.id)).toEqual(proposals.slice(fit).map((p) => p.id));
    expect(refused[0]).toMatchObject({ reason: 'overloaded' });
    stage.settle();
    expect(stage.answers.filter((r) => r.kind === 'accepted')).toHaveLength(fit);
    expect(stage.answers).toHaveLength(proposals.length);
    // and there is room again once they have committed
    for (let n = 0; n < 4; n++) {
      stage.storage.flush();
      stage.settle();
    }
    stage.loop.submit({ kind: 'propose', proposals: [{ id: 1000, kind: 'command', timestamp: 0, data }] });
    stage.settle();
    expect(stage.answers.at(-1)).toMatchObject({ id: 1000, kind: 'accepted' });
  });

  it('believes the answers that lie behind the tick that would miss them', () => {
    const stage = leading();
    stage.answerBeats();
    // the tick comes first, the answers that were on their way behind it, all in one turn
    stage.advance(50);
    stage.settle();
    stage.now += 149;
    stage.loop.insert({ kind: 'tick' });
    stage.answerBeats();
    stage.settle();
    expect(stage.loop.status().role).toBe('leader');
    // and without answers it gives up
    for (let n = 0; n < 40; n++) {
      stage.advance(10);
      stage.settle();
    }
    expect(stage.events.filter((e) => e.kind === 'stepped-down')).toMatchObject([
      { reason: 'no quorum answers' },
    ]);
  });

  it('sends a late heartbeat with any turn, and does not wait for its timer', () => {
    const stage = leading();
    stage.answerBeats();
    stage.settle();
    stage.kinds();
    // no timer fires: turn follows turn
    stage.now += 80;
    const data = new Uint8Array(1);
    stage.loop.submit({ kind: 'propose', proposals: [{ id: 1, kind: 'command', timestamp: 0, data }] });
    stage.round();
    expect(stage.kinds()).toEqual(expect.arrayContaining(['heartbeat b', 'heartbeat c']));
  });

  it('drops input that it has no room for, and never its own acknowledgements', () => {
    const stage = new Stage(['a', 'b', 'c']);
    stage.receive('b', vote(2));
    stage.settle();
    for (let n = 0; n < LIMITS.maxTurnInputs; n++) expect(stage.loop.submit({ kind: 'tick' })).toBe(true);
    expect(stage.loop.submit({ kind: 'tick' })).toBe(false);
    stage.storage.flush();
    stage.settle();
    expect(stage.kinds()).toEqual(['vote-response b']);
    expect(stage.fatal).toEqual([]);
  });

  it('stops for good when the log is poisoned (bug 25)', () => {
    const stage = new Stage(['a', 'b', 'c']);
    stage.receive('b', vote(2));
    stage.settle();
    stage.storage.poison('EIO');
    stage.storage.flush();
    stage.receive('b', vote(3));
    stage.settle();
    expect(stage.fatal).toEqual(['EIO']);
    expect(stage.kinds()).toEqual([]);
    expect(stage.loop.submit({ kind: 'tick' })).toBe(false);
  });

  it('stops when the core contradicts itself', () => {
    const stage = new Stage(['a', 'b', 'c']);
    stage.loop.insert({ kind: 'storage-ack', token: 99 });
    stage.loop.insert({ kind: 'tick' });
    stage.settle();
    expect(stage.fatal).toHaveLength(1);
    expect(stage.fatal[0]).toContain('token 99 was never handed out');
  });
});
