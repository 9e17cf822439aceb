/**
 * Endless answers as one iterable: when a stream breaks, it goes on behind the last
 * position on another node. The consumer sees neither gap nor repetition of what
 * positions count; it sees an error only when asking again is pointless.
 */
import { ERROR_TABLE, SqlccError } from '../base/index.ts';
import { failureOfRejection, finalError } from './failure.ts';
import type { LeaderTracker } from './leader-tracker.ts';
import { waitBefore } from './retry.ts';
import type { Endpoint, Wire, WireRequest } from './wire.ts';

export interface FeedOptions<T> {
  readonly wire: Wire;
  readonly tracker: LeaderTracker;
  /** The request that continues behind `position`; null = from the start that the caller wanted. */
  readonly request: (position: string | null) => WireRequest;
  /** Where a line stands; null = it has no position of its own. */
  readonly positionOf: (line: T) => string | null;
  /** False: the feed ends when a server ends its stream by itself. */
  readonly endless: boolean;
  readonly signal?: AbortSignal | undefined;
  /** The one node that is asked; without it whichever answers. */
  readonly pinned?: () => Promise<Endpoint>;
  /** When every address has failed this many times in a row, the last error is thrown; infinite without. */
  readonly patience?: number;
}

export async function* feed<T>(options: FeedOptions<T>): AsyncGenerator<T, void, void> {
  const { wire, tracker, endless, pinned } = options;
  const signal = options.signal ?? new AbortController().signal;
  let position: string | null = null;
  let failures = 0;
  while (!signal.aborted) {
    const next: Endpoint | undefined = tracker.next();
    if (next === undefined) throw new SqlccError('invalid_argument', 'the client has no endpoint');
    try {
      const endpoint = pinned === undefined ? next : await pinned();
      const lines = wire.stream(endpoint, options.request(position), { signal });
      for await (const line of lines as AsyncIterable<T>) {
        failures = 0;
        if (pinned === undefined) tracker.answered(endpoint);
        position = options.positionOf(line) ?? position;
        yield line;
      }
      if (!endless) return;
    } catch (error) {
      if (signal.aborted) return;
      const { error: known } = failureOfRejection(error);
      if (ERROR_TABLE[known.code].retry === 'no') throw known;
      if (failures >= (options.patience ?? Number.POSITIVE_INFINITY) * tracker.endpoints.length)
        throw finalError('unavailable', known);
    }
    failures++;
    if (pinned === undefined) tracker.failed(next);
    await pause(waitBefore(failures, Math.random()), signal);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
