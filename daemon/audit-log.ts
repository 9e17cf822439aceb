/**
 * Each line of the replicated audit also goes to this node's log: the record keeps the newest
 * `LIMITS.auditHistory`, and whoever floods it with refusals must not wash away what was done before.
 */
import type { Logger } from '../src/base/index.ts';
import type { ClusterState } from '../src/cluster/index.ts';

export class AuditLog {
  readonly #logger: Logger;
  /** The last line that was written; null before the first look: a life before wrote what it finds. */
  #seq: number | null = null;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** The record may have changed. */
  follow({ audit, auditAnchor }: Pick<ClusterState, 'audit' | 'auditAnchor'>): void {
    const head = audit.at(-1)?.seq ?? auditAnchor.seq;
    const from = this.#seq ?? head;
    this.#seq = head;
    if (head <= from) return;
    // newest last; what is older than the record keeps was written by others
    for (const { seq, hash, index, actor, credential, from: address, action, ...what } of audit) {
      if (seq <= from) continue;
      const { target, reason, before, after, outcome } = what;
      const who = { actor, credential, from: address };
      this.#logger.log('info', 'audit', {
        ...{ seq, hash, index, ...who, action, target, reason, before, after, outcome },
      });
    }
  }
}
