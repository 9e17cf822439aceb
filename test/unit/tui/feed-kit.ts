/** Feeds for tests: a cluster that answers from a script, in memory. */
import { SqlccError } from '../../../src/base/index.ts';
import type { Feed } from '../../../tui/feed/feed.ts';
import type { EventLine, OperationRequest, StatusResponse } from '../../../tui/feed/wire.ts';
import { endedOperation, operation, plan, START, status } from '../../tui/recording.ts';

function absent(): never {
  throw new SqlccError('unavailable', 'connection refused');
}

/** Nobody is there. */
export function missingFeed(): Feed {
  const fails = async (): Promise<never> => absent();
  return {
    pushes: false,
    wall: () => START,
    status: fails,
    alerts: fails,
    views: fails,
    history: fails,
    // biome-ignore lint/correctness/useYield: a stream that fails before its first line
    async *events() {
      absent();
    },
    // biome-ignore lint/correctness/useYield: the same
    async *kept() {
      absent();
    },
    plan: fails,
    run: fails,
    operation: fails,
  };
}

/** What a test may put something else in place of. */
type Open = { -readonly [K in 'status' | 'alerts' | 'views' | 'events']: Feed[K] };

export interface Scripted extends Omit<Feed, keyof Open>, Open {
  /** Requests in their order. */
  readonly asked: string[];
  /** While true nobody answers. */
  down: boolean;
  picture: StatusResponse;
  tell(event: EventLine): void;
}

/** A small living cluster: status on demand, events pushed by the test, one failover. */
export function scriptedFeed(): Scripted {
  const asked: string[] = [];
  let wake: (() => void) | null = null;
  const events: EventLine[] = [];
  let steps = 0;
  const answer = async <T>(name: string, value: () => T): Promise<T> => {
    asked.push(name);
    if (feed.down) absent();
    return value();
  };
  const feed: Scripted = {
    asked,
    down: false,
    picture: status(),
    pushes: false,
    wall: () => START,
    status: (node) => answer(`status ${node ?? 'any'}`, () => feed.picture),
    alerts: () => answer('alerts', () => []),
    views: () => answer('views', () => ({ schemaVersion: 1 as const, agree: true, views: [] })),
    history: () => answer('history', () => ({ schemaVersion: 1 as const, step_ms: 1000, points: [] })),
    plan: (request: OperationRequest) => answer(`plan ${request.to ?? ''}`, () => plan()),
    run: (request: OperationRequest) => answer(`run ${request.plan_token ?? ''}`, () => operation()),
    operation: (id) => answer(`operation ${id}`, () => (++steps < 3 ? operation() : endedOperation())),
    async *kept() {
      yield* events;
    },
    async *events(after, signal) {
      asked.push(`events ${after ?? ''}`);
      for (let at = 0; !signal.aborted; ) {
        const next = events[at];
        if (next !== undefined) {
          at++;
          if (after === undefined || next.cursor > after) yield next;
          continue;
        }
        if (feed.down) absent();
        await new Promise<void>((resolve) => {
          wake = resolve;
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
      }
    },
    tell: (event) => {
      events.push(event);
      wake?.();
    },
  };
  return feed;
}
