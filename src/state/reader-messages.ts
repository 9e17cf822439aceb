/** What a reader process and its pool say to each other, as JSON over the IPC channel; one job at a time. */
import type { LogIndex } from '../base/index.ts';
import type { SqlStatement } from '../cluster/index.ts';
import type { SqlResult } from '../engines/index.ts';

export type ReaderJob =
  | { readonly kind: 'query' | 'trial'; readonly statements: readonly SqlStatement[] }
  /** Walk over everything. */
  | { readonly kind: 'hash' };

export type ReaderAnswer =
  /** A trial has made its copy: the time of the statements themselves begins. */
  | { readonly kind: 'began' }
  | { readonly kind: 'rows'; readonly results: readonly SqlResult[]; readonly appliedIndex: LogIndex }
  | { readonly kind: 'tried' }
  | { readonly kind: 'hashed'; readonly hash: string; readonly index: LogIndex }
  | {
      readonly kind: 'error';
      readonly code: string;
      readonly message: string;
      readonly details: Readonly<Record<string, unknown>>;
      readonly hint: string;
    };
