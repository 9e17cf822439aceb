import { describe, expect, it, onTestFinished } from 'vitest';
import { AppendTimes } from '../../../daemon/append-times.ts';
import { Leadership } from '../../../daemon/leadership.ts';
import { LoopLag } from '../../../daemon/loop-lag.ts';
import { Measures } from '../../../daemon/measures.ts';
import { LIMITS } from '../../../src/base/index.ts';
import type { ClusterEvent } from '../../../src/cluster/index.ts';
import { Histogram, type HistogramSnapshot, type Incident } from '../../../src/metrics/index.ts';
import type { Membership, RaftEvent, RaftMessage } from '../../../src/raft/index.ts';

const envelope = (from: string, to: string) => ({ from, to, fromInstance: 'i', toInstance: 'j', term: 3 });

function append(to: string, last: number | null, session = 1): RaftMessage {
  const entry = { term: 3, kind: 'sql' as const, timestamp: 0, data: new Uint8Array(1) };
  return {
    ...{ kind: 'append', ...envelope('n1', to), prev: { term: 0, index: 0 }, commit: 0, round: 1, session },
    entries: last === null ? [] : [{ ...entry, index: last }],
  };
}

function answer(
  from: string,
  index: number,
  changes: { accepted?: boolean; session?: number } = {},
): RaftMessage {
  const { accepted = true, session = 1 } = changes;
  return {
    ...{ kind: 'append-response', ...envelope(from, 'n1'), hint: { term: 0, index: 0 }, appliedIndex: 0 },
    ...{ accepted, index, session, round: 1 },
  };
}

/** Count and sum by follower. */
function counted(times: AppendTimes): Record<string, readonly number[]> {
  const rows = times.series().map(({ label, value }) => {
    const { count, sum } = value as HistogramSnapshot;
    return [label, [count, Math.round(sum * 1000)]] as const;
  });
  return Object.fromEntries(rows);
}

describe('AppendTimes', () => {
  it('times from sending entries to the answer that covers them, one a follower at once', () => {
    const times = new AppendTimes();
    times.sent([append('n2', 10), append('n3', 10)], 1000);
    times.sent([append('n2', 11)], 1002);
    times.heard(answer('n2', 9), 1003);
    times.heard(answer('n2', 11), 1005);
    times.heard(answer('n3', 10), 1050);
    times.sent([append('n2', 12)], 1100);
    times.heard(answer('n2', 12), 1107);
    times.heard(answer('n2', 12), 1200);
    expect(counted(times)).toEqual({ n2: [2, 12], n3: [1, 50] });
  });

  it('does not time what is empty, refused, of another session, or out for too long', () => {
    const times = new AppendTimes();
    times.sent([append('n2', null)], 0);
    times.heard(answer('n2', 10), 5);
    times.sent([append('n2', 10)], 10);
    times.heard(answer('n2', 10, { accepted: false }), 20);
    times.sent([append('n2', 10)], 30);
    times.heard(answer('n2', 10, { session: 2 }), 40);
    expect(counted(times)).toEqual({});
    times.sent([append('n2', 10)], 100);
    times.sent([append('n2', 20)], 20_100);
    times.heard(answer('n2', 20), 20_103);
    expect(counted(times)).toEqual({ n2: [1, 3] });
  });

  it('keeps no more followers than a label may have values', () => {
    const times = new AppendTimes();
    for (let n = 0; n < 2 * LIMITS.maxMetricSeries; n++) {
      times.sent([append(`p${n}`, 1)], n);
      times.heard(answer(`p${n}`, 1), n + 1);
    }
    expect(times.series()).toHaveLength(LIMITS.maxMetricSeries);
  });
});

const VOTERS: Membership = {
  voters: ['n1', 'n2', 'n3'].map((nodeId) => ({ nodeId, address: '', instanceId: 'i' })),
  ...{ outgoing: [], learners: [], learnersNext: [] },
};
const ROLE = { nodeId: 'n1', membership: VOTERS };
const OWN = { fsync: new Histogram([1]).snapshot(), loopLag: new Histogram([1]).snapshot(), clocks: [] };

describe('Measures', () => {
  it('blames a follower’s loss on the last word of its leader', () => {
    const measures = new Measures();
    const follower = { ...ROLE, role: 'follower' as const };
    for (let now = 0; now <= 10_000; now += 1000)
      measures.look({ ...follower, leaderId: 'n2', silenceMs: 20 }, now);
    measures.look({ ...follower, leaderId: null, silenceMs: 170 }, 10_200);
    measures.look({ ...follower, leaderId: 'n3', silenceMs: 0 }, 10_250);
    const { observedMs, servingMs } = measures.report(10_250, OWN).availability;
    expect([observedMs, observedMs - servingMs]).toEqual([10_250, 220]);
  });

  it('blames a leader’s loss on the last answer of a majority, not on its last look', () => {
    const measures = new Measures();
    const beat = (from: string, now: number) =>
      measures.heard({ ...answer(from, 0), kind: 'heartbeat-response' } as RaftMessage, now);
    const leader = { ...ROLE, role: 'leader' as const, leaderId: 'n1', silenceMs: null };
    for (let now = 0; now <= 10_000; now += 1000) {
      for (const peer of ['n2', 'n3']) beat(peer, now);
      measures.look(leader, now);
    }
    beat('n2', 10_400);
    measures.look({ ...leader, role: 'follower', leaderId: null }, 10_700);
    measures.look({ ...leader, role: 'follower', leaderId: 'n3', silenceMs: 0 }, 10_750);
    const { observedMs, servingMs } = measures.report(10_750, OWN).availability;
    expect([observedMs, observedMs - servingMs]).toEqual([10_750, 350]);
  });
});

function elected(changes: Partial<Extract<RaftEvent, { kind: 'elected' }>> = {}): RaftEvent {
  const event = { kind: 'elected', term: 5, campaign: 'hint', electionMs: 12, silenceMs: 30, votes: ['n1'] };
  return { ...event, ...changes } as RaftEvent;
}

function recorded(term: number, previous: string | null): ClusterEvent {
  return {
    ...{ kind: 'leader-elected', severity: 'info', nodeId: 'n1', at: 0, index: 9, message: '' },
    data: { term, leader_id: 'n1', previous_leader_id: previous },
  };
}

describe('Leadership', () => {
  it('counts an election when it is won, a failover when its first entry is applied, each once', () => {
    const told: Incident[] = [];
    const leadership = new Leadership('n1', (incident) => told.push(incident));
    leadership.onApplied([recorded(4, 'n2')], 500);
    leadership.onRaft(elected(), 1000);
    expect(told).toEqual([{ kind: 'election', ms: 12 }]);
    leadership.onApplied([recorded(4, 'n3')], 1004);
    leadership.onApplied([recorded(5, 'n2')], 1008);
    leadership.onApplied([recorded(5, 'n2')], 1100);
    expect(told.slice(1)).toEqual([{ kind: 'failover', cause: 'hint', durationMs: 42, writeGapMs: 50 }]);
  });

  it('takes a first leader, or the same one again, for no failover', () => {
    const told: Incident[] = [];
    const leadership = new Leadership('n1', (incident) => told.push(incident));
    leadership.onRaft(elected({ silenceMs: null }), 0);
    leadership.onApplied([recorded(5, null)], 1);
    leadership.onRaft(elected({ term: 6 }), 10);
    leadership.onApplied([recorded(6, 'n1')], 11);
    expect(told.map((incident) => incident.kind)).toEqual(['election', 'election']);
  });

  it('counts changes of leader, not that one is lost or found again', () => {
    const leadership = new Leadership('n1', () => {});
    const leads = (leaderId: string | null) =>
      leadership.onRaft({ kind: 'leader-changed', leaderId, term: 1 }, 0);
    for (const leaderId of ['n2', null, 'n2', null, 'n3', 'n2']) leads(leaderId);
    expect(leadership.changes).toBe(3);
  });
});

describe('LoopLag', () => {
  it('sample finds a loop that was blocked, once, and keeps it in its histogram', async () => {
    const lag = new LoopLag(10);
    onTestFinished(() => lag.stop());
    /** Lets the loop turn until it was looked at, however late this process gets its turn. */
    const turn = async (): Promise<void> => {
      while (lag.looks === 0) await new Promise((resolve) => setImmediate(resolve));
    };
    await turn();
    lag.sample();
    expect(lag.histogram.count).toBeGreaterThan(0);
    const over = (): number => {
      const { bounds, cumulative, count } = lag.histogram;
      return count - (cumulative[bounds.indexOf(0.25)] ?? 0);
    };
    const before = over();
    await turn();
    const seen = lag.looks;
    const until = performance.now() + 600;
    while (performance.now() < until);
    while (lag.looks === seen) await new Promise((resolve) => setImmediate(resolve));
    expect(lag.sample()).toBeGreaterThan(500);
    expect(over()).toBeGreaterThan(before);
  });
});
