/**
 * The inside of a reader process: runs one job after another on read-only data and
 * answers. It may hang in a statement; whoever forked it keeps the time and kills it.
 */
import { SqlccError } from '../base/index.ts';
import type { SqlStatement } from '../cluster/index.ts';
import { hashUserContent, SqliteReader, Trial, trialFile } from '../engines/index.ts';
import type { ReaderAnswer, ReaderJob } from './reader-messages.ts';
import { digestsOf, hashOf } from './state-hash.ts';

const APPLIED = 'SELECT coalesce(max(idx), 0) FROM _sqlcc_applied';

export class ReaderServer {
  readonly #reader: SqliteReader;
  readonly #trial: Trial;
  readonly #answer: (answer: ReaderAnswer) => void;

  /** `dir` is the folder `engine/`; `pid` names the trial's copy. */
  constructor(dir: string, pid: number, answer: (answer: ReaderAnswer) => void) {
    this.#reader = new SqliteReader(dir);
    this.#trial = new Trial(this.#reader, trialFile(dir, pid));
    this.#answer = answer;
  }

  async run(job: ReaderJob): Promise<void> {
    try {
      if (job.kind === 'query') return this.#query(job.statements);
      if (job.kind === 'hash') return this.#hash();
      if (job.kind === 'digest') return this.#digest();
      await this.#trial.prepare();
      this.#answer({ kind: 'began' });
      this.#trial.run(job.statements);
      this.#answer({ kind: 'tried' });
    } catch (error) {
      const known =
        error instanceof SqlccError ? error : new SqlccError('internal', (error as Error).message);
      const { code, message, details, hint } = known;
      this.#answer({ kind: 'error', code, message, details, hint });
    }
  }

  close(): void {
    this.#trial.close();
    this.#reader.close();
  }

  #query(statements: readonly SqlStatement[]): void {
    const answer = this.#reader.snapshot((view) => {
      const [applied] = view.own(APPLIED).get() as unknown as [bigint];
      return { results: view.query(statements), appliedIndex: Number(applied) };
    });
    this.#answer({ kind: 'rows', ...answer });
  }

  #digest(): void {
    const answer = this.#reader.timeless((db) => {
      // the first read fixes the point in time: from here on the applier may go on
      const [applied] = db.prepare(APPLIED).get() as unknown as [bigint];
      this.#answer({ kind: 'began' });
      return { digest: digestsOf(db), index: Number(applied) };
    });
    this.#answer({ kind: 'digested', ...answer });
  }

  #hash(): void {
    const answer = this.#reader.timeless((db) => {
      const own = (sql: string) => db.prepare(sql);
      const [applied] = own(APPLIED).get() as unknown as [bigint];
      const hash = hashOf((hasher) => hashUserContent(db, hasher), own);
      return { hash, index: Number(applied) };
    });
    this.#answer({ kind: 'hashed', ...answer });
  }
}
