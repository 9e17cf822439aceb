/** Child processes that run SQL reads and can be killed. */

import type { LogIndex } from '../base/index.ts';
import { unreachable } from '../base/index.ts';
import type { SqlStatement } from '../cluster/index.ts';
import type { SqlResult } from '../engines/index.ts';

export interface ReaderPoolOptions {
  /** The folder `engine/` of a node's data directory. */
  readonly dir: string;
  /** File of the child process, e.g. dist/reader-process.js. */
  readonly entry: URL;
}

export class ReaderPool {
  constructor(_options: ReaderPoolOptions) {}

  query(
    statements: readonly SqlStatement[],
    timeoutMs: number,
  ): Promise<{ readonly results: readonly SqlResult[]; readonly appliedIndex: LogIndex }> {
    return unreachable([statements, timeoutMs] as never);
  }

  /** Resolves when the write ended within `timeoutMs` on a throw-away copy; rejects with sql_error when it did not. */
  trial(statements: readonly SqlStatement[], timeoutMs: number): Promise<void> {
    return unreachable([statements, timeoutMs] as never);
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }
}
