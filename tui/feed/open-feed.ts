/** Which feed was asked for: the named recording, or the cluster. */
import { readFileSync } from 'node:fs';
import { SqlccError } from '../../src/base/index.ts';
import type { DeskClient, TopClient, TopOptions } from '../options.ts';
import { clientDesk } from './client-desk.ts';
import { clientFeed } from './client-feed.ts';
import type { Desk } from './desk.ts';
import type { Feed } from './feed.ts';
import { recordFeed } from './record-feed.ts';
import { recordingFile } from './recording-file.ts';
import { replayDesk } from './replay-desk.ts';
import { parseReplay, replayFeed } from './replay-feed.ts';

interface FeedWish {
  /** Null only together with `options.replay`. */
  readonly client: TopClient | null;
  readonly options: TopOptions;
  /** Of a recording when the options name none. */
  readonly speed: number;
  /** Pictures are asked for one by one: at speed 0 the clock goes with them. */
  readonly stepping?: boolean;
  /** Told when a recording that is being made ends early. */
  readonly say: (text: string) => void;
}

export function openFeed(wish: FeedWish): Feed {
  const feed = sourceOf(wish);
  const { record } = wish.options;
  return record === undefined ? feed : recordFeed(feed, recordingFile(record, wish.say));
}

function readRecording(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new SqlccError('invalid_argument', `the recording can't be read: ${(error as Error).message}`, {
      hint: 'give --replay a file that --record wrote',
    });
  }
}

function sourceOf({ client, options, speed, stepping = false }: FeedWish): Feed {
  const { replay, replaySpeed } = options;
  if (replay !== undefined)
    return replayFeed(parseReplay(readRecording(replay)), replaySpeed ?? speed, stepping);
  if (client === null)
    throw new SqlccError('invalid_argument', 'neither a cluster nor a recording was given');
  return clientFeed(client);
}

/** Pictures of many nodes are most of a recording and none of the desk's: they are not parsed twice. */
function deskLines(text: string): string {
  const lines = text.split('\n').filter((line) => /"(answer|preflight|acted)":/.test(line));
  return lines.join('\n');
}

/** The desk that belongs to it. */
export function openDesk(client: DeskClient | null, options: TopOptions): Desk {
  const { replay } = options;
  if (replay !== undefined) return replayDesk(parseReplay(deskLines(readRecording(replay))));
  if (client === null)
    throw new SqlccError('invalid_argument', 'neither a cluster nor a recording was given');
  return clientDesk(client);
}
