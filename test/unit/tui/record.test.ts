import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SqlccError } from '../../../src/base/index.ts';
import { checkStatus, isEvent } from '../../../tui/feed/check.ts';
import type { Desk } from '../../../tui/feed/desk.ts';
import { recordDesk } from '../../../tui/feed/record-desk.ts';
import { recordFeed } from '../../../tui/feed/record-feed.ts';
import { recordingFile } from '../../../tui/feed/recording-file.ts';
import { openText, textBytes } from '../../../tui/feed/recording-text.ts';
import { replayDesk } from '../../../tui/feed/replay-desk.ts';
import { readReplay, replayFeed } from '../../../tui/feed/replay-feed.ts';
import type { Question, SliceName, Slices } from '../../../tui/feed/slices.ts';
import { asNdjson, at, calm, event, START, status } from '../../tui/recording.ts';
import { scriptedFeed } from './feed-kit.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sqlcc-record-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('recordDesk', () => {
  it('recordDesk writes what views ask for and why they got nothing, so that a replay shows those views', async () => {
    const lines: string[] = [];
    let now = START;
    let links: Slices['links'] = [{ from: 'n1', to: 'n2', rttMs: 1, liveness: 'alive' }];
    const cluster: Desk = {
      contexts: [],
      read: async <K extends SliceName>({ slice }: Question<K>) => {
        if (slice !== 'links') throw new SqlccError('unavailable', 'no audit here');
        return links as Slices[K];
      },
      preflight: () => Promise.reject(new Error('not asked')),
      act: async () => ({ words: 'v2 is in force', undo: null }),
    };
    const desk = recordDesk(
      cluster,
      (line) => lines.push(line),
      () => now,
    );
    const first = await desk.read({ slice: 'links', arg: '' });
    await desk.read({ slice: 'links', arg: '' });
    await expect(desk.read({ slice: 'audit', arg: '' })).rejects.toThrow('no audit here');
    now += 5000;
    links = [];
    await desk.read({ slice: 'links', arg: '' });
    await desk.act({ act: { kind: 'confirm', version: 2, previous: 1 }, reason: '', base: 2 });
    expect(lines, 'what is equal is written once').toHaveLength(4);
    const recorded = parsed(`${lines.join('\n')}\n`);
    let clock = START + 1000;
    const again = replayDesk(recorded, () => clock);
    expect(await again.read({ slice: 'links', arg: '' })).toEqual(first);
    await expect(again.read({ slice: 'audit', arg: '' })).rejects.toThrow('no audit here');
    clock = START + 6000;
    expect(await again.read({ slice: 'links', arg: '' })).toEqual([]);
    await expect(again.read({ slice: 'versions', arg: '' })).rejects.toThrow('the recording has no versions');
  });
});

describe('recordFeed', () => {
  it('recordFeed writes what was answered, so that a replay gives it again', async () => {
    const lines: string[] = [];
    const cluster = scriptedFeed();
    const feed = recordFeed(cluster, (line) => lines.push(line));
    const given = await feed.status(null);
    await feed.alerts(null);
    await feed.alerts(null);
    cluster.tell(event(5, 'n1', 'leader-elected', 'leads'));
    for await (const line of feed.events('0', AbortSignal.timeout(1000), null)) {
      expect(line.kind).toBe('leader-elected');
      break;
    }
    await feed.plan({ kind: 'failover' });
    await feed.run({ kind: 'failover' });
    cluster.down = true;
    await expect(feed.status(null)).rejects.toThrow('connection refused');
    const kinds = lines.map((l) => Object.keys(JSON.parse(l)).join());
    expect(kinds).toEqual(['at,status', 'at,alerts', 'at,event', 'at,plan', 'at,operation', 'at,lost']);
    const again = replayFeed(parsed(`${lines.join('\n')}\n`), 0);
    expect(await again.status(null)).toEqual(given);
    await expect(again.status(null)).rejects.toThrow('connection refused');
    expect(again.ended?.()).toBe(true);
    expect(again.wall()).toBe(START);
  });

  it('recordFeed writes an event once, however often nodes tell it, and gives it each time', async () => {
    const lines: string[] = [];
    const cluster = scriptedFeed();
    const feed = recordFeed(cluster, (line) => lines.push(line));
    const [first, second] = [
      event(5, 'n1', 'leader-elected', 'leads'),
      event(6, 'n1', 'node-dead', 'is dead'),
    ];
    const heard: string[] = [];
    for (const node of [null, 'n2']) {
      for (const one of node === null ? [first] : [second]) cluster.tell(one);
      for await (const { kind } of feed.events('0', AbortSignal.timeout(1000), node)) {
        heard.push(kind);
        if (kind === (node === null ? first : second).kind) break;
      }
    }
    expect(heard).toEqual(['leader-elected', 'leader-elected', 'node-dead']);
    const kinds = lines.map((line) => JSON.parse(line).event.kind);
    expect(kinds).toEqual(['leader-elected', 'node-dead']);
  });
});

describe('recordingFile', () => {
  const made = (path: string, maxBytes?: number): [(line: string) => void, string[]] => {
    const told: string[] = [];
    return [recordingFile(path, (why) => told.push(why), maxBytes), told];
  };

  it('recordingFile makes a private file, and never overwrites one', () => {
    const path = join(dir, 'a.ndjson');
    made(path)[0]('{"a":1}');
    expect(readFileSync(path, 'utf8')).toBe('{"a":1}\n');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(() => made(path)).toThrow('exists');
    expect(() => made(join(dir, 'no', 'b'))).toThrow(SqlccError);
    expect(readFileSync(path, 'utf8')).toBe('{"a":1}\n');
  });

  it('recordingFile says what is wrong with the name, where, and what to do', () => {
    const folder = dir;
    writeFileSync(join(folder, 'a-file'), '');
    for (const [name, told] of [
      ['none/r.ndjson', `--record: there is no folder ${join(folder, 'none')}`],
      ['a-file/r.ndjson', `--record: there is no folder ${join(folder, 'a-file')}`],
      ['a-file', `--record: ${join(folder, 'a-file')} exists`],
      ['.', `--record: ${folder} exists`],
    ] as const) {
      const refused = expect.objectContaining({
        ...{ code: 'invalid_argument', message: told, exitCode: 2 },
        hint: expect.stringContaining('--record the name of a new file'),
      });
      expect(() => made(join(folder, name)), name).toThrow(refused);
    }
  });

  it('recordingFile ends when it is full, whole lines only, and says so once', () => {
    const path = join(dir, 'b.ndjson');
    const [sink, told] = made(path, 12);
    for (const line of ['{"a":1}', '{"b":2}', '{"c":3}']) sink(line);
    expect(readFileSync(path, 'utf8')).toBe('{"a":1}\n');
    expect(told).toEqual(['the recording is full at 8 bytes']);
  });
});

const parsed = (text: string) => readReplay(textBytes(Buffer.from(text)));

describe('readReplay', () => {
  it('readReplay reads a recording whose last line was cut off', () => {
    const whole = asNdjson(calm());
    expect(parsed(whole.slice(0, -20))).toHaveLength(calm().length - 1);
  });

  it.each([
    ['no json\n', 'line 1 of the recording is no JSON'],
    ['no json', 'line 1 of the recording is no JSON'],
    ['[]\n', 'line 1 of the recording is no object'],
    ['{"status":{}}\n', 'has no time "at"'],
    [`{"at":"${at(0)}","status":{}}\n`, "can't be shown"],
    [`{"at":"${at(0)}","event":{"kind":3}}\n`, 'an event that is none'],
  ])('readReplay names the line of %j', (text, message) => {
    expect(() => parsed(text)).toThrow(message);
  });

  it('readReplay holds so many pictures, and reads the others again when they are due, of a file and of a pipe', async () => {
    const long = 'ä€😀'.repeat(120_000);
    const lines = [
      { at: at(0), status: status() },
      { at: at(1), event: event(1, 'n1', 'health-changed', long) },
      { at: at(2), status: status({ raft: { ...status().raft, term: 77 } }) },
    ];
    const text = `\n${asNdjson(lines)}\n`;
    const file = join(dir, 'r.ndjson');
    writeFileSync(file, text);
    execFileSync('mkfifo', [join(dir, 'pipe')]);
    const fed = spawn('cp', [file, join(dir, 'pipe')]);
    for (const path of [file, join(dir, 'pipe')]) {
      const read = readReplay(openText(path), { mostRows: status().nodes.length });
      expect(read.map((line) => line.status)).toEqual([status(), undefined, undefined]);
      expect(read[1]?.event?.message).toBe(long);
      const feed = replayFeed(read, 0);
      expect(await feed.status(null)).toEqual(status());
      expect((await feed.status(null)).raft.term).toBe(77);
      expect(feed.ended?.()).toBe(true);
    }
    fed.kill();
  });

  it('readReplay names the line of a picture whose file was written over since', async () => {
    const file = join(dir, 'r.ndjson');
    const lines = [0, 1].map((ms) => ({ at: at(ms), status: status() }));
    writeFileSync(file, asNdjson(lines));
    for (const over of [asNdjson(lines).replaceAll(at(0), at(5)), asNdjson(lines).slice(0, 200), '']) {
      const feed = replayFeed(readReplay(openText(file), { mostRows: 0 }), 0);
      writeFileSync(file, over);
      await expect(feed.status(null)).rejects.toThrow('line 1 of the recording is another one now');
      writeFileSync(file, asNdjson(lines));
    }
  });
});

describe('checkStatus', () => {
  it('checkStatus lets unknown keys and kinds through, and a newer schema becomes a sentence', () => {
    expect(checkStatus({ ...status(), weather: 'fair' })).toMatchObject({ weather: 'fair' });
    expect(() => checkStatus({ ...status(), schemaVersion: 2 })).toThrow('speaks schema 2');
    expect(isEvent(event(0, 'n1', 'never-heard-of', 'x'))).toBe(true);
  });

  it('checkStatus refuses a status with any part missing, and never with a TypeError', () => {
    for (const key of ['cluster', 'raft', 'nodes', 'elections', 'config', 'alerts', 'primary'])
      expect(() => checkStatus({ ...status(), [key]: undefined }), key).toThrow(SqlccError);
    for (const value of [null, 3, 'x', [], { cluster: 3 }])
      expect(() => checkStatus(value)).toThrow(SqlccError);
    expect(() => checkStatus({ ...status(), nodes: [null] })).toThrow('nodes.0');
  });
});

describe('replayFeed', () => {
  it('replayFeed in steps lets the clock stand at the picture given last', async () => {
    const lines = [0, 5000].map((ms) => ({ at: at(ms), status: status() }));
    const feed = replayFeed(lines, 0, true);
    await feed.status(null);
    expect(feed.wall()).toBe(START);
    await feed.status(null);
    expect(feed.wall()).toBe(START + 5000);
  });
});
