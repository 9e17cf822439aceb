import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hunt } from './hunt.ts';
import { MUTANTS } from './mutants.ts';
import { edited, ROOT } from './plant.ts';

/** Found within a few seeds: the whole list is `npm run mutants`. */
const QUICK = [
  'vote-before-sync',
  'vote-not-persisted',
  'vote-cleared-in-same-term',
  'half-is-a-majority',
  'session-applies-twice',
  'own-copy-before-sync',
  'commit-beyond-the-match',
  'old-append-truncates',
  'joint-commit-by-one-half',
  'wal-acknowledges-before-sync',
];
const QUICK_SEEDS = 30;

describe('planted bugs', () => {
  it('MUTANTS names each bug once, and enough that the simulation must find', () => {
    expect(new Set(MUTANTS.map((m) => m.id)).size).toBe(MUTANTS.length);
    expect(MUTANTS.length).toBeGreaterThanOrEqual(30);
    expect(MUTANTS.filter((m) => m.by === 'sim').length).toBeGreaterThanOrEqual(25);
  });

  it.each(MUTANTS.map((m) => [m.id, m] as const))(
    '%s fits the product as it is today',
    (_, { edits, by }) => {
      const texts = new Map<string, string>();
      for (const edit of edits) {
        const before = texts.get(edit.file) ?? readFileSync(join(ROOT, edit.file), 'utf8');
        texts.set(edit.file, edited(before, edit));
      }
      if (by !== 'sim') expect(existsSync(join(ROOT, by.slice('suite:'.length)))).toBe(true);
    },
  );

  it.each(QUICK)(`the simulation finds %s within ${QUICK_SEEDS} seeds`, async (id) => {
    const mutant = MUTANTS.find((m) => m.id === id);
    if (mutant === undefined) throw new Error(`no bug ${id}`);
    const verdict = await hunt(mutant, { seeds: [1, QUICK_SEEDS], timeoutMs: 600_000 });
    expect(verdict.found, verdict.text).not.toBeNull();
  });

  it('the simulation finds nothing in a copy with nothing planted', async () => {
    const nothing = { id: 'nothing', sentence: '', edits: [], by: 'sim' } as const;
    const { found, text } = await hunt(nothing, { seeds: [1, 5], timeoutMs: 600_000 });
    expect(found, text).toBeNull();
  });
});
