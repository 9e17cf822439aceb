import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DenialChain, readDenials } from '../../../daemon/denial-chain.ts';
import { verifyChain } from '../../../src/audit/index.ts';
import { LIMITS } from '../../../src/base/index.ts';

const eve = { who: 'viewer eve', from: '192.0.2.7', what: 'permission_denied createToken', count: 1 };

let dir = '';
let troubles: string[] = [];
const open = () => new DenialChain(dir, (reason) => troubles.push(reason));
const verdict = () => {
  const { anchor, records } = readDenials(dir);
  return verifyChain(anchor, records);
};

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sqlcc-denials-'));
  troubles = [];
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('DenialChain', () => {
  it('makes no file before there is something to say, and goes on where the last life ended', () => {
    const first = open();
    expect(existsSync(join(dir, 'denials.jsonl'))).toBe(false);
    first.append(eve, 1000);
    first.append({ ...eve, count: 41 }, 2000);
    first.close();
    const second = open();
    second.append(eve, 3000);
    second.close();
    const { records } = readDenials(dir);
    expect(records.map((r) => [r.seq, r.at, r.count])).toEqual([
      [1, 1000, 1],
      [2, 2000, 41],
      [3, 3000, 1],
    ]);
    expect(verdict()).toMatchObject({ ok: true, head: { seq: 3 } });
    expect(statSync(join(dir, 'denials.jsonl')).mode & 0o777).toBe(0o600);
    expect(troubles).toEqual([]);
  });

  it('names the line in whose text a byte was changed', () => {
    const chain = open();
    for (let n = 0; n < 5; n++) chain.append({ ...eve, who: `viewer e${n}` }, n);
    chain.close();
    const path = join(dir, 'denials.jsonl');
    writeFileSync(path, readFileSync(path, 'utf8').replace('viewer e2', 'viewer e9'));
    expect(verdict()).toMatchObject({ ok: false, seq: 3 });
  });

  it('cuts a torn line off and goes on', () => {
    const first = open();
    first.append(eve, 1);
    first.close();
    appendFileSync(join(dir, 'denials.jsonl'), '{"seq":2,"at":5,"wh');
    const second = open();
    second.append(eve, 2);
    second.close();
    expect(readDenials(dir).records.map((r) => r.at)).toEqual([1, 2]);
    expect(verdict().ok).toBe(true);
  });

  it('puts a file that can not be read aside', () => {
    const first = open();
    first.append(eve, 1);
    first.close();
    appendFileSync(join(dir, 'denials.jsonl'), 'no line\n');
    expect(readDenials(dir).damage).toEqual({ file: 'denials.jsonl', line: 3 });
    const second = open();
    second.append(eve, 2);
    second.close();
    expect(existsSync(join(dir, 'denials.jsonl.broken'))).toBe(true);
    expect(readDenials(dir).damage).toBeNull();
    expect(verdict().ok).toBe(true);
  });

  it('takes two files of bounded size, tied together', () => {
    const chain = open();
    const long = { ...eve, what: 'w'.repeat(100_000) };
    for (let n = 0; n < 35; n++) chain.append(long, n);
    chain.close();
    const sizes = ['denials.jsonl', 'denials.1.jsonl'].map((name) => statSync(join(dir, name)).size);
    for (const size of sizes) expect(size).toBeLessThan(LIMITS.maxDenialFileBytes + 101_000);
    const { anchor, records } = readDenials(dir);
    expect(anchor.seq).toBeGreaterThan(0);
    expect(records.at(-1)?.seq).toBe(35);
    expect(verdict()).toMatchObject({ ok: true, head: { seq: 35 } });
  });

  it('says once that it can keep nothing, and never throws', () => {
    rmSync(dir, { recursive: true });
    const chain = open();
    chain.append(eve, 1);
    chain.append(eve, 2);
    expect(troubles).toHaveLength(1);
  });
});
