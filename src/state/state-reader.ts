/** Reads of the main thread: key-values, stored events, and what kind of statement a text is. */

import type { LogIndex } from '../base/index.ts';
import { unreachable } from '../base/index.ts';
import type { ClusterEvent, SqlStatement } from '../cluster/index.ts';
import type { KvItem } from './types.ts';

export class StateReader {
  static open(dir: string): StateReader {
    return unreachable(dir as never);
  }

  classify(statements: readonly SqlStatement[]): 'read' | 'write' {
    return unreachable(statements as never);
  }

  mayRunAway(statements: readonly SqlStatement[]): boolean {
    return unreachable(statements as never);
  }

  get(key: string): { readonly item: KvItem | null; readonly appliedIndex: LogIndex } {
    return unreachable(key as never);
  }

  list(
    prefix: string,
    limit: number,
  ): { readonly items: readonly KvItem[]; readonly appliedIndex: LogIndex } {
    return unreachable([prefix, limit] as never);
  }

  batch(keys: readonly string[]): { readonly items: readonly KvItem[]; readonly appliedIndex: LogIndex } {
    return unreachable(keys as never);
  }

  /** Stored replicated events, oldest first, at most the newest `limit`. */
  events(limit: number): readonly ClusterEvent[] {
    return unreachable(limit as never);
  }

  close(): void {}
}
