/** What a reader process and its pool say to each other, as JSON over the IPC channel; one job at a time. */
import type { LogIndex } from '../base/index.ts';
import type { SqlStatement } from '../cluster/index.ts';
import type { SqlResult } from '../engines/index.ts';
import type { StateDigest } from './state-hash.ts';

export type ReaderJob =
  | { readonly kind: 'query' | 'trial'; readonly statements: readonly SqlStatement[] }
  /** Walk over everything; `digest` says it part by part, and first that its point in time is fixed. */
  | { readonly kind: 'hash' }
  | { readonly kind: 'digest' };

export type ReaderAnswer =
  /** A trial has made its copy, or a digest its snapshot: what follows does not concern the applier. */
  | { readonly kind: 'began' }
  | { readonly kind: 'rows'; readonly results: readonly SqlResult[]; readonly appliedIndex: LogIndex }
  | { readonly kind: 'tried' }
  | { readonly kind: 'hashed'; readonly hash: string; readonly index: LogIndex }
  | { readonly kind: 'digested'; readonly digest: StateDigest; readonly index: LogIndex }
  | {
      readonly kind: 'error';
      readonly code: string;
      readonly message: string;
      readonly details: Readonly<Record<string, unknown>>;
      readonly hint: string;
    };
