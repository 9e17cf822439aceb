/** Which feed was asked for: the named recording, or the cluster. */
import { SqlccError } from '../../src/base/index.ts';
import type { DeskClient, Fleet, TopClient, TopOptions } from '../options.ts';
import { clientDesk } from './client-desk.ts';
import { clientFeed } from './client-feed.ts';
import type { Desk } from './desk.ts';
import type { Feed } from './feed.ts';
import { recordDesk } from './record-desk.ts';
import { recordFeed } from './record-feed.ts';
import { recordingFile } from './recording-file.ts';
import { openText, type Read } from './recording-text.ts';
import { replayDesk } from './replay-desk.ts';
import { readReplay, replayFeed } from './replay-feed.ts';
import type { StatusResponse } from './wire.ts';

interface FeedWish {
  /** Null only together with `options.replay`. */
  readonly client: TopClient | null;
  readonly options: TopOptions;
  /** Of a recording when the options name none. */
  readonly speed: number;
  /** Pictures are asked for one by one: at speed 0 the clock goes with them. */
  readonly stepping?: boolean;
  /** What the cluster was asked already. */
  readonly first?: Promise<StatusResponse> | undefined;
  /** Told when a recording that is being made ends early. */
  readonly say: (text: string) => void;
}

export function openFeed(wish: FeedWish): Feed {
  const feed = sourceOf(wish);
  const { record } = wish.options;
  return record === undefined ? feed : recordFeed(feed, recordingFile(record, wish.say));
}

const RECORDED = 'give --replay a file that --record wrote';

function readRecording(path: string): Read {
  try {
    return openText(path);
  } catch (error) {
    throw new SqlccError('invalid_argument', `the recording can't be read: ${(error as Error).message}`, {
      hint: RECORDED,
    });
  }
}

function sourceOf({ client, options, speed, stepping = false, first }: FeedWish): Feed {
  const { replay, replaySpeed } = options;
  if (replay !== undefined) {
    const lines = readReplay(readRecording(replay));
    // a screen would wait for ever for what it does not have
    if (lines.length === 0)
      throw new SqlccError('invalid_argument', `the recording ${replay} is empty`, { hint: RECORDED });
    const feed = replayFeed(lines, replaySpeed ?? speed, stepping);
    const { replay: _said, ...silent } = feed;
    return options.asCluster === true ? silent : feed;
  }
  if (client === null)
    throw new SqlccError('invalid_argument', 'neither a cluster nor a recording was given');
  return clientFeed(client, first);
}

/** Pictures of many nodes are most of a recording and none of the desk's: they are not parsed twice. */
const isOfDesk = (text: string): boolean => /"(answer|preflight|acted)":/.test(text);

interface DeskWish {
  readonly client: DeskClient | null;
  readonly options: TopOptions;
  /** Other clusters that may be looked at. */
  readonly fleet?: Fleet | undefined;
  /** The feed whose clock a recording goes by. */
  readonly feed: Feed;
}

/** The desk that belongs to it; what it answers is recorded where the feed is. */
export function openDesk({ client, options, fleet, feed }: DeskWish): Desk {
  const { replay } = options;
  if (replay !== undefined) {
    return replayDesk(readReplay(readRecording(replay), { isWanted: isOfDesk }), () => feed.wall());
  }
  if (client === null)
    throw new SqlccError('invalid_argument', 'neither a cluster nor a recording was given');
  const desk = clientDesk(client, fleet ?? null);
  return feed.sink === undefined ? desk : recordDesk(desk, feed.sink, () => feed.wall());
}
