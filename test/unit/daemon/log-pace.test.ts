import { describe, expect, it } from 'vitest';
import { LogPace, ownLag } from '../../../daemon/log-pace.ts';
import { Traffic } from '../../../daemon/traffic.ts';
import type { LogEntry, RaftInput, RaftMessage, RaftStatus } from '../../../src/raft/index.ts';

const entry = (size: number): LogEntry => ({
  ...{ index: 1, term: 1, kind: 'sql', timestamp: 0 },
  data: new Uint8Array(size),
});
const message = (kind: RaftMessage['kind']): RaftMessage => ({ kind }) as RaftMessage;

describe('Traffic', () => {
  it('counts what was written and every heartbeat, coming and going', () => {
    const traffic = new Traffic();
    traffic.wrote([entry(100), entry(0)]);
    traffic.wrote([]);
    traffic.spoke([message('heartbeat'), message('append'), message('heartbeat-response')]);
    traffic.spoke([message('heartbeat')]);
    expect(traffic.counts).toEqual({ logBytes: 168, logEntries: 2, heartbeats: 2, errors: 0 });
  });

  it('counts as errors what did not get to a follower, or was refused there, and nothing else', () => {
    const traffic = new Traffic();
    const answer = (accepted: boolean): RaftInput => ({
      kind: 'message',
      message: { ...message('append-response'), accepted } as RaftMessage,
    });
    const fine: RaftInput[] = [
      answer(true),
      { kind: 'message', message: message('heartbeat') },
      { kind: 'snapshot-report', peer: 'b', ok: true },
      { kind: 'peer-hint', peer: 'b', status: 'lost' },
    ];
    for (const input of fine) traffic.met(input);
    expect(traffic.counts.errors).toBe(0);
    traffic.met(answer(false));
    traffic.met({ kind: 'snapshot-report', peer: 'b', ok: false });
    traffic.met({ kind: 'unreachable', peer: 'b' });
    expect(traffic.counts.errors).toBe(3);
  });
});

describe('LogPace', () => {
  it('says nothing of a lag before it has seen an entry, but that no lag is none', () => {
    const pace = new LogPace();
    pace.observe({ logBytes: 0, logEntries: 0 });
    expect([pace.bytesOf(5), pace.bytesOf(0), pace.bytesOf(null)]).toEqual([null, 0, null]);
  });

  it('counts with the mean entry of the last minute, and remembers it while the log rests', () => {
    const pace = new LogPace();
    pace.observe({ logBytes: 1000, logEntries: 10 });
    expect(pace.bytesOf(3)).toBe(300);
    for (let n = 1; n <= 100; n++) pace.observe({ logBytes: 1000 + n * 5000, logEntries: 10 + n });
    expect(pace.bytesOf(3)).toBe(15_000);
    for (let n = 0; n < 100; n++) pace.observe({ logBytes: 501_000, logEntries: 110 });
    expect(pace.bytesOf(3)).toBe(15_000);
  });
});

describe('ownLag', () => {
  const raft = (changes: Partial<RaftStatus>): RaftStatus =>
    ({
      role: 'follower',
      leaderId: 'n1',
      commitIndex: 90,
      last: { term: 1, index: 95 },
      ...changes,
    }) as RaftStatus;

  it.each([
    ['knows nothing before the first status', null, 5, 9, { log: null, applied: null }],
    ['knows nothing without a leader', raft({ leaderId: null }), 90, 99, { log: null, applied: null }],
    ['compares with the end of the leader by its own word', raft({}), 88, 200, { log: 105, applied: 112 }],
    ['trusts what is committed more than an old word', raft({}), 88, 10, { log: 0, applied: 2 }],
    ['of a leader is what it has not applied', raft({ role: 'leader' }), 88, 200, { log: 0, applied: 2 }],
  ])('%s', (_case, status, applied, leaderLast, lag) => {
    expect(ownLag(status, applied, leaderLast)).toEqual(lag);
  });
});
