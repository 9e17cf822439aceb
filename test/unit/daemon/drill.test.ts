import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DemoFolder } from '../../../daemon/demo-folder.ts';
import { measured } from '../../../daemon/drill.ts';
import { allIds, tally } from '../../../daemon/drill-verify.ts';
import { toldBy } from '../../../daemon/drill-writer.ts';
import { type ErrorCode, SqlccError } from '../../../src/base/index.ts';

describe('DemoFolder', () => {
  let base = '';
  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'sqlcc-folder-'));
  });
  afterEach(() => rmSync(base, { recursive: true, force: true }));

  it('claim refuses a folder that holds something, and leaves it as it is', () => {
    writeFileSync(join(base, 'thesis.txt'), 'ten years');
    expect(() => DemoFolder.claim(base)).toThrow(expect.objectContaining({ code: 'conflict' }));
    expect(readdirSync(base)).toEqual(['thesis.txt']);
  });

  it('claim refuses an empty folder that others may write to', () => {
    const open = join(base, 'open');
    mkdirSync(open);
    chmodSync(open, 0o777);
    expect(() => DemoFolder.claim(open)).toThrow('may be written by others');
  });

  it('remove takes only what the run made, and a folder of somebody else never', () => {
    const folder = DemoFolder.claim(base);
    mkdirSync(join(base, 'n1'));
    writeFileSync(join(base, 'n1', 'log'), '');
    writeFileSync(join(base, 'theirs'), '');
    folder.remove(['n1', 'n1.yaml']);
    expect(readdirSync(base)).toEqual(['theirs']);
    rmSync(join(base, 'theirs'));
    folder.remove(['n1']);
    expect(existsSync(base)).toBe(true);
  });

  it('remove takes the folders that the run itself made, unless something else is in them', () => {
    const path = join(base, 'a', 'b');
    const first = DemoFolder.claim(path);
    writeFileSync(join(path, 'n1.yaml'), '');
    first.remove(['n1.yaml']);
    expect(readdirSync(base)).toEqual([]);
    const second = DemoFolder.claim(path);
    writeFileSync(join(base, 'a', 'theirs'), '');
    second.remove([]);
    expect(readdirSync(join(base, 'a'))).toEqual(['theirs']);
  });

  it('remove takes a temporary folder as a whole', () => {
    const folder = DemoFolder.claim(null);
    writeFileSync(join(folder.path, 'x'), '');
    folder.remove([]);
    expect(existsSync(folder.path)).toBe(false);
  });
});

describe('measured', () => {
  it('measured says how many values there were, and nothing of none', () => {
    expect(measured([])).toEqual({ samples: 0, p50: null, p99: null, max: null });
    expect(measured([3, 1, 2])).toEqual({ samples: 3, p50: 2, p99: 3, max: 3 });
  });
});

describe('tally', () => {
  const acked = new Set([1, 2, 3]);
  it('tally finds what is lost, doubled and unexpected; an unknown row may be there or not', () => {
    expect(tally([3, 1, 2], acked, new Set([4]))).toEqual({ lost: 0, duplicated: 0, unexpected: 0 });
    expect(tally([1, 2, 3, 4], acked, new Set([4]))).toEqual({ lost: 0, duplicated: 0, unexpected: 0 });
    expect(tally([1, 3, 3, 3], acked, new Set())).toEqual({ lost: 1, duplicated: 1, unexpected: 0 });
    expect(tally([1, 2, 3, 9], acked, new Set())).toEqual({ lost: 0, duplicated: 0, unexpected: 1 });
    expect(tally([4, 4], new Set(), new Set([4])).duplicated).toBe(1);
  });
});

describe('allIds', () => {
  it('allIds reads a table of any length in pages under the limit of an answer', async () => {
    const table = Array.from({ length: 25 }, (_, i) => [i * 2 + 1, 100 + i] as [number, number]);
    const sizes: number[] = [];
    const ids = await allIds(async (after, limit) => {
      const page = table.filter(([rowid]) => rowid > after).slice(0, limit);
      sizes.push(page.length);
      return page;
    }, 10);
    expect(ids).toEqual(table.map(([, id]) => id));
    expect(sizes).toEqual([10, 10, 5]);
    expect(await allIds(async () => [])).toEqual([]);
  });
});

describe('toldBy', () => {
  it('toldBy tells rows that may be there from refused ones, and the drill’s own faults from both', () => {
    const told = (code: ErrorCode) => toldBy(new SqlccError(code, 'x'));
    expect(
      ['outcome_unknown', 'deadline_exceeded', 'session_expired'].map((c) => told(c as ErrorCode)),
    ).toEqual([...['unknown', 'unknown', 'unknown']]);
    expect([told('no_leader'), told('overloaded')]).toEqual(['refused', 'refused']);
    expect([told('sql_error'), told('permission_denied'), toldBy(new Error('x'))]).toEqual([
      ...['fault', 'fault', 'fault'],
    ]);
  });
});
