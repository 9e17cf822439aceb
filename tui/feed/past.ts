/** The time before the screen was opened: as much of an hour as it can hold, whoever answers. */
import { LIMITS } from '../../src/base/index.ts';
import type { Feed } from './feed.ts';
import type { HistoryResponse } from './wire.ts';

/** Where the steps of an hour are longer, so much is asked for as fine as it is kept: sparklines show it. */
const RECENT_SECONDS = 60;

/** Answers to fill the record with: the newest time first, and last what reaches back furthest. */
export async function* pastOf(feed: Pick<Feed, 'history'>, nodes: number): AsyncIterable<HistoryResponse> {
  const hour = LIMITS.historySeconds;
  // points of all nodes stay within what the screen holds
  const stepMs = Math.ceil((hour * Math.max(1, nodes)) / LIMITS.screenTracePoints) * 1000;
  if (stepMs <= 1000) {
    yield await feed.history(hour);
    return;
  }
  const recent = await feed.history(RECENT_SECONDS);
  yield recent;
  if (recent.kept_step_ms != null) {
    yield await feed.history(hour, stepMs);
    return;
  }
  // an older node knows no steps: less of the hour
  const seconds = Math.min(hour, Math.floor(LIMITS.screenTracePoints / nodes));
  if (seconds > RECENT_SECONDS) yield await feed.history(seconds);
}
