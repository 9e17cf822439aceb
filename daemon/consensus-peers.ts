/**
 * Whom the consensus worker connects to, for what, and how often it measures the way. Everybody dials the
 * voters; those without a vote are dialled only by who leads, since nobody else has a word for them: a
 * cluster of many observers would be a full mesh otherwise. Round trips are measured between voters, whose
 * election timeout rests on them; other lines are tried only when they are silent. Entries and snapshots come
 * from voters alone: who has no vote keeps no connections for them.
 */
import type { NodeId } from '../src/base/index.ts';
import { findMember, type Membership } from '../src/raft/index.ts';
import type { PeerAddress, PeerTransport } from '../src/rpc/index.ts';

/** A new leader dials so many at once: a hundred handshakes in one turn would delay its first commit. */
const LEARNERS_A_STEP = 4;
const STEP_MS = 20;
/** Callers with a certificate of this cluster and no place in this node's membership; more get no answer. */
const MAX_STRANGERS = 16;
const WORDS_ALONE = ['control'] as const;
/**
 * A node that does not know the membership yet says little: it answers those who call it, the leader among
 * them. Of the seeds of its join it dials so many, in case that nobody calls it; dialling all would cost a
 * cluster of many two handshakes for each pair of nodes.
 */
const MAX_SEEDS = 3;

/**
 * Whom a node dials that is `self`; a leader with `learners` at most of those who have no vote. Empty before
 * a membership is known.
 */
export function consensusPeers(membership: Membership, self: NodeId, learners: number): PeerAddress[] {
  const { voters, outgoing } = membership;
  const voting = new Map([...outgoing, ...voters].map((m) => [m.nodeId, m]));
  const pings = voting.has(self) ? 'steady' : 'sparing';
  const sends = voting.has(self) || learners > 0 ? {} : { purposes: WORDS_ALONE };
  const others = [...membership.learners, ...membership.learnersNext].filter((m) => !voting.has(m.nodeId));
  return [
    ...[...voting.values()].map(({ nodeId, address }) => ({ nodeId, address, pings, ...sends }) as const),
    ...others
      .slice(0, learners)
      .map(({ nodeId, address }) => ({ nodeId, address, pings: 'sparing' }) as const),
  ].filter((peer) => peer.nodeId !== self);
}

/**
 * Callers that are no members here. Who was away does not know who joined and leads now: without an answer
 * the leader could not find out where their logs agree.
 */
function strangers(membership: Membership, callers: readonly PeerAddress[]): PeerAddress[] {
  const found = callers.filter((caller) => findMember(membership, caller.nodeId) === undefined);
  return found
    .slice(0, MAX_STRANGERS)
    .map((caller) => ({ ...caller, pings: 'sparing', purposes: WORDS_ALONE }));
}

/** Keeps a transport's peers to what the membership and the own role ask for. */
export class ConsensusPeers {
  readonly #self: NodeId;
  readonly #transport: Pick<PeerTransport, 'setPeers' | 'callers'>;
  #membership: Membership | null = null;
  /** How many learners a leader dials by now. */
  #learners = 0;
  #timer: NodeJS.Timeout | null = null;
  readonly #seeds: readonly PeerAddress[];

  /** `seeds` are dialled as long as no membership is known. */
  constructor(
    self: NodeId,
    transport: Pick<PeerTransport, 'setPeers' | 'callers'>,
    seeds: readonly PeerAddress[],
  ) {
    this.#self = self;
    this.#transport = transport;
    this.#seeds = seeds.slice(0, MAX_SEEDS).map((seed) => ({ ...seed, purposes: WORDS_ALONE }));
  }

  /** Somebody has dialled in. */
  called(peer: NodeId): void {
    const membership = this.#membership;
    if (membership !== null && findMember(membership, peer) === undefined) this.#apply(membership);
  }

  follow(membership: Membership, isLeading: boolean): void {
    this.#membership = membership;
    if (!isLeading) this.stop();
    else if (this.#timer === null) this.#step();
    this.#apply(membership);
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#learners = 0;
  }

  #step(): void {
    this.#learners += LEARNERS_A_STEP;
    const { learners = [], learnersNext = [] } = this.#membership ?? {};
    const isMore = learners.length + learnersNext.length > this.#learners;
    this.#timer = isMore ? setTimeout(() => this.#next(), STEP_MS) : null;
  }

  #next(): void {
    this.#step();
    if (this.#membership !== null) this.#apply(this.#membership);
  }

  #apply(membership: Membership): void {
    const isEmpty = membership.voters.length + membership.learners.length === 0;
    const members = isEmpty ? this.#seeds : consensusPeers(membership, this.#self, this.#learners);
    // who is known by both is dialled where it says that it is: a seed may have moved since the join
    const callers = strangers(membership, this.#transport.callers());
    this.#transport.setPeers([...members, ...callers]);
  }
}
