/** Opened while nobody leads: a node tells its history behind the status, and that is no news. */
import { PassThrough } from 'node:stream';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type RunBatch, runOnce } from '../../../tui/batch/index.ts';
import { changesBetween } from '../../../tui/batch/plain.ts';
import type { EventLine, StatusResponse } from '../../../tui/feed/wire.ts';
import type { Model } from '../../../tui/model/model.ts';
import { Session } from '../../../tui/session.ts';
import { event, START, status } from '../../tui/recording.ts';
import { scriptedFeed } from './feed-kit.ts';
import { fresh, live, send } from './model-kit.ts';
import { screenText } from './screen-text.ts';

const LOST_MS = 65_000;
const raft = { ...status().raft, leader_id: null };
const isolation = { since_ms: LOST_MS, reached: ['n1'], missing: ['n2'], needs: 3, text: 'cut off from n2' };
const cluster = { ...status().cluster, health: 'critical' as const, reasons: ['cut off from n2'] };
const cutOff = status({ raft, isolation, cluster });
/** A majority is there, and no node has won yet. */
const electing = status({ raft, isolation: null, cluster });

/** What a node still has: it followed n1, missed it, heard it again, and lost it for good. */
function history(now = START): EventLine[] {
  const told = (ms: number, kind: string, data: EventLine['data']) =>
    event(now - START + ms, 'n1', kind, `${kind} ${ms}`, { data: { term: 9, ...data } });
  return [
    told(-600_000, 'role-changed', { role: 'leader' }),
    told(-599_990, 'leader-elected', { leader_id: 'n1' }),
    told(-300_000, 'leader-lost', {}),
    told(-299_000, 'role-changed', { leader_id: 'n1' }),
    told(-LOST_MS + 110, 'leader-lost', {}),
    told(-LOST_MS + 120, 'campaign-started', { silence_ms: 120 }),
  ];
}

/** As the stream brings it: one by one, behind the status. */
function withHistory(model: Model, now = START): Model {
  return history().reduce((m, e) => send(m, { type: 'events', events: [e], now })[0], model);
}

function seen(model: Model, told: StatusResponse, now = START): Model {
  return send(model, { type: 'status', status: told, now })[0];
}

describe('a screen that is opened while nobody leads', () => {
  it.each([
    ['without a majority', cutOff, START - LOST_MS],
    ['while an election goes on', electing, START - LOST_MS + 110],
  ])('counts from the loss, %s, and not from when it was told of it', (_, told, since) => {
    const opened = withHistory(seen(fresh(), told));
    expect(opened.picture.status?.raft.leader_id).toBeNull();
    expect(opened.picture.leaderlessSince).toBe(since);
    const next = seen(opened, told, START + 1000);
    expect(next.picture.leaderlessSince, 'with the next status').toBe(since);
    for (const [view, words] of [
      ['topology', /NO LEADER 1m05s.*no leader for 1m05s/s],
      ['raft', /NO LEADER 1m05s.*NO LEADER for 1m05s/s],
    ] as const)
      expect(screenText({ ...opened, view }, 120, 36)).toMatch(words);
  });

  it('has the steps of the vacancy, the reason, and the part of the hour that was led', () => {
    const text = screenText({ ...withHistory(seen(fresh(), cutOff)), view: 'raft' }, 120, 36);
    expect(text).toContain('NO WRITES: 1 of 2 reached, 3 needed (n2 missing');
    expect(text).toContain('n1 campaign-started');
    expect(text).toMatch(/no leader 1m05s in 60 min: led 98\.\d{3} %/);
  });

  it('shows nobody as lost for a moment that is over', () => {
    const opened = withHistory(seen(fresh(), status()));
    expect(opened.picture).toMatchObject({ leaderlessSince: null, status: { raft: { leader_id: 'n1' } } });
    const moments = history().map((_, i) =>
      history()
        .slice(0, i + 1)
        .reduce((m, e) => send(m, { type: 'events', events: [e], now: START })[0], seen(fresh(), status())),
    );
    expect(moments.map((m) => m.picture.leaderlessSince)).toEqual(moments.map(() => null));
  });

  it('through another node, the count is that of the node which is looked through', () => {
    const before = withHistory(live());
    const [other] = send(before, { type: 'other-observer' });
    const through = seen(other, cutOff, START + 500);
    expect(withHistory(through, START + 600).picture.leaderlessSince).toBe(START + 500 - LOST_MS);
    const voting = seen(send(before, { type: 'other-observer' })[0], electing, START + 500);
    expect(withHistory(voting, START + 600).picture.leaderlessSince).toBe(START - LOST_MS + 110);
  });

  it('a session that hears the history behind the status keeps the count, and tells no leader in lines', async () => {
    const feed = scriptedFeed();
    feed.picture = cutOff;
    for (const e of history()) feed.tell(e);
    const session = new Session(feed, fresh());
    onTestFinished(() => session.stop());
    const lines: string[] = [];
    let before = session.model;
    session.subscribe(() => {
      lines.push(...changesBetween(before, session.model));
      before = session.model;
    });
    session.start();
    await vi.waitFor(() => expect(session.model.picture.events).toHaveLength(history().length));
    expect(session.model.picture.leaderlessSince).toBe(START - LOST_MS);
    await vi.waitFor(() => expect(lines.join('\n')).toContain('cluster is critical: cut off from n2'));
    expect(lines.filter((line) => line.startsWith('cluster is'))).toHaveLength(1);
  });
});

describe('a text that is asked for while nobody leads', () => {
  const once = async (view: 'topology' | 'raft'): Promise<string> => {
    const out = new PassThrough();
    const absent = async (): Promise<never> => Promise.reject(new Error('not asked here'));
    const client = {
      ...{ views: absent, history: absent, planOperation: absent, runOperation: absent, operation: absent },
      status: async () => cutOff,
      alerts: async () => ({ alerts: [] }),
      async *events() {
        yield* history(Date.now());
      },
    } as unknown as RunBatch['client'];
    const io = { stdin: process.stdin, stdout: out, stderr: out, env: {} } as unknown as RunBatch['io'];
    await runOnce({ client, clusterName: 'c', contextName: 'c', io, options: { format: 'text', view } });
    return String(out.read());
  };

  it.each(['topology', 'raft'] as const)('--view %s counts from the loss, with its reason', async (view) => {
    const text = await once(view);
    expect(text).toMatch(/NO LEADER 1m05s/);
    expect(text).toContain('cut off from n2');
    if (view === 'raft') expect(text).toMatch(/no leader 1m05s in .*: led 98\.\d{3} %/);
  });
});
