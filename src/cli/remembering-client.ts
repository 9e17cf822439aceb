/** The client of a command, which may be a screen that stands for days and is killed at last. */
import { SqlccClient, type SqlccClientOptions, type Wire } from '../client/index.ts';
import { remember } from './connection.ts';

/** Addresses that it learns are kept as they come: the next command finds the cluster by any of them. */
export class RememberingClient extends SqlccClient {
  readonly #memory: string | null;
  #kept = 0;

  /** `memory`: the file for them; null = nowhere. */
  constructor(options: SqlccClientOptions, memory: string | null, wire?: Wire) {
    super(options, wire);
    this.#memory = memory;
  }

  override async status(options?: Parameters<SqlccClient['status']>[0]): ReturnType<SqlccClient['status']> {
    const answer = await super.status(options);
    if (this.endpoints.length > this.#kept) {
      this.#kept = this.endpoints.length;
      remember(this.#memory, this.endpoints);
    }
    return answer;
  }
}
