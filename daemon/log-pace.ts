/**
 * Lag in bytes. Nobody knows the size of entries that have not arrived, so it is an
 * estimate: entries behind × the mean size of the entries of the last minute.
 */
import type { LogIndex, NodeId } from '../src/base/index.ts';
import type { RaftStatus } from '../src/raft/index.ts';
import type { TrafficCounts } from './traffic.ts';

/** Samples that the mean is made of: a minute at the usual second between samples. */
const WINDOW = 60;

type Counts = Pick<TrafficCounts, 'logBytes' | 'logEntries'>;

export class LogPace {
  #samples: Counts[] = [{ logBytes: 0, logEntries: 0 }];
  #meanBytes: number | null = null;

  /** Called with each sample. */
  observe(now: Counts): void {
    this.#samples = [...this.#samples, now].slice(-WINDOW);
    const [oldest] = this.#samples;
    const entries = now.logEntries - (oldest?.logEntries ?? 0);
    // a log that rests keeps the mean that it had
    if (entries > 0) this.#meanBytes = (now.logBytes - (oldest?.logBytes ?? 0)) / entries;
  }

  /** Estimated bytes of so many entries; null when nobody knows. */
  bytesOf(entries: number | null): number | null {
    if (entries === null || entries === 0) return entries;
    return this.#meanBytes === null ? null : Math.round(entries * this.#meanBytes);
  }
}

/** How far this node's log and state are behind, in entries; null without a leader to compare with. */
export interface OwnLag {
  readonly log: number | null;
  readonly applied: number | null;
}

/** `leaderLast`: the end of the leader's log by its own word in gossip, at most some seconds old. */
export function ownLag(raft: RaftStatus | null, applied: LogIndex, leaderLast: LogIndex | null): OwnLag {
  if (raft === null || raft.leaderId === null) return { log: null, applied: null };
  const target = raft.role === 'leader' ? raft.commitIndex : Math.max(raft.commitIndex, leaderLast ?? 0);
  const behind = (index: LogIndex): number => Math.max(0, target - index);
  return { log: raft.role === 'leader' ? 0 : behind(raft.last.index), applied: behind(applied) };
}

/**
 * Entries that a node is behind, null where nothing was heard of its log. What a follower hears of the
 * leader's log is older than the commit index that the leader itself told: a leader is behind nobody.
 */
export function lagOf(
  { leaderId, commitIndex }: Pick<RaftStatus, 'leaderId' | 'commitIndex'>,
  nodeId: NodeId,
  match: LogIndex | null,
): number | null {
  if (match === null) return null;
  return nodeId === leaderId ? 0 : Math.max(0, commitIndex - match);
}
