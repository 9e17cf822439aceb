/**
 * This node's part in a comparison of nodes: at a mark of the log it fixes what it holds, lets
 * the applier go on, and works out digests of it in a process of its own.
 */
import { type Duration, LIMITS, type Logger, type LogIndex, SqlccError } from '../src/base/index.ts';
import type { ReaderPool, StateDigest } from '../src/state/index.ts';
import type { StateLink } from './state-link.ts';

export interface VerifiedPart extends StateDigest {
  readonly index: LogIndex;
}

export interface VerifierParts {
  readonly readers: Pick<ReaderPool, 'digest' | 'query'>;
  readonly state: Pick<StateLink, 'marked' | 'whenApplied' | 'appliedIndex'>;
  readonly logger: Logger;
}

export class Verifier {
  readonly #parts: VerifierParts;
  readonly #results = new Map<string, Promise<VerifiedPart>>();

  constructor(parts: VerifierParts) {
    this.#parts = parts;
  }

  /** Starts a reader, so that applying is not held up for as long as that takes. */
  async warm(timeoutMs: Duration): Promise<void> {
    await this.#parts.readers.query([{ sql: 'SELECT 1' }], timeoutMs);
  }

  /** Everything up to `index` is applied, and nothing behind it before this node says so. */
  onMark(id: string, index: LogIndex): void {
    const { state } = this.#parts;
    const result = this.#digest(id, index).finally(() => state.marked(id));
    result.catch((error: Error) =>
      this.#parts.logger.log('warn', 'verify-failed', { id, error: error.message }),
    );
    this.#results.set(id, result);
    for (const old of this.#results.keys()) {
      if (this.#results.size <= LIMITS.verificationsKept) break;
      this.#results.delete(old);
    }
  }

  async #digest(id: string, index: LogIndex): Promise<VerifiedPart> {
    const { readers, state } = this.#parts;
    const digest = await readers.digest(() => state.marked(id));
    if (digest.index !== index) {
      const text = `the reader began at ${digest.index} instead of ${index}`;
      throw new SqlccError('unavailable', text, { hint: 'all readers were busy: verify again' });
    }
    return digest;
  }

  /** The digests at a mark; throws unavailable when the node has not come so far in time, or passed it by. */
  async part(id: string, index: LogIndex, waitMs: Duration): Promise<VerifiedPart> {
    const { state } = this.#parts;
    const deadline = performance.now() + waitMs;
    await state.whenApplied(index, waitMs);
    const result = this.#results.get(id);
    if (result === undefined) {
      const text = `this node came to ${state.appliedIndex} by a snapshot, past ${index}`;
      throw new SqlccError('unavailable', text, { hint: 'verify again' });
    }
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const error = new SqlccError('deadline_exceeded', `no digest within ${Math.round(waitMs)} ms`);
      timer = setTimeout(() => reject(error), Math.max(1, deadline - performance.now()));
    });
    return Promise.race([result, late]).finally(() => clearTimeout(timer));
  }
}
