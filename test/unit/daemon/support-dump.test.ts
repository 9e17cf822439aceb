import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { initCluster } from '../../../daemon/init.ts';
import { Bundle } from '../../../daemon/support/bundle.ts';
import { dumpSupport } from '../../../daemon/support/dump.ts';
import { knownSecrets } from '../../../daemon/support/known-secrets.ts';
import { REDACTED, redactLog, redactText, redactValue } from '../../../daemon/support/redact.ts';
import { tarOf } from '../../../daemon/support/tar.ts';
import { LIMITS } from '../../../src/base/index.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sqlcc-dump-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('tarOf', () => {
  it('is read by the system’s tar: names, sizes, bytes, modes', () => {
    const bytes = Buffer.from(Array.from({ length: 1300 }, (_, n) => n % 251));
    const entries = [
      { name: 'a/b.txt', bytes: Buffer.from('hallo\n') },
      { name: 'empty', bytes: Buffer.alloc(0) },
      { name: `${'long/'.repeat(19)}name`, bytes },
      { name: 'block', bytes: Buffer.alloc(512, 'x') },
    ];
    writeFileSync(join(dir, 'a.tar'), tarOf(entries, Date.UTC(2026, 0, 2)));
    const listed = execFileSync('tar', ['tvf', 'a.tar'], { cwd: dir, encoding: 'utf8', env: { TZ: 'UTC' } });
    expect(listed.split('\n').filter(Boolean)).toHaveLength(4);
    expect(listed).toMatch(/^-rw------- 0\/0 +6 2026-01-02 00:00 a\/b\.txt$/m);
    execFileSync('tar', ['xf', 'a.tar'], { cwd: dir });
    for (const { name, bytes: wanted } of entries) expect(readFileSync(join(dir, name))).toEqual(wanted);
  });
});

const PEM = `-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\n-----END PRIVATE KEY-----`;
const SECRET = 'c4n4ryc4n4ryc4n4ryc4n4ryc4n4ry';

describe('redact', () => {
  it.each([
    ['a key', PEM],
    ['a key that was cut off', PEM.slice(0, 40)],
    ['a join token', `joined with sqlcc1.ab12.${SECRET}.0123456789abcdef now`],
    ['an access token', `Authorization: Bearer sqlcc1.ab12.${SECRET}`],
    ['a bearer', `authorization: Bearer ${SECRET}`],
    ['a token on a command line', `node join --token ${SECRET} --host x`],
    ['a mail server', `smtp_url: smtp://bob:${SECRET}@mail.example.org`],
    ['an address with a password', `proxy http://bob:${SECRET}@example.org/`],
    ['a hook', `posting to https://hooks.slack.com/services/T0/B0/${SECRET} failed`],
    ['YAML', `notifiers:\n  pagerduty:\n    routing_key: ${SECRET}\n`],
    ['YAML in one line', `slack: {url: https://example.org/${SECRET}, allow_loopback: true}`],
    ['YAML in quotes', `  password: "${SECRET} and more"`],
    ['JSON', `{"routing_key":"${SECRET}","level":"INFO"}`],
    ['JSON with blanks', `{ "db_password" : "${SECRET}" }`],
    ['YAML with a comma', `  url: https://example.org/a,${SECRET}`],
    ['JSON with an escaped quote', `{"password":"a\\"${SECRET}"}`],
    ['a block', `  secret: |\n    begin\n    ${SECRET}\nnext: 1\n`],
    ['a value on the next line', `  password:\n    ${SECRET}\nnext: 1\n`],
    ['a query', `GET /x?token=${SECRET} HTTP/1.1`],
    ['an assignment', `SQLCC_TOKEN=${SECRET}`],
  ])('%s is taken out', (_what, text) => {
    const told = redactText(text);
    expect(told).not.toContain(SECRET);
    expect(told).not.toContain('MIGH');
    expect(told).toContain(REDACTED);
    expect(redactText(told)).toBe(told);
  });

  it.each([
    'actor token:4f2a9c from 10.0.0.1',
    'smtp_url: file:/etc/sqlcc/smtp',
    'routing_key: "env:PAGERDUTY"',
    'token_file: viewer.token',
    'the join token was used by n2',
    'https://10.0.0.1:5433/v1/status',
    'password:\n',
  ])('%j says nothing secret and stays', (text) => expect(redactText(text)).toBe(text));

  it('names of fields decide in records, and data of users goes with its field', () => {
    const record = {
      ...{ token: SECRET, tokens: { t1: { role: 'viewer' } }, url: 'file:/x', value: 'dead' },
      deep: [{ sql: `INSERT INTO t VALUES ('${SECRET}')`, params: [SECRET], hash: 'ab12' }],
    };
    expect(redactValue(record)).toEqual({
      ...{ token: REDACTED, tokens: { t1: { role: 'viewer' } }, url: 'file:/x', value: 'dead' },
      deep: [{ sql: REDACTED, params: REDACTED, hash: 'ab12' }],
    });
    const log = `{"event":"x","sql":"${SECRET}"}\n{"event":"y","count":2}\nplain --token ${SECRET}\n${PEM}\n`;
    expect(redactLog(log)).toBe(
      `{"event":"x","sql":"${REDACTED}"}\n{"event":"y","count":2}\nplain --token ${REDACTED}\n${REDACTED}\n`,
    );
  });
});

describe('knownSecrets', () => {
  it('are what the references lead to, and their parts; gone wherever they stand', async () => {
    const hook = `https://bob:p4ssw0rd%21@example.org/hook/${SECRET}?sig=5678`;
    writeFileSync(join(dir, 'hook'), `${hook}\n`);
    const config = `notifiers:\n  slack: {url: "file:${join(dir, 'hook')}"}\n  x: {url: file:/nowhere}\n`;
    const secrets = knownSecrets([config]);
    expect(secrets).toEqual([
      hook,
      `/hook/${SECRET}?sig=5678`,
      `/hook/${SECRET}`,
      ...['p4ssw0rd%21', 'p4ssw0rd!'],
    ]);
    const bundle = new Bundle(secrets);
    await bundle.json({ name: 'a', source: 's' }, () => ({ error: `POST /hook/${SECRET} was refused` }));
    await bundle.log({ name: 'b', source: 's' }, () => ({
      text: 'login with p4ssw0rd! failed\n',
      cut: false,
    }));
    const told = bundle.entries.map(({ bytes }) => Buffer.from(bytes).toString()).join('');
    expect(told).toContain(`POST ${REDACTED} was refused`);
    expect(told).toContain(`login with ${REDACTED} failed`);
  });
});

describe('Bundle', () => {
  it('keeps the head of records and the tail of logs, and stops when it is full', async () => {
    const bundle = new Bundle();
    const long = 'x'.repeat(LIMITS.maxSupportFileBytes);
    await bundle.text({ name: 'head', source: 's' }, () => `begin${long}`);
    await bundle.log({ name: 'tail', source: 's' }, () => ({ text: `${long}end`, cut: false }));
    const [head, tail] = bundle.entries.map(({ bytes }) => Buffer.from(bytes).toString());
    expect(head?.startsWith('begin')).toBe(true);
    expect(tail?.endsWith('end')).toBe(true);
    expect(bundle.rows.map((r) => [r.bytes, r.truncated])).toEqual([
      [LIMITS.maxSupportFileBytes, true],
      [LIMITS.maxSupportFileBytes, true],
    ]);
    const room = LIMITS.maxSupportBytes / LIMITS.maxSupportFileBytes;
    for (let n = 2; n < room + 1; n++) await bundle.text({ name: `f${n}`, source: 's' }, () => long);
    expect(bundle.rows).toHaveLength(room);
    expect(bundle.missing).toEqual([{ name: `f${room}`, reason: 'the archive is full' }]);
  });

  it('tells why something is missing, without its secrets', async () => {
    const bundle = new Bundle();
    await bundle.json({ name: 'a', source: 's' }, () => {
      throw new TypeError(`password: ${SECRET}`);
    });
    expect(bundle.missing).toEqual([{ name: 'a', reason: `password: ${REDACTED}` }]);
  });
});

describe('dumpSupport', () => {
  it('works on a folder whose daemon never ran, and its archive holds none of the secrets', async () => {
    const dataDir = join(dir, 'data');
    const configFile = join(dir, 'cluster.yaml');
    const ports = { port: 1, clientPort: 2, peerPort: 3, metricsPort: 4 };
    const made = await initCluster({
      ...{ clusterName: 'trial', nodeId: 'n1', host: '127.0.0.1', ...ports, dataDir, configFile },
    });
    const secrets: Record<string, string> = { join: made.joinToken.split('.')[2] as string };
    for (const name of ['ca.key', 'node.key'])
      secrets[name] = readFileSync(join(dataDir, 'pki', name), 'utf8').split('\n')[1] as string;
    secrets['hook'] = SECRET;
    const text = readFileSync(configFile, 'utf8');
    writeFileSync(configFile, `${text}\nnotifiers:\n  slack: {url: "https://example.org/${SECRET}"}\n`);
    const log = join(dir, 'n1.log');
    writeFileSync(log, `{"event":"x","token":"${made.joinToken}"}\n`);
    const file = join(dir, 'n1.tar.gz');
    const dumped = await dumpSupport({ file, configFile, dataDir, logFiles: [log], connection: null });
    const archive = gunzipSync(readFileSync(file));
    for (const [what, secret] of Object.entries(secrets))
      expect(archive.includes(secret), `${what} in the archive`).toBe(false);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(dumped.bytes).toBe(statSync(file).size);

    execFileSync('tar', ['xzf', file], { cwd: dir });
    const manifest = JSON.parse(readFileSync(join(dir, 'manifest.json'), 'utf8'));
    const names = manifest.files.map((f: { name: string }) => f.name);
    for (const name of [
      ...['versions.json', 'machine/kernel.json', 'machine/doctor.json', 'node/config.yaml'],
      ...['node/identity.json', 'node/files.json', 'node/certificates.json', 'logs/1-n1.log'],
    ])
      expect(names).toContain(name);
    for (const { name, sha256, bytes } of manifest.files) {
      const read = readFileSync(join(dir, name));
      expect(read.length, name).toBe(bytes);
      expect(createHash('sha256').update(read).digest('hex'), name).toBe(sha256);
    }
    const lacking = manifest.missing.map((m: { name: string }) => m.name);
    for (const name of ['node/config', 'node/process.json', 'node/record.json'])
      expect(lacking).toContain(name);
    expect(readFileSync(join(dir, 'node/config.yaml'), 'utf8')).toContain(REDACTED);
    const { checks } = JSON.parse(readFileSync(join(dir, 'machine/doctor.json'), 'utf8'));
    expect(checks).toContainEqual(expect.objectContaining({ name: 'node version', state: 'ok' }));
    // nothing was left behind in the folder that it looked at
    expect(readdirSync(dataDir).filter((name) => name.includes('doctor'))).toEqual([]);
    await expect(
      dumpSupport({ file, configFile, dataDir, logFiles: [], connection: null }),
    ).rejects.toMatchObject({ code: 'conflict' });
    expect(existsSync(join(dataDir, 'LOCK.owner'))).toBe(false);
  });
});
