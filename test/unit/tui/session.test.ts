import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Desk } from '../../../tui/feed/desk.ts';
import type { EventLine } from '../../../tui/feed/wire.ts';
import type { Model } from '../../../tui/model/model.ts';
import { Session, type TerminalEffect } from '../../../tui/session.ts';
import { event, status } from '../../tui/recording.ts';
import { type Scripted, scriptedFeed } from './feed-kit.ts';
import { fresh, full, press } from './model-kit.ts';

const open: Session[] = [];
afterEach(() => {
  for (const session of open.splice(0)) session.stop();
});

async function started(feed: Scripted): Promise<Session> {
  const session = new Session(feed, fresh());
  open.push(session);
  session.start();
  await session.ready;
  return session;
}

/** A session whose time only `vi.advanceTimersByTimeAsync` moves. */
function startedByTheClock(feed: Scripted): Session {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const session = new Session(feed, fresh());
  open.push(session);
  session.start();
  return session;
}

/** Waits for the model to become what `test` says. */
async function until(session: Session, test: (model: Model) => boolean): Promise<void> {
  await vi.waitFor(() => expect(test(session.model)).toBe(true), { timeout: 5000, interval: 5 });
}

describe('Session', () => {
  it('Session shows the first picture as soon as it comes', async () => {
    const session = await started(scriptedFeed());
    expect(session.model.connection.kind).toBe('live');
    expect(session.model.picture.status?.nodes).toHaveLength(6);
  });

  it.each(['membership-changed', 'leader-lost', 'partition-suspected'])(
    'Session asks for the table at once when %s says that it changed',
    async (kind) => {
      const feed = scriptedFeed();
      const session = await started(feed);
      feed.picture = status({ config: { version: 42 } });
      const before = performance.now();
      feed.tell(event(0, 'n1', kind, 'something else than before'));
      await until(session, (m) => m.picture.status?.config.version === 42);
      expect(performance.now() - before).toBeLessThan(500);
    },
  );

  it('Session asks at once, and once, when a follower is the first to say who leads', async () => {
    const feed = scriptedFeed();
    const session = startedByTheClock(feed);
    const count = () => feed.asked.filter((a) => a.startsWith('status')).length;
    await vi.advanceTimersByTimeAsync(100);
    const before = count();
    const led = status().raft;
    feed.picture = status({ raft: { ...led, leader_id: 'n3', term: 10 } });
    await vi.advanceTimersByTimeAsync(session.model.refreshMs);
    expect(count() - before, 'the one that was due, and one at once').toBe(2);
    await vi.advanceTimersByTimeAsync(session.model.refreshMs);
    expect(count() - before).toBe(3);
    const { read } = status().cluster;
    const cluster = { ...status().cluster, read: { ...read, node_id: 'n3' } };
    feed.picture = status({ cluster, raft: { ...led, leader_id: 'n3', term: 11 } });
    await vi.advanceTimersByTimeAsync(session.model.refreshMs);
    expect(count() - before, 'the leader itself has no better one to ask').toBe(4);
  });

  it('Session counts the time without a leader in parts of a second from the first one on', async () => {
    const feed = scriptedFeed();
    const session = await started(feed);
    const lost = event(0, 'n3', 'leader-lost', 'gone', { data: { term: 9 } });
    feed.picture = status({ raft: { ...status().raft, leader_id: null } });
    const seen: number[] = [];
    session.subscribe(() => seen.push(session.model.mono));
    const began = performance.now();
    feed.tell(lost);
    await vi.waitFor(() => expect(seen.filter((mono) => mono > began).length).toBeGreaterThan(2), {
      timeout: 900,
      interval: 5,
    });
  });

  it('Session keeps the picture while nobody answers, and resumes events behind the last one', async () => {
    const feed = scriptedFeed();
    const session = await started(feed);
    const seen = event(0, 'n3', 'health-changed', 'slow');
    feed.tell(seen);
    await until(session, (m) => m.picture.events.length === 1);
    feed.down = true;
    feed.tell(event(10, 'n3', 'health-changed', 'slower'));
    await until(session, (m) => m.connection.kind === 'lost');
    expect(session.model.picture.status?.nodes).toHaveLength(6);
    feed.down = false;
    await until(session, (m) => m.connection.kind === 'live');
    await vi.waitFor(() =>
      expect(feed.asked.filter((a) => a.startsWith('events')).length).toBeGreaterThan(1),
    );
    expect(feed.asked.filter((a) => a.startsWith('events')).at(-1)).not.toBe('events 0');
  });

  it('Session gives a node that answers slowly up after 2.5 s, says so, and keeps the picture', async () => {
    const feed = scriptedFeed();
    const session = startedByTheClock(feed);
    await vi.advanceTimersByTimeAsync(0);
    expect(session.model.connection.kind).toBe('live');
    feed.status = () => new Promise(() => undefined);
    await vi.advanceTimersByTimeAsync(3400);
    expect(session.model.connection.kind).toBe('live');
    await vi.advanceTimersByTimeAsync(200);
    expect(session.model.connection).toMatchObject({ kind: 'lost', error: 'no answer within 2.5 s' });
    expect(session.model.picture.status?.nodes).toHaveLength(6);
  });

  it('Session paints once a second, clock and status together, and the clock alone when no status comes', async () => {
    const feed = scriptedFeed();
    // an answer takes its time: its second is not that of the clock
    const { status: answer } = feed;
    feed.status = async (node) => {
      await new Promise((resolve) => setTimeout(resolve, 110));
      return answer(node);
    };
    const session = startedByTheClock(feed);
    await vi.advanceTimersByTimeAsync(2500);
    session.dispatch({ type: 'told', text: 'for a while', level: 'info' });
    await vi.advanceTimersByTimeAsync(500);
    let painted = 0;
    session.subscribe(() => painted++);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(painted).toBeGreaterThan(7);
    // each fifth second alerts and views come too
    expect(painted).toBeLessThan(15);
    expect(session.model.toast, 'what a tick ends, a status ends too').toBeNull();
    feed.status = () => new Promise(() => undefined);
    await vi.advanceTimersByTimeAsync(1000);
    const { mono } = session.model;
    await vi.advanceTimersByTimeAsync(1400);
    expect(session.model.mono).toBeGreaterThan(mono);
  });

  it('Session paints nothing while the picture stands, and at once what is not part of it', async () => {
    const feed = scriptedFeed();
    const session = startedByTheClock(feed);
    await vi.advanceTimersByTimeAsync(1500);
    session.keys([' ']);
    await vi.advanceTimersByTimeAsync(500);
    let painted = 0;
    session.subscribe(() => painted++);
    feed.tell(event(0, 'n3', 'health-changed', 'slow'));
    feed.picture = status({ config: { version: 42 } });
    await vi.advanceTimersByTimeAsync(5000);
    expect(painted).toBe(0);
    expect(session.model.picture.status?.config.version, 'it is recorded').toBe(42);
    session.keys(['j']);
    expect(painted).toBe(1);
    feed.down = true;
    await vi.advanceTimersByTimeAsync(1200);
    expect(session.model.connection.kind).toBe('lost');
    expect(painted).toBeGreaterThan(1);
  });

  it('Session hears the events, alerts and views of the node that is looked through, from then on', async () => {
    const feed = scriptedFeed();
    const heard: string[] = [];
    const note =
      <A extends unknown[], T>(name: string, work: (...args: A) => T) =>
      (...args: A): T => {
        heard.push(`${name} ${String(args.at(-1))}`);
        return work(...args);
      };
    feed.alerts = note('alerts', feed.alerts);
    feed.views = note('views', feed.views);
    feed.events = note('events', feed.events);
    const session = await started(feed);
    expect(heard).toContain('events null');
    session.keys(['R']);
    const observer = session.model.observer;
    expect(observer).toBe('n1');
    await vi.waitFor(() =>
      expect(heard).toEqual(expect.arrayContaining(['events n1', 'alerts n1', 'views n1'])),
    );
  });

  it('Session shows no event of the node before once another is looked through, and all of its own', async () => {
    const feed = scriptedFeed();
    const session = await started(feed);
    feed.tell(event(0, 'n1', 'health-changed', 'told by whoever answered'));
    await until(session, (m) => m.picture.events.length === 1);
    const own = event(1, 'n1', 'node-started', 'told by n1');
    feed.events = async function* (after, signal, node) {
      if (node === 'n1' && after === '0') yield own;
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    };
    session.keys(['R']);
    expect(session.model.picture.events).toEqual([]);
    await until(session, (m) => m.picture.events.length === 1);
    expect(session.model.picture.events[0]?.message).toBe('told by n1');
  });

  it('Session resumes events where answers come from now: the node before may stand still', async () => {
    const feed = scriptedFeed();
    const session = await started(feed);
    const streams = () => feed.asked.filter((a) => a.startsWith('events'));
    feed.tell(event(0, 'n1', 'health-changed', 'slow'));
    await until(session, (m) => m.picture.events.length === 1);
    const { cursor } = session.model.picture.events[0] as EventLine;
    // the same node again changes nothing
    feed.tell(event(0, 'n1', 'leader-lost', 'kicks the status'));
    await until(session, (m) => m.picture.events.length === 2);
    expect(streams()).toEqual(['events 0']);
    const picture = status();
    const { cluster } = picture;
    feed.picture = { ...picture, cluster: { ...cluster, read: { ...cluster.read, node_id: 'n3' } } };
    const last = session.model.picture.events[1] as EventLine;
    await vi.waitFor(() => expect(streams()).toEqual(['events 0', `events ${last.cursor}`]), {
      timeout: 3000,
    });
    expect(last.cursor > cursor).toBe(true);
    feed.tell(event(0, 'n3', 'leader-elected', 'heard through the other node'));
    await until(session, (m) => m.picture.events.length === 3);
  });

  it('Session follows an operation to its end and says so', async () => {
    const feed = scriptedFeed();
    const session = await started(feed);
    session.keys(['F']);
    await until(session, (m) => m.overlay?.kind === 'action' && m.overlay.step.kind === 'review');
    await vi.waitFor(
      () => {
        // the dialog is deaf at first; a letter is heard as soon as it listens
        session.keys(['w']);
        const { overlay } = session.model;
        expect(overlay?.kind === 'action' && overlay.reason).toBe('w');
      },
      { timeout: 5000, interval: 20 },
    );
    for (const key of [...'hy', 'tab', 'n', '2', 'tab', 'enter']) session.keys([key]);
    await until(session, (m) => m.overlay?.kind === 'action' && m.overlay.step.kind === 'ended');
    expect(feed.asked).toContain('run plan-1');
  });

  it('Session drops a mixed burst on the table and takes it as text in a filter', async () => {
    const session = await started(scriptedFeed());
    session.keys([...'Failover']);
    expect(session.model.overlay).toBeNull();
    session.keys(['/']);
    session.keys([...'state:dead']);
    expect(session.model.filter.text).toBe('state:dead');
  });

  it('Session gives the editor what is in force, what was written, or both where another version came', async () => {
    const desk = { read: async () => ({ version: 43, text: 'a: 1\n' }) } as unknown as Desk;
    const dialog = press(full({ view: 'config' }), 'C').overlay;
    const opened = (act: object): Promise<TerminalEffect> =>
      new Promise((resolve) => {
        const model = { ...fresh(), overlay: { ...dialog, act, text: '@/tmp/v41.yaml' } } as Model;
        const session = new Session(scriptedFeed(), model, desk);
        open.push(session);
        session.onTerminal(resolve);
        session.dispatch({ type: 'key', key: { name: 'ctrl+e', burst: 1 }, mono: 1e9 });
      });
    const apply = { kind: 'apply', text: '@/tmp/v41.yaml', confirmMs: null };
    const path = '/tmp/v41.yaml';
    expect(await opened(apply)).toMatchObject({ version: 43, source: { text: 'a: 1\n' } });
    expect(await opened({ ...apply, wholeOf: 41 })).toMatchObject({ version: 41, source: { path } });
    expect(await opened({ ...apply, wholeOf: 41, outdated: true })).toMatchObject({
      ...{ version: 43, source: { path, newest: 'a: 1\n' } },
    });
  });
});
