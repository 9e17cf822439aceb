/**
 * One operation of the disk fails, any one of them: a write, a sync, a rename, a file that can't
 * be made. From that moment nothing is acknowledged, the node would stop, and the next start
 * shows all that was acknowledged, in order. What may fail without harm is named here.
 */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { assert, SqlccError } from '../../src/base/index.ts';
import { initDurableStorage, openDurableStorage } from '../../src/wal/index.ts';
import { entriesFrom, request, snapshotMeta } from '../unit/wal/wal-kit.ts';
import { amount, reportAtEnd, sampled, tally, temporaryFolder, WHOLE } from './effort.ts';
import { type Fault, FaultyDisk } from './faulty-disk.ts';
import { logOptions, newestSegment, tryOpen } from './real-log.ts';

reportAtEnd();

/** What became of one life of a log. */
interface Life {
  /** Highest acknowledged index and term. */
  readonly acked: { index: number; term: number };
  /** Acknowledgements that came behind the fault. */
  late: number;
  /** Why it did not start or did not go on; null when it went on. */
  stopped: string | null;
  /** The fault came when all was acknowledged and the log was closed. */
  isClosing: boolean;
}

/**
 * Opens the log in `dir` and writes 24 times, with votes, a snapshot's mark and changes of segments; ends
 * when all is acknowledged or the log has failed.
 */
async function live(dir: string, disk: FaultyDisk): Promise<Life> {
  const life: Life = { acked: { index: 0, term: 0 }, late: 0, stopped: null, isClosing: false };
  let storage: ReturnType<typeof openDurableStorage>['storage'];
  try {
    storage = openDurableStorage(logOptions(dir, { disk })).storage;
  } catch (error) {
    assert(error instanceof SqlccError && error.code === 'storage_failed', String(error));
    return { ...life, stopped: error.message };
  }
  storage.onFailure((reason) => {
    life.stopped = reason;
  });
  const first = storage.lastIndex() + 1;
  const { term } = storage.initialState().hardState;
  let open = 0;
  for (let n = 0; n < 24 && life.stopped === null; n++) {
    const hardState = n % 5 === 0 ? { term: term + n + 1, votedFor: 'n2' } : null;
    const index = first + n;
    const mark =
      n === 15 ? { snapshot: { meta: snapshotMeta(index - 3), keepSuffix: true }, compactTo: index - 5 } : {};
    open++;
    storage.write(request(n, { hardState, entries: entriesFrom(index, 1, { bytes: 330 }), ...mark }), () => {
      open--;
      if (disk.isTold) life.late++;
      life.acked.index = index;
      if (hardState !== null) life.acked.term = hardState.term;
    });
    // every third one shares its sync with the next
    if (n % 3 !== 0) await settled(() => open === 0 || life.stopped !== null);
  }
  await settled(() => open === 0 || life.stopped !== null);
  for (let n = 0; n < 20; n++) await turn();
  const before = disk.failed;
  storage.close();
  life.isClosing = before === null && disk.failed !== null;
  return life;
}

async function settled(isSo: () => boolean): Promise<void> {
  while (!isSo()) await turn();
}

/** A log with a torn tail, so that a start has to repair it. */
async function tornLog(): Promise<string> {
  const dir = join(temporaryFolder(), 'wal');
  initDurableStorage({ ...logOptions(dir), bootstrap: null });
  const disk = new FaultyDisk({ at: 0, errno: 'EIO' });
  await live(dir, disk);
  const { path, end } = newestSegment(dir);
  const file = disk.open(path, 'existing');
  file.write(Math.ceil(end / 8) * 8, Buffer.alloc(50, 7));
  file.close();
  return dir;
}

/** Failures that cost nothing: what is kept for people, what gives room back, what a later start repeats. */
function isHarmless(failed: string, errno: string): boolean {
  if (/\.broken$/.test(failed)) return true;
  // a spare segment is tried again as soon as there is room, and needed only when the current one is full
  return errno !== 'EIO' && /^(open|write|sync) spare\.tmp$/.test(failed);
}

/** False when the run ended before its operation `fault.at`: two operations in flight may come in either order. */
async function tryFault(template: string, fault: Fault): Promise<boolean> {
  const dir = join(temporaryFolder(), 'wal');
  cpSync(template, dir, { recursive: true });
  const known = tryOpen(cloneOf(template));
  assert(known.kind === 'started', 'the template is sound');
  const disk = new FaultyDisk(fault);
  const life = await live(dir, disk);
  if (disk.failed === null) return false;
  const where = `${fault.errno} at operation ${fault.at}, ${disk.failed}`;
  const isStopped = life.stopped !== null;
  const harmless = isHarmless(disk.failed, fault.errno);
  if (isStopped) {
    expect(life.late, `acknowledged behind ${where}`).toBe(0);
    expect(life.stopped, where).toContain(fault.errno);
  } else expect(harmless || life.isClosing, `${where} stopped nothing`).toBe(true);
  tally(
    `${fault.errno}${fault.half === true ? ', half written' : ''}: ${kindOf(disk.failed)}`,
    isStopped ? 'stopped' : 'went on',
  );
  const again = tryOpen(dir);
  if (again.kind === 'refused') return expect.unreachable(`${where}: ${again.error.message}`);
  const { entries, first, state } = again.picture;
  const last = first + entries.length - 1;
  expect(last, where).toBeGreaterThanOrEqual(
    Math.max(life.acked.index, known.picture.entries.at(-1)?.index ?? 0),
  );
  expect(state.hardState.term, where).toBeGreaterThanOrEqual(life.acked.term);
  const begun = known.picture.entries.filter((e) => e.index >= first);
  expect(entries.slice(0, begun.length), where).toEqual(begun);
  expect(entries, where).toEqual(entriesFrom(first, entries.length, { bytes: 330 }));
  return true;
}

function cloneOf(template: string): string {
  const dir = join(temporaryFolder(), 'wal');
  cpSync(template, dir, { recursive: true });
  return dir;
}

/** The operation and the sort of file. */
function kindOf(failed: string): string {
  return failed.replace(/\d+-\d+\.wal(\.\d+)?/, 'segment');
}

async function operationsOf(template: string): Promise<number> {
  const disk = new FaultyDisk({ at: 0, errno: 'EIO' });
  const life = await live(cloneOf(template), disk);
  expect(life).toMatchObject({ stopped: null, late: 0 });
  return disk.count;
}

describe('an operation of the disk that fails once', () => {
  it.each([
    { errno: 'EIO' },
    { errno: 'EIO', half: true },
    { errno: 'ENOSPC' },
    { errno: 'ENOSPC', half: true },
    ...(WHOLE ? [{ errno: 'EDQUOT' } as const] : []),
  ] as const)('with $errno (half written: $half) ends acknowledgements, whichever it is', async (fault) => {
    const template = await tornLog();
    const count = await operationsOf(template);
    expect(count).toBeGreaterThan(60);
    let tried = 0;
    for (const at of sampled(1, count, 7)) if (await tryFault(template, { at, ...fault })) tried++;
    expect(tried).toBeGreaterThan(amount(7, 50));
  });
});

describe('a log whose making fails', () => {
  it('at any operation is made whole by the next attempt', async () => {
    const bootstrap = request(1, { hardState: { term: 1, votedFor: 'n1' }, entries: entriesFrom(1, 1) });
    const make = (dir: string, disk: FaultyDisk) => {
      initDurableStorage({ ...logOptions(dir, { disk }), bootstrap });
    };
    const counting = new FaultyDisk({ at: 0, errno: 'EIO' });
    make(join(temporaryFolder(), 'wal'), counting);
    for (const at of sampled(1, counting.count + 1, 1)) {
      const dir = join(temporaryFolder(), 'wal');
      const disk = new FaultyDisk({ at, errno: 'ENOSPC', half: true });
      expect(() => make(dir, disk), `operation ${at}`).toThrow('ENOSPC');
      const opened = tryOpen(dir);
      // the failure may have come behind the name: then the log is there, whole
      if (opened.kind === 'refused') make(dir, new FaultyDisk({ at: 0, errno: 'EIO' }));
      expect(tryOpen(dir), `operation ${at}, ${disk.failed}`).toMatchObject({
        kind: 'started',
        picture: { entries: entriesFrom(1, 1) },
      });
      tally('ENOSPC: making a log', opened.kind === 'refused' ? 'made again' : 'there already');
    }
  });
});
