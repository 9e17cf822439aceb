/** The feed of a live cluster: the client SDK, which itself finds another node when one is lost. */
import type { TopClient } from '../options.ts';
import { checkStatus } from './check.ts';
import type { Feed } from './feed.ts';

/** Reads are each node's own view (`stale`): an election is seen from the inside, not waited out. */
export function clientFeed(client: TopClient): Feed {
  return {
    pushes: false,
    wall: () => Date.now(),
    status: async (node) =>
      checkStatus(await client.status(node === null ? { stale: true } : { stale: true, node })),
    alerts: async () => (await client.alerts()).alerts,
    views: () => client.views(),
    history: (seconds) => client.history(seconds),
    events: (after, signal) =>
      client.events({ follow: true, signal, ...(after === undefined ? {} : { after }) }),
    plan: (request) => client.planOperation(request),
    run: (request) => client.runOperation(request),
    operation: (id) => client.operation(id),
  };
}
