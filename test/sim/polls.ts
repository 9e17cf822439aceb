/**
 * What candidates said of their logs when they asked for votes and pre-votes, so that whoever says yes can be held
 * to its own (§5.4.1, dissertation §9.6): also where nothing comes of it, because another rule stood behind this one.
 */
import type { LogPosition } from '../../src/base/index.ts';
import type { RaftMessage } from '../../src/raft/index.ts';

type MessageOf<K extends RaftMessage['kind']> = Extract<RaftMessage, { kind: K }>;

function isNewer(a: LogPosition, b: LogPosition): boolean {
  return a.term > b.term || (a.term === b.term && a.index > b.index);
}

export class Polls {
  /** The best that was claimed: campaigns are counted anew in each life. */
  readonly #claims = new Map<string, LogPosition>();

  asked(m: MessageOf<'pre-vote'> | MessageOf<'vote'>): void {
    const key = m.kind === 'vote' ? `${m.from} ${m.term}` : `${m.fromInstance} pre ${m.campaign}`;
    const known = this.#claims.get(key);
    if (known === undefined || isNewer(m.last, known)) this.#claims.set(key, m.last);
  }

  /** What is wrong with a yes of who holds `last`; null when nothing is, or nobody was heard to ask. */
  preVoteDefect({ to, toInstance, campaign }: MessageOf<'pre-vote-response'>, last: LogPosition) {
    return this.#defect(`${toInstance} pre ${campaign}`, to, last);
  }

  voteDefect(candidate: string, term: number, last: LogPosition): string | null {
    return this.#defect(`${candidate} ${term}`, candidate, last);
  }

  #defect(key: string, candidate: string, last: LogPosition): string | null {
    const claim = this.#claims.get(key);
    if (claim === undefined || !isNewer(last, claim)) return null;
    const [own, other] = [`${last.index}/${last.term}`, `${claim.index}/${claim.term}`];
    return `its log ends with ${own}, that of ${candidate} with ${other}`;
  }
}
