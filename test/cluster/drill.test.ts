/** `sqlcc demo` as a script runs it: the drill's promise and its report; what is left behind, and what is not. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import * as z from 'zod';
import { program, sqlcc, until } from './harness.ts';
import { findTestPorts } from './ports.ts';
import { othersShare } from './stopwatch.ts';

const ROUNDS = 12;
/** Where others had more than this of the machine, nothing can be said of how long something took. */
const MOST_OF_OTHERS = 0.5;
const TRIES = 3;
const count = z.number().int().min(0);
const percentiles = z.strictObject({ samples: count, p50: z.number(), p99: z.number(), max: z.number() });

/** All that the report has; scripts read it. */
const report = z.strictObject({
  schemaVersion: z.literal(1),
  nodes: z.literal(3),
  rounds: z.literal(ROUNDS),
  acked: count.min(1),
  unknown: count,
  refused: count,
  lost: count,
  duplicated: count,
  unexpected: count,
  detect_ms: percentiles,
  election_ms: percentiles,
  write_gap_ms: percentiles,
  rejoin_ms: percentiles,
  state_hash_equal: z.boolean(),
  rss_mb_per_node: count,
  rows_loaded: z.literal(135_233),
  load_ms: count,
  seconds: z.number(),
  dir: z.string(),
});

/** A folder of its own in the system's temporary one; what a demo makes there is seen by looking. */
function temporary(): string {
  const dir = mkdtempSync(join(tmpdir(), 'sqlcc-demo-test-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** What demos have left in a folder; the compile cache of Node is not theirs. */
function left(dir: string): string[] {
  return readdirSync(dir).filter((name) => name.startsWith('sqlcc-demo-'));
}

/** A demo that is interrupted later; killed with the test if it is not. */
function startDemo(
  args: readonly string[],
  TMPDIR: string,
): { child: ChildProcess; ended: Promise<unknown> } {
  const child = spawn(process.execPath, [...program(), 'demo', '--drill', ...args], {
    env: { ...process.env, TMPDIR },
    stdio: 'ignore',
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return { child, ended: new Promise((resolve) => child.once('exit', resolve)) };
}

async function ports(): Promise<string[]> {
  return ['--base-port', `${await findTestPorts(5, 25_433)}`];
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

interface Node {
  readonly node_id: string;
  readonly pid: number | null;
}

function manifest(dir: string): readonly Node[] {
  return (JSON.parse(readFileSync(join(dir, 'demo.json'), 'utf8')) as { nodes: Node[] }).nodes;
}

type Report = z.infer<typeof report>;

/** A drill of twelve rounds that lost nothing; its report, and what share of the machine others had meanwhile. */
async function drilled(): Promise<{ told: Report; others: number }> {
  const TMPDIR = temporary();
  const args = ['demo', '--drill', '--rounds', `${ROUNDS}`, '-o', 'json', ...(await ports())];
  const share = othersShare();
  const ran = await sqlcc(args, { TMPDIR }, 280_000);
  const others = share();
  expect(ran.code, ran.stderr).toBe(0);
  const told = report.parse(JSON.parse(ran.stdout));
  expect(told).toMatchObject({ lost: 0, duplicated: 0, unexpected: 0, state_hash_equal: true });
  for (const measure of [told.write_gap_ms, told.rejoin_ms]) expect(measure.samples).toBe(ROUNDS);
  // an election's event that never came is no sample; with most of them missing the figures mean nothing
  for (const measure of [told.detect_ms, told.election_ms]) {
    expect(measure.samples).toBeGreaterThanOrEqual(ROUNDS * 0.9);
    expect(measure.samples).toBeLessThanOrEqual(ROUNDS);
  }
  // 169 MB in the report that README.md shows; a leak of every write of the drill, or a process that was not measured, is far from that
  expect(told.rss_mb_per_node).toBeGreaterThan(50);
  expect(told.rss_mb_per_node).toBeLessThan(400);
  expect(left(TMPDIR)).toEqual([]);
  const { detect_ms, election_ms, write_gap_ms, rejoin_ms, acked, seconds } = told;
  process.stdout.write(
    `${JSON.stringify({ others, acked, seconds, detect_ms, election_ms, write_gap_ms, rejoin_ms })}\n`,
  );
  return { told, others };
}

/**
 * What took too long, ms. Not what it takes where nothing else runs (README.md): half took 68, 46 and 272 ms with a
 * load of 16, and 75, 79 and 268 ms beside two programs of a higher priority.
 */
function tooLong({
  detect_ms,
  election_ms,
  write_gap_ms,
}: Report): { what: string; ms: number; bound: number }[] {
  const bounds = [
    // without a word of the death all wait an election timeout, 150 ms at least
    { what: 'detect p50', ms: detect_ms.p50, bound: 150 },
    // the design document's bound; an election that is lost is repeated after another timeout
    { what: 'election p50', ms: election_ms.p50, bound: 100 },
    // a caller that is not led to the new leader asks again after 400 ms (CALM_DOUBT_MS of the client)
    { what: 'write behind it p50', ms: write_gap_ms.p50 - detect_ms.p50 - election_ms.p50, bound: 250 },
    { what: 'write gap p50', ms: write_gap_ms.p50, bound: 400 },
    // one that waits for a dead connection ends after 2.5 s (its ATTEMPT_MS)
    { what: 'write gap max', ms: write_gap_ms.max, bound: 1500 },
  ];
  return bounds.filter(({ ms, bound }) => ms >= bound);
}

describe('demo --drill', () => {
  it('loses and doubles nothing while its leaders are killed, says so, and leaves nothing behind', async () => {
    for (let n = 1; ; n++) {
      const { told, others } = await drilled();
      const late = tooLong(told);
      if (late.length === 0) break;
      // what it would have taken without the others is judged, where they had no more than half of the machine
      const text = `others had ${others.toFixed(2)} of the machine: ${JSON.stringify(late)}`;
      if (others <= MOST_OF_OTHERS || n === TRIES) {
        expect(others, `no drill of ${TRIES} could be judged: ${text}`).toBeLessThanOrEqual(MOST_OF_OTHERS);
        expect(
          late.filter(({ ms, bound }) => ms * (1 - others) >= bound),
          text,
        ).toEqual([]);
        break;
      }
      process.stderr.write(`not judged: ${text}\n`);
    }
  }, 900_000);
});

describe('demo', () => {
  it('refuses a folder that holds something, and touches nothing in it', async () => {
    const dir = temporary();
    writeFileSync(join(dir, 'thesis.txt'), 'ten years');
    const ran = await sqlcc(['demo', '--drill', '--dir', dir]);
    expect(ran.code).toBe(9);
    expect(ran.stderr).toMatch(/error\[conflict\]: .* is not empty\nhint: /);
    expect(readFileSync(join(dir, 'thesis.txt'), 'utf8')).toBe('ten years');
    expect(readdirSync(dir)).toEqual(['thesis.txt']);
  });

  it('takes its files away when it is interrupted during its start, keys and all', async () => {
    const TMPDIR = temporary();
    const { child, ended } = startDemo(await ports(), TMPDIR);
    await until('the folder', async () => left(TMPDIR).length > 0);
    const [folder = ''] = left(TMPDIR);
    await until('a key', async () => existsSync(join(TMPDIR, folder, 'n1', 'pki', 'ca.key')));
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    expect(left(TMPDIR)).toEqual([]);
  });

  it('refuses ports that are taken, and leaves no file; what runs there goes on', async () => {
    const dir = join(temporary(), 'here');
    const base = await ports();
    const { child, ended } = startDemo(['--keep', '--dir', dir, ...base], temporary());
    await until(
      'three nodes',
      async () => existsSync(join(dir, 'demo.json')) && manifest(dir).every((n) => n.pid !== null),
    );
    const TMPDIR = temporary();
    const second = await sqlcc(['demo', '--drill', ...base], { TMPDIR });
    expect(second.code).toBe(9);
    expect(second.stderr).toMatch(
      /error\[conflict\]: port \d+ is taken by another program\nhint: .*--base-port/,
    );
    expect(left(TMPDIR)).toEqual([]);
    // the first one's manifest names who runs now, also behind a kill
    const first = manifest(dir).map((n) => n.pid);
    await until('another process', async () => {
      const now = manifest(dir).map((n) => n.pid);
      return now.every((pid) => pid !== null && isAlive(pid)) && now.some((pid, i) => pid !== first[i]);
    });
    child.kill('SIGTERM');
    expect(await ended).toBe(130);
    expect(manifest(dir).map((n) => n.pid)).toEqual([null, null, null]);
    expect(existsSync(join(dir, 'n1', 'pki', 'ca.key'))).toBe(true);
  });
});
