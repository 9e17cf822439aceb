/**
 * A feed that writes down what another feed answers, in the lines that a replay reads.
 * Alerts, views and operations are written when they changed; a picture each time.
 */
import { SqlccError } from '../../src/base/index.ts';
import type { Feed, Sink } from './feed.ts';
import type { ReplayLine } from './replay-feed.ts';
import type { EventLine } from './wire.ts';

type Kept = Omit<ReplayLine, 'at'>;

/** Events that are known to be written, newest; more than a node keeps to tell again. */
const REMEMBERED_EVENTS = 20_000;

/** The same answers as from `feed`, and each of them at `sink` with its time. */
export function recordFeed(feed: Feed, sink: Sink): Feed {
  const last = new Map<string, string>();
  const write = (kept: Kept): void =>
    sink(JSON.stringify({ at: new Date(feed.wall()).toISOString(), ...kept }));
  const writeChanged = (key: string, kept: Kept): void => {
    const text = JSON.stringify(kept);
    if (last.get(key) === text) return;
    last.set(key, text);
    write(kept);
  };
  // who turns to another node is told again what that one still has: a recording holds each event once
  const events = new Set<string>();
  const writeNew = (event: EventLine): void => {
    const key = JSON.stringify([event.cursor, event.node_id, event.at, event.kind]);
    if (events.has(key)) return;
    events.add(key);
    const [oldest] = events;
    if (events.size > REMEMBERED_EVENTS && oldest !== undefined) events.delete(oldest);
    write({ event });
  };
  async function* noted(lines: AsyncIterable<EventLine>): AsyncIterable<EventLine> {
    for await (const event of lines) {
      writeNew(event);
      yield event;
    }
  }
  const told = async <T>(work: Promise<T>, keep: (value: T) => void): Promise<T> => {
    const value = await work;
    keep(value);
    return value;
  };
  return {
    sink,
    pushes: feed.pushes,
    wall: () => feed.wall(),
    status: async (node) => {
      try {
        return await told(feed.status(node), (status) => write({ status }));
      } catch (error) {
        write({ lost: error instanceof Error ? error.message : String(error) });
        throw error;
      }
    },
    alerts: (node) => told(feed.alerts(node), (alerts) => writeChanged('alerts', { alerts })),
    views: (node) => told(feed.views(node), (views) => writeChanged('views', { views })),
    history: (seconds, stepMs) =>
      told(feed.history(seconds, stepMs), (history) => writeChanged('history', { history })),
    events: (after, signal, node) => noted(feed.events(after, signal, node)),
    kept: (signal) => noted(feed.kept(signal)),
    plan: (request) => told(feed.plan(request), (plan) => write({ plan })),
    run: async (request) => {
      try {
        return await told(feed.run(request), (operation) => write({ operation }));
      } catch (error) {
        if (error instanceof SqlccError) write({ refusal: { code: error.code, message: error.message } });
        throw error;
      }
    },
    operation: (id) =>
      told(feed.operation(id), (operation) => writeChanged(`operation ${id}`, { operation })),
    ...(feed.replay === undefined ? {} : { replay: feed.replay }),
    ...(feed.ended === undefined ? {} : { ended: () => feed.ended?.() ?? false }),
  };
}
