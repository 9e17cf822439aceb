import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSecret, redacted } from '../../../../daemon/notifiers/secrets.ts';
import { LIMITS } from '../../../../src/base/index.ts';

const KEY = 'notifiers.slack.url';

describe('readSecret', () => {
  let dir = '';
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'sqlcc-secret-'));
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));
  const file = (name: string, content: string): string => {
    writeFileSync(join(dir, name), content, { mode: 0o600 });
    return `file:${join(dir, name)}`;
  };

  it('reads a file each time, without its last newline', async () => {
    const place = file('slack', 'https://hooks.example/one\n');
    expect(await readSecret(KEY, place)).toEqual({ ok: true, value: 'https://hooks.example/one' });
    file('slack', 'https://hooks.example/two');
    expect(await readSecret(KEY, place)).toEqual({ ok: true, value: 'https://hooks.example/two' });
  });

  it('reads the environment, and takes any other text as the value', async () => {
    expect(await readSecret(KEY, 'env:HOOK', { HOOK: 'x' })).toEqual({ ok: true, value: 'x' });
    expect(await readSecret(KEY, 'http://127.0.0.1:9/')).toEqual({ ok: true, value: 'http://127.0.0.1:9/' });
  });

  it('says which key has its value where, and never the value', async () => {
    const reason = async (text: string, env = {}) => {
      const read = await readSecret(KEY, text, env);
      return read.ok ? 'it was read' : read.reason;
    };
    expect(await reason('env:HOOK')).toBe(`${KEY}: the environment of this node has no HOOK`);
    expect(await reason('env:HOOK', { HOOK: ' ' })).toBe(`${KEY}: env:HOOK is empty`);
    expect(await reason(`file:${dir}/none`)).toBe(`${KEY}: file:${dir}/none can't be read: ENOENT`);
    expect(await reason(`file:${dir}`)).toBe(`${KEY}: file:${dir} can't be read: it is no plain file`);
    expect(await reason(file('empty', '\n'))).toMatch(/is empty$/);
    const lines = await reason(file('lines', 'S3CRET\nS3CRET\n'));
    expect(lines).toMatch(/more than one line$/);
    const long = await reason(file('long', 'S3CRET'.repeat(LIMITS.maxSecretBytes)));
    expect(long).toMatch(/more than 16384 bytes$/);
    expect(lines + long).not.toContain('S3CRET');
  });

  it('does not wait for a pipe that nobody writes to', async () => {
    execFileSync('mkfifo', [join(dir, 'pipe')]);
    expect(await readSecret(KEY, `file:${dir}/pipe`)).toMatchObject({ ok: false });
  });
});

describe('redacted', () => {
  const url = 'smtps://me%40example.com:p%40ss%2Fword@mail.example:465/T0KEN/x?key=K3YK3Y#FR4G';

  it.each([
    `connect ${url}`,
    'me@example.com may not',
    'wrong p@ss/word',
    'sent p%40ss%2Fword',
    'GET /T0KEN/x?key=K3YK3Y',
    'only T0KEN',
    'at FR4G',
    `AUTH PLAIN ${Buffer.from('\0me@example.com\0p@ss/word').toString('base64')}`,
    `AUTH LOGIN ${Buffer.from('p@ss/word').toString('base64')}`,
    `Authorization: Basic ${Buffer.from('me@example.com:p@ss/word').toString('base64')}`,
  ])('hides every part of an address, however it is written: %s', (text) => {
    const said = redacted(text, [url]);
    expect(said).toContain('[redacted]');
    for (const part of ['me@example', 'p@ss', 'p%40ss', 'T0KEN', 'K3YK3Y', 'FR4G'])
      expect(said).not.toContain(part);
  });

  it('leaves what is no secret, the host too', () => {
    const said = 'mail.example:465 answered 550 mailbox unavailable';
    expect(redacted(said, [url])).toBe(said);
    expect(redacted('a/b x', ['https://h.example/a'])).toBe('a/b x');
  });

  it('hides secrets that are no address, in JSON too', () => {
    expect(redacted('key R0"UT\\ING refused', ['R0"UT\\ING'])).toBe('key [redacted] refused');
    expect(redacted(JSON.stringify({ k: 'R0"UT\\ING' }), ['R0"UT\\ING'])).toBe('{"k":"[redacted]"}');
  });
});
