/** Which feed was asked for: the named recording, or the cluster. */
import { readFileSync } from 'node:fs';
import { SqlccError } from '../../src/base/index.ts';
import type { TopClient, TopOptions } from '../options.ts';
import { clientFeed } from './client-feed.ts';
import type { Feed } from './feed.ts';
import { parseReplay, replayFeed } from './replay-feed.ts';

/** `speed` of a recording when the options name none. */
export function openFeed(client: TopClient | null, options: TopOptions, speed: number): Feed {
  const { replay, replaySpeed } = options;
  if (replay !== undefined)
    return replayFeed(parseReplay(readFileSync(replay, 'utf8')), replaySpeed ?? speed);
  if (client === null)
    throw new SqlccError('invalid_argument', 'neither a cluster nor a recording was given');
  return clientFeed(client);
}
