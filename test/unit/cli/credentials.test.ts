import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { finishKeyPair, replaceKeyPair } from '../../../src/cli/credentials.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sqlcc-unit-'));
  writeFileSync(file('a.crt'), 'old cert');
  writeFileSync(file('a.key'), 'old key');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const file = (name: string): string => join(dir, name);
const files = () => ({ cert: file('a.crt'), key: file('a.key') });
const pair = (): string => `${readFileSync(file('a.crt'), 'utf8')}, ${readFileSync(file('a.key'), 'utf8')}`;

describe('replaceKeyPair', () => {
  it('replaces both, for their owner alone, and leaves nothing behind', () => {
    replaceKeyPair(files(), { cert: 'new cert', key: 'new key' });
    expect(pair()).toBe('new cert, new key');
    expect(readdirSync(dir).toSorted()).toEqual(['a.crt', 'a.key']);
    expect(statSync(file('a.key')).mode & 0o777).toBe(0o600);
  });

  it('that stopped before it was decided leaves the old pair, after that the new one', () => {
    writeFileSync(file('a.key.next'), 'new key');
    finishKeyPair(files());
    expect(pair()).toBe('old cert, old key');
    writeFileSync(file('a.crt.next'), 'new cert');
    finishKeyPair(files());
    expect(pair()).toBe('new cert, new key');
  });

  it('that stopped between the two is brought to its end', () => {
    writeFileSync(file('a.key'), 'new key');
    writeFileSync(file('a.crt.next'), 'new cert');
    finishKeyPair(files());
    expect(pair()).toBe('new cert, new key');
    expect(readdirSync(dir).toSorted()).toEqual(['a.crt', 'a.key']);
  });
});
