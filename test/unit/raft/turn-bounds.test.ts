/** What waits in a turn loop, and behind it for the disk, has a bound in bytes. */
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/base/index.ts';
import { heartbeat, leading, Stage } from './stage.ts';

describe('TurnLoop', () => {
  it('takes no more bytes of peers in a turn than the limit, and a heartbeat all the same', () => {
    const stage = new Stage(['a', 'b', 'c']);
    const data = new Uint8Array(LIMITS.maxAppendBytes);
    const append = (index: number) => ({
      ...{ kind: 'append', term: 1, commit: 0, round: 0, session: 1, prev: { index: index - 1, term: 1 } },
      entries: [{ index, term: 1, kind: 'command', timestamp: 0, data }],
    });
    const fit = Math.floor(LIMITS.maxTurnInputBytes / LIMITS.maxAppendBytes);
    for (let n = 0; n < 4 * fit; n++) stage.receive('b', append(2 + n));
    stage.receive('b', heartbeat(1));
    stage.round();
    expect(stage.storage.lastIndex()).toBeLessThanOrEqual(1 + fit);
    expect(stage.storage.lastIndex()).toBeGreaterThan(fit / 2);
    expect(stage.kinds()).toContain('heartbeat-response b');
    // the next turn takes as many again
    stage.storage.flush();
    const { last } = stage.loop.status();
    stage.receive('b', append(last.index + 1));
    stage.round();
    expect(stage.storage.lastIndex()).toBe(last.index + 1);
  });

  it('a follower takes no entries while its disk is too far behind, and answers heartbeats', () => {
    const stage = new Stage(['a', 'b', 'c']);
    const data = new Uint8Array(LIMITS.maxAppendBytes);
    const next = (): void => {
      const index = stage.storage.lastIndex() + 1;
      const entry = { index, term: 1, kind: 'command', timestamp: 0, data };
      const prev = { index: index - 1, term: 1 };
      const rest = { term: 1, commit: 0, round: 0, session: 1 };
      stage.receive('b', { kind: 'append', ...rest, prev, entries: [entry] });
      stage.settle();
    };
    const most = LIMITS.maxUnwrittenBytes / data.length;
    for (let n = 0; n < 2 * most; n++) next();
    expect(stage.storage.lastIndex()).toBeLessThanOrEqual(2 + most);
    expect(stage.storage.waitingBytes()).toBeLessThan(LIMITS.maxUnwrittenBytes + 2 * data.length);
    stage.kinds();
    stage.receive('b', heartbeat(1));
    stage.settle();
    expect(stage.kinds()).toEqual(['heartbeat-response b']);
    const before = stage.storage.lastIndex();
    stage.storage.flush(2);
    next();
    expect(stage.storage.lastIndex()).toBe(before + 1);
  });

  it('a leader whose followers commit without its disk lets proposals wait for it, and refuses in time', () => {
    const stage = leading();
    const data = new Uint8Array(LIMITS.maxTurnBytes);
    const follow = (): void => {
      for (const m of stage.sent.splice(0)) {
        if (m.kind !== 'append') continue;
        const index = m.prev.index + m.entries.length;
        const { term, round, session } = m;
        const answer = { accepted: true, index, hint: { index: 0, term: 0 }, appliedIndex: 0 };
        stage.receive(m.to, { kind: 'append-response', term, round, session, ...answer });
      }
    };
    const most = LIMITS.maxUnwrittenBytes / data.length;
    for (let id = 0; id < 4 * most; id++) {
      stage.loop.submit({ kind: 'propose', proposals: [{ id, kind: 'command', timestamp: 0, data }] });
      stage.settle();
      follow();
      stage.settle();
    }
    expect(stage.loop.status().commitIndex).toBeGreaterThan(most / 2);
    expect(stage.storage.waitingBytes()).toBeLessThan(LIMITS.maxUnwrittenBytes + 2 * data.length);
    const refused = stage.answers.filter((r) => r.kind === 'refused');
    expect(refused.at(-1)).toMatchObject({ id: 4 * most - 1, reason: 'overloaded' });
    // what waits goes on with the disk
    for (let n = 0; n < 4; n++) {
      stage.storage.flush();
      stage.settle();
    }
    expect(stage.answers).toHaveLength(4 * most);
    expect(stage.answers.filter((r) => r.kind === 'accepted').length).toBeGreaterThan(most);
  });
});
