/**
 * A leader that gives leadership away by itself may be unable to commit why: that is often the reason. So the
 * former leader tells whoever leads next, with the candidates as it saw them, and the next one records it. A
 * report that finds nobody in time is lost: then the election itself is all that the record knows.
 */
import type { HandOverReport } from '../src/api/index.ts';
import type { Logger, NodeId, Term } from '../src/base/index.ts';
import { SqlccError } from '../src/base/index.ts';
import type { CandidateRow, ClusterCommand } from '../src/cluster/index.ts';
import type { ConsensusLink } from './consensus-link.ts';
import { shortId } from './data-dir.ts';
import { type LeaderWordParts, tellLeader } from './leader-word.ts';
import { candidateView } from './node-view.ts';

const RETRY_MS = 200;
/** Whoever leads by then is told; an election takes a fraction of it. */
const GIVE_UP_MS = 20_000;
/** A hand-over that nobody took by then has failed: a leader that gives up steps down much sooner. */
const FAILED_AFTER_MS = 5000;

export interface HandOverReporterParts extends LeaderWordParts {
  readonly consensus: Pick<ConsensusLink, 'proposals' | 'status'>;
  readonly logger: Logger;
  readonly candidates: () => readonly CandidateRow[];
}

/** The report as the command that records it. */
export function handOverCommand(from: NodeId, report: HandOverReport): ClusterCommand {
  const candidates = report.candidates.map((c) => ({
    ...{ nodeId: c.node_id, eligible: c.eligible, reasons: c.reasons, lagEntries: c.lag_entries },
  }));
  return {
    kind: 'hand-over-record',
    id: report.id,
    from,
    term: report.term,
    cause: report.cause,
    candidates,
  };
}

export class HandOverReporter {
  readonly #parts: HandOverReporterParts;
  /** The term of the newest report: a leader gives up its office once. */
  #term: Term = 0;

  constructor(parts: HandOverReporterParts) {
    this.#parts = parts;
  }

  /** This node, which leads, begins to hand over. */
  begun(cause: string): void {
    const { consensus, candidates, logger } = this.#parts;
    const term = consensus.status?.term ?? 0;
    if (term === this.#term) return;
    this.#term = term;
    const rows = candidates().map(candidateView);
    const report = { id: shortId(), term, cause: cause.slice(0, 500), candidates: rows };
    this.#deliver(report).catch((error: unknown) => {
      logger.log('warn', 'hand-over-not-reported', { error: (error as Error).message });
    });
  }

  async #deliver(report: HandOverReport): Promise<void> {
    const begin = performance.now();
    let last = 'nobody led';
    while (performance.now() - begin < GIVE_UP_MS) {
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref());
      const status = this.#parts.consensus.status;
      if (status?.leaderId == null) continue;
      const isFailed = performance.now() - begin > FAILED_AFTER_MS;
      if (status.term === report.term && !isFailed) continue;
      const answer = await this.#tell(report).catch((error: unknown) => (error as Error).message);
      if (answer === null) return;
      last = answer;
    }
    throw new SqlccError('unavailable', last);
  }

  /** Null when it is recorded, else why it is not. */
  #tell(report: HandOverReport): Promise<string | null> {
    const command = handOverCommand(this.#parts.nodeId, report);
    return tellLeader(this.#parts, { command, route: 'hand-over', body: report });
  }
}
