/**
 * An endless answer that follows a bounded history. The reader has a position and is
 * given what is behind it, a page at a time; nothing is queued for it. So a slow reader
 * costs one page, and whoever keeps the history tells one that fell out of it. Nothing
 * begins before the first line is asked for: an answer that nobody reads holds nothing.
 */

export interface Followed<T> {
  /** What is behind the position, which moves on; no lines = caught up. `ended`: nothing comes after. */
  next(): { readonly lines: readonly T[]; readonly ended: boolean };
  /** A sign of life that says where to resume; asked for only when caught up. */
  idle(): T;
  /** Calls `wake` when there may be news until the returned function is called; null = too many follow. */
  subscribe(wake: () => void): (() => void) | null;
}

export interface FollowOptions {
  /** Ends the stream. */
  readonly signal: AbortSignal;
  /** False: ends when caught up. */
  readonly endless: boolean;
  /** A sign of life after this long without news. */
  readonly idleMs: number;
}

/** Lines as they come. The first sign of life comes as soon as the reader has caught up. */
export async function* follow<T>(source: Followed<T>, options: FollowOptions): AsyncGenerator<T, void, void> {
  const { signal, endless, idleMs } = options;
  let hasNews = false;
  let wake = (): void => {};
  const onNews = (): void => {
    hasNews = true;
    wake();
  };
  const leave = source.subscribe(onNews);
  if (leave === null) return; // the reader asks again, here or on another node
  signal.addEventListener('abort', onNews);
  try {
    for (let isGreeted = false; !signal.aborted; ) {
      hasNews = false;
      const { lines, ended } = source.next();
      yield* lines;
      if (ended) return;
      if (lines.length > 0 || hasNews) continue;
      if (!endless) return;
      if (!isGreeted) {
        isGreeted = true;
        yield source.idle();
        continue;
      }
      const timer = setTimeout(() => wake(), idleMs);
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      clearTimeout(timer);
      if (!hasNews) yield source.idle();
    }
  } finally {
    leave();
    signal.removeEventListener('abort', onNews);
  }
}
