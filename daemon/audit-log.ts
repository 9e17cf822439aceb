/**
 * Each line of the replicated audit also goes to this node's log: the record keeps the newest
 * `LIMITS.auditHistory`, and whoever floods it with refusals must not wash away what was done before.
 */
import type { Logger } from '../src/base/index.ts';
import type { ClusterState } from '../src/cluster/index.ts';
import type { AuditMark } from './audit-mark.ts';

export class AuditLog {
  readonly #logger: Logger;
  readonly #mark: Pick<AuditMark, 'recall' | 'keep' | 'settled'>;
  /** The last line that was written; null before the first look. */
  #seq: number | null = null;

  constructor(logger: Logger, mark: Pick<AuditMark, 'recall' | 'keep' | 'settled'>) {
    this.#logger = logger;
    this.#mark = mark;
  }

  /**
   * The record may have changed. The first look begins behind what a life before wrote: what was applied
   * then and not written, or came by a snapshot, is written now.
   */
  follow({ audit, auditAnchor }: Pick<ClusterState, 'audit' | 'auditAnchor'>): void {
    const head = audit.at(-1)?.seq ?? auditAnchor.seq;
    const from = this.#seq ?? this.#mark.recall() ?? 0;
    // behind what was written before a crash: it is applied once more
    this.#seq = Math.max(from, head);
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
    this.#mark.keep(head);
  }

  /** Resolves once the next life knows where to begin. */
  settled(): Promise<void> {
    return this.#mark.settled();
  }
}
