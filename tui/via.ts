/** Which node answers, and whether its word on who leads is a reason to ask again at once. */
import type { StatusResponse } from './feed/wire.ts';

export interface Heard {
  /** Another node answers than before. */
  readonly isOther: boolean;
  /** It does not lead and is the first to say who does: that one is asked next, and knows the others. */
  readonly isLedElsewhere: boolean;
}

export class Via {
  #node: string | null = null;
  /** Leader and term that an answer named last. */
  #led = '';

  heard({ cluster, raft }: Pick<StatusResponse, 'cluster' | 'raft'>): Heard {
    const { node_id: node } = cluster.read;
    const isOther = this.#node !== null && this.#node !== node;
    const led = `${raft.leader_id} ${raft.term}`;
    const isNews = raft.leader_id !== null && led !== this.#led;
    this.#node = node;
    this.#led = led;
    return { isOther, isLedElsewhere: isNews && raft.leader_id !== node };
  }
}
