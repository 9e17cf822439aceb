/**
 * Damage in the data folder of a real daemon: whatever file it is in, the daemon refuses to start
 * and names the file, or serves exactly what was acknowledged.
 */
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { must } from '../../src/base/index.ts';
import type { SnapshotMeta } from '../../src/raft/index.ts';
import { amount, reportAtEnd, tally, temporaryFolder, WHOLE } from './effort.ts';
import { kindOf } from './kinds.ts';
import { LoneNode, type Started } from './lone-node.ts';
import { brokenNames } from './real-log.ts';

reportAtEnd();

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] = must(bytes[at], `byte ${at} of ${bytes.length} of ${path}`) ^ (1 << (at % 8));
  writeFileSync(path, bytes);
}

/** Offsets in the part of a file that is not just zeros behind its content. */
function offsets(path: string, count: number): number[] {
  const bytes = readFileSync(path);
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return Array.from({ length: count }, (_, n) => Math.floor(((n + 0.5) * end) / count));
}

interface Put {
  readonly node: LoneNode;
  /** The whole folder, and an older copy of it from before the last writes. */
  readonly saved: string;
  readonly older: string;
  readonly snapshots: { readonly older: SnapshotMeta; readonly newest: SnapshotMeta };
}

/** A node with data, two snapshots and the log behind the older one, stopped. */
async function prepared(): Promise<Put> {
  const node = await LoneNode.start();
  const [saved, older] = [join(temporaryFolder(), 'saved'), join(temporaryFolder(), 'older')];
  await node.write(20, 'first');
  await node.stop();
  const first = await node.makeSnapshot(0);
  await node.tryStart();
  await node.write(15, 'second');
  await node.stop();
  node.save(older);
  // the log keeps all behind the older snapshot
  const newest = await node.makeSnapshot(35);
  await node.tryStart();
  await node.write(10, 'third');
  await node.stop();
  node.save(saved);
  return { node, saved, older, snapshots: { older: first, newest } };
}

/** Starts what is in the folder; a daemon that serves must serve what was acknowledged. */
async function outcomeOf(node: LoneNode, what: string): Promise<Started> {
  const started = await node.tryStart();
  if (started.ok) {
    expect(await node.wrong(), what).toEqual([]);
    await node.stop();
  } else expect(started.said, what).toMatch(/error\[[a-z_]+\]: .*(\/n1[/ ]|was superseded)/);
  return started;
}

function refusedWith(started: Started, text: string): void {
  expect(started).toMatchObject({ ok: false, said: expect.stringContaining(text) });
}

/** The state is made again, from an older snapshot if need be, or the damage is named. */
async function tryState({ node, saved, snapshots }: Put): Promise<void> {
  const state = join(node.dataDir, 'engine', 'state-1.db');
  // what was tried before has made it longer
  node.restore(saved);
  for (const at of offsets(state, amount(1, 40))) {
    node.restore(saved);
    flip(state, at);
    expect((await outcomeOf(node, `state, byte ${at}`)).ok).toBe(true);
    expect(node.logged('state-damaged'), `state, byte ${at}`).toHaveLength(1);
    tally('state damaged', 'made again');
  }
  const [newest, older] = [node.snapshot(snapshots.newest), node.snapshot(snapshots.older)];
  for (const at of offsets(newest, amount(1, 20))) {
    node.restore(saved);
    flip(newest, at);
    expect((await outcomeOf(node, `snapshot, byte ${at}`)).ok).toBe(true);
    tally('snapshot damaged', 'not needed');
    node.restore(saved);
    flip(newest, at);
    flip(state, 5000);
    expect((await outcomeOf(node, `snapshot, byte ${at}, and state`)).ok).toBe(true);
    expect(node.logged('snapshot-damaged')).toHaveLength(1);
    tally('state and newest snapshot damaged', 'made again from the older one');
    node.restore(saved);
    for (const path of [newest, older]) flip(path, at % statSync(path).size);
    flip(state, 5000);
    refusedWith(await outcomeOf(node, 'all'), newest);
    tally('state and both snapshots damaged', 'refused');
  }
}

/** The last write, of which nobody was told, is cut at some of its bytes. */
async function tryTornTails({ node, saved }: Put): Promise<void> {
  node.restore(saved);
  const { path, bytes, from, end } = await node.unfinishedWrite();
  const cuts = amount(1, 12);
  for (let n = 0; n < cuts; n++) {
    const cut = from + 1 + Math.floor(((n + 0.5) * (end - from - 1)) / cuts);
    node.restore(saved);
    writeFileSync(path, Buffer.concat([bytes.subarray(0, cut), Buffer.alloc(bytes.length - cut)]));
    expect((await outcomeOf(node, `tail cut at ${cut}`)).ok).toBe(true);
    expect(node.logged('wal-repaired')).toHaveLength(1);
    expect(brokenNames(join(node.dataDir, 'wal'))).toHaveLength(1);
    expect((await outcomeOf(node, `tail cut at ${cut}, again`)).ok).toBe(true);
    expect(node.logged('wal-repaired')).toEqual([]);
    tally('torn tail of a daemon', 'repaired, then clean');
  }
}

async function tryBits({ node, saved }: Put): Promise<void> {
  const files = [
    'wal/watermark',
    'identity.json',
    ...(WHOLE ? ['boot.json', 'pki/ca.crt', 'pki/node.key'] : []),
  ];
  for (const path of [node.segment(), ...files.map((name) => join(node.dataDir, name))]) {
    const name = relative(node.dataDir, path).replace(/\d+-\d+\.wal/, 'segment');
    const count = name === 'wal/segment' ? amount(1, 40) : amount(1, 8);
    for (const at of offsets(path, count)) {
      node.restore(saved);
      flip(path, at);
      const started = await outcomeOf(node, `${name}, byte ${at}`);
      if (name === 'wal/segment') refusedWith(started, path);
      else if (!started.ok) refusedWith(started, path);
      tally(`flipped bit: ${name}`, started.ok ? 'nothing lost' : 'refused');
    }
  }
}

/** Missing, or older than the others. */
async function tryWholeFiles({ node, saved, older }: Put): Promise<void> {
  const all = readdirSync(saved, { recursive: true })
    .map(String)
    .filter((name) => statSync(join(saved, name)).isFile());
  const chosen = WHOLE ? all : all.filter((name) => /\.wal$|\.sums$/.test(name));
  expect(chosen.length).toBeGreaterThan(1);
  for (const name of chosen) {
    const kind = name.replace(/\d+-\d+\.wal/, 'segment').replace(/\d+-n1-made/, 'snapshot');
    node.restore(saved);
    rmSync(join(node.dataDir, name));
    tally(`missing: ${kind}`, (await outcomeOf(node, `${name} missing`)).ok ? 'nothing lost' : 'refused');
    if (!existsSync(join(older, name))) continue;
    node.restore(saved);
    writeFileSync(join(node.dataDir, name), readFileSync(join(older, name)));
    tally(`older: ${kind}`, (await outcomeOf(node, `${name} older`)).ok ? 'nothing lost' : 'refused');
  }
}

/** The files of a folder, links left out. */
function filesOf(dir: string): string[] {
  const all = readdirSync(dir, { recursive: true, withFileTypes: true });
  return all
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(dir, join(parentPath, name)));
}

/** Each file is of a kind whose bits are flipped somewhere: a new kind is somebody's to try. */
function expectKnownKinds({ saved, older }: Put): void {
  const names = [saved, older].flatMap(filesOf);
  expect(names.filter((name) => kindOf(name) === null)).toEqual([]);
  // the list is no wish: most of it is here
  expect(new Set(names.map((name) => kindOf(name)?.name)).size).toBeGreaterThan(8);
}

/** Files that nobody believes, all harmed at once; and of each kind that a quiet folder has not, one that rotted. */
async function tryUnread({ node, saved }: Put): Promise<void> {
  node.restore(saved);
  const unread = filesOf(node.dataDir).filter((name) => kindOf(name)?.fate === 'unread');
  expect(unread).toContain('wal/ballast');
  for (const name of unread) {
    const path = join(node.dataDir, name);
    if (statSync(path).size > 0) flip(path, 0);
    tally(`flipped bit: ${kindOf(name)?.name}`, 'nothing lost');
  }
  for (const name of [
    ...['told.json', 'availability.json', 'hosts.json', 'join.json', 'denials.jsonl', 'pki/issued.jsonl'],
  ])
    writeFileSync(join(node.dataDir, name), '{"seq":1,"rotten":"\x07', { mode: 0o600 });
  expect((await outcomeOf(node, 'files that nobody believes')).ok).toBe(true);
}

async function tryForeignFiles({ node, saved }: Put): Promise<void> {
  node.restore(saved);
  for (const name of ['notes.txt', 'wal/notes.txt', 'snapshots/x.snap', 'engine/state-7.db', 'pki/x.crt'])
    writeFileSync(join(node.dataDir, name), 'foreign '.repeat(500), { mode: 0o600 });
  expect((await outcomeOf(node, 'foreign files')).ok).toBe(true);
  tally('foreign files', 'nothing lost');
}

describe('a daemon', { timeout: 600_000 }, () => {
  it('with damaged files refuses to start and names one, or serves what was acknowledged', async () => {
    const put = await prepared();
    expectKnownKinds(put);
    await tryTornTails(put);
    await tryState(put);
    await tryBits(put);
    await tryWholeFiles(put);
    await tryUnread(put);
    await tryForeignFiles(put);
  });
});
