/** Mail to a real server, over real TLS, read by a parser that nobody here wrote. */
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { EmailNotifier } from '../../../daemon/notifiers/email.ts';
import type { NotifierConfig } from '../../../src/config/index.ts';
import { type Heard, notifierContract } from '../../contract/notifier.ts';
import { skipVisibly } from '../../lab/skip.ts';
import { HOSTILE_TEXTS, sample } from '../../unit/daemon/notifiers/sample.ts';
import { NodeFolders } from '../../unit/rpc/node-folders.ts';
import { MAIL_SERVER_MISSING, type Mail, MailServer, type MailServerOptions } from './mail-server.ts';

const skip = skipVisibly('mail to a real server', MAIL_SERVER_MISSING);
const trusted = getCACertificates('default');
const SECRET = 'T0PS3CRET';

let folders: NodeFolders;
let cert = '';
let key = '';
let server: MailServer | null = null;
beforeAll(async () => {
  folders = await NodeFolders.create();
  const pkiDir = await folders.node('mail');
  [cert, key] = [join(pkiDir, 'node.crt'), join(pkiDir, 'node.key')];
});
afterEach(async () => {
  setDefaultCACertificates(trusted);
  await server?.stop();
});
afterAll(() => folders.remove());

async function started(mode: MailServerOptions['mode'], login?: [string, string]): Promise<MailServer> {
  server = await MailServer.start({ mode, cert, key, ...(login ? { login } : {}) });
  return server;
}

const trust = (): void => setDefaultCACertificates([...trusted, folders.authority.certPem]);

function notifier(
  smtpUrl: string,
  changes: Partial<NonNullable<NotifierConfig['email']>> = {},
): EmailNotifier {
  const from = 'SQLCC <sqlcc@example.com>';
  const to = ['ops@example.com', 'night@example.com'];
  return new EmailNotifier({ smtpUrl, from, to, requireTls: true, allowLoopback: true, ...changes });
}

const send = (n: EmailNotifier) => n.deliver(sample(), AbortSignal.timeout(20_000));
const header = (mail: Mail, name: string): string => {
  return mail.headers
    .filter(([n]) => n === name)
    .map(([, value]) => value)
    .join(' AND ');
};

describe('mail to a real server', () => {
  it.skipIf(skip)('logs in over STARTTLS and arrives whole', async () => {
    const real = await started('starttls', ['me@example.com', SECRET]);
    trust();
    const delivery = await send(notifier(`smtp://me%40example.com:${SECRET}@127.0.0.1:${real.port}`));
    expect(delivery).toEqual({ outcome: 'delivered', receipt: '250 2.0.0 OK: queued as 4711' });
    const [mail] = await real.mails();
    expect(mail).toMatchObject({ tls: true, login: true, defects: [], from: 'sqlcc@example.com' });
    expect(mail?.to).toEqual(['ops@example.com', 'night@example.com']);
    expect(mail && header(mail, 'subject')).toBe('[FIRING] critical: HighErrorRate on n2 (trial)');
    expect(mail && header(mail, 'auto-submitted')).toBe('auto-generated');
    expect(mail?.parts.map(([type]) => type)).toEqual(['text/plain', 'text/html']);
    expect(mail?.parts[0]?.[1]).toContain('Value:     error_rate = 0.037\n');
    expect(await real.logins()).toEqual([true]);
  });

  it.skipIf(skip)('speaks TLS from the first byte', async () => {
    const { port } = await started('smtps', ['me', SECRET]);
    trust();
    expect(await send(notifier(`smtps://me:${SECRET}@127.0.0.1:${port}`))).toMatchObject({
      outcome: 'delivered',
    });
    expect(await server?.mails()).toMatchObject([{ tls: true, login: true }]);
  });

  it.skipIf(skip)('gives up a wrong password at once and does not repeat it', async () => {
    const { port } = await started('starttls', ['me', 'another']);
    trust();
    const delivery = await send(notifier(`smtp://me:${SECRET}@127.0.0.1:${port}`));
    expect(delivery).toMatchObject({ outcome: 'rejected', reason: expect.stringMatching(/535/) });
    expect(JSON.stringify(delivery)).not.toContain(SECRET);
  });

  it.skipIf(skip)('sends no password without TLS, nor to a certificate that nobody knows', async () => {
    const plain = await started('plain', ['me', SECRET]);
    for (const requireTls of [true, false]) {
      const delivery = await send(notifier(`smtp://me:${SECRET}@127.0.0.1:${plain.port}`, { requireTls }));
      expect(delivery).toHaveProperty('reason', expect.stringMatching(/STARTTLS/));
    }
    expect(await plain.logins()).toEqual([]);
    await plain.stop();
    for (const mode of ['starttls', 'smtps'] as const) {
      const strange = await started(mode, ['me', SECRET]);
      const scheme = mode === 'smtps' ? 'smtps' : 'smtp';
      const delivery = await send(notifier(`${scheme}://me:${SECRET}@127.0.0.1:${strange.port}`));
      expect(delivery).toMatchObject({
        outcome: 'retry',
        reason: expect.stringMatching(/certificate|issuer/),
      });
      expect(await strange.logins()).toEqual([]);
      await strange.stop();
    }
  });

  it.skipIf(skip)('asks nothing of a server on this machine that asks nothing of it', async () => {
    for (const mode of ['plain', 'starttls'] as const) {
      const local = await started(mode);
      expect(await send(notifier(`smtp://127.0.0.1:${local.port}`)), mode).toMatchObject({
        outcome: 'delivered',
      });
      expect(await local.mails()).toMatchObject([{ tls: mode === 'starttls' }]);
      await local.stop();
    }
  });

  it.skipIf(skip)('reaches those who can be reached, and says who can not', async () => {
    const { port } = await started('plain');
    const to = (...names: string[]) => send(notifier(`smtp://127.0.0.1:${port}`, { to: names }));
    expect(await to('ops@example.com', 'unknown@example.com')).toEqual({
      outcome: 'delivered',
      receipt: expect.stringMatching(/^250 .*; refused for unknown@example\.com$/),
    });
    expect((await server?.mails())?.map((m) => m.to)).toEqual([['ops@example.com']]);
    expect(await to('unknown@example.com')).toMatchObject({
      outcome: 'rejected',
      reason: expect.stringMatching(/550/),
    });
    expect(await to('full@example.com')).toMatchObject({
      outcome: 'retry',
      reason: expect.stringMatching(/452/),
    });
    expect(await to('unknown@example.com', 'full@example.com')).toMatchObject({ outcome: 'retry' });
  });
});

const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;
const HEADERS = 'auto-submitted content-type date from message-id mime-version subject to';

/** A mail as Python understood it. */
function heardOf(mail: Mail): Heard {
  const parts = new Map(mail.parts);
  const text = parts.get('text/plain') ?? '';
  const html = parts.get('text/html') ?? '';
  const optional = /^(in-reply-to|references|x-sqlcc-incident)$/;
  const names = mail.headers.map(([name]) => name).filter((name) => !optional.test(name));
  const mark = header(mail, 'message-id');
  const root = header(mail, 'references') === '' ? mark : header(mail, 'references');
  return {
    mark,
    incident: /^<([0-9a-f]{32})\./.exec(root)?.[1] ?? '',
    text: `${header(mail, 'subject')}\n${text}\n${html}`,
    bytes: mail.bytes,
    complaints: [
      ...mail.defects,
      ...(names.sort().join(' ') === HEADERS ? [] : [`headers ${names.join(' ')}`]),
      ...(mail.to.length === 2 && mail.parts.length === 2 ? [] : ['other recipients or parts']),
      ...(CONTROL.test(text + html + header(mail, 'subject')) ? ['control characters'] : []),
      ...(header(mail, 'subject').length > 200 ? ['a long subject'] : []),
    ],
  };
}

describe.skipIf(skip)('mail to a real server as a notifier', () => {
  it('is asked about as many hostile texts as the others', () =>
    expect(HOSTILE_TEXTS.length).toBeGreaterThan(10));

  notifierContract('EmailNotifier', async () => {
    const real = await started('plain');
    return {
      channel: 'email',
      secret: SECRET,
      open: ({ reference, allowLoopback = true } = {}) =>
        notifier(reference ?? `smtp://127.0.0.1:${real.port}/${SECRET}`, { allowLoopback }),
      behave: (mood) => real.behave(mood),
      heard: async () => (await real.mails()).map(heardOf),
      stop: () => real.stop(),
    };
  });
});
