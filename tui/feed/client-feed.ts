/** The feed of a live cluster: the client SDK, which itself finds another node when one is lost. */
import type { TopClient } from '../options.ts';
import { checkStatus } from './check.ts';
import type { Feed } from './feed.ts';

/** One node's own word, or that of whichever answers. */
function only(node: string | null): { node?: string } {
  return node === null ? {} : { node };
}

/** Reads are each node's own view (`stale`): an election is seen from the inside, not waited out. */
export function clientFeed(client: TopClient): Feed {
  return {
    pushes: false,
    wall: () => Date.now(),
    status: async (node) => checkStatus(await client.status({ stale: true, ...only(node) })),
    alerts: async (node) => (await client.alerts(only(node))).alerts,
    views: (node) => client.views(only(node)),
    history: (seconds) => client.history(seconds),
    events: (after, signal, node) =>
      client.events({ follow: true, signal, ...only(node), ...(after === undefined ? {} : { after }) }),
    plan: (request) => client.planOperation(request),
    run: (request) => client.runOperation(request),
    operation: (id) => client.operation(id),
  };
}
