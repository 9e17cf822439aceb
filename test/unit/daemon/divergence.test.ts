import { describe, expect, it } from 'vitest';
import { DIGEST_WINDOW, DigestWindow } from '../../../daemon/digest-window.ts';
import { Divergence } from '../../../daemon/divergence.ts';
import { lagOf } from '../../../daemon/log-pace.ts';
import { type DigestFacts, type MemberFacts, nodeRow, type ViewSources } from '../../../daemon/node-view.ts';

import { LIMITS } from '../../../src/base/index.ts';
import type { ClusterState, NodeRecord } from '../../../src/cluster/index.ts';
import { record, threeNodes } from '../cluster/world.ts';

type Word = readonly [peer: string, index: number];

/** A window, and the words that differed from it. */
function make(appliedIndex: number) {
  const differed: Word[] = [];
  const window = new DigestWindow(appliedIndex, (peer, index) => differed.push([peer, index]));
  const fill = (from: number, to: number, digest = (i: number) => i * 7919): number | null => {
    let last: number | null = null;
    for (let i = from; i <= to; i++) last = window.add(i, digest(i));
    return last;
  };
  return { window, differed, fill };
}

const END = DIGEST_WINDOW;

describe('DigestWindow', () => {
  it('gives a digest at the end of each whole window, equal for equal results', () => {
    const [a, b] = [make(0), make(0)];
    const digest = a.fill(1, END) as number;
    expect(digest).not.toBeNull();
    expect(b.fill(1, END)).toBe(digest);
    b.window.compare('n2', END, digest);
    expect(b.differed).toEqual([]);
    b.window.compare('n2', END, digest + 1);
    expect(b.differed).toEqual([['n2', END]]);
  });

  it('notices one different result', () => {
    const [a, b] = [make(0), make(0)];
    const digest = a.fill(1, END) as number;
    b.fill(1, END, (i) => (i === 100 ? 1 : i * 7919));
    b.window.compare('n2', END, digest);
    expect(b.differed).toEqual([['n2', END]]);
  });

  it('keeps the word of a follower that was first, until the window closes here', () => {
    const [follower, leader] = [make(0), make(0)];
    const digest = follower.fill(1, END) as number;
    leader.fill(1, END - 1);
    leader.window.compare('n2', END, digest);
    leader.window.compare('n3', END, digest + 1);
    leader.window.compare('n3', 2 * END, 5);
    expect(leader.differed).toEqual([]);
    leader.fill(END, END);
    expect(leader.differed).toEqual([['n3', END]]);
    leader.fill(END + 1, 2 * END);
    expect(leader.differed).toEqual([
      ['n3', END],
      ['n3', 2 * END],
    ]);
  });

  it('keeps a bounded number of early words: the oldest go', () => {
    const { window, differed, fill } = make(0);
    for (let n = 0; n <= LIMITS.digestsKept; n++) window.compare(`n${n}`, END, 1);
    fill(1, END);
    expect(differed).toHaveLength(LIMITS.digestsKept);
    expect(differed[0]).toEqual(['n1', END]);
  });

  it('says nothing of a window that it has seen in part, early words included', () => {
    const { window, differed, fill } = make(5);
    window.compare('n2', END, 1);
    expect(fill(6, END)).toBeNull();
    window.compare('n3', END, 1);
    expect(differed).toEqual([]);
    expect(fill(END + 1, 2 * END)).not.toBeNull();
  });
});

function clusterOf(...nodes: NodeRecord[]): ClusterState {
  return { ...threeNodes().cluster, nodes: Object.fromEntries(nodes.map((n) => [n.nodeId, n])) };
}

describe('Divergence', () => {
  const three = clusterOf(record('n1'), record('n2'), record('n3'));

  it('accuses a node once, until it has joined anew', () => {
    const divergence = new Divergence('n1');
    expect(divergence.accused(three)).toEqual([]);
    expect(divergence.add('n2', 256, three)).toBe(true);
    expect(divergence.add('n2', 512, three)).toBe(false);
    expect(divergence.accused(three)).toEqual([{ nodeId: 'n2', instanceId: 'i-n2', index: 256 }]);
    const rejoined = clusterOf(record('n1'), record('n2', { instanceId: 'new' }), record('n3'));
    expect(divergence.accused(rejoined)).toEqual([]);
    expect(divergence.add('n2', 768, rejoined)).toBe(true);
  });

  it('clears whom the record says to be found equal later, and itself of all', () => {
    const divergence = new Divergence('n1');
    for (const peer of ['n2', 'n3']) divergence.add(peer, 256, three);
    const accused = (n1: Partial<NodeRecord>, n2: Partial<NodeRecord>) => {
      const cluster = clusterOf(record('n1', n1), record('n2', n2), record('n3'));
      return divergence.accused(cluster).map((a) => a.nodeId);
    };
    expect(accused({}, { verified: 255 })).toEqual(['n1']);
    expect(accused({}, { verified: 256 })).toEqual(['n3']);
    expect(accused({ verified: 300 }, {})).toEqual([]);
  });

  it('accuses anew who differs behind a comparison that found it equal', () => {
    const divergence = new Divergence('n1');
    divergence.add('n2', 256, three);
    const verified = clusterOf(record('n1'), record('n2', { verified: 300 }), record('n3'));
    expect(divergence.accused(verified)).toEqual([]);
    expect(divergence.add('n2', 512, verified)).toBe(true);
    expect(divergence.accused(verified)).toMatchObject([{ nodeId: 'n2', index: 512 }]);
    expect(divergence.add('n2', 768, verified)).toBe(false);
  });

  it('takes this node for the odd one when most voters differ from it', () => {
    const divergence = new Divergence('n1');
    divergence.add('n2', 512, three);
    divergence.add('n3', 256, three);
    expect(divergence.accused(three)).toEqual([{ nodeId: 'n1', instanceId: 'i-n1', index: 256 }]);
    const observers = clusterOf(
      record('n1'),
      record('n2', { suffrage: 'observer' }),
      record('n3', { suffrage: 'observer' }),
    );
    expect(divergence.accused(observers).map((a) => a.nodeId)).toEqual(['n2', 'n3']);
  });
});

describe('nodeRow', () => {
  const digest = (changes: Partial<DigestFacts> = {}): DigestFacts =>
    ({ health: 'HEALTHY', issues: [], at: 1, role: 'follower', startedAt: 1, ...changes }) as DigestFacts;
  const member = (nodeId: string, facts: DigestFacts, liveness: MemberFacts['liveness'] = 'alive') =>
    [nodeId, { nodeId, liveness, silenceMs: 1, rttMs: 1, digest: facts }] as const;
  const raft = { role: 'follower', membership: { voters: [], outgoing: [] }, peers: [], commitIndex: 9 };
  const row = (...members: (readonly [string, MemberFacts])[]) => rowOf({}, ...members);
  const rowOf = (n2: Partial<NodeRecord>, ...members: (readonly [string, MemberFacts])[]) => {
    const cluster = clusterOf(record('n1'), record('n2', n2), record('n3'));
    const sources = { nodeId: 'n3', cluster, raft, members: new Map(members), minReplicas: 0, now: 5 };
    return nodeRow(sources as unknown as ViewSources, record('n2', n2));
  };
  const accusing = digest({ diverged: [{ nodeId: 'n2', instanceId: 'i-n2', index: 256 }] });
  const issue = 'computed another result than n1 up to 256: take it out and join it anew';

  it('shows a node whose results differ as degraded on every node, also when the one who found it is dead', () => {
    expect(row(member('n1', digest()), member('n2', digest()))).toMatchObject({
      health: 'HEALTHY',
      issues: [],
    });
    for (const liveness of ['alive', 'dead'] as const) {
      expect(row(member('n1', accusing, liveness), member('n2', digest()))).toMatchObject({
        health: 'DEGRADED',
        issues: [issue],
      });
    }
  });

  it('has no lag of the node that leads: what was heard of its log is older than what it has committed', () => {
    expect(lagOf({ leaderId: 'n2', commitIndex: 9 }, 'n2', 5)).toBe(0);
    expect(lagOf({ leaderId: 'n1', commitIndex: 9 }, 'n2', 5)).toBe(4);
    expect(lagOf({ leaderId: null, commitIndex: 9 }, 'n2', 11)).toBe(0);
    expect(lagOf({ leaderId: 'n2', commitIndex: 9 }, 'n2', null), 'nothing was heard').toBeNull();
    expect(row(member('n2', digest({ lastIndex: 5 })))).toMatchObject({ match_index: 5, lag_entries: 4 });
  });

  it('tells what a node said of its clock, loop, disk and rates, times in ms, and nothing for it', () => {
    const rates = { queries_per_second: 640.5, error_rate: 0.02 };
    const times = { clock_offset: 0.0123, event_loop_lag: 0.2, fsync: 1.00004 };
    const said = digest({ readings: { ...times, ...rates } });
    expect(row(member('n2', said))).toMatchObject({
      ...{ clock_offset_ms: 12.3, event_loop_lag_ms: 200, fsync_ms: 1000, ...rates },
    });
    const none = { queries_per_second: null, error_rate: null };
    const silent = { clock_offset_ms: null, event_loop_lag_ms: null, fsync_ms: null, ...none };
    for (const readings of [{}, undefined]) {
      const facts = readings === undefined ? digest() : digest({ readings });
      expect(row(member('n2', facts))).toMatchObject(silent);
    }
    expect(row(member('n2', said, 'dead'))).toMatchObject(silent);
  });

  it('forgets what was said of an instance that is gone', () => {
    const old = digest({ diverged: [{ nodeId: 'n2', instanceId: 'before', index: 256 }] });
    expect(row(member('n1', old), member('n2', digest()))).toMatchObject({ health: 'HEALTHY', issues: [] });
  });

  it('forgets what was said before a comparison found it equal, also by who does not know of it', () => {
    const said = [member('n1', accusing, 'dead'), member('n2', digest())];
    expect(rowOf({ verified: 255 }, ...said)).toMatchObject({ health: 'DEGRADED', issues: [issue] });
    expect(rowOf({ verified: 256 }, ...said)).toMatchObject({ health: 'HEALTHY', issues: [] });
  });

  it('lets a worse word of its own stand beside it', () => {
    const own = digest({ health: 'UNHEALTHY', issues: ['disk 99% full'] });
    expect(row(member('n1', accusing), member('n2', own))).toMatchObject({
      health: 'UNHEALTHY',
      issues: ['disk 99% full', issue],
    });
  });
});
