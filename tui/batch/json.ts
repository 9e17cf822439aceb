/**
 * `top --once -o json` of a cluster: what scripts ask for again and again, so without the model and the lines
 * that a text is made of. It is what batch.ts prints.
 */
import { clientFeed } from '../feed/client-feed.ts';
import { knownLags, shownStatus } from '../model/shown-status.ts';
import type { TopClient, TopIo } from '../options.ts';
import { pictureDocument } from './document.ts';

/** Errors of the cluster are thrown as they come. */
export async function runOnceAsJson(client: TopClient, io: Pick<TopIo, 'stdout'>): Promise<number> {
  const feed = clientFeed(client);
  const asked = feed.alerts(null);
  asked.catch(() => undefined); // told below, unless there is no status either
  const status = shownStatus(knownLags(await feed.status(null)));
  const alerts = await asked;
  io.stdout.write(`${JSON.stringify(pictureDocument({ status, alerts, at: feed.wall() }))}\n`);
  return 0;
}
