/**
 * Replicated events as stored rows: the newest LIMITS.eventHistory, so that streams resume after a
 * restart.
 */
import type { StatementSync } from 'node:sqlite';
import { LIMITS } from '../base/index.ts';
import type { ClusterEvent } from '../cluster/index.ts';
import type { OwnStatements } from './schema.ts';

export class EventRing {
  readonly #add: StatementSync;
  readonly #trim: StatementSync;
  #last: number;

  constructor(store: OwnStatements) {
    this.#add = store.own('INSERT INTO _sqlcc_events VALUES (?, ?)');
    this.#trim = store.own('DELETE FROM _sqlcc_events WHERE n <= ?');
    const [last] = store.own('SELECT coalesce(max(n), 0) FROM _sqlcc_events').get() as unknown as [bigint];
    this.#last = Number(last);
  }

  add(events: readonly ClusterEvent[]): void {
    if (events.length === 0) return;
    for (const event of events) this.#add.run(BigInt(++this.#last), JSON.stringify(event));
    if (this.#last > LIMITS.eventHistory) this.#trim.run(BigInt(this.#last - LIMITS.eventHistory));
  }
}
