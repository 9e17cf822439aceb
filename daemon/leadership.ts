/**
 * Elections and failovers as this node lives through them, for metrics: changes of leader that it sees, and
 * those that it takes part in as the one who leads then. Times are handed in.
 */
import type { Instant, NodeId, Term } from '../src/base/index.ts';
import type { ClusterEvent } from '../src/cluster/index.ts';
import type { Incident } from '../src/metrics/index.ts';
import type { RaftEvent } from '../src/raft/index.ts';

type Elected = Extract<RaftEvent, { kind: 'elected' }>;

export class Leadership {
  readonly #nodeId: NodeId;
  readonly #tell: (incident: Incident) => void;
  #leaderId: NodeId | null = null;
  #changes = 0;
  /** Won, and not yet in the record. */
  #won: (Elected & { readonly at: Instant }) | null = null;

  constructor(nodeId: NodeId, tell: (incident: Incident) => void) {
    this.#nodeId = nodeId;
    this.#tell = tell;
  }

  /** Times that somebody else than before was seen to lead. */
  get changes(): number {
    return this.#changes;
  }

  onRaft(event: RaftEvent, now: Instant): void {
    if (event.kind === 'leader-changed' && event.leaderId !== null && event.leaderId !== this.#leaderId) {
      this.#leaderId = event.leaderId;
      this.#changes++;
    }
    if (event.kind !== 'elected') return;
    this.#won = { ...event, at: now };
    this.#tell({ kind: 'election', ms: event.electionMs });
  }

  /**
   * The first entry of a leader's own term is `leader-elected`: from when it is applied, writes are
   * answered. It is counted by who won that election in this life, so never twice.
   */
  onApplied(events: readonly ClusterEvent[], now: Instant): void {
    for (const { kind, data } of events) {
      const won = this.#won;
      if (kind !== 'leader-elected' || won === null || (data['term'] as Term) !== won.term) continue;
      this.#won = null;
      const previous = data['previous_leader_id'] as NodeId | null;
      if (previous === null || previous === this.#nodeId) continue;
      const durationMs = (won.silenceMs ?? 0) + won.electionMs;
      const writeGapMs = durationMs + (now - won.at);
      this.#tell({ kind: 'failover', cause: won.campaign, durationMs, writeGapMs });
    }
  }
}
