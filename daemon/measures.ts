/**
 * What the consensus thread counts for metrics: it sees the messages and has the clock that no stall of
 * another thread disturbs. Nothing is decided by these figures, but for the clocks (shared-time.ts).
 */
import type { Instant, NodeId } from '../src/base/index.ts';
import { Availability, type AvailabilityReport } from '../src/health/index.ts';
import type { HistogramSnapshot, Series } from '../src/metrics/index.ts';
import type { RaftMessage, RaftStatus } from '../src/raft/index.ts';
import type { ClockWord } from '../src/rpc/index.ts';
import { AppendTimes } from './append-times.ts';

/** Seconds, since this start. */
export interface MeasuresReport {
  readonly fsync: HistogramSnapshot;
  readonly loopLag: HistogramSnapshot;
  /** By follower. */
  readonly appendRtt: readonly Series[];
  readonly availability: AvailabilityReport;
  /** What voters said of their wall clocks since the report before. */
  readonly clocks: readonly ClockWord[];
}

type Look = Pick<RaftStatus, 'role' | 'leaderId' | 'silenceMs' | 'membership' | 'nodeId'>;

export class Measures {
  readonly #appendTimes = new AppendTimes();
  readonly #availability = new Availability();
  /** When each voter last answered this node as its leader. */
  readonly #answers = new Map<NodeId, Instant>();
  #wasLeading = false;

  sent(messages: readonly RaftMessage[], now: Instant): void {
    this.#appendTimes.sent(messages, now);
  }

  heard(message: RaftMessage, now: Instant): void {
    this.#appendTimes.heard(message, now);
    if (message.kind === 'heartbeat-response' || message.kind === 'append-response')
      this.#answers.set(message.from, now);
  }

  /** How consensus stands; called once a second and with every change of leader. */
  look(status: Look, now: Instant): void {
    const isLeading = status.role === 'leader';
    // who has just lost leadership knows best when a majority last followed it
    const byMajority = isLeading || this.#wasLeading ? this.#majorityAt(status, now) : null;
    const byLeader = status.silenceMs === null ? null : now - status.silenceMs;
    this.#wasLeading = isLeading;
    this.#availability.observe(status.leaderId !== null, byMajority ?? byLeader, now);
    if (this.#answers.size > status.membership.voters.length) this.#forget(status);
  }

  report(now: Instant, own: Pick<MeasuresReport, 'fsync' | 'loopLag' | 'clocks'>): MeasuresReport {
    return {
      ...own,
      appendRtt: this.#appendTimes.series(),
      availability: this.#availability.report(now),
    };
  }

  /** When a majority had last answered, this node among it; null = not yet. */
  #majorityAt({ membership: { voters }, nodeId }: Look, now: Instant): Instant | null {
    const answers = voters.map((v) => (v.nodeId === nodeId ? now : (this.#answers.get(v.nodeId) ?? 0)));
    const at = answers.sort((a, b) => b - a)[Math.floor(voters.length / 2)] ?? 0;
    return at === 0 ? null : at;
  }

  #forget({ membership }: Look): void {
    const voters = new Set(membership.voters.map((v) => v.nodeId));
    for (const peer of this.#answers.keys()) if (!voters.has(peer)) this.#answers.delete(peer);
  }
}
