import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findConnection, remember } from '../../../src/cli/connection.ts';
import { Flags } from '../../../src/cli/flags.ts';
import {
  checkProfile,
  chooseContext,
  parseEndpoints,
  profileFile,
  readProfile,
  saveContext,
} from '../../../src/cli/profile.ts';
import { createAuthority, issuePerson } from '../../../src/pki/index.ts';

let dir = '';
let file = '';
/** What lies in the folder of the context. */
let pems: Readonly<Record<string, string>> = {};
beforeAll(async () => {
  const names = { clusterId: '7f1c0c52-3c3e-4a53-9d31-3c2f3a6f5a10', clusterName: 't' } as const;
  const now = Date.now();
  const authority = await createAuthority({ ...names, now });
  const issue = () => issuePerson({ authority, ...names, name: 'anna', role: 'operator', now });
  const [admin, other] = await Promise.all([issue(), issue()]);
  pems = {
    'ca.crt': authority.certPem,
    'admin.crt': admin.certPem,
    'admin.key': admin.keyPem,
    'other.crt': other.certPem,
    'other.key': other.keyPem,
  };
});
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sqlcc-profile-'));
  file = join(dir, 'config.yaml');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const CONTEXT = {
  endpoints: ['127.0.0.1:5433'],
  ca: 'prod/ca.crt',
  cert: 'prod/admin.crt',
  key: 'prod/admin.key',
};

async function savedContext(): Promise<void> {
  await saveContext(file, 'prod', CONTEXT);
  mkdirSync(join(dir, 'prod'));
  for (const [name, text] of Object.entries(pems)) writeFileSync(join(dir, 'prod', name), text);
}

const connect = (flags: Record<string, unknown> = {}, env: Record<string, string> = {}) =>
  findConnection(new Flags(flags), { SQLCC_CONFIG: file, ...env });

describe('profile', () => {
  it('profileFile is $SQLCC_CONFIG, else in the folder for settings', () => {
    expect(profileFile({ SQLCC_CONFIG: '/x/y.yaml' })).toBe('/x/y.yaml');
    expect(profileFile({ XDG_CONFIG_HOME: '/x' })).toBe('/x/sqlcc/config.yaml');
    expect(profileFile({ HOME: '/home/op' })).toBe('/home/op/.config/sqlcc/config.yaml');
  });

  it('saveContext adds, makes current, keeps the others, and is private', async () => {
    await saveContext(file, 'a', CONTEXT);
    await saveContext(file, 'b', CONTEXT);
    expect(await readProfile(file)).toEqual({ current: 'b', contexts: { a: CONTEXT, b: CONTEXT } });
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('readProfile takes an absent file as an empty one and names the file in every complaint', async () => {
    expect(await readProfile(file)).toEqual({ current: null, contexts: {} });
    writeFileSync(file, 'contexts: {a: {endpoints: [nowhere]}}');
    await expect(readProfile(file)).rejects.toMatchObject({ code: 'invalid_argument' });
    writeFileSync(file, 'contexts: [');
    await expect(readProfile(file)).rejects.toThrow(file);
  });

  it.each([
    [{ contexts: [] }, 'expected the keys'],
    [{ contexts: { a: 3 } }, 'no mapping'],
    [{ contexts: { a: {} } }, 'needs endpoints'],
    [{ contexts: { a: { endpoints: ['h:1'], ca: 3 } } }, 'ca'],
    [{ contexts: { a: { endpoints: ['h:1'], server: 'x' } } }, 'unknown key "server"'],
  ])('checkProfile refuses %j', (value, message) => {
    expect(() => checkProfile('f', value)).toThrow(message);
  });

  it('chooseContext takes the named, else the current, else the only one', () => {
    const contexts = { a: CONTEXT, b: CONTEXT };
    expect(chooseContext({ current: 'b', contexts }, 'a', 'f').name).toBe('a');
    expect(chooseContext({ current: 'b', contexts }, undefined, 'f').name).toBe('b');
    expect(chooseContext({ current: null, contexts: { a: CONTEXT } }, undefined, 'f').name).toBe('a');
    expect(() => chooseContext({ current: null, contexts }, undefined, 'f')).toThrow('no context is chosen');
    expect(() => chooseContext({ current: null, contexts }, 'c', 'f')).toThrow('no context "c"');
  });

  it.each(['', 'host', 'host:0', 'host:70000', 'a:1,b', 'http://a:1'])(
    'parseEndpoints refuses %j',
    (text) => {
      expect(() => parseEndpoints(text)).toThrow();
    },
  );

  it('parseEndpoints reads names, IPv4 and IPv6', () => {
    expect(parseEndpoints('db.example:5433, 10.0.0.1:1,[::1]:5433')).toEqual([
      'db.example:5433',
      '10.0.0.1:1',
      '[::1]:5433',
    ]);
  });
});

describe('findConnection', () => {
  it('findConnection reads files beside the context file', async () => {
    await savedContext();
    const { options, contextName } = await connect();
    expect(contextName).toBe('prod');
    expect(options).toMatchObject({
      endpoints: CONTEXT.endpoints,
      ca: pems['ca.crt'],
      cert: pems['admin.crt'],
      key: pems['admin.key'],
    });
  });

  it('findConnection lets flags win over environment and environment over context', async () => {
    await savedContext();
    expect((await connect({}, { SQLCC_ENDPOINT: 'h:1' })).options.endpoints).toEqual(['h:1']);
    expect((await connect({ endpoint: 'h:2' }, { SQLCC_ENDPOINT: 'h:1' })).options.endpoints).toEqual([
      'h:2',
    ]);
    const [cert, key] = [join(dir, 'prod', 'other.crt'), join(dir, 'prod', 'other.key')];
    expect((await connect({ cert, key })).options.cert).toBe(pems['other.crt']);
  });

  it('findConnection lets a token replace the certificate of the context', async () => {
    await savedContext();
    writeFileSync(join(dir, 't'), 'sqlcc1.a.b\n');
    const { options } = await connect({ tokenFile: join(dir, 't') });
    expect(options.token).toBe('sqlcc1.a.b');
    expect(options.cert).toBeUndefined();
  });

  it('findConnection needs no context file when everything is given', async () => {
    await savedContext();
    const path = (name: string) => join(dir, 'prod', name);
    const all = { endpoint: 'h:1', ca: path('ca.crt'), cert: path('admin.crt'), key: path('admin.key') };
    expect((await connect(all, { SQLCC_CONFIG: '/nowhere/x' })).options.endpoints).toEqual(['h:1']);
  });

  it('findConnection uses addresses that were remembered, behind those of the context', async () => {
    await savedContext();
    const { memory } = await connect();
    remember(memory, ['127.0.0.1:5433', '127.0.0.1:5443']);
    expect((await connect()).options.endpoints).toEqual(['127.0.0.1:5433', '127.0.0.1:5443']);
    writeFileSync(memory ?? '', 'garbage');
    expect((await connect()).options.endpoints).toEqual(['127.0.0.1:5433']);
  });

  it('findConnection names the file that is none of its kind, or does not fit, and the flag', async () => {
    await savedContext();
    const at = (name: string): string => join(dir, 'prod', name);
    const put = (name: string, text: string): string => {
      writeFileSync(at(name), text);
      return at(name);
    };
    const words = put('words.txt', 'no PEM\n');
    const locked = put(
      'locked.key',
      generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
        ...{ type: 'pkcs8', format: 'pem' },
        ...{ cipher: 'aes-256-cbc', passphrase: 'x' },
      }) as string,
    );
    const none = join(dir, 'none.pem');
    const cases: [Record<string, string>, string, string][] = [
      [{ ca: words }, `${words} is no PEM certificate`, '--ca FILE'],
      [{ ca: at('admin.key') }, `${at('admin.key')} is no PEM certificate`, '--ca FILE'],
      [
        {
          ca: put(
            'half.crt',
            `${pems['ca.crt']}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`,
          ),
        },
        `${at('half.crt')} is damaged`,
        '--ca FILE',
      ],
      [{ cert: words }, `${words} is no PEM certificate`, '--cert FILE'],
      [{ cert: none }, "the certificate can't be read", '--cert FILE'],
      [{ key: words }, `${words} is no PEM private key`, '--key FILE'],
      [{ key: locked }, `${locked} is encrypted with a passphrase`, '--key FILE'],
      [{ key: at('other.key') }, `${at('other.key')} does not belong to ${at('admin.crt')}`, '--key FILE'],
      [{ tokenFile: put('t', 'two words') }, `${at('t')} holds no access token`, '--token-file FILE'],
    ];
    for (const [flags, message, hint] of cases) {
      const error = await connect(flags).catch((thrown: unknown) => thrown);
      expect(error, JSON.stringify(flags)).toMatchObject({
        code: 'invalid_argument',
        message: expect.stringContaining(message),
        hint: expect.stringContaining(hint),
      });
    }
  });

  it('findConnection says what is missing', async () => {
    await savedContext();
    rmSync(join(dir, 'prod', 'admin.key'));
    await expect(connect()).rejects.toThrow("can't be read");
    await expect(connect({ cert: join(dir, 'prod', 'nope') })).rejects.toThrow("can't be read");
    await expect(connect({ timeout: 'soon' })).rejects.toThrow('--timeout');
    expect(readFileSync(file, 'utf8')).toContain('prod');
  });
});
