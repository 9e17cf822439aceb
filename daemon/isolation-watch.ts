/**
 * Notices that this node is cut off from the majority and that it is back, says so, and has what
 * it holds compared with the leader once it is back: after a partition, and after a death that was
 * on record.
 */
import type { VerifyResponse } from '../src/api/index.ts';
import { errorFromWire } from '../src/api/index.ts';
import { formatDuration, LIMITS, type Logger, type NodeId, plural, SqlccError } from '../src/base/index.ts';
import type { ClusterEvent } from '../src/cluster/index.ts';
import type { HttpClient } from '../src/rpc/index.ts';
import { beats } from './beats.ts';
import type { EventHub } from './event-hub.ts';
import { type Isolation, isolationOf, isolationText } from './isolation.ts';
import type { NodeParts } from './node-parts.ts';
import type { LeaderAddress } from './protocol.ts';
import type { Reads } from './reads.ts';
import { namedFew } from './verify-compare.ts';

const LOOK_MS = 200;
/** Elections are shorter; what lasts is a partition, or a majority that is gone. */
const SUSPECT_MS = 1000;
const VERIFY_TIMEOUT_MS = 120_000;
/**
 * A comparison reads all data of two nodes. Who was dead comes back amid a failover and a catching up: it
 * waits until that is over, and begins its wait anew when it dies again. After a partition nobody waits.
 */
const REST_MS = 30_000;
const RETRY_MS = 1000;
const TRIES = 10;

export interface WatchParts {
  readonly nodeId: NodeId;
  readonly hub: Pick<EventHub, 'publishOwn'>;
  readonly reads: Pick<Reads, 'leader' | 'isLeader'>;
  readonly http: Pick<HttpClient, 'request'>;
  readonly logger: Logger;
  readonly isolation: () => Isolation | null;
  /** False when this node follows nobody, or the Raft group, as far as it knows it, does not name it. */
  readonly hasPlace: () => boolean;
  /** Asks the cluster whether this node still belongs to it; called once each time that it has no place. */
  readonly askWhetherKnown: () => void;
}

export class IsolationWatch {
  readonly #parts: WatchParts;
  #stopLooking = (): void => {};
  #suspected: Isolation | null = null;
  /** Since when this node has no place, monotonic ms. */
  #strangerSince: number | null = null;
  #hasAsked = false;
  #isVerifying = false;
  #isStopped = false;
  #rest: NodeJS.Timeout | undefined;

  constructor(parts: WatchParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#stopLooking = beats.every(LOOK_MS, () => this.#look());
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#rest);
    this.#stopLooking();
  }

  /** Events of the record: a node that was dead and is back is compared too. */
  onApplied(events: readonly ClusterEvent[]): void {
    const { nodeId } = this.#parts;
    const isBack = events.some(
      (e) =>
        e.nodeId === nodeId &&
        (e.kind === 'node-alive' || (e.kind === 'node-started' && e.data['previous_liveness'] === 'dead')),
    );
    if (!isBack || this.#isStopped) return;
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => void this.#verify(), REST_MS).unref();
  }

  /**
   * Whoever was removed hears nothing any more, perhaps not even that it was: it asks, is told so, and stops.
   * One that is cut off asks too, and is answered when it is back.
   */
  #lookForPlace(): void {
    if (this.#parts.hasPlace()) {
      this.#strangerSince = null;
      this.#hasAsked = false;
      return;
    }
    this.#strangerSince ??= performance.now();
    if (this.#hasAsked || performance.now() - this.#strangerSince < SUSPECT_MS) return;
    this.#hasAsked = true;
    this.#parts.askWhetherKnown();
  }

  #look(): void {
    this.#lookForPlace();
    const now = this.#parts.isolation();
    if (now !== null) {
      if (now.sinceMs < SUSPECT_MS) return;
      if (this.#suspected === null) this.#suspect(now);
      this.#suspected = now;
      return;
    }
    // a majority without a leader elects one in a moment: the end is when there is one
    const before = this.#suspected;
    if (before === null || this.#parts.reads.leader() === null) return;
    this.#suspected = null;
    this.#heal(before);
  }

  #suspect(isolation: Isolation): void {
    const { nodeId, logger } = this.#parts;
    const { missing, reached, needs } = isolation;
    logger.log('warn', 'partition-suspected', { missing: missing.join(','), needs });
    const message = `${nodeId} is ${isolationText(isolation)}`;
    this.#tell({
      kind: 'partition-suspected',
      severity: 'critical',
      message,
      data: { missing, reached, needs },
    });
  }

  #heal({ sinceMs, missing }: Isolation): void {
    const { nodeId, logger, reads } = this.#parts;
    const leader = reads.leader()?.node_id ?? null;
    logger.log('info', 'partition-healed', { after_ms: sinceMs, leader });
    const message = `${nodeId} reaches a majority again after ${formatDuration(sinceMs)}: ${leader} leads`;
    this.#tell({
      kind: 'partition-healed',
      severity: 'info',
      message,
      data: { missing, after_ms: sinceMs, leader_id: leader },
    });
    void this.#verify();
  }

  #tell(event: Omit<ClusterEvent, 'nodeId' | 'at' | 'index'> & { readonly nodeId?: NodeId }): void {
    this.#parts.hub.publishOwn({ nodeId: this.#parts.nodeId, ...event, at: Date.now() });
  }

  /** One comparison at a time; what happens meanwhile is covered by its mark, or by the next one. */
  async #verify(): Promise<void> {
    if (this.#isVerifying) return;
    clearTimeout(this.#rest);
    this.#isVerifying = true;
    try {
      for (let n = 0; n < TRIES && !this.#isStopped; n++) {
        const leader = this.#parts.reads.leader();
        // a leader is not compared with itself: the others are with it, each when it is back
        if (leader?.node_id === this.#parts.nodeId) return;
        const answer = leader === null ? null : await this.#ask(leader);
        if (answer !== null) return this.#report(answer);
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref());
      }
      this.#parts.logger.log('warn', 'not-verified', { tries: TRIES });
    } finally {
      this.#isVerifying = false;
    }
  }

  /** The leader's comparison of itself, or of all, with this node; null = ask again. */
  async #ask(leader: LeaderAddress): Promise<VerifyResponse | null> {
    const { nodeId, http, logger } = this.#parts;
    try {
      const answer = await http.request({
        endpoint: `${leader.host.includes(':') ? `[${leader.host}]` : leader.host}:${leader.port}`,
        method: 'POST',
        path: `/v1/nodes/${encodeURIComponent(nodeId)}/verify`,
        body: {},
        timeoutMs: Math.min(VERIFY_TIMEOUT_MS, LIMITS.maxRequestTimeoutMs),
      });
      if (answer.status >= 300) throw errorFromWire(answer.status, answer.json());
      const said = answer.json() as VerifyResponse;
      return said.verdict === 'incomplete' ? null : said;
    } catch (error) {
      if (!(error instanceof SqlccError)) throw error;
      logger.log('debug', 'verify-retry', { error: error.message });
      return null;
    }
  }

  #report(answer: VerifyResponse): void {
    const { logger } = this.#parts;
    logger.log(answer.verdict === 'ok' ? 'info' : 'error', 'verified', {
      verdict: answer.verdict,
      index: answer.index,
      rows: answer.rows,
    });
    const event = verifiedEvent(this.#parts.nodeId, answer);
    this.#tell(event);
  }
}

type VerifiedEvent = Pick<ClusterEvent, 'kind' | 'severity' | 'message' | 'data'> & {
  readonly nodeId: NodeId;
};

/**
 * What a comparison with a node that is back has shown: of the leader and it, or of all where those two
 * differ. It is about the one that differs from most voters; without a majority that holds the same, about
 * the node that is back.
 */
export function verifiedEvent(
  nodeId: NodeId,
  { verdict, index, parts, rows, nodes }: VerifyResponse,
): VerifiedEvent {
  const namesOf = (state: 'ok' | 'differs'): string[] =>
    nodes.filter((n) => n.state === state && n.node_id !== nodeId).map((n) => n.node_id);
  const equal = namesOf('ok').join(', ');
  const data = { index, verdict, parts, rows };
  if (verdict !== 'differs') {
    const message = `${nodeId} is back and holds what ${equal} holds at ${index}: ${plural(rows, 'row')}`;
    return { kind: 'replica-verified', severity: 'info', nodeId, message, data };
  }
  const odd = nodes.filter((n) => n.state === 'differs');
  const isOwn = odd.some((n) => n.node_id === nodeId);
  const differs = namedFew([...new Set(odd.flatMap((n) => n.differences.map((d) => d.part)))]);
  const unlike = namesOf('differs').join(', ');
  let finding = `differs from ${equal} at ${index}`;
  if (equal === '') finding = `differs from ${unlike} at ${index}, no majority says which is right`;
  if (!isOwn) finding = `holds what most voters hold at ${index}; ${unlike} differs`;
  const message = `${nodeId} is back and ${finding}: ${differs}`;
  const about = isOwn ? nodeId : (odd[0]?.node_id ?? nodeId);
  return {
    kind: 'replica-diverged',
    severity: 'critical',
    nodeId: about,
    message,
    data: { ...data, differs },
  };
}

/** Watches over the parts of a node; what they refuse meanwhile says why. */
export function watchIsolation(
  { facts, hub, reads, http, consensus, events, gossip }: WatchedParts,
  { logger, askWhetherKnown }: Pick<WatchParts, 'logger' | 'askWhetherKnown'>,
): IsolationWatch {
  const { nodeId } = facts;
  const isolation = (): Isolation | null => {
    const raft = consensus.status;
    if (raft === null) return null;
    const { leaderlessMs } = events;
    return isolationOf({ self: nodeId, raft, leaderlessMs, memberOf: (id) => gossip.member(id) });
  };
  const words = (): string | null => {
    const now = isolation();
    return now === null ? null : isolationText(now);
  };
  reads.isolation = words;
  events.isolation = words;
  const hasPlace = (): boolean => {
    const { status } = consensus;
    if (status === null || status.membership.voters.length === 0) return true;
    if (status.leaderId === null) return false;
    const { voters, outgoing, learners, learnersNext } = status.membership;
    return [...voters, ...outgoing, ...learners, ...learnersNext].some((m) => m.nodeId === nodeId);
  };
  const watched = { nodeId, hub, reads, http, logger, isolation, hasPlace, askWhetherKnown };
  const watch = new IsolationWatch(watched);
  const heard = events.heardApplied;
  events.heardApplied = (applied) => {
    heard(applied);
    watch.onApplied(applied);
  };
  return watch;
}

type WatchedParts = Pick<NodeParts, 'facts' | 'hub' | 'reads' | 'http' | 'consensus' | 'events' | 'gossip'>;
