/**
 * What a node that wins an election knows of how it came about: the order of successors that the last leader
 * named, who else asked for votes and why they got none, who answered. The record keeps it, so that "why this
 * one" has an answer long after. Not a rule of the election: it only listens.
 */
import type { Duration, NodeId, Term } from '../src/base/index.ts';
import { type CandidateRow, campaignWords } from '../src/cluster/index.ts';
import type { RaftEvent, RaftStatus } from '../src/raft/index.ts';

type Elected = Extract<RaftEvent, { kind: 'elected' }>;
type Vote = Extract<RaftEvent, { kind: 'vote' }>;

/** Why the winner won, in a sentence, and a row for each that could have. */
export interface Standing {
  readonly why: string;
  readonly rows: readonly StandingRow[];
}

export type WonElection = Elected & { readonly standing: Standing };

interface StandingRow {
  readonly nodeId: NodeId;
  readonly words: readonly string[];
  /** The lost leader: gossip takes longer to call it dead than an election takes. */
  readonly isLost: boolean;
}

const REFUSALS: Readonly<Record<NonNullable<Vote['refusal']>, string>> = {
  lease: 'a leader was heard still',
  log: 'its log was behind',
  term: 'its term was over',
  voted: 'the vote was given already',
  'not-ready': 'this node was not ready',
};

function ordinal(n: number): string {
  return ['first', 'second', 'third'][n] ?? `${n + 1}th`;
}

/**
 * How long nobody led before this election: by all who elected, where they know. The winner's own count is
 * too short when it stood still meanwhile, and too long when it alone heard no leader.
 */
export function vacantMs({ silenceMs, electionMs }: Elected, ownMs: Duration): Duration {
  return silenceMs === null ? ownMs : Math.round(silenceMs + electionMs);
}

export class ElectionWatch {
  readonly #self: NodeId;
  /** Successors in order, as the last leader named them. */
  #ranks: readonly NodeId[] = [];
  #former: NodeId | null = null;
  #voters: readonly NodeId[] = [];
  /** Who asked this node for its vote since somebody led last, and what they got; the newest counts. */
  readonly #asked = new Map<NodeId, Vote>();
  #ownCampaigns: Term[] = [];
  #lost: NodeId | null = null;

  constructor(self: NodeId) {
    this.#self = self;
  }

  followed(status: Pick<RaftStatus, 'role' | 'leaderId' | 'ranks' | 'membership'>): void {
    const { voters, outgoing } = status.membership;
    this.#voters = [...new Set([...voters, ...outgoing].map((m) => m.nodeId))];
    if (status.leaderId === null) return;
    this.#former = status.leaderId;
    this.#ranks = status.ranks;
  }

  heard(event: RaftEvent): void {
    if (event.kind === 'vote') this.#asked.set(event.candidate, event);
    if (event.kind === 'hint-taken') this.#lost = event.peer;
    if (event.kind === 'campaign-started') this.#ownCampaigns.push(event.term);
    const isOver = event.kind === 'leader-changed' && event.leaderId !== null;
    if (isOver && event.leaderId !== this.#self) this.#forget();
  }

  /** Of the election that this node has just won; forgets what led to it. */
  won(event: Elected): Standing {
    const rows = this.#voters.map((nodeId) => ({
      nodeId,
      words: this.#wordsOf(nodeId, event),
      isLost: this.#isLost(nodeId, event),
    }));
    const standing = { why: this.#why(event), rows };
    this.#forget();
    return standing;
  }

  #forget(): void {
    this.#asked.clear();
    this.#ownCampaigns = [];
    this.#lost = null;
  }

  /** A leader that nobody heard, and that gave no vote. One that handed over lives. */
  #isLost(nodeId: NodeId, { votes, campaign }: Elected): boolean {
    const led = nodeId === this.#former && nodeId !== this.#self;
    return led && campaign !== 'transfer' && !votes.includes(nodeId);
  }

  #wordsOf(nodeId: NodeId, { votes, campaign }: Elected): string[] {
    const words: string[] = [];
    if (nodeId === this.#self)
      words.push(`won: ${this.#cause(campaign)}, ${votes.length} of ${this.#voters.length} votes`);
    else words.push(votes.includes(nodeId) ? `voted for ${this.#self}` : 'no vote of it was needed or came');
    if (nodeId === this.#former && nodeId !== this.#self) words.push('led before');
    const rank = this.#ranks.indexOf(nodeId);
    if (rank >= 0) words.push(`${ordinal(rank)} successor by ${this.#former}'s order`);
    const asked = this.#asked.get(nodeId);
    if (asked !== undefined) words.push(`stood in term ${asked.term}: ${this.#got(asked)}`);
    return words;
  }

  #cause(campaign: Elected['campaign']): string {
    const former = this.#lost ?? this.#former;
    return campaignWords(campaign, former === this.#self ? null : former);
  }

  #got({ granted, refusal }: Vote): string {
    return granted
      ? `had the vote of ${this.#self}, and did not win`
      : `refused, ${REFUSALS[refusal ?? 'voted']}`;
  }

  #why({ campaign, silenceMs, votes }: Elected): string {
    if (campaign === 'transfer') return `${this.#former ?? 'the leader'} handed leadership to it`;
    const silence = silenceMs === null ? 'no leader was heard' : `${Math.round(silenceMs)} ms of silence`;
    const cause = campaign === 'hint' ? `the connection to ${this.#lost ?? this.#former} ended` : silence;
    const rank = this.#ranks.indexOf(this.#self);
    const rivals = [...this.#asked.keys()].filter((id) => id !== this.#self);
    return [
      cause,
      ...(rank < 0 ? [] : [`${ordinal(rank)} of ${this.#ranks.length} successors`]),
      rivals.length === 0 ? 'nobody else asked for votes' : `also stood: ${rivals.join(', ')}`,
      ...(this.#ownCampaigns.length > 1 ? [`asked ${this.#ownCampaigns.length} times`] : []),
      `${votes.length} of ${this.#voters.length} votes`,
    ].join('; ');
  }
}

/** Rows as the record keeps them: what was seen of the election, then what speaks for and against. */
export function standingRows(
  standing: Standing,
  candidates: readonly CandidateRow[],
  self: NodeId,
): CandidateRow[] {
  return standing.rows.map(({ nodeId, words, isLost }) => {
    const known = candidates.find((c) => c.nodeId === nodeId);
    if (isLost && known?.eligible !== false) {
      // what gossip knew of it was known before it was lost
      return { nodeId, eligible: false, reasons: [...words, 'was not heard'], lagEntries: null };
    }
    const eligible = nodeId === self || (known?.eligible ?? false);
    const lagEntries = nodeId === self ? 0 : (known?.lagEntries ?? null);
    return { nodeId, eligible, reasons: [...words, ...(known?.reasons ?? [])], lagEntries };
  });
}
