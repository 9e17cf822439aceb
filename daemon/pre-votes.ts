/**
 * What this node answers to those who ask whether it would elect them. The core tells of votes only, for a
 * pre-vote changes nothing: it is read off the messages that leave. Who is answered the same again and again,
 * as without a majority, is told of once.
 */
import type { NodeId, Term } from '../src/base/index.ts';
import type { RaftEvent, RaftMessage } from '../src/raft/index.ts';

export interface PreVoteAnswer {
  readonly kind: 'pre-vote';
  /** The one that would begin. */
  readonly term: Term;
  readonly candidate: NodeId;
  readonly granted: boolean;
  /** Null = it was granted. */
  readonly refusal: Extract<RaftMessage, { kind: 'pre-vote-response' }>['refusal'];
}

/** What the consensus thread tells of elections. */
export type ElectionEvent = RaftEvent | PreVoteAnswer;

export class PreVotes {
  readonly #terms = new Map<NodeId, Term>();
  readonly #told = new Map<NodeId, string>();

  heard(message: RaftMessage): void {
    if (message.kind === 'pre-vote') this.#terms.set(message.from, message.term + 1);
  }

  /** Those of the messages that leave which are news. */
  answersIn(messages: readonly RaftMessage[]): readonly PreVoteAnswer[] {
    const news: PreVoteAnswer[] = [];
    for (const message of messages) {
      if (message.kind !== 'pre-vote-response') continue;
      const { to: candidate, granted, refusal } = message;
      const term = this.#terms.get(candidate) ?? message.term + 1;
      const answer = `${term} ${refusal}`;
      if (this.#told.get(candidate) === answer) continue;
      this.#told.set(candidate, answer);
      news.push({ kind: 'pre-vote', term, candidate, granted, refusal });
    }
    return news;
  }

  /** Somebody leads: who asks from now on asks anew. */
  over(): void {
    this.#terms.clear();
    this.#told.clear();
  }
}
