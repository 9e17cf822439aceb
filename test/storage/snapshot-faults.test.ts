/**
 * Any single file operation of a snapshot fails once, while one is made and while one is received:
 * what was there stays, nothing unsound gets a snapshot's name, and the next attempt succeeds.
 */
import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { SnapshotMeta } from '../../src/raft/index.ts';
import { SnapshotManager } from '../../src/wal/index.ts';
import { snapshotMeta } from '../unit/wal/wal-kit.ts';
import { reportAtEnd, tally, temporaryFolder } from './effort.ts';

reportAtEnd();

type Operation = (this: unknown, ...args: unknown[]) => Promise<unknown>;

/** Operations on open files and on names that may fail. */
const ON_FILES = ['write', 'writeFile', 'sync', 'datasync', 'truncate', 'read', 'stat'] as const;
const ON_NAMES = ['open', 'rename', 'stat'] as const;

/** While it stands, the n-th operation of node:fs/promises in this process fails with EIO. */
class Fault {
  count = 0;
  failed: string | null = null;
  readonly #undo: (() => void)[] = [];

  static async install(at: number): Promise<Fault> {
    const fault = new Fault();
    const names = createRequire(import.meta.url)('node:fs/promises') as Record<string, Operation>;
    const handle = (await names['open']?.call(null, import.meta.filename, 'r')) as { close(): Promise<void> };
    await handle.close();
    for (const name of ON_NAMES) fault.#wrap(names, name, at);
    const prototype = Object.getPrototypeOf(handle) as Record<string, Operation>;
    for (const name of ON_FILES) fault.#wrap(prototype, name, at);
    syncBuiltinESMExports();
    onTestFinished(() => fault.remove());
    return fault;
  }

  remove(): void {
    for (const undo of this.#undo.splice(0)) undo();
    syncBuiltinESMExports();
  }

  #wrap(owner: Record<string, Operation>, name: string, at: number): void {
    const sound = owner[name] as Operation;
    const fault = this;
    owner[name] = function (...args) {
      fault.count++;
      if (fault.count !== at) return sound.apply(this, args);
      fault.failed = name;
      return Promise.reject(Object.assign(new Error(`EIO: injected, ${name}`), { code: 'EIO' }));
    };
    this.#undo.push(() => {
      owner[name] = sound;
    });
  }
}

const draft = (index: number) => {
  const { size: _, ...meta } = snapshotMeta(index);
  return meta;
};

function content(index: number): string {
  return Array.from({ length: 30_000 }, (_, n) => ((n * 7919 * index) % 1e9).toString(36)).join('');
}

/** A folder with one sound snapshot, and what a second one is made of. */
async function folder(): Promise<{ dir: string; copy: string; older: SnapshotMeta }> {
  const root = temporaryFolder();
  const [dir, copy] = [join(root, 'snapshots'), join(root, 'copy')];
  writeFileSync(copy, content(10));
  const older = await new SnapshotManager({ dir }).createSnapshot(copy, draft(10));
  writeFileSync(copy, content(20));
  return { dir, copy, older };
}

/** Files in `dir` that this process still has open; where the system does not tell, none. */
function leftOpen(dir: string): string[] {
  if (!existsSync('/proc/self/fd')) return [];
  const paths = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(join('/proc/self/fd', fd));
    } catch {
      return ''; // closed meanwhile
    }
  });
  return paths.filter((path) => path.startsWith(dir));
}

/** Whatever has a snapshot's name is one, from its first byte to its last. */
async function checkAll(dir: string, older: SnapshotMeta, what: string): Promise<void> {
  const snapshots = new SnapshotManager({ dir });
  for (const name of readdirSync(dir).filter((n) => n.endsWith('.snap')))
    expect((await snapshots.verifySnapshot(name.slice(0, -5))).index, what).toBeGreaterThan(0);
  expect(await snapshots.verifySnapshot(older.id), what).toEqual(older);
  // a handle that nobody closes ends the process when it is collected
  expect(leftOpen(dir), what).toEqual([]);
}

async function loaded(dir: string, id: string): Promise<string> {
  const target = join(temporaryFolder(), 'target');
  await new SnapshotManager({ dir }).loadSnapshot(id, target);
  return readFileSync(target, 'utf8');
}

async function receive(dir: string, meta: SnapshotMeta, bytes: Buffer): Promise<void> {
  const intake = await new SnapshotManager({ dir }).receiveSnapshot(meta);
  try {
    for (let at = intake.offset; at < bytes.length; at += 16_384)
      await intake.write(at, bytes.subarray(at, Math.min(at + 16_384, bytes.length)));
    await intake.finish();
  } catch (error) {
    await intake.abort();
    throw error;
  }
}

describe('a snapshot', () => {
  it('whose making fails at any operation leaves what was there, and is made by the next attempt', async () => {
    let total = Number.POSITIVE_INFINITY;
    for (let at = 1; at <= total; at++) {
      const { dir, copy, older } = await folder();
      const fault = await Fault.install(at);
      const made = await new SnapshotManager({ dir })
        .createSnapshot(copy, draft(20))
        .catch((e: unknown) => e);
      fault.remove();
      if (fault.failed === null) total = fault.count;
      else expect(made, `operation ${at}, ${fault.failed}`).toMatchObject({ code: 'storage_failed' });
      tally('EIO: making a snapshot', fault.failed === null ? 'made' : 'refused');
      await checkAll(dir, older, `operation ${at}, ${fault.failed}`);
      const snapshots = new SnapshotManager({ dir });
      await snapshots.cleanupOldSnapshots();
      expect(readdirSync(dir).filter((name) => name.endsWith('.tmp'))).toEqual([]);
      const again = await snapshots.createSnapshot(copy, draft(20));
      expect(await loaded(dir, again.id)).toBe(content(20));
    }
    expect(total).toBeGreaterThan(8);
  });

  it('whose receipt fails at any operation leaves what was there, and arrives with the next attempt', async () => {
    const source = await folder();
    const meta = await new SnapshotManager({ dir: source.dir }).createSnapshot(source.copy, draft(20));
    const bytes = readFileSync(join(source.dir, `${meta.id}.snap`));
    let total = Number.POSITIVE_INFINITY;
    for (let at = 1; at <= total; at++) {
      const { dir, older } = await folder();
      const fault = await Fault.install(at);
      const got = await receive(dir, meta, bytes).then(
        () => 'arrived',
        (e: Error) => e.message,
      );
      fault.remove();
      const what = `operation ${at}, ${fault.failed}`;
      if (fault.failed === null) total = fault.count;
      expect(got, what).toMatch(fault.failed === null ? 'arrived' : 'EIO');
      tally('EIO: receiving a snapshot', fault.failed === null ? 'arrived' : 'refused');
      await checkAll(dir, older, what);
      await receive(dir, meta, bytes);
      expect(await loaded(dir, meta.id), what).toBe(content(20));
    }
    expect(total).toBeGreaterThan(20);
  });

  it('whose receipt another leader takes over begins anew, and ends whole', async () => {
    const { dir } = await folder();
    const source = await folder();
    const snapshots = new SnapshotManager({ dir: source.dir });
    const [first, second] = [
      await snapshots.createSnapshot(source.copy, draft(20)),
      await snapshots.createSnapshot(source.copy, { ...draft(20), id: 'of-another-leader' }),
    ];
    const intake = await new SnapshotManager({ dir }).receiveSnapshot(first);
    const bytes = readFileSync(join(source.dir, `${first.id}.snap`));
    await intake.write(0, bytes.subarray(0, 40_000));
    await intake.abort();
    await receive(dir, second, readFileSync(join(source.dir, `${second.id}.snap`)));
    expect(readdirSync(dir).filter((name) => name.endsWith('.part'))).toEqual([]);
    expect(await loaded(dir, second.id)).toBe(content(20));
    // and back: nothing of the first attempt is left to go on from
    await receive(dir, first, bytes);
    expect(await loaded(dir, first.id)).toBe(content(20));
  });
});
