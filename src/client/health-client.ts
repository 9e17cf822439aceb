/** How nodes are: one method a route. */
import type { ResponseOf } from '../api/index.ts';
import type { Run } from './kv-client.ts';
import type { CallOptions, PinnedOptions } from './types.ts';

const READ = { repeat: 'free', kind: 'control' } as const;

export class HealthClient {
  readonly #run: Run;

  constructor(run: Run) {
    this.#run = run;
  }

  /** All nodes' opinions of themselves, as the node that answers heard them last. */
  async all({ node, ...call }: PinnedOptions = {}): Promise<ResponseOf<'nodeHealths'>> {
    const dispatch = { name: 'nodeHealths', ...READ, ...call } as const;
    return (await this.#run(dispatch, node)) as ResponseOf<'nodeHealths'>;
  }

  /**
   * Compares what these nodes, or all, hold at one index. Not repeated after a lost answer: each comparison
   * walks everything.
   */
  async verify(nodes?: readonly string[], call: CallOptions = {}): Promise<ResponseOf<'verify'>> {
    const body = nodes === undefined ? {} : { nodes };
    const dispatch = { name: 'verify', repeat: 'once', kind: 'control', body, ...call } as const;
    return (await this.#run(dispatch)) as ResponseOf<'verify'>;
  }

  /** A node checks itself now, with a write to its disk and a question to a quorum. */
  async check({ node, ...call }: PinnedOptions = {}): Promise<ResponseOf<'checkHealth'>> {
    const dispatch = { name: 'checkHealth', ...READ, ...call } as const;
    return (await this.#run(dispatch, node)) as ResponseOf<'checkHealth'>;
  }

  /** The newest lines of a node's log. */
  async log({ node, ...call }: PinnedOptions = {}): Promise<ResponseOf<'log'>> {
    return (await this.#run({ name: 'log', ...READ, ...call }, node)) as ResponseOf<'log'>;
  }
}
