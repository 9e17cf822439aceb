/** docs/tests.md, "Bugs that others had": with the bug of a row in the product, a test that the row names fails. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rowsOf } from '../unit/docs/rows.ts';
import { noticedBy } from './by-row.ts';
import { MUTANTS } from './mutants.ts';
import { plant, planted, ROOT, uproot } from './plant.ts';

const ROWS = rowsOf(readFileSync(join(ROOT, 'docs', 'tests.md'), 'utf8'));
const TOLD = MUTANTS.flatMap(({ row, ...mutant }) => (row === undefined ? [] : [{ ...mutant, row }]));
const OPTIONS = { seeds: [1, 1], timeoutMs: 600_000 } as const;

const references = (id: string) => ROWS.find((row) => row.id === id)?.references ?? [];

describe('a row of docs/tests.md', () => {
  let folder = '';
  beforeAll(() => {
    folder = plant([]);
  });
  afterAll(() => uproot(folder));

  it('says "planted" where a bug is, and nowhere else', () => {
    const marked = ROWS.filter((row) => /^B\d/.test(row.id) && row.sentence.includes('(planted'));
    const told = new Set(TOLD.map(({ row }) => row).filter((row) => row.startsWith('B')));
    expect(marked.map((row) => row.id).sort()).toEqual([...told].sort());
  });

  it.each(TOLD)('$row names a test that fails with $id', async ({ row, edits }) => {
    const noticed = await planted(folder, edits, () => noticedBy(folder, references(row), OPTIONS));
    expect(noticed, `nothing that ${row} names`).not.toEqual([]);
  });

  it('names tests that pass with nothing planted', async () => {
    const all = [...new Set(TOLD.map(({ row }) => row))].flatMap(references);
    expect(await noticedBy(folder, all, OPTIONS)).toEqual([]);
  });
});
