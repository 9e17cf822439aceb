/**
 * The Raft paper (Ongaro and Ousterhout, extended version) and the dissertation by
 * section: what each asks of a server, in the order of reading.
 */
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/base/index.ts';
import type { LogEntry } from '../../src/raft/index.ts';
import { logOf, Scene } from '../golden/raft/scene.ts';
import {
  append,
  elect,
  forge,
  lastSent,
  leading,
  membership,
  of,
  propose,
  roleOf,
  servers,
  stand,
  termsOf,
  three,
  vote,
} from './servers.ts';

describe('§5.1 terms', () => {
  it('RaftConsensus adopts a newer term from a request in every role and becomes a follower', () => {
    for (const role of ['follower', 'pre-candidate', 'candidate', 'leader']) {
      const scene = role === 'leader' ? leading() : three();
      if (role === 'pre-candidate' || role === 'candidate') stand(scene, 'a');
      if (role === 'candidate') {
        scene.deliver(() => true);
        scene.deliver((m) => m.from === 'b');
      }
      expect(of(scene, 'a').role).toBe(role);
      forge(scene, { from: 'c', to: 'a', ...append(9, { index: 1, term: 1 }, []) });
      expect(roleOf(scene, 'a')).toBe('follower 9');
      expect(of(scene, 'a').leaderId).toBe('c');
    }
  });

  it('RaftConsensus refuses requests of an older term and says which one it is in', () => {
    const scene = leading();
    forge(scene, { from: 'c', to: 'b', ...append(1, { index: 1, term: 1 }, [1]) });
    expect(lastSent(scene, 'append-response', 'c')).toMatchObject({ term: 2, accepted: false });
    forge(scene, { from: 'c', to: 'b', ...vote(1) });
    expect(lastSent(scene, 'vote-response', 'c')).toMatchObject({ term: 2, granted: false });
    expect(of(scene, 'b').last).toEqual({ index: 2, term: 2 });
  });

  it('the term and the vote survive a crash', () => {
    const scene = three();
    forge(scene, { from: 'b', to: 'a', ...vote(5) });
    scene.crash('a');
    scene.start('a');
    expect(of(scene, 'a')).toMatchObject({ term: 5, votedFor: 'b', role: 'follower' });
    forge(scene, { from: 'c', to: 'a', ...vote(5, { index: 9, term: 4 }) });
    expect(lastSent(scene, 'vote-response', 'c')).toMatchObject({ granted: false, refusal: 'voted' });
  });
});

describe('§5.2 leader election', () => {
  it('a server starts as a follower and stands when it hears nobody for an election timeout', () => {
    const scene = three();
    expect(roleOf(scene, 'a')).toBe('follower 1');
    const { wakeAt } = of(scene, 'a');
    expect(wakeAt).toBeGreaterThanOrEqual(150);
    scene.now = wakeAt - 1;
    scene.step('a', { kind: 'tick' });
    expect(roleOf(scene, 'a')).toBe('follower 1');
    stand(scene, 'a');
    expect(roleOf(scene, 'a')).toBe('pre-candidate 1');
  });

  it('a candidate increments its term, votes for itself, and asks all the others', () => {
    const scene = three();
    stand(scene, 'a');
    scene.deliver(() => true);
    scene.deliver(() => true);
    expect(of(scene, 'a')).toMatchObject({ role: 'candidate', term: 2, votedFor: 'a' });
    expect(scene.wire.filter((m) => m.kind === 'vote').map((m) => m.to)).toEqual(['b', 'c']);
  });

  it('a server votes once a term, first come first served', () => {
    const scene = three();
    forge(scene, { from: 'b', to: 'a', ...vote(2) });
    forge(scene, { from: 'c', to: 'a', ...vote(2) });
    forge(scene, { from: 'b', to: 'a', ...vote(2) });
    const answers = scene.history.filter((m) => m.kind === 'vote-response');
    expect(answers.map((m) => [m.to, m.granted])).toEqual([
      ['b', true],
      ['c', false],
      ['b', true],
    ]);
  });

  it('a candidate steps back for a leader of its own term and keeps its vote', () => {
    const scene = three();
    stand(scene, 'a');
    scene.deliver(() => true);
    scene.deliver(() => true);
    forge(scene, { from: 'b', to: 'a', ...append(2, { index: 1, term: 1 }, []) });
    expect(of(scene, 'a')).toMatchObject({ role: 'follower', term: 2, votedFor: 'a', leaderId: 'b' });
  });

  it('a split vote ends in another election', () => {
    const scene = three();
    stand(scene, 'a');
    stand(scene, 'b');
    scene.deliver(() => true);
    scene.deliver(() => true);
    // each voted for itself; nobody else can be reached
    scene.crash('c');
    scene.stabilize();
    expect([roleOf(scene, 'a'), roleOf(scene, 'b')]).toEqual(['candidate 2', 'candidate 2']);
    scene.run(600);
    expect(['a', 'b'].map((id) => of(scene, id).role).sort()).toEqual(['follower', 'leader']);
  });

  it('a leader sends heartbeats, and no follower stands while it hears them', () => {
    const scene = leading();
    scene.run(2000);
    expect(['a', 'b', 'c'].map((id) => roleOf(scene, id))).toEqual(['leader 2', 'follower 2', 'follower 2']);
    expect(scene.history.filter((m) => m.kind === 'heartbeat' && m.to === 'b').length).toBeGreaterThanOrEqual(
      38,
    );
  });
});

describe('§5.3 log replication', () => {
  it('an entry is committed when a majority holds it, and with it everything before', () => {
    const scene = leading();
    scene.cuts.add('a>b').add('a>c');
    propose(scene, 'a');
    propose(scene, 'a');
    expect(of(scene, 'a')).toMatchObject({ commitIndex: 2, last: { index: 4, term: 2 } });
    scene.cuts.delete('a>b');
    scene.run(60);
    expect(of(scene, 'a').commitIndex).toBe(4);
    expect(of(scene, 'b').commitIndex).toBe(4);
    expect(scene.node('a').applied).toBe(4);
  });

  it('followers apply in the order of the log', () => {
    const scene = leading();
    for (let n = 0; n < 20; n++) propose(scene, 'a');
    scene.stabilize();
    expect(['a', 'b', 'c'].map((id) => scene.node(id).applied)).toEqual([22, 22, 22]);
  });

  it.each([
    // previous index and term that are not in the follower's log 1 1 3
    [{ index: 3, term: 2 }, false],
    [{ index: 4, term: 3 }, false],
    [{ index: 3, term: 3 }, true],
    [{ index: 2, term: 1 }, true],
    [{ index: 0, term: 0 }, true],
  ])('the consistency check of an append after %o answers %s', (prev, accepted) => {
    const scene = servers({ a: [1, 1, 3], b: [1, 1, 3], c: [1, 1, 3] }, 3);
    forge(scene, { from: 'b', to: 'a', ...append(4, prev, []) });
    expect(lastSent(scene, 'append-response', 'b')).toMatchObject({ accepted });
  });

  it('a conflicting entry and all behind it give way to the leader', () => {
    const scene = servers({ a: [1, 1, 2, 2, 2], b: [1], c: [1] }, 3);
    forge(scene, { from: 'b', to: 'a', ...append(4, { index: 2, term: 1 }, [3]) });
    expect(termsOf(scene, 'a')).toEqual([1, 1, 3]);
    // entries that it holds already stay, with what follows them
    forge(scene, { from: 'b', to: 'a', ...append(4, { index: 0, term: 0 }, [1]) });
    expect(termsOf(scene, 'a')).toEqual([1, 1, 3]);
  });

  it('a follower commits no further than it knows to match', () => {
    const scene = servers({ a: [1, 1, 1], b: [1], c: [1] }, 1);
    forge(scene, { from: 'b', to: 'a', ...append(2, { index: 2, term: 1 }, [], 9) });
    expect(of(scene, 'a').commitIndex).toBe(2);
    const heartbeat = { kind: 'heartbeat', term: 2, round: 0, session: 1, ranks: [] } as const;
    // of the index that it holds and does not know to match, and of one behind its log
    for (const commit of [3, 9]) {
      forge(scene, { from: 'b', to: 'a', ...heartbeat, commit });
      expect(of(scene, 'a').commitIndex).toBe(2);
    }
  });
});

describe('§5.4.1 election restriction', () => {
  it.each([
    [{ index: 2, term: 2 }, [1, 1, 1], true],
    [{ index: 3, term: 1 }, [1, 2], false],
    [{ index: 3, term: 1 }, [1, 1], true],
    [{ index: 2, term: 1 }, [1, 1], true],
    [{ index: 1, term: 1 }, [1, 1], false],
    [{ index: 9, term: 1 }, [1, 2], false],
  ])('a candidate whose log ends in %o gets the vote of a log of terms %j: %s', (last, log, granted) => {
    const scene = servers({ a: log, b: [1], c: [1] }, 2);
    forge(scene, { from: 'b', to: 'a', ...vote(3, last) });
    expect(lastSent(scene, 'vote-response', 'b')).toMatchObject({ granted });
  });
});

describe('§5.4.2 and figure 8', () => {
  /** Index 2 is of term 2 and so large that an append holds nothing else. */
  function figure8c(): Scene {
    const scene = new Scene();
    const group = membership('abcde');
    const [first] = logOf([1], group) as [LogEntry];
    const second = (term: number): LogEntry => ({
      ...first,
      kind: 'command',
      index: 2,
      term,
      data: new Uint8Array(LIMITS.maxAppendBytes),
    });
    scene.add('a', [first, second(2)], 3);
    for (const id of 'bcd') scene.add(id, [first], 3);
    scene.add('e', [first, second(3)], 3);
    scene.cuts.add('a>e').add('a>d');
    stand(scene, 'a');
    scene.deliver(() => true);
    scene.deliver(() => true);
    scene.deliver(() => true);
    scene.deliver(() => true);
    expect(roleOf(scene, 'a')).toBe('leader 4');
    return scene;
  }

  it('a leader does not commit an entry of an earlier term because a majority holds it', () => {
    const scene = figure8c();
    // its empty entry at 3 does not fit; what b and c miss is 2, which is so large that it goes alone
    scene.deliver((m) => m.kind === 'append');
    scene.deliver((m) => m.kind === 'append-response');
    scene.deliver((m) => m.kind === 'append');
    scene.deliver((m) => m.kind === 'append-response');
    const holders = ['a', 'b', 'c'].filter((id) => scene.node(id).storage.term(2) === 2);
    expect(holders).toEqual(['a', 'b', 'c']);
    const peers = of(scene, 'a').peers.filter((p) => p.match === 2);
    expect(peers.map((p) => p.nodeId)).toEqual(['b', 'c']);
    expect(of(scene, 'a').commitIndex).toBe(0);
    // (d): so another leader may still overwrite it
    scene.crash('a');
    scene.wire = [];
    scene.cuts.clear();
    scene.now += 400;
    // it learns of term 4 first, then asks again
    elect(scene, 'e');
    elect(scene, 'e');
    expect(roleOf(scene, 'e')).toBe('leader 5');
    scene.run(200);
    expect(['b', 'c', 'd', 'e'].map((id) => scene.node(id).storage.term(2))).toEqual([3, 3, 3, 3]);
  });

  it('(e): once an entry of its own term is committed, so are all before it', () => {
    const scene = figure8c();
    scene.stabilize();
    expect(of(scene, 'a').commitIndex).toBe(3);
    scene.crash('a');
    scene.cuts.clear();
    scene.now += 400;
    stand(scene, 'e');
    scene.stabilize();
    expect(of(scene, 'e').role).not.toBe('leader');
  });
});

describe('§6 cluster membership changes', () => {
  it('a configuration is in force when it is appended, old and new majorities together until it is committed', () => {
    const scene = leading();
    scene.cuts.add('a>b').add('a>c');
    const change = { kind: 'remove', nodeId: 'c' } as const;
    scene.step('a', { kind: 'propose-membership', id: 1, change, expectedMembershipIndex: 1, timestamp: 0 });
    expect(of(scene, 'a')).toMatchObject({ membershipIndex: 3, membershipCommitted: false });
    expect(of(scene, 'a').membership.outgoing).toHaveLength(3);
    scene.cuts.clear();
    scene.run(60);
    expect(of(scene, 'a').membership).toEqual(membership('ab'));
  });

  it('a server that hears its leader disregards who stands, even in a newer term', () => {
    const scene = leading();
    scene.run(50);
    forge(scene, { from: 'c', to: 'b', ...vote(7, { index: 9, term: 6 }) });
    expect(roleOf(scene, 'b')).toBe('follower 2');
    // but not when the leader itself asked for it (dissertation §3.10)
    forge(scene, { from: 'c', to: 'b', ...vote(7, { index: 9, term: 6 }), reason: 'transfer' });
    expect(of(scene, 'b')).toMatchObject({ term: 7, votedFor: 'c' });
  });
});

describe('§7 log compaction', () => {
  it('a follower that needs what is compacted gets a snapshot and goes on from there', () => {
    const scene = leading();
    scene.cuts.add('a>c');
    for (let n = 0; n < 5; n++) propose(scene, 'a');
    scene.stabilize();
    const meta = { id: 's', index: 7, term: 2, membership: membership('abc'), membershipIndex: 1, size: 1 };
    scene.step('a', { kind: 'snapshot-made', meta });
    expect(of(scene, 'a').firstIndex).toBe(8);
    scene.cuts.clear();
    propose(scene, 'a');
    scene.run(200);
    expect(of(scene, 'c')).toMatchObject({
      firstIndex: 8,
      commitIndex: 8,
      appliedIndex: 8,
      snapshotIndex: 7,
    });
  });
});

describe('§8 client interaction', () => {
  it('a leader commits an empty entry at the start of its term', () => {
    const scene = leading();
    expect(of(scene, 'a')).toMatchObject({ commitIndex: 2, last: { index: 2, term: 2 } });
    expect(scene.node('a').storage.entries(2, 2, 1000)?.[0]).toMatchObject({ kind: 'noop' });
  });

  it('a read is answered only when a majority has answered since it was asked', () => {
    const scene = leading();
    scene.takeLines();
    scene.step('a', { kind: 'read-index', id: 1 });
    expect(scene.takeLines().join()).not.toContain('read at');
    scene.stabilize();
    expect(scene.takeLines()).toContain('a read at 2');
  });
});
