/** `top --plain` and the text pictures: what they say, and that nobody's words steer the terminal. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { COMMANDS } from '../../../src/cli/tree/commands.ts';
import { changesBetween, quietLines, runPlain } from '../../../tui/batch/plain.ts';
import { textPicture } from '../../../tui/batch/text.ts';
import type { AlertRow, StatusResponse, ViewsResponse } from '../../../tui/feed/wire.ts';
import { clockTime, takeZone } from '../../../tui/format/words.ts';
import type { Model } from '../../../tui/model/model.ts';
import type { RunTop, TextView } from '../../../tui/options.ts';
import { runTop } from '../../../tui/start.ts';
import { UNICODE } from '../../../tui/theme/symbols.ts';
import { asNdjson, calm, event, START, status } from '../../tui/recording.ts';
import { full, live, send } from './model-kit.ts';

// runTop takes this machine's
afterEach(() => takeZone(null));

const VIEWS: readonly TextView[] = [
  ...(['topology', 'raft', 'alerts', 'config', 'events', 'log', 'operations', 'node'] as const),
];
/** All that a terminal may obey, and what turns a line round. */
const OBEYED = /[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/;

/** A recording of a calm cluster, and ends that are no terminal. */
function calmIo() {
  const folder = mkdtempSync(join(tmpdir(), 'sqlcc-plain-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const replay = join(folder, 'calm.ndjson');
  writeFileSync(replay, asNdjson(calm()));
  const out: string[] = [];
  const [stdin, stderr] = [new PassThrough(), new PassThrough()];
  const stdout = new PassThrough().on('data', (chunk) => out.push(String(chunk)));
  const io = { stdin, stdout, stderr, env: {} } as unknown as RunTop['io'];
  return { replay, out, stdin, stdout, stderr, io };
}

/** The same picture with another text in every place where a cluster may have put one. */
function withWords<T>(value: T, words: string): T {
  const kept = ['state', 'role', 'severity', 'health', 'kind', 'liveness', 'mode', 'engine'];
  const into = (part: unknown, name: string): unknown => {
    if (typeof part === 'string') return kept.includes(name) ? part : words;
    if (Array.isArray(part)) return part.map((p) => into(p, name));
    if (typeof part !== 'object' || part === null) return part;
    return Object.fromEntries(Object.entries(part).map(([key, p]) => [key, into(p, key)]));
  };
  return into(value, '') as T;
}

function hostileModel(words: string): Model {
  const base = full();
  const config = { version: 42, tentative: { expires: words, previous: 41 } };
  const picture = { ...status(), config } as unknown as StatusResponse;
  const [model] = send(
    base,
    { type: 'status', status: withWords(picture, words), now: START },
    { type: 'alerts', alerts: withWords(base.picture.alerts as AlertRow[], words) },
    { type: 'events', events: [withWords(event(9, 'n1', 'rejoined', 'back'), words)], now: START },
  );
  return { ...model, clusterName: words, contextName: words };
}

describe('plain text', () => {
  it('no text that came from a cluster is obeyed by the terminal, in sentences and pictures', () => {
    const piece = fc.constantFrom(
      ...['\x1b]0;OWNED\x07', '\x1b[2J\x1b[H', '\x1b[44m', '\x9b31m', '\x1bPq\x1b\\', '\x07', '\r', '\n'],
      ...['\u202e', '\u2066', '\u200b', '\x00', 'x', '節', ' '],
    );
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 6 }), (pieces) => {
        const words = `n1 ${pieces.join('')}`;
        const before = live();
        const after = hostileModel(words);
        const lost = {
          ...after,
          connection: { kind: 'lost' as const, since: START, error: words, via: words, attempts: 1 },
        };
        const said = [
          ...changesBetween(before, after),
          ...changesBetween(after, lost),
          ...changesBetween(lost, after),
        ];
        expect(said.length).toBeGreaterThan(2);
        for (const line of said) expect(line).not.toMatch(OBEYED);
        for (const view of VIEWS)
          for (const model of [after, lost]) {
            const lines = textPicture({ model, symbols: UNICODE }, { cells: 200, view }).split('\n');
            for (const line of lines) expect(line, view).not.toMatch(OBEYED);
          }
      }),
      { numRuns: 25 },
    );
  });

  it('tells alerts, operations and disagreement as they begin and end', () => {
    const before = full();
    const first = before.picture.alerts.find((a) => a.id === 'a1');
    const alert = { ...first, id: 'a9', rule: 'disk_full', node_id: 'n3', value: '97 %' } as AlertRow;
    const told = (from: Model, to: Model) => changesBetween(from, to).join('\n');
    const withAlerts = (...alerts: AlertRow[]): Model => send(before, { type: 'alerts', alerts })[0];
    const firing = withAlerts(alert);
    expect(told(before, firing)).toBe('alert disk_full on n3 is firing (warning): 97 %');
    expect(told(firing, withAlerts({ ...alert, value: '98 %' }))).toBe('');
    const acked = withAlerts({ ...alert, acknowledged_by: 'anna' });
    expect(told(firing, acked)).toContain('acknowledged by anna');
    expect(told(acked, withAlerts({ ...alert, node_id: null, state: 'resolved' }))).toBe(
      'alert disk_full on the cluster is resolved (warning)',
    );
    const runs = send(before, { type: 'status', status: status({ operation: 'op-7' }), now: START })[0];
    expect(told(before, runs)).toBe('operation op-7 runs');
    expect(told(runs, before)).toBe('operation op-7 has ended; sqlcc op show op-7 says how');
    const views = ['n1', 'n2', 'n3'].map((node_id) => ({
      ...{ node_id, leader_id: node_id === 'n3' ? 'n3' : 'n1', term: 9, error: null },
    }));
    const disagree = { schemaVersion: 1, agree: false, views } as unknown as ViewsResponse;
    const message = { type: 'views' as const, views: disagree };
    const split = send(before, message, message)[0];
    expect(told(before, split)).toBe(
      'the nodes do not agree on who leads: n3 name n3 in term 9; n1 n2 name n1 in term 9',
    );
    expect(told(split, before)).toBe('the nodes agree again on who leads');
    const read = { ...status().cluster.read, node_id: 'n3' };
    const moved = status({ cluster: { ...status().cluster, read } });
    expect(told(before, send(before, { type: 'status', status: moved, now: START })[0])).toBe(
      'seen by n3 now',
    );
  });

  it('top --plain into a pipe goes on without an input, and ends when its reader goes', async () => {
    const { replay, out, stdin, stdout, stderr, io } = calmIo();
    stdin.end();
    // a recording that never comes to its end, as a cluster does not
    const options = { replay, replaySpeed: 0, plain: true, asCluster: true as const };
    let code: number | null = null;
    const open = async () => ({ client: null });
    const ended = runTop({ open, clusterName: 'c', contextName: 'c', options, io }).then((c) => {
      code = c;
    });
    await vi.waitFor(() => expect(out.join('')).toContain('QUORUM'), 10_000);
    // the end of the input was seen long ago
    for (let turns = 0; turns < 50; turns++) await new Promise((resolve) => setImmediate(resolve));
    expect(code, 'it goes on').toBeNull();
    expect(stderr.read(), 'and says nothing of --batch').toBeNull();
    expect(out[0], 'nobody types a q').toBe(
      'What changes is told in a line each, for as long as they are read.\n',
    );
    stdout.destroy();
    await ended;
    expect(code).toBe(0);
  });

  it('top --plain of a recording ends behind its last line, whoever reads and types', async () => {
    for (const isTerminal of [false, true]) {
      const { replay, out, stdin, io } = calmIo();
      Object.assign(stdin, { isTTY: isTerminal });
      // the end of a terminal's input leaves; what is no terminal has ended from the first
      if (!isTerminal) stdin.end();
      const options = { replay, replaySpeed: 0, plain: true };
      const open = async () => ({ client: null });
      expect(await runTop({ open, clusterName: 'c', contextName: 'c', options, io })).toBe(0);
      await new Promise((resolve) => setImmediate(resolve));
      const text = out.join('');
      expect(text.startsWith('q and Enter leave, as the end of the input does.')).toBe(isTerminal);
      expect(text).toMatch(/QUORUM[\s\S]*\nthe recording ends at \d\d:\d\d:\d\d\n$/);
    }
  });

  it('quietLines writes each minute without news, so that a reader who went is noticed', () => {
    vi.useFakeTimers({ now: START });
    onTestFinished(() => void vi.useRealTimers());
    const lines: string[] = [];
    const quiet = quietLines((line) => lines.push(line), Date.now);
    vi.advanceTimersByTime(59_000);
    quiet.news();
    vi.advanceTimersByTime(59_000);
    expect(lines).toEqual([]);
    vi.advanceTimersByTime(61_000);
    const since = clockTime(START + 59_000);
    expect(lines).toEqual([`nothing new since ${since}`, `nothing new since ${since}`]);
    quiet.stop();
    vi.advanceTimersByTime(600_000);
    expect(lines).toHaveLength(2);
  });

  it('runPlain never calls a recording live', async () => {
    for (const [replaySpeed, said] of [
      [0, /^ prod-eu .* RECORDED/m],
      [1, /^ prod-eu .* (> REPLAY|END)/m],
    ] as const) {
      const { replay, out, stdin, io } = calmIo();
      stdin.end('q\n');
      const options = { replay, replaySpeed };
      await runPlain({ client: null, clusterName: 'c', contextName: 'c', options, io });
      await new Promise((resolve) => setImmediate(resolve));
      expect(out.join('')).toMatch(said);
      expect(out.join('')).not.toContain('LIVE');
    }
  });

  it('runPlain says first how to leave a terminal and what can be done elsewhere, by commands that there are', async () => {
    const { replay, out, stdin, io } = calmIo();
    Object.assign(stdin, { isTTY: true });
    stdin.end('q\n');
    const options = { replay, replaySpeed: 0 };
    expect(await runPlain({ client: null, clusterName: 'c', contextName: 'c', options, io })).toBe(0);
    await new Promise((resolve) => setImmediate(resolve));
    const text = out.join('');
    expect(text).toMatch(/^q and Enter leave/);
    expect(text.indexOf('QUORUM')).toBeGreaterThan(text.indexOf('Nothing can be changed'));
    const paths = COMMANDS.map((c) => c.path);
    const named = [...text.matchAll(/sqlcc ([a-z]+(?: [a-z]+)?)/g)].map(([, words]) => words ?? '');
    expect(named.length).toBeGreaterThan(4);
    for (const words of named)
      expect(
        paths.some((path) => path.startsWith(words)),
        words,
      ).toBe(true);
  });
});
