/**
 * Every file of cases/*.golden is wrong in its own way; beside it stands what is said about
 * it, word for word. `UPDATE=1` rewrites; review the difference as text.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { configReference, formatIssues, parseConfig, sampleConfig } from '../../../src/config/index.ts';

const CASES = join(import.meta.dirname, 'cases');

/** Compares with the golden file, or writes it. */
function expectGolden(path: string, text: string): void {
  if (process.env['UPDATE'] === '1') writeFileSync(path, text);
  expect(text).toBe(readFileSync(path, 'utf8'));
}

describe('parseConfig', () => {
  const files = readdirSync(CASES).filter((name) => name.endsWith('.golden'));

  it.each(files)('says everything that is wrong with %s', (name) => {
    const parsed = parseConfig(readFileSync(join(CASES, name), 'utf8'), {
      source: name.replace('.golden', '.yaml'),
    });
    const said = parsed.ok
      ? ['nothing is wrong']
      : formatIssues(name.replace('.golden', '.yaml'), parsed.issues);
    expectGolden(join(CASES, name.replace(/\.golden$/, '.txt')), `${said.join('\n')}\n`);
  });
});

describe('the documentation of the configuration', () => {
  it('is made from the schema: table', () => {
    expectGolden(join(import.meta.dirname, 'reference.golden'), configReference());
  });

  it('is made from the schema: commented sample, which loads', () => {
    expectGolden(join(import.meta.dirname, 'sample.golden'), sampleConfig());
    expect(parseConfig(sampleConfig(), { source: 'sample' })).toMatchObject({ ok: true });
  });
});
