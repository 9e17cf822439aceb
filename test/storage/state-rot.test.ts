/**
 * Damage in the files of the state: a flipped bit anywhere, pages swapped, zeroed or taken from
 * an older copy, files missing, old or foreign. Whatever it is, opening either refuses by file
 * and offset, or the state is, to the last row, one that it once was.
 */
import { existsSync, lstatSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { must, SqlccError } from '../../src/base/index.ts';
import { PageSums } from '../../src/engines/sqlite/page-sums.ts';
import { PAGE_BYTES, scanWal } from '../../src/engines/sqlite/wal-scan.ts';
import { StateStore } from '../../src/state/index.ts';
import { LogWriter, optionsIn } from '../unit/state/log.ts';
import { amount, reportAtEnd, sampled, tally, temporaryFolder } from './effort.ts';
import { copyFolder } from './real-log.ts';

reportAtEnd();

/** A folder of the state, and the hash of all that it has been, by applied index. */
interface Sample {
  readonly dir: string;
  readonly hashes: ReadonlyMap<number, string>;
  /** Older copies of the folder, oldest first. */
  readonly older: readonly string[];
}

/** Rows, key-values and sessions, in three lives of a store; the last one still has its log. */
function sample(): Sample {
  const root = temporaryFolder('memory');
  const dir = join(root, 'engine');
  const log = new LogWriter();
  const hashes = new Map<number, string>();
  const older: string[] = [];
  for (let life = 1; life <= 3; life++) {
    const store = StateStore.open(optionsIn(dir));
    for (let n = 0; n < 6; n++) {
      if (store.appliedIndex() === 0) {
        store.apply([log.sql(['CREATE TABLE t (id INTEGER PRIMARY KEY, x)']), log.openSession('s')]);
      }
      // what one life writes the next one leaves alone
      const key = { session: 's', seq: life * 10 + n };
      if (life !== 2) store.apply([log.put(`k${n}`, `value ${life} of ${n}`.padEnd(300, '.'))]);
      if (life !== 3)
        store.apply([log.sql([['INSERT INTO t (x) VALUES (?)', `row ${life}-${n}`.padEnd(200, '.')]], key)]);
      hashes.set(store.appliedIndex(), store.stateHash());
    }
    copyFolder(dir, join(root, `${life}-killed`));
    store.close();
    copyFolder(dir, join(root, `${life}-closed`));
    older.push(join(root, `${life}-killed`), join(root, `${life}-closed`));
  }
  return { dir: root, hashes, older };
}

const DATABASE = 'state-1.db';
const WAL = `${DATABASE}-wal`;

/** Every second page of the log has been copied into the database when the process dies. */
function cutShort(folder: string): void {
  const database = join(folder, DATABASE);
  const wal = readFileSync(join(folder, WAL));
  new PageSums(database).announce(scanWal(join(folder, WAL)));
  const bytes = readFileSync(database);
  const newest = new Map<number, Buffer>();
  for (let at = 32; at + 24 + PAGE_BYTES <= wal.length; at += 24 + PAGE_BYTES)
    newest.set(wal.readUInt32BE(at), wal.subarray(at + 24, at + 24 + PAGE_BYTES));
  for (const [page, content] of newest)
    if (page % 2 === 0 && page * PAGE_BYTES <= bytes.length) content.copy(bytes, (page - 1) * PAGE_BYTES);
  writeFileSync(database, bytes);
}

type Outcome = 'refused' | 'as it was' | 'as it was before';

/** Opens the state; fails unless it is one that it once was. */
function outcomeOf(dir: string, { hashes }: Sample, what: string): Outcome {
  let store: StateStore;
  try {
    store = StateStore.open(optionsIn(dir));
  } catch (error) {
    expect(error, what).toBeInstanceOf(SqlccError);
    expect(error, what).toMatchObject({
      code: 'storage_failed',
      details: { file: expect.stringContaining(dir), offset: expect.any(Number), reason: expect.any(String) },
    });
    expect((error as SqlccError).message, what).toContain('at byte');
    return 'refused';
  }
  try {
    const applied = store.appliedIndex();
    if (applied > 0) expect(store.stateHash(), `${what}: the state at ${applied}`).toBe(hashes.get(applied));
    return applied === Math.max(...hashes.keys()) ? 'as it was' : 'as it was before';
  } finally {
    store.close();
  }
}

/** The three ways in which a process ends, as folders. */
function endings(of: Sample): Record<string, string> {
  const killed = must(of.older.at(-2), 'the killed one');
  const cut = join(of.dir, 'cut');
  copyFolder(killed, cut);
  cutShort(cut);
  return { closed: must(of.older.at(-1), 'the closed one'), killed, 'killed while it copied': cut };
}

function filesOf(folder: string): string[] {
  return readdirSync(folder).filter((name) => !lstatSync(join(folder, name)).isSymbolicLink());
}

describe('the files of the state', () => {
  it('unharmed are what they were, however the process ended', () => {
    const made = sample();
    const work = join(made.dir, 'work');
    for (const [ending, folder] of Object.entries(endings(made))) {
      copyFolder(folder, work);
      expect(outcomeOf(work, made, ending)).toBe('as it was');
      // what was closed is closed again, and so on
      expect(outcomeOf(work, made, `${ending}, again`)).toBe('as it was');
    }
  });

  it('with a bit flipped anywhere are refused, or are what they once were', { timeout: 900_000 }, () => {
    const made = sample();
    const work = join(made.dir, 'work');
    for (const [ending, folder] of Object.entries(endings(made))) {
      for (const name of filesOf(folder)) {
        const bytes = readFileSync(join(folder, name));
        const step = amount(bytes.length > 4096 ? 997 : 37, bytes.length > 4096 ? 23 : 1);
        for (let at = 0; at < bytes.length; at += step) {
          copyFolder(folder, work);
          const harmed = Buffer.from(bytes);
          harmed[at] = (harmed[at] as number) ^ (1 << (at % 8));
          writeFileSync(join(work, name), harmed);
          const outcome = outcomeOf(work, made, `${ending}, bit ${at % 8} of byte ${at} of ${name}`);
          tally(`flipped bit, ${ending}: ${name}`, outcome);
          // no log is left, nothing can be missing: what is in the database is read or refused
          if (name === DATABASE && ending === 'closed') expect(outcome).toBe('refused');
        }
      }
    }
  });

  it('with pages swapped, zeroed or of an older copy are refused, or are what they once were', () => {
    const made = sample();
    const work = join(made.dir, 'work');
    const before = readFileSync(join(must(made.older[1], 'an older copy'), DATABASE));
    for (const [ending, folder] of Object.entries(endings(made))) {
      const bytes = readFileSync(join(folder, DATABASE));
      const pages = bytes.length / PAGE_BYTES;
      const page = (of: Buffer, n: number) => of.subarray(n * PAGE_BYTES, (n + 1) * PAGE_BYTES);
      for (const n of sampled(0, pages, 3)) {
        const harms: Record<string, Buffer> = {
          zeroed: Buffer.alloc(PAGE_BYTES),
          swapped: page(bytes, (n + 1) % pages),
          older: page(before, n),
        };
        for (const [harm, content] of Object.entries(harms)) {
          if (content.length < PAGE_BYTES || content.equals(page(bytes, n))) continue;
          const harmed = Buffer.from(bytes);
          if (harm === 'swapped') page(bytes, n).copy(harmed, ((n + 1) % pages) * PAGE_BYTES);
          content.copy(harmed, n * PAGE_BYTES);
          copyFolder(folder, work);
          writeFileSync(join(work, DATABASE), harmed);
          const outcome = outcomeOf(work, made, `${ending}, page ${n + 1} ${harm}`);
          tally(`page ${harm}, ${ending}`, outcome);
          if (ending === 'closed') expect(outcome, `page ${n + 1} ${harm}`).toBe('refused');
        }
      }
    }
  });

  it('with one missing, cut, longer, or older than the others are refused, or are what they once were', () => {
    const made = sample();
    const work = join(made.dir, 'work');
    for (const [ending, folder] of Object.entries(endings(made))) {
      for (const name of new Set([...filesOf(folder), WAL, 'state.db'])) {
        const isFile = name !== 'state.db';
        const bytes =
          existsSync(join(folder, name)) && isFile ? readFileSync(join(folder, name)) : Buffer.alloc(0);
        const harms: Record<string, () => void> = {
          missing: () => rmSync(join(work, name), { force: true }),
          ...(bytes.length > 0 && {
            empty: () => writeFileSync(join(work, name), ''),
            'cut in half': () => writeFileSync(join(work, name), bytes.subarray(0, bytes.length >> 1)),
            longer: () => writeFileSync(join(work, name), Buffer.concat([bytes, Buffer.alloc(5000, 1)])),
          }),
        };
        for (const [n, old] of made.older.entries()) {
          if (isFile && existsSync(join(old, name)))
            harms[`older (${n})`] = () => writeFileSync(join(work, name), readFileSync(join(old, name)));
        }
        for (const [harm, inflict] of Object.entries(harms)) {
          copyFolder(folder, work);
          inflict();
          const outcome = outcomeOf(work, made, `${ending}, ${name} ${harm}`);
          tally(`${harm.replace(/ \(.*/, '')}, ${ending}: ${name}`, outcome);
          if (name === DATABASE && /cut|longer/.test(harm)) expect(outcome).toBe('refused');
        }
      }
    }
  });

  it('beside foreign ones are what they were', () => {
    const made = sample();
    const work = join(made.dir, 'work');
    for (const name of ['state-9.db', 'state-9.db-wal', 'notes.txt', 'state-1.db-journal', 'trial-7.db']) {
      copyFolder(must(made.older.at(-2), 'the killed one'), work);
      writeFileSync(join(work, name), Buffer.alloc(10_000, 'foreign'));
      expect(outcomeOf(work, made, name)).toBe('as it was');
      tally('foreign file', 'as it was');
    }
  });
});
