/**
 * The votes of one election, as two sets.
 *
 * Not a rule who may vote: it counts what arrived, each node once, and the first
 * answer stands. Answers of nodes outside the electorate are kept and don't count.
 */
import type { NodeId } from '../base/index.ts';
import type { Electorate, VoteResult } from './quorum.ts';
import { voteResult } from './quorum.ts';

export class Ballot {
  readonly #answers = new Map<NodeId, boolean>();

  /** Notes a node's answer; a second one by the same node changes nothing. */
  record(voter: NodeId, granted: boolean): void {
    if (!this.#answers.has(voter)) this.#answers.set(voter, granted);
  }

  /** Who granted, in order of arrival. */
  granted(): NodeId[] {
    return [...this.#answers].filter(([, yes]) => yes).map(([id]) => id);
  }

  /** The answer of one node; undefined = none yet. */
  answer(voter: NodeId): boolean | undefined {
    return this.#answers.get(voter);
  }

  result(electorate: Electorate): VoteResult {
    return voteResult(electorate, (id) => this.#answers.get(id));
  }
}
