/**
 * Lines that are pushed in and iterated out. What a slow reader leaves waiting is
 * bounded by count; beyond it the stream ends, and the reader resumes at the last
 * position it saw.
 */
const MAX_WAITING = 20_000;

export class Pushed<T> implements AsyncIterable<T> {
  #lines: T[] = [];
  #ended = false;
  #wake: (() => void) | null = null;
  #close: (() => void)[] = [];

  constructor(signal: AbortSignal) {
    if (signal.aborted) this.end();
    else signal.addEventListener('abort', () => this.end(), { once: true });
  }

  push(line: T): void {
    if (this.#ended) return;
    this.#lines.push(line);
    if (this.#lines.length > MAX_WAITING) this.end();
    this.#wake?.();
  }

  /** No more lines; those waiting are still given. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const close of this.#close) close();
    this.#close = [];
    this.#wake?.();
  }

  /** Called once when the stream ends for whatever reason. */
  onClose(close: () => void): void {
    if (this.#ended) close();
    else this.#close.push(close);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    try {
      for (;;) {
        const lines = this.#lines;
        this.#lines = [];
        yield* lines;
        if (this.#lines.length > 0) continue;
        if (this.#ended) return;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        this.#wake = null;
      }
    } finally {
      this.end();
    }
  }
}
