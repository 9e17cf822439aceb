/** The feed of a live cluster: the client SDK, which itself finds another node when one is lost. */
import type { TopClient } from '../options.ts';
import {
  checkAlerts,
  checkHistory,
  checkOperation,
  checkPlan,
  checkStatus,
  checkViews,
  isEvent,
} from './check.ts';
import type { Feed } from './feed.ts';
import type { EventLine, StatusResponse } from './wire.ts';

/** One node's own word, or that of whichever answers. */
function only(node: string | null): { node?: string } {
  return node === null ? {} : { node };
}

/** The list of an answer that may be none. */
function listIn(answer: { readonly alerts?: unknown } | null): unknown {
  return answer?.alerts;
}

/** Events as they come; one that can't be read is an event that says so, and the stream goes on behind it. */
async function* readable(lines: AsyncIterable<unknown>): AsyncIterable<EventLine> {
  let cursor = '0';
  for await (const line of lines) {
    if (isEvent(line)) {
      cursor = line.cursor;
      yield line;
      continue;
    }
    yield {
      ...{ cursor, index: null, node_id: '?', at: new Date().toISOString(), data: {} },
      ...{ kind: 'unreadable', severity: 'warning' as const },
      message: 'a node told an event that cannot be read: compare sqlcc version on both sides',
    };
  }
}

/**
 * Reads are each node's own view (`stale`): an election is seen from the inside, not waited out. `first` is a
 * status that was asked for already.
 */
export function clientFeed(client: TopClient, first?: Promise<StatusResponse>): Feed {
  let asked = first;
  const status = (node: string | null): Promise<StatusResponse> => {
    const there = node === null ? asked : undefined;
    asked = undefined;
    return there ?? client.status({ stale: true, ...only(node) });
  };
  return {
    pushes: false,
    wall: () => Date.now(),
    status: async (node) => checkStatus(await status(node)),
    alerts: async (node) => checkAlerts(listIn(await client.alerts(only(node)))),
    views: async (node) => checkViews(await client.views(only(node))),
    history: async (seconds, stepMs) =>
      checkHistory(await client.history(seconds, stepMs === undefined ? {} : { stepMs })),
    events: (after, signal, node) =>
      readable(
        client.events({ follow: true, signal, ...only(node), ...(after === undefined ? {} : { after }) }),
      ),
    kept: (signal) => readable(client.events({ after: '0', follow: false, signal })),
    plan: async (request) => checkPlan(await client.planOperation(request)),
    run: async (request) => checkOperation(await client.runOperation(request)),
    operation: async (id) => checkOperation(await client.operation(id)),
  };
}
