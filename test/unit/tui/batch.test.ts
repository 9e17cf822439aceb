import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { type ErrorCode, SqlccError } from '../../../src/base/index.ts';
import { type RunBatch, runBatch, runOnce } from '../../../tui/batch/index.ts';
import { runOnceAsJson } from '../../../tui/batch/json.ts';
import type { StatusResponse } from '../../../tui/feed/wire.ts';
import { viewSpec } from '../../../tui/model/views.ts';
import type { TopClient } from '../../../tui/options.ts';
import { asNdjson, at, event, status } from '../../tui/recording.ts';
import { full } from './model-kit.ts';

/** A cluster whose status is answered, or refused with a code, round by round. */
function clientOf(rounds: (StatusResponse | ErrorCode)[]): TopClient {
  const absent = async (): Promise<never> => {
    throw new SqlccError('unavailable', 'not asked here');
  };
  return {
    status: async () => {
      const next = rounds.shift() ?? 'unavailable';
      if (typeof next === 'string') throw new SqlccError(next, 'the node said no\u001b[2J');
      return next;
    },
    alerts: async () => ({ alerts: [] }),
    ...{ views: absent, history: absent, planOperation: absent, runOperation: absent, operation: absent },
    async *events() {},
  };
}

type Log = (asked: { node?: string }) => Promise<unknown>;

const unasked: Log = () => Promise.reject(new SqlccError('unavailable', 'nobody asks for a log'));

/** It answers what single views ask only as far as `log` does. */
function scripted(rounds: (StatusResponse | ErrorCode)[], log: Log = unasked): RunBatch['client'] {
  return { ...clientOf(rounds), health: { log } } as unknown as RunBatch['client'];
}

async function run(
  rounds: (StatusResponse | ErrorCode)[],
  options: Partial<RunBatch['options']> = {},
  log: Log = unasked,
) {
  const [out, err]: [string[], string[]] = [[], []];
  const stdout = new PassThrough().on('data', (chunk) => out.push(String(chunk)));
  const stderr = new PassThrough().on('data', (chunk) => err.push(String(chunk)));
  const io = { stdin: process.stdin, stdout, stderr, env: {} } as unknown as RunBatch['io'];
  const count = options.count ?? rounds.length;
  const code = await runBatch({
    ...{ client: scripted(rounds, log), clusterName: 'c', contextName: 'c', io },
    options: { format: 'json', delayMs: 1, ...options, count },
  });
  await new Promise((resolve) => setImmediate(resolve)); // what was written last arrives
  return { code, out: out.join(''), err: err.join('') };
}

const good = () => status({ cluster: { ...status().cluster, health: 'healthy', reasons: [] } });

describe('runBatch', () => {
  it('runBatch tells a lost round on stderr and goes on with the next', async () => {
    const { code, out, err } = await run([good(), 'unavailable', good()]);
    expect(code).toBe(0);
    expect(
      out
        .trim()
        .split('\n')
        .map((l) => JSON.parse(l).schema),
    ).toEqual(['sqlcc.top/1', 'sqlcc.top/1']);
    expect(err).toMatch(/^\S+Z error\[unavailable\]: the node said no[^\u001b]*\n$/);
  });

  it('runBatch begins with a lost round as well, and separates only pictures', async () => {
    const { code, out } = await run(['no_leader', good(), 'unavailable', good()], { format: 'text' });
    expect(code).toBe(0);
    expect(out.startsWith('\n')).toBe(false);
    expect(out.match(/QUORUM/g)).toHaveLength(2);
  });

  it('runBatch exits as its last round went', async () => {
    expect((await run([good(), 'unavailable'])).code).toBe(5);
    expect((await run(['unavailable', status()], { check: true })).code).toBe(3);
    expect((await run([good(), 'no_leader'], { check: true })).code).toBe(4);
  });

  it('runBatch asks nothing for a filter that can’t be meant, and says which word', async () => {
    for (const options of [
      { filter: 'foo:bar' },
      { view: 'log' as const, filter: 'zone:a' },
      { view: 'events' as const, filter: 'zone:a' },
      { filter: '~(' },
    ])
      await expect(run([good()], { format: 'text', ...options })).rejects.toMatchObject({
        code: 'invalid_argument',
        message: expect.stringMatching(/^--filter: (there is no field "(foo|zone)"|~\( is no)/),
      });
    expect(
      (
        await run([good()], { format: 'text', view: 'log', filter: 'level:warn' }, async () => ({
          lines: [],
        }))
      ).code,
    ).toBe(0);
  });

  it('runBatch refuses a filter that could not choose anything', async () => {
    for (const [options, why] of [
      [{ format: 'json' }, /goes with text: a document has all rows/],
      [{ format: 'yaml', view: 'events' }, /goes with text/],
      [{ format: 'text', view: 'node' }, /no rows to choose from with --view node/],
    ] as const)
      await expect(run([good()], { ...options, filter: 'n1' })).rejects.toMatchObject({
        ...{ code: 'invalid_argument', message: expect.stringMatching(why) },
        hint: expect.stringContaining('leave it out'),
      });
  });

  it('runBatch asks a node for the events that it has, to their end, and not for more', async () => {
    const asked: unknown[] = [];
    const client: TopClient = {
      ...clientOf([good()]),
      async *events({ after, follow } = {}) {
        asked.push({ after, follow });
        yield event(0, 'n3', 'health-changed', 'a write took 31 ms');
        // who waits for more is told of it
        if (follow !== false) throw new SqlccError('unavailable', 'it goes on');
      },
    };
    const out = new PassThrough();
    const io = { stdin: process.stdin, stdout: out, stderr: out, env: {} } as unknown as RunBatch['io'];
    const options = { format: 'text', view: 'events', count: 1 } as const;
    const run = { client: client as RunBatch['client'], clusterName: 'c', contextName: 'c', io, options };
    expect(await runBatch(run)).toBe(0);
    expect(String(out.read())).toMatch(/EVENTS\n .*n3 .*a write took 31 ms/);
    expect(asked).toEqual([{ after: '0', follow: false }]);
  });

  it('runBatch ends at once on a refusal that will stay one', async () => {
    await expect(run(['permission_denied', good()])).rejects.toMatchObject({ code: 'permission_denied' });
  });
});

describe('the log as text', () => {
  const lines = ['first', 'second'].map((event, n) => {
    return { at: at(n * 1000), level: n === 0 ? 'INFO' : 'WARN', event, fields: { n, ' \u001b[2J': 1 } };
  });
  const view = { format: 'text', view: 'log' } as const;

  it('is that of the node which answers, or of the one named, the newest line last', async () => {
    const asked: unknown[] = [];
    const log: Log = async (options) => {
      asked.push(options);
      return { lines };
    };
    const { out } = await run([good(), good()], view, log);
    expect(out).toMatch(/LOG OF n1\n.*INFO +first +n=0.*\n.*WARN +second +n=1/);
    expect(out).not.toContain('\u001b');
    expect(out).not.toContain('QUORUM');
    await run([good()], { ...view, node: 'n3' }, log);
    expect(asked).toEqual([{ node: 'n1' }, { node: 'n1' }, { node: 'n3' }]);
    const few = await run([good()], { ...view, filter: 'second' }, log);
    expect(few.out).not.toContain('first');
  });

  it('is a lost round where the node gives none, and nobody takes that for an empty log', async () => {
    const denied = new SqlccError('unavailable', 'n9 does not answer');
    const { code, out, err } = await run([good()], { ...view, node: 'n9' }, () => Promise.reject(denied));
    expect([code, out]).toEqual([5, '']);
    expect(err).toContain('n9 does not answer');
  });
});

describe('a recording in the scripted modes', () => {
  const lines = [0, 10_000, 20_000].map((ms, i) => ({
    at: at(ms),
    status: status({ raft: { ...status().raft, term: 9 + i } }),
  }));
  const replayed = async (
    options: Partial<RunBatch['options']>,
    mode = runBatch,
    more: Parameters<typeof asNdjson>[0] = [],
  ) => {
    const dir = mkdtempSync(join(tmpdir(), 'sqlcc-batch-'));
    const replay = join(dir, 'r.ndjson');
    writeFileSync(
      replay,
      asNdjson(
        [lines[0], { at: at(500), lost: 'gone' }, ...lines.slice(1), ...more].filter((l) => l !== undefined),
      ),
    );
    const out: string[] = [];
    const stdout = new PassThrough().on('data', (chunk) => out.push(String(chunk)));
    const io = {
      stdin: process.stdin,
      stdout,
      stderr: new PassThrough(),
      env: {},
    } as unknown as RunBatch['io'];
    try {
      await mode({
        ...{ client: null, clusterName: 'c', contextName: 'c', io },
        options: { replay, delayMs: 1, ...options },
      });
      await new Promise((resolve) => setImmediate(resolve));
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
    return out.join('');
  };

  it('runBatch ends with the recording, and each picture has the clock of its time', async () => {
    const text = await replayed({ format: 'text', count: 0 });
    expect(text.match(/QUORUM/g)).toHaveLength(3);
    expect(text).not.toContain('STALE');
    const documents = (await replayed({ format: 'json', count: 0 })).trim().split('\n');
    expect(documents.map((d) => JSON.parse(d).as_of)).toEqual([at(0), at(10_000), at(20_000)]);
  });

  it('runOnce shows the last picture, whatever was lost on the way, in text, JSON and YAML alike', async () => {
    const [text, json, yaml] = await Promise.all(
      (['text', 'json', 'yaml'] as const).map((format) => replayed({ format }, runOnce)),
    );
    expect(text).toContain('term 11');
    expect(text).toContain('RECORDED, stands still');
    expect(text).not.toContain('LIVE');
    expect(JSON.parse(json ?? '')).toMatchObject({ seq: 1_204_551, as_of: at(20_000), raft: { term: 11 } });
    expect(parse(yaml ?? '')).toEqual(JSON.parse(json ?? ''));
  });

  it('runOnce shows the log that was recorded, and says so where none was', async () => {
    const line = { at: at(1), level: 'INFO', event: 'started', text: 'port=1' };
    const answer = { at: at(2), answer: { to: 'log n1', value: [line] } };
    expect(await replayed({ view: 'log' }, runOnce, [answer])).toMatch(/LOG OF n1\n.*started +port=1/);
    await expect(replayed({ view: 'log' }, runOnce)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('runOnce asks what the view wants to know, and says where there is no answer', async () => {
    const pair = ['versions', 'diff 40..41'];
    const versions = full().picture.answers['versions']?.value;
    const diff = full().picture.answers['diff 40..41']?.value;
    expect(diff, pair[1]).toBeDefined();
    const answers = [
      { at: at(1), answer: { to: 'versions', value: versions } },
      { at: at(1), answer: { to: 'diff 40..41', value: diff } },
    ];
    const config = await replayed({ view: 'config' }, runOnce, answers as never);
    expect(config).toMatch(/CONFIG v41 active\n[\s\S]*v40 [\s\S]*DIFF v40 → v41\n/);
    expect(config).toContain('which nodes run it: no answer: the recording has no pending');
    expect(await replayed({ view: 'operations' }, runOnce)).toContain(
      'no answer: the recording has no operations',
    );
    expect(await replayed({ view: 'node', node: 'n3' }, runOnce)).toMatch(/^n3 · eu-b/m);
    expect(await replayed({ view: 'node' }, runOnce)).toMatch(/^n1 · eu-a/m);
    await expect(replayed({ view: 'node', node: 'n9' }, runOnce)).rejects.toMatchObject({
      code: 'not_found',
    });
  });

  it('a filter chooses from the events and alerts that the text is about, once and again', async () => {
    const disk = event(0, 'n3', 'health-changed', 'a write took 31 ms', { severity: 'warning' });
    const more = [
      { at: at(1), event: event(0, 'n1', 'leader-elected', 'leads term 9') },
      { at: at(2), event: disk },
    ];
    const view = { format: 'text', view: 'events' } as const;
    const all = await replayed(view, runOnce, more);
    expect(all).toMatch(/leads term 9/);
    for (const mode of [runOnce, runBatch]) {
      const some = await replayed({ ...view, filter: 'kind:health-changed' }, mode, more);
      expect(some).toMatch(/EVENTS\n .*n3 .*a write took 31 ms/);
      expect(some).not.toContain('leads term 9');
    }
    const level = await replayed({ ...view, filter: 'level:critical' }, runOnce, more);
    expect(level).toMatch(/EVENTS\n +nothing matches level:critical/);
    const alerts = { format: 'text', view: 'alerts' } as const;
    const rows = [{ at: at(1), alerts: full().picture.alerts }];
    expect(await replayed(alerts, runOnce, rows)).toMatch(/NodeDown[\s\S]*ReplicaLag/);
    const down = await replayed({ ...alerts, filter: 'rule:NodeDown' }, runOnce, rows);
    expect(down).toContain('NodeDown n5');
    expect(down).not.toContain('ReplicaLag n3');
    // what the filter hides fires all the same
    const none = await replayed({ ...alerts, filter: 'rule:other' }, runOnce, rows);
    expect(none).toContain('nothing matches rule:other');
    expect(none).not.toContain('none firing');
  });

  it('runOnce tells of when a picture is, and a check of an old one fails as unanswered', async () => {
    const { cluster } = status();
    const read = { ...cluster.read, age_ms: 60_000 };
    const line = { at: at(0), status: status({ cluster: { ...cluster, health: 'healthy', read } }) };
    const dir = mkdtempSync(join(tmpdir(), 'sqlcc-batch-'));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    const replay = join(dir, 'old.ndjson');
    writeFileSync(replay, `${JSON.stringify(line)}\n`);
    const out: string[] = [];
    const err: string[] = [];
    const io = {
      ...{ stdin: process.stdin, env: {} },
      stdout: new PassThrough().on('data', (chunk) => out.push(String(chunk))),
      stderr: new PassThrough().on('data', (chunk) => err.push(String(chunk))),
    } as unknown as RunBatch['io'];
    const run = (check: boolean) =>
      runOnce({
        ...{ client: null, clusterName: 'c', contextName: 'c', io },
        options: { replay, format: 'json', check },
      });
    expect(await run(false)).toBe(0);
    expect(JSON.parse(out[0] ?? '').as_of).toBe(at(-60_000));
    expect(await run(true)).not.toBe(0);
    await new Promise((resolve) => setImmediate(resolve));
    expect(err.join('')).toContain('is 1m00s old');
  });

  it('without a leader a check is critical, however long that has been so', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'sqlcc-batch-'));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    const replay = join(dir, 'alone.ndjson');
    const [calmly, raft] = [status(), { ...status().raft, leader_id: null }];
    const read = { ...calmly.cluster.read, age_ms: 60_000 };
    const told = status({ cluster: { ...calmly.cluster, read, health: 'critical' }, raft });
    writeFileSync(replay, `${JSON.stringify({ at: at(0), status: told })}\n`);
    const err = new PassThrough();
    const io = { stdin: process.stdin, env: {}, stdout: new PassThrough(), stderr: err };
    const code = await runOnce({
      ...{ client: null, clusterName: 'c', contextName: 'c', io: io as unknown as RunBatch['io'] },
      options: { replay, check: true },
    });
    expect(code).toBe(4);
    expect(err.read()).toBe(null);
  });

  it('a recording without a picture is told as one, with what writes one', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'sqlcc-batch-'));
    onTestFinished(() => rmSync(dir, { recursive: true }));
    const replay = join(dir, 'none.ndjson');
    writeFileSync(replay, `${JSON.stringify({ at: at(0), alerts: [] })}\n`);
    const io = { stdout: new PassThrough(), stderr: new PassThrough(), env: {} };
    const run = { client: null, clusterName: 'c', contextName: 'c', io, options: { replay } };
    await expect(runOnce(run as unknown as RunBatch)).rejects.toMatchObject({
      message: 'the recording has no picture',
      hint: 'give a file that sqlcc top --record wrote',
    });
    writeFileSync(replay, '\n');
    await expect(runOnce(run as unknown as RunBatch)).rejects.toMatchObject({
      code: 'invalid_argument',
      message: `the recording ${replay} is empty`,
      hint: 'give --replay a file that --record wrote',
    });
  });

  it.each(['topology', 'raft', 'alerts', 'config', 'events'] as const)(
    'runOnce heads %s as such',
    async (view) => {
      const [head] = (await replayed({ view }, runOnce)).split('\n');
      expect(head).toContain(` ▸ ${viewSpec(view).title}   `);
    },
  );

  it('runOnce shows the view and the columns that were asked for', async () => {
    const raft = await replayed({ view: 'raft', wide: true }, runOnce);
    expect(raft).toContain('ELECTIONS');
    expect(raft).not.toContain('ALERTS');
    const narrow = await replayed({ columns: ['zone'] }, runOnce);
    expect(narrow).toMatch(/NODE +ZONE\n/);
    await expect(replayed({ columns: ['zone', 'tea'] }, runOnce)).rejects.toThrow('no column "tea"');
  });
});

describe('runOnceAsJson', () => {
  const printed = async (run: (io: RunBatch['io']) => Promise<number>) => {
    const out: string[] = [];
    const stdout = new PassThrough().on('data', (chunk) => out.push(String(chunk)));
    const io = { stdin: process.stdin, stdout, stderr: stdout, env: {} } as unknown as RunBatch['io'];
    const code = await run(io);
    await new Promise((resolve) => setImmediate(resolve));
    const { as_of, ...document } = JSON.parse(out.join(''));
    return { code, document, isTime: !Number.isNaN(Date.parse(as_of)) };
  };

  const without = status({ raft: { ...status().raft, leader_id: null } });
  const { read } = status().cluster;
  const byFollower = status({ cluster: { ...status().cluster, read: { ...read, node_id: 'n3' } } });
  const late = status({ nodes: status().nodes.map((n) => ({ ...n, role: 'leader', state: 'LEADER' })) });

  it.each([
    ['healthy', good()],
    ['without a leader', without],
    ['told by a follower', byFollower],
    ['with rows of before', late],
  ])('runOnceAsJson prints what runOnce does: %s', async (_, told) => {
    const names = { clusterName: 'c', contextName: 'c' };
    const options = { format: 'json' as const };
    const quick = await printed((io) => runOnceAsJson(clientOf([told]), io));
    const slow = await printed((io) => runOnce({ client: scripted([told]), ...names, options, io }));
    expect(quick).toEqual(slow);
    expect(quick).toMatchObject({ code: 0, isTime: true, document: { schema: 'sqlcc.top/1' } });
  });

  it('runOnceAsJson throws what the cluster says, and prints nothing', async () => {
    const stdout = new PassThrough();
    const io = { stdout } as unknown as RunBatch['io'];
    await expect(runOnceAsJson(clientOf(['no_leader']), io)).rejects.toMatchObject({ code: 'no_leader' });
    const mute = { ...clientOf([good()]), alerts: () => Promise.reject(new SqlccError('overloaded', 'no')) };
    await expect(runOnceAsJson(mute, io)).rejects.toMatchObject({ code: 'overloaded' });
    expect(stdout.read()).toBeNull();
  });
});
