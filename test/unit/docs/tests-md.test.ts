/** docs/tests.md and docs/faults.md: what they name is there, as a test and not as some text in its file. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MUTANTS } from '../../mutants/mutants.ts';
import { PINNED } from '../../sim/pinned.ts';
import { type Row, rowsOf } from './rows.ts';
import { isNamed, namedIn, namedInFile } from './titles.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
/** What is wrong with a row's references: each path must be there, and each file of code must have each name. */
function defects(row: Row): string[] {
  const found: string[] = [];
  if (row.references.length === 0 && !row.isNone) found.push(`${row.id} names no test`);
  for (const { path, names } of row.references) {
    const isTest = path.startsWith('test/');
    if (!existsSync(join(ROOT, path)) || !(isTest || row.isNone)) {
      found.push(`${row.id}: there is no ${path}`);
      continue;
    }
    if (!path.endsWith('.ts')) continue;
    if (names.length === 0) found.push(`${row.id}: what in ${path}?`);
    const named = namedInFile(path);
    for (const name of names) {
      if (!isNamed(named, name)) found.push(`${row.id}: ${path} has no test "${name}"`);
    }
  }
  return found;
}

function pageOf(path: string): { text: string; rows: Row[] } {
  const text = readFileSync(join(ROOT, path), 'utf8');
  return { text, rows: rowsOf(text) };
}

/** `F1` to `F36`. */
function numbered(letters: string, count: number): string[] {
  return Array.from({ length: count }, (_, n) => `${letters}${n + 1}`);
}

describe.each([
  { page: 'docs/tests.md', required: numbered('A', 48) },
  { page: 'docs/faults.md', required: [...numbered('F', 36), ...numbered('RA', 48)] },
])('$page', ({ page, required }) => {
  const { text, rows } = pageOf(page);

  it('names only tests that are there', () => {
    expect(rows.flatMap(defects)).toEqual([]);
    // a row that the pattern does not read would be checked by nobody
    const begun = text.split('\n').filter((line) => /^\| *[A-Z]+\d+ *\|/.test(line));
    expect(rows.length).toBe(begun.length);
  });

  it('has each of the required rows once', () => {
    const ids = rows.map((row) => row.id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(required.filter((id) => !ids.includes(id))).toEqual([]);
  });
});

describe('docs/tests.md', () => {
  const { rows } = pageOf('docs/tests.md');

  it('names each pinned play by its seed, and no other', () => {
    const text = readFileSync(join(ROOT, 'docs', 'tests.md'), 'utf8');
    const told = [...text.matchAll(/; pinned as ([\d and]+) \|/g)].flatMap(([, seeds = '']) =>
      seeds.split(' and '),
    );
    expect(told.map(Number).sort((a, b) => a - b)).toEqual(
      PINNED.map(({ seed }) => seed).sort((a, b) => a - b),
    );
  });

  it('names each planted bug by its suite or seed, and README.md counts them', () => {
    const text = readFileSync(join(ROOT, 'docs', 'tests.md'), 'utf8');
    const [, table = ''] = /## Planted bugs, as last found(.*?)\n## /s.exec(text) ?? [];
    const rows = table.split('\n').filter((line) => line.startsWith('| '));
    const words = rows.flatMap((line) => line.split(/[|,]/)).map((cell) => cell.trim());
    const told = words.filter((word) => /^[a-z]+(-[a-z]+)+$/.test(word));
    expect(told.sort()).toEqual(MUTANTS.map(({ id }) => id).sort());
    const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
    expect(/(\d+) planted bugs, each found/.exec(readme)?.[1]).toBe(String(MUTANTS.length));
  });

  it('leaves out no transcript', () => {
    const folder = 'test/golden/raft';
    const named = new Set(rows.flatMap((row) => row.references.map((r) => r.path)));
    const scenes = readdirSync(join(ROOT, folder)).filter((name) => name.endsWith('.txt'));
    expect(scenes.filter((name) => !named.has(`${folder}/${name}`))).toEqual([]);
  });
});

describe('rowsOf', () => {
  it('and its checks see what is missing', () => {
    const row = (cell: string) => rowsOf(`| A1 | something | ${cell} |`).flatMap(defects);
    expect(row('`test/tidy.test.ts` "no cycles between files"')).toEqual([]);
    expect(row('`test/tidy.test.ts` "no cycles bet"')).toEqual([]);
    expect(row('`test/tidy.test.ts` "no cycles"')).toHaveLength(1);
    expect(row('`test/tidy.test.ts`')).toHaveLength(1);
    // a comment of that file, and an expected value in it
    expect(row('`test/tidy.test.ts` "The house rules, checked"')).toHaveLength(1);
    expect(row('`test/tidy.test.ts` "no such name" "no cycles between files"')).toHaveLength(1);
    expect(row('`test/gone.test.ts` "x"')).toHaveLength(1);
    expect(row('`test/endurance/scenes/wires.ts` "mtu"')).toEqual([]);
    expect(row('`test/endurance/scenes/wires.ts` "mt"')).toHaveLength(1);
    expect(row('`src/raft/types.ts` "EntryKind"')).toHaveLength(1);
    expect(row('by thinking')).toHaveLength(1);
    expect(row('none: by thinking')).toEqual([]);
    expect(row('none: `src/raft/gone.ts` "becomeLeader"')).toHaveLength(1);
  });
});

describe('namedIn', () => {
  it('takes titles from calls that have a body, and from nothing else', () => {
    const named = namedIn(
      'x.test.ts',
      `// it('a comment', () => {})
      const text = "it('a text', () => {})";
      describe.each([1])('the %s group', () => {
        it.skipIf(no)(\`filled \${place} here\`, () => { expect(x).toBe('an expected value') });
        it.each(rows)('in two' + ' pieces', { timeout: 1 }, () => {});
        it.for\`a\`('tagged', () => {});
        test.skip('a reason');
        check('no test', () => {});
      });
      const scene = { name: 'a scenario', play: async () => {} };
      const other = { name: 'no scenario' };
      export const shown = 1;`,
    );
    expect(named).toEqual({
      tests: ['the %s group', 'filled … here', 'in two pieces', 'tagged'],
      scenarios: ['a scenario'],
      exported: ['shown'],
    });
  });
});
