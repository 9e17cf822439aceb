import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const PAGE = 'docs/tests.md';

interface Row {
  readonly id: string;
  readonly sentence: string;
  readonly references: readonly { readonly path: string; readonly names: readonly string[] }[];
}

/** Every row of every table whose first cell is an id like `A12`. */
function rowsOf(text: string): Row[] {
  const rows: Row[] = [];
  for (const line of text.split('\n')) {
    const [, id, sentence, cell] = /^\| ([A-Z]+\d+) \| (.+?) \| (.+) \|$/.exec(line) ?? [];
    if (id === undefined || sentence === undefined || cell === undefined) continue;
    const references = [...cell.matchAll(/`([^`]+)`((?: "[^"]+")*)/g)].map(([, path = '', quoted = '']) => ({
      path,
      names: [...quoted.matchAll(/"([^"]+)"/g)].map(([, name = '']) => name),
    }));
    rows.push({ id, sentence, references });
  }
  return rows;
}

/** What is wrong with a row's references: each path must be there and hold each name. */
function defects(row: Row): string[] {
  const found: string[] = [];
  if (row.references.length === 0) found.push(`${row.id} names no test`);
  for (const { path, names } of row.references) {
    const file = join(ROOT, path);
    if (!path.startsWith('test/') || !existsSync(file)) {
      found.push(`${row.id}: there is no ${path}`);
      continue;
    }
    if (path.endsWith('.test.ts') && names.length === 0) found.push(`${row.id}: which test of ${path}?`);
    const text = readFileSync(file, 'utf8');
    for (const name of names) {
      // as it stands between quotes of any kind, with those inside escaped or not
      if (!text.includes(name)) found.push(`${row.id}: ${path} has no test "${name}"`);
    }
  }
  return found;
}

describe(PAGE, () => {
  const text = readFileSync(join(ROOT, PAGE), 'utf8');
  const rows = rowsOf(text);

  it('names only tests that are there', () => {
    expect(rows.flatMap(defects)).toEqual([]);
    // a row that the pattern does not read would be checked by nobody
    const begun = text.split('\n').filter((line) => /^\| *[A-Z]+\d+ *\|/.test(line));
    expect(rows.length).toBe(begun.length);
  });

  it('has each of the required tests once', () => {
    const ids = rows.map((row) => row.id);
    expect(new Set(ids).size).toBe(ids.length);
    for (let n = 1; n <= 48; n++) expect(ids).toContain(`A${n}`);
  });

  it('leaves out no transcript', () => {
    const folder = 'test/golden/raft';
    const named = new Set(rows.flatMap((row) => row.references.map((r) => r.path)));
    const scenes = readdirSync(join(ROOT, folder)).filter((name) => name.endsWith('.txt'));
    expect(scenes.filter((name) => !named.has(`${folder}/${name}`))).toEqual([]);
  });

  it('is read by a pattern that sees what is missing', () => {
    const row = (cell: string) => rowsOf(`| A1 | something | ${cell} |`).flatMap(defects);
    expect(row('`test/tidy.test.ts` "no cycles between files"')).toEqual([]);
    expect(row('`test/tidy.test.ts`')).toHaveLength(1);
    expect(row('`test/tidy.test.ts` "no such name" "no cycles between files"')).toHaveLength(1);
    expect(row('`test/gone.test.ts` "x"')).toHaveLength(1);
    expect(row('by thinking')).toHaveLength(1);
  });
});
