import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expectFile } from '../../cli/harness.ts';

describe('expectFile', () => {
  const before = process.env.UPDATE;
  let dir = '';
  beforeEach(() => {
    delete process.env.UPDATE;
    dir = mkdtempSync(join(tmpdir(), 'sqlcc-golden-'));
  });
  afterEach(() => {
    if (before !== undefined) process.env.UPDATE = before;
    else delete process.env.UPDATE;
    rmSync(dir, { recursive: true, force: true });
  });

  it('expectFile fails without its file, and writes it only when it is told to', () => {
    const file = join(dir, 'x.golden');
    expect(() => expectFile(file, 'one')).toThrow('is missing');
    expect(existsSync(file)).toBe(false);
    process.env.UPDATE = '1';
    expectFile(file, 'one');
    delete process.env.UPDATE;
    expect(readFileSync(file, 'utf8')).toBe('one');
    expectFile(file, 'one');
    expect(() => expectFile(file, 'two')).toThrow();
  });
});
