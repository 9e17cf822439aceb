import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/base/index.ts';
import { logOf, memberOf, SCENE_SETTINGS, Scene } from '../../golden/raft/scene.ts';
import { elect, forge, led, membership, propose, single } from './led.ts';

describe('RaftConsensus proposals', () => {
  it('refuses what would let the uncommitted log grow beyond its bound, and takes a first one always (bug 34)', () => {
    const scene = led('abc');
    scene.cuts.add('a>b').add('a>c');
    // before anything has told the pace what two syncs take may wait
    propose(scene, 'a', LIMITS.walBatchBytes);
    propose(scene, 'a', LIMITS.walBatchBytes / 2);
    scene.takeLines();
    propose(scene, 'a', LIMITS.walBatchBytes);
    expect(scene.takeLines()).toEqual(['a refuses: overloaded, too many bytes wait for their commit']);
    expect(scene.core('a').status().last.index).toBe(4);
    const fresh = led('abc');
    propose(fresh, 'a', LIMITS.maxUncommittedBytes + 1);
    expect(fresh.core('a').status().last.index).toBe(3);
  });

  it('gives room back when entries commit', () => {
    const scene = led('abc');
    propose(scene, 'a', 1000, 3);
    expect(scene.core('a').status().uncommittedBytes).toBeGreaterThan(3000);
    scene.stabilize();
    expect(scene.core('a').status().uncommittedBytes).toBe(0);
  });
});

describe('RaftConsensus settings', () => {
  it('a faster beat counts from the change, a slower one from behind the beat under way', () => {
    const scene = led('abc');
    const leader = scene.core('a');
    const beat = (heartbeatIntervalMs: number) => ({ ...SCENE_SETTINGS, heartbeatIntervalMs });
    scene.run(10);
    const due = leader.status().wakeAt;
    scene.step('a', { kind: 'settings', settings: beat(70) });
    expect(leader.status().wakeAt).toBe(due);
    scene.step('a', { kind: 'settings', settings: beat(5) });
    expect(leader.status().wakeAt).toBe(scene.now + 5);
  });
});

describe('RaftConsensus compaction', () => {
  /** A leader with entries of 1000 bytes, applied, and a snapshot of all of them; answers what it still holds. */
  function firstKept(count: number, keep: { entries: number; bytes: number }, cut: string[] = []): number {
    const scene = led('abc');
    const settings = { ...SCENE_SETTINGS, trailingEntries: keep.entries, trailingBytes: keep.bytes };
    scene.step('a', { kind: 'settings', settings });
    for (const pair of cut) scene.cuts.add(pair);
    propose(scene, 'a', 1000, count);
    scene.stabilize();
    const { applied, storage } = scene.node('a');
    const meta = { id: 's', index: applied, term: storage.term(applied) ?? 0, size: 1 };
    const config = { membership: membership('abc'), membershipIndex: 1 };
    scene.step('a', { kind: 'snapshot-made', meta: { ...meta, ...config } });
    expect(applied).toBe(2 + count);
    return applied + 1 - scene.core('a').status().firstIndex;
  }

  it('keeps a tail behind a snapshot by entries and by bytes, whichever ends first', () => {
    expect(firstKept(100, { entries: 20, bytes: 1e6 })).toBe(20);
    expect(firstKept(100, { entries: 50, bytes: 5300 })).toBe(5);
    expect(firstKept(100, { entries: 50, bytes: 0 })).toBe(0);
    expect(firstKept(5, { entries: 50, bytes: 1e6 })).toBe(7);
  });

  it('keeps ten times as much for a live follower that lags, by entries and by bytes', () => {
    expect(firstKept(100, { entries: 3, bytes: 1e6 }, ['a>c'])).toBe(30);
    expect(firstKept(100, { entries: 50, bytes: 5300 }, ['a>c'])).toBe(50);
    expect(firstKept(100, { entries: 50, bytes: 1e6 }, ['a>c'])).toBe(100);
  });
});

describe('RaftConsensus replication', () => {
  it('brings a diverging tail of 10,000 entries in line within 5 round trips (bug 30)', () => {
    const scene = new Scene();
    const common = Array.from({ length: 10 }, () => 1);
    // term after term a leader that could not commit: 1,000 terms of ten entries
    const tail = Array.from({ length: 10_000 }, (_, i) => 2 + 2 * Math.floor(i / 10));
    scene.add('a', logOf([...common, 3001, 3001], membership('abc')), 3001);
    scene.add('b', logOf([...common, 3001, 3001], membership('abc')), 3001);
    scene.add('c', logOf([...common, ...tail], membership('abc')), 3001);
    elect(scene, 'a');
    const refusals = scene.history.filter(
      (m) => m.kind === 'append-response' && m.from === 'c' && !m.accepted,
    );
    expect(refusals.length).toBeLessThanOrEqual(5);
    expect(scene.core('c').status().last).toEqual(scene.core('a').status().last);
  });

  it.each([
    [3, 3000],
    [5, 2000],
    [20, 500],
  ])(
    'costs a round trip for each of %i terms that alternate between two logs, %i entries each',
    (terms, each) => {
      const scene = new Scene();
      const common = Array.from({ length: 10 }, () => 1);
      // leaders on both sides in turn, none of which could commit
      const side = (first: number) =>
        Array.from({ length: terms * each }, (_, i) => first + 2 * Math.floor(i / each));
      const newest = 4 + 2 * terms;
      scene.add('a', logOf([...common, ...side(3), newest], membership('abc')), newest);
      scene.add('b', logOf([...common, ...side(3), newest], membership('abc')), newest);
      scene.add('c', logOf([...common, ...side(2)], membership('abc')), newest);
      elect(scene, 'a');
      const refusals = scene.history.filter(
        (m) => m.kind === 'append-response' && m.from === 'c' && !m.accepted,
      );
      expect(refusals.length).toBeLessThanOrEqual(terms);
      expect(scene.core('c').status().last).toEqual(scene.core('a').status().last);
    },
  );

  it('sends a snapshot when a lost window was compacted meanwhile', () => {
    const scene = led('abc');
    scene.cuts.add('a>c');
    for (let n = 0; n < LIMITS.maxInflightMessages + 10; n++) {
      propose(scene, 'a', 1);
      scene.stabilize();
    }
    const peer = () =>
      scene
        .core('a')
        .status()
        .peers.find((p) => p.nodeId === 'c');
    expect(peer()).toMatchObject({ state: 'replicate', inflightMessages: LIMITS.maxInflightMessages });
    const { applied, storage } = scene.node('a');
    const meta = { id: 's', index: applied, term: storage.term(applied) ?? 0, size: 1 };
    scene.step('a', {
      kind: 'snapshot-made',
      meta: { ...meta, membership: membership('abc'), membershipIndex: 1 },
    });
    scene.cuts.clear();
    scene.run(120);
    expect(peer()).toMatchObject({ state: 'replicate', match: applied, inflightMessages: 0 });
  });

  it('ignores appends that are not sound', () => {
    const scene = led('abc');
    const entry = { index: 9, term: 2, kind: 'command', timestamp: 0, data: new Uint8Array(0) };
    const append = { kind: 'append', from: 'a', to: 'b', commit: 0, round: 0, session: 0 };
    forge(scene, { ...append, term: 2, prev: { index: 2, term: 2 }, entries: [entry] });
    forge(scene, {
      ...append,
      term: 2,
      prev: { index: 2, term: 2 },
      entries: [{ ...entry, index: 3, term: 7 }],
    });
    expect(scene.core('b').status().last).toEqual({ index: 2, term: 2 });
  });

  it('drops acknowledgements of another session, instance or term (bug 28)', () => {
    const scene = led('abc');
    scene.cuts.add('a>b').add('a>c');
    propose(scene, 'a', 1);
    const session = scene.history.filter((m) => m.kind === 'append' && m.to === 'b').at(-1);
    expect(session?.kind).toBe('append');
    const known = session?.kind === 'append' ? session.session : 0;
    const hint = { term: 0, index: 0 };
    const ack = {
      kind: 'append-response',
      from: 'b',
      to: 'a',
      accepted: true,
      index: 3,
      hint,
      appliedIndex: 0,
      round: 9,
    };
    forge(scene, { ...ack, term: 2, session: known + 1 });
    forge(scene, { ...ack, term: 1, session: known });
    forge(scene, { ...ack, term: 2, session: known, fromInstance: 'another' });
    expect(scene.core('a').status().commitIndex).toBe(2);
    forge(scene, { ...ack, term: 2, session: known });
    expect(scene.core('a').status().commitIndex).toBe(3);
  });

  it('is not ended by an acknowledgement of what the log does not hold', () => {
    const scene = led('abc', 'd');
    const sent = scene.history.filter((m) => m.kind === 'append' && m.to === 'd').at(-1);
    const session = sent?.kind === 'append' ? sent.session : 0;
    const ack = { kind: 'append-response', from: 'd', to: 'a', term: 2, session, accepted: true, round: 9 };
    const matchOf = () =>
      scene
        .core('a')
        .status()
        .peers.find((p) => p.nodeId === 'd')?.match;
    const before = matchOf();
    forge(scene, { ...ack, index: 1_000_000, hint: { term: 0, index: 0 }, appliedIndex: 0 });
    expect(scene.core('a').status()).toMatchObject({ role: 'leader', term: 2, commitIndex: 2 });
    expect(matchOf()).toBe(before);
  });

  it('takes a learner that holds everything for caught up, however long that took', () => {
    const scene = led('abc', 'd');
    scene.cuts.add('a>d');
    propose(scene, 'a', 1);
    scene.stabilize();
    scene.run(1000);
    scene.cuts.clear();
    scene.run(200);
    const peer = scene
      .core('a')
      .status()
      .peers.find((p) => p.nodeId === 'd');
    expect(peer).toMatchObject({ match: 3, caughtUp: true });
    scene.step('a', { kind: 'settings', settings: { ...SCENE_SETTINGS, autoPromote: ['d'] } });
    scene.stabilize();
    expect(
      scene
        .core('d')
        .status()
        .membership.voters.map((v) => v.nodeId),
    ).toEqual(['a', 'b', 'c', 'd']);
  });

  it('promotes a learner only when it has been caught up for as long as the settings want', () => {
    const scene = led('abc', 'd');
    const settings = { ...SCENE_SETTINGS, autoPromote: ['d'], promoteAfterMs: 1000 };
    scene.step('a', { kind: 'settings', settings });
    scene.run(600);
    const votersOf = () => scene.core('a').status().membership.voters.length;
    expect(
      scene
        .core('a')
        .status()
        .peers.find((p) => p.nodeId === 'd')?.caughtUpMs,
    ).toBeGreaterThan(400);
    expect(votersOf()).toBe(3);
    scene.run(600);
    expect(votersOf()).toBe(4);
  });

  it('dates what it appends by itself as the driver dates what it proposes', () => {
    const scene = led('abc', 'd');
    const settings = { ...SCENE_SETTINGS, autoPromote: ['d'] };
    const wallOffsetMs = 1_795_900_000_000;
    const measured = { rttP99Ms: 0, loopLagP99Ms: 0, diskLatencyMs: 0 };
    scene.step('a', { kind: 'environment', ...measured, wallOffsetMs });
    const from = scene.now + wallOffsetMs;
    scene.step('a', { kind: 'settings', settings });
    scene.run(600);
    const { storage } = scene.node('b');
    const own = storage.entries(3, storage.lastIndex(), Number.MAX_SAFE_INTEGER) ?? [];
    // into the joint configuration and out of it
    expect(own.map((e) => e.kind)).toEqual(['membership', 'membership']);
    for (const { timestamp } of own) {
      expect(timestamp).toBeGreaterThanOrEqual(Math.floor(from));
      expect(timestamp).toBeLessThanOrEqual(Math.ceil(scene.now + wallOffsetMs));
    }
  });

  it('replaces a voter by a learner that has caught up, by no other', () => {
    const scene = led('abc', 'd');
    const change = { kind: 'replace', nodeId: 'b', by: 'd', stays: true } as const;
    const ask = () =>
      scene.step('a', {
        ...{ kind: 'propose-membership', id: scene.nextId(), change, timestamp: 0 },
        expectedMembershipIndex: null,
      });
    scene.cuts.add('a>d');
    propose(scene, 'a', 1);
    scene.run(1000);
    ask();
    scene.stabilize();
    const group = () => {
      const { voters, learners } = scene.core('a').status().membership;
      return [voters, learners].map((list) => list.map((m) => m.nodeId).join(''));
    };
    expect(group()).toEqual(['abc', 'd']);
    scene.cuts.clear();
    scene.run(400);
    ask();
    scene.stabilize();
    expect(group()).toEqual(['acd', 'b']);
  });

  it('only moves the commit index for a snapshot that the log holds already (bug 21)', () => {
    const scene = led('abc');
    scene.cuts.add('b>a').add('c>a');
    propose(scene, 'a', 1, 3);
    scene.stabilize();
    expect(scene.core('b').status()).toMatchObject({ commitIndex: 2, last: { index: 5, term: 2 } });
    const meta = { id: 's', index: 4, term: 2, membership: membership('abc'), membershipIndex: 1, size: 1 };
    forge(scene, { kind: 'snapshot', from: 'a', to: 'b', term: 2, meta, session: 1 });
    expect(scene.core('b').status()).toMatchObject({
      commitIndex: 4,
      firstIndex: 1,
      last: { index: 5, term: 2 },
    });
  });
});

describe('RaftConsensus elections', () => {
  it('draws timeouts from [T, 2T), anew at each reset', () => {
    const drawn = Array.from({ length: 200 }, (_, seed) => single(seed).first.wakeAt);
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(150);
    expect(Math.max(...drawn)).toBeLessThan(300);
    expect(new Set(drawn).size).toBe(200);
    expect(drawn.filter((t) => t < 225).length).toBeGreaterThan(70);
    expect(drawn.filter((t) => t < 225).length).toBeLessThan(130);
  });

  it('does not stand on a timeout-now for entries that it does not hold, nor from somebody else', () => {
    const scene = led('abc');
    const now = { kind: 'timeout-now', term: 2, to: 'b' };
    forge(scene, { ...now, from: 'a', expectedLast: { index: 3, term: 2 } });
    forge(scene, { ...now, from: 'a', expectedLast: { index: 2, term: 1 } });
    forge(scene, { ...now, from: 'c', expectedLast: { index: 2, term: 2 } });
    expect(scene.core('b').status()).toMatchObject({ role: 'follower', term: 2 });
    forge(scene, { ...now, from: 'a', expectedLast: { index: 2, term: 2 } });
    expect(scene.core('b').status()).toMatchObject({ role: 'candidate', term: 3 });
  });

  it('ignores whoever claims to lead a term that has a leader, as follower and as that leader', () => {
    const scene = led('abc');
    const claim = { kind: 'heartbeat', term: 2, commit: 2, round: 1, session: 1, ranks: [] };
    for (const [from, to] of [
      ['c', 'b'],
      ['c', 'a'],
      ['x', 'b'],
    ] as const)
      forge(scene, { ...claim, from, to });
    expect(scene.core('b').status()).toMatchObject({ role: 'follower', term: 2, leaderId: 'a' });
    expect(scene.core('a').status()).toMatchObject({ role: 'leader', term: 2 });
  });

  it('never votes, and never stands, with a disk that the membership does not name', () => {
    const scene = new Scene();
    const wrong = {
      ...membership('abc'),
      voters: [memberOf('a'), memberOf('b', 'another disk'), memberOf('c')],
    };
    for (const id of 'abc') scene.add(id, logOf([1], wrong), 1);
    forge(scene, {
      kind: 'vote',
      from: 'a',
      to: 'b',
      term: 2,
      last: { index: 9, term: 1 },
      reason: 'timeout',
    });
    expect(scene.takeLines().at(-2)).toBe('b votes no (not-ready) on a in t2');
    scene.run(100);
    expect(scene.core('b').status()).toMatchObject({ promotable: false, votedFor: null });
  });

  it('drops messages that are meant for another instance of it', () => {
    const scene = led('abc');
    forge(scene, {
      kind: 'vote',
      from: 'c',
      to: 'b',
      toInstance: 'old',
      term: 9,
      last: { index: 9, term: 9 },
      reason: 'transfer',
    });
    expect(scene.core('b').status().term).toBe(2);
  });

  it('ignores an answer to an earlier campaign', () => {
    const { core, first } = single(1);
    core.step({ kind: 'tick' }, first.wakeAt);
    const asked = core.take();
    const [request] = asked.sendNow;
    const campaign = request?.kind === 'pre-vote' ? request.campaign : 0;
    const ends = { from: 'b', to: 'a', fromInstance: 'i-b', toInstance: 'i-a', term: 1 };
    const answer = {
      kind: 'pre-vote-response',
      granted: true,
      refusal: null,
      retryAfterMs: 0,
      silenceMs: null,
      ...ends,
    } as const;
    core.step({ kind: 'message', message: { ...answer, campaign: campaign - 1 } }, asked.wakeAt - 1);
    expect(core.status().role).toBe('pre-candidate');
    core.step({ kind: 'message', message: { ...answer, campaign } }, asked.wakeAt - 1);
    expect(core.status().role).toBe('candidate');
  });

  it('lets a hint void pre-vote leases only while nothing is heard of the leader', () => {
    const scene = led('abc');
    scene.run(50);
    const ask = (): string => {
      scene.takeLines();
      forge(scene, {
        kind: 'pre-vote',
        from: 'c',
        to: 'b',
        term: 2,
        campaign: 1,
        last: { index: 2, term: 2 },
        reason: 'timeout',
      });
      return scene.takeLines().join();
    };
    expect(ask()).toContain('no (lease)');
    scene.step('b', { kind: 'peer-hint', peer: 'a', status: 'lost' });
    expect(ask()).toContain('yes');
    scene.step('b', { kind: 'peer-hint', peer: 'a', status: 'restored' });
    expect(ask()).toContain('no (lease)');
    scene.step('b', { kind: 'peer-hint', peer: 'c', status: 'lost' });
    expect(ask()).toContain('no (lease)');
    expect(scene.core('b').status().term).toBe(2);
  });

  it('moves no election timer by a hint', () => {
    const scene = led('abc');
    scene.run(50);
    const { wakeAt } = scene.core('c').status();
    scene.step('c', { kind: 'peer-hint', peer: 'a', status: 'lost' });
    expect(scene.core('c').status().wakeAt).toBeLessThan(wakeAt);
    scene.step('c', { kind: 'peer-hint', peer: 'a', status: 'restored' });
    expect(scene.core('c').status().wakeAt).toBe(wakeAt);
  });

  it('bounds the measured floor of the timeout', () => {
    const { core } = single(1);
    const measure = (rttP99Ms: number, loopLagP99Ms: number): number => {
      core.step({ kind: 'environment', rttP99Ms, loopLagP99Ms, diskLatencyMs: 0 }, 0);
      return core.status().electionTimeoutMs;
    };
    expect([measure(1, 1), measure(30, 0), measure(0, 90), measure(5000, 0)]).toEqual([150, 300, 270, 1500]);
  });
});
