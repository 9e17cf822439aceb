/**
 * "The design document, line by line" in ARCHITECTURE.md: every name of the document has a symbol and a test, and
 * all of them are there.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync } from 'oxc-parser';
import { describe, expect, it } from 'vitest';
import { SEED_VOCABULARY } from './seed-vocabulary.ts';
import { isNamed, namedInFile } from './titles.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const PAGE = readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8');
const TITLE = '## The design document, line by line\n';

interface Place {
  readonly path: string;
  readonly symbols: readonly string[];
}

interface Row {
  readonly section: string;
  readonly names: readonly string[];
  readonly here: readonly Place[];
  readonly tests: readonly Place[];
  /** What is not done yet; null in a row that is. */
  readonly pending: string | null;
}

function chapterOf(page: string): string {
  const [, chapter = ''] = page.split(TITLE);
  return chapter.split('\n## ')[0] ?? '';
}

function ticked(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
}

/** `path` `symbol` `symbol` · `path` `symbol` */
function placesOf(cell: string): Place[] {
  return cell.split(' · ').map((part) => {
    const [path = '', ...symbols] = ticked(part);
    return { path, symbols };
  });
}

/** `path` "title" "title" · `path` "title" */
function testsOf(cell: string): Place[] {
  return [...cell.matchAll(/`([^`]+)`((?: "[^|]+?"(?=[ )]|$))+)/g)].map(([, path = '', titles = '']) => ({
    path,
    symbols: titles.trim().slice(1, -1).split('" "'),
  }));
}

function rowsOf(chapter: string): Row[] {
  return chapter.split('\n### ').flatMap((part) => {
    const [section = '', ...lines] = part.split('\n');
    return lines.flatMap((line) => {
      const [, names, here, shown] = /^\| (`.+?`) \| (`.+?`) \| (.+) \|$/.exec(line) ?? [];
      if (names === undefined || here === undefined || shown === undefined) return [];
      const pending = shown.startsWith('PENDING ') ? shown.slice('PENDING '.length) : null;
      return [{ section, names: ticked(names), here: placesOf(here), tests: testsOf(shown), pending }];
    });
  });
}

function contains(text: string, symbol: string): boolean {
  // the whole word, not a part of a longer one
  const quoted = symbol.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`(?<![A-Za-z0-9_])${quoted}(?![A-Za-z0-9_])`).test(text);
}

/** Code without its comments; other files as they are. */
const texts = new Map<string, string>();
function codeOf(path: string): string {
  const known = texts.get(path);
  if (known !== undefined) return known;
  const whole = readFileSync(join(ROOT, path), 'utf8');
  const comments = /\.tsx?$/.test(path) ? parseSync(path, whole).comments : [];
  const code = comments.reduceRight((text, { start, end }) => text.slice(0, start) + text.slice(end), whole);
  texts.set(path, code);
  return code;
}

const hasSymbol = (path: string, symbol: string): boolean => contains(codeOf(path), symbol);

/** A test, a scenario or what is exported: not any text of the file. */
const hasTitle = (path: string, title: string): boolean =>
  /\.tsx?$/.test(path) ? isNamed(namedInFile(path), title) : contains(codeOf(path), title);

function missing(
  { names }: Row,
  { path, symbols }: Place,
  has: (path: string, word: string) => boolean,
): string[] {
  if (!existsSync(join(ROOT, path))) return [`${names[0]}: there is no ${path}`];
  return symbols.filter((word) => !has(path, word)).map((word) => `${names[0]}: ${path} has no "${word}"`);
}

function defects(row: Row): string[] {
  const [name = ''] = row.names;
  const symbols = row.here.flatMap((place) => place.symbols);
  const found: string[] = [];
  // one name may need two symbols
  if (symbols.length < row.names.length)
    found.push(`${name}: ${row.names.length} names, ${symbols.length} symbols`);
  if (row.pending === null && row.tests.length === 0) found.push(`${name}: no test`);
  for (const place of row.here) found.push(...missing(row, place, hasSymbol));
  for (const { path } of row.tests) if (!path.startsWith('test/')) found.push(`${name}: ${path} is no test`);
  for (const place of row.tests) found.push(...missing(row, place, hasTitle));
  return found;
}

describe('the design document, line by line', () => {
  const chapter = chapterOf(PAGE);
  const rows = rowsOf(chapter);

  it('names files, symbols and tests that are there', () => {
    expect(rows.flatMap(defects)).toEqual([]);
    // a row that the pattern does not read would be checked by nobody
    expect(rows.length).toBe(chapter.split('\n').filter((line) => line.startsWith('| `')).length);
  });

  it('has every name of the document once, in its section', () => {
    const inPage: Record<string, string[]> = {};
    for (const { section, names } of rows) inPage[section] = [...(inPage[section] ?? []), ...names];
    const sorted = (table: Readonly<Record<string, readonly string[]>>) =>
      Object.fromEntries(Object.entries(table).map(([key, names]) => [key, [...names].sort()]));
    expect(sorted(inPage)).toEqual(sorted(SEED_VOCABULARY));
  });

  it('says what is not done', () => {
    const open = rows.flatMap(({ pending, names }) =>
      pending === null ? [] : `${names.join(', ')}: ${pending}`,
    );
    if (open.length > 0) console.log(`PENDING in ARCHITECTURE.md:\n  ${open.join('\n  ')}`);
    // the word is nowhere else, so that none hides in a row that is read as done
    expect(chapter.split('| PENDING').length - 1).toBe(open.length);
  });

  it('is read by a pattern that sees what is missing', () => {
    const row = (here: string, shown: string) =>
      rowsOf(`### S\n| \`a\` \`b\` | ${here} | ${shown} |`).flatMap(defects);
    const good = '`test/tidy.test.ts` "no cycles between files"';
    expect(row('`src/raft/roles.ts` `becomeLeader` `becomeFollower`', good)).toEqual([]);
    expect(row('`src/raft/roles.ts` `becomeLeader`', good)).toHaveLength(1);
    expect(row('`src/raft/roles.ts` `becomeLeader` `becomeFol`', good)).toHaveLength(1);
    expect(row('`src/raft/gone.ts` `becomeLeader` `becomeFollower`', good)).toHaveLength(1);
    expect(row('`src/raft/roles.ts` `becomeLeader` `term`', '`test/tidy.test.ts` "x y z"')).toHaveLength(1);
    expect(row('`src/raft/roles.ts` `becomeLeader` `term`', '`test/tidy.test.ts`')).toHaveLength(1);
    expect(row('`src/raft/roles.ts` `becomeLeader` `term`', 'PENDING something')).toEqual([]);
    // neither a comment nor an expected value passes
    expect(row('`daemon/metrics-view.ts` `total_nodes` `ClusterMetrics`', good)).toHaveLength(1);
    const expected = '`test/tidy.test.ts` "a room does not use its own door: import the file"';
    expect(row('`src/raft/roles.ts` `becomeLeader` `term`', expected)).toHaveLength(1);
  });
});
