/**
 * Mail by SMTP. TLS is the rule: `smtps://` from the first byte, `smtp://` by STARTTLS, with the certificate
 * checked; a password never travels without it. The Message-ID comes from the incident, so that a repetition
 * is recognised and what follows is shown in the same thread. Each mail has a connection of its own, to an
 * address that was judged before.
 */
import { createHash } from 'node:crypto';
import type { LookupAddress } from 'node:dns';
import { connect, isIP, type Socket } from 'node:net';
import type { Notification } from '../../src/alerts/index.ts';
import { LIMITS } from '../../src/base/index.ts';
import type { NotifierConfig } from '../../src/config/index.ts';
import { AbortLink, outwardAddresses } from '../../src/rpc/index.ts';
import type { NotifierOptions } from './http-delivery.ts';
import type { Delivery, Notifier } from './notifier.ts';
import { decoded, readSecret, redacted } from './secrets.ts';
import { colourOf, escapeHtml, factsOf, oneLine, wordsOf } from './wording.ts';

type EmailConfig = NonNullable<NotifierConfig['email']>;

const KEY = 'notifiers.email.smtp_url';
const REASON_LENGTH = 300;
const SUBMISSION_PORT = 587;
const SMTPS_PORT = 465;
/** Servers greet slowly on purpose; so the dialogue may take longer than an HTTP exchange. */
const DIALOGUE_FACTOR = 3;

/** What is in `smtp_url`, decoded. */
export interface SmtpTarget {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte. */
  readonly secure: boolean;
  readonly auth: { readonly user: string; readonly pass: string } | null;
}

/** Null for what is no `smtp://` or `smtps://` address. */
export function smtpTarget(text: string): SmtpTarget | null {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^smtps?:$/.test(url.protocol) || url.hostname === '') return null;
  const secure = url.protocol === 'smtps:';
  return {
    host: decoded(url.hostname).replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? (secure ? SMTPS_PORT : SUBMISSION_PORT) : Number(url.port),
    secure,
    auth: url.username === '' ? null : { user: decoded(url.username), pass: decoded(url.password) },
  };
}

/** The Message-ID of each kind of one incident; the same for a repetition, from whichever node it comes. */
export function messageId(key: string, kind: Notification['kind'], from: string): string {
  const digest = createHash('sha256').update(key).digest('hex').slice(0, 32);
  const domain = /@([A-Za-z0-9.-]+)>?\s*$/.exec(from)?.[1] ?? 'sqlcc.invalid';
  return `<${digest}.${kind}@${domain}>`;
}

/** The mail as the library takes it; every header that holds a value is on one line. */
export function mailOf(n: Notification, config: Pick<EmailConfig, 'from' | 'to' | 'title' | 'text'>) {
  const first = messageId(n.key, 'firing', config.from);
  const { title, text: summary } = wordsOf(n, config);
  const facts = factsOf(n);
  const width = Math.max(...facts.map(([name]) => name.length));
  const lines = facts.map(([name, value]) => `${`${name}:`.padEnd(width + 2)}${value}`);
  const row = ([name, value]: readonly [string, string]): string => {
    return `<tr><th align="left">${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`;
  };
  return {
    from: config.from,
    to: [...config.to],
    subject: title,
    date: new Date(n.at),
    messageId: messageId(n.key, n.kind, config.from),
    ...(n.kind === 'firing' ? {} : { inReplyTo: first, references: [first] }),
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Sqlcc-Incident': oneLine(n.key, 200) },
    text: `${summary}\n\n${lines.join('\n')}\n`,
    html: [
      `<p style="border-left:4px solid ${colourOf(n)};padding-left:8px">${escapeHtml(summary)}</p>`,
      `<table cellpadding="4">${facts.map(row).join('')}</table>`,
    ].join('\n'),
  };
}

/**
 * Whether TLS must be, and whether the certificate must be right when there is TLS. Nobody listens between
 * here and here, and local servers have made-up certificates; but a password is not given to whoever took the
 * port.
 */
export function mailSecurity(hasPassword: boolean, isLoopback: boolean, requireTls: boolean) {
  const isLocal = isLoopback && !hasPassword;
  return { requireTLS: hasPassword || (requireTls && !isLocal), rejectUnauthorized: !isLocal };
}

/** What the library says of a failure, as far as it is looked at. */
interface SmtpError extends Error {
  readonly code?: string;
  readonly responseCode?: number;
  readonly rejectedErrors?: readonly SmtpError[];
}

/**
 * A server's 5xx is final, its 4xx is not, and what has no code broke on the way. Of several refused
 * recipients one that may be taken later is enough to try again: nothing was sent to anybody.
 */
export function mailFailure(error: unknown): Delivery {
  if (!(error instanceof Error)) return { outcome: 'retry', afterMs: null, reason: String(error) };
  const { responseCode, rejectedErrors, code } = error as SmtpError;
  const codes = [...(rejectedErrors ?? []).map((e) => e.responseCode), responseCode];
  const isFinal =
    codes.some((c) => c !== undefined && c >= 500) && !codes.some((c) => c !== undefined && c < 500);
  const said = error.message === '' ? (code ?? 'the connection failed') : error.message;
  return isFinal ? { outcome: 'rejected', reason: said } : { outcome: 'retry', afterMs: null, reason: said };
}

export class EmailNotifier implements Notifier {
  readonly channel = 'email';
  readonly #config: EmailConfig;
  readonly #options: NotifierOptions;
  readonly #closing = new AbortController();

  constructor(config: EmailConfig, options: NotifierOptions = {}) {
    this.#config = config;
    this.#options = options;
  }

  async deliver(notification: Notification, signal: AbortSignal): Promise<Delivery> {
    const url = await readSecret(KEY, this.#config.smtpUrl);
    if (!url.ok) return { outcome: 'retry', afterMs: null, reason: url.reason };
    const target = smtpTarget(url.value);
    if (target === null) return { outcome: 'rejected', reason: `${KEY} is no smtp or smtps URL` };
    const link = new AbortLink([signal, this.#closing.signal]);
    const delivery = await this.#send(notification, target, link.signal).finally(() => link.release());
    const { user = '', pass = '' } = target.auth ?? {};
    const clean = (text: string): string => oneLine(redacted(text, [url.value, user, pass]), REASON_LENGTH);
    if (delivery.outcome === 'delivered') return { outcome: 'delivered', receipt: clean(delivery.receipt) };
    return { ...delivery, reason: `${target.host}:${target.port}: ${clean(delivery.reason)}` };
  }

  async close(): Promise<void> {
    this.#closing.abort();
  }

  async #send(n: Notification, target: SmtpTarget, signal: AbortSignal): Promise<Delivery> {
    const { resolve } = this.#options;
    const { allowLoopback } = this.#config;
    try {
      const goal = { host: target.host, allowLoopback, signal, ...(resolve ? { resolve } : {}) };
      const found = await outwardAddresses(goal);
      if (!found.ok && found.why === 'refused') return { outcome: 'rejected', reason: found.reason };
      if (!found.ok) return { outcome: 'retry', afterMs: null, reason: found.reason };
      signal.throwIfAborted();
      // 40 ms and 6 MB to load, and most daemons never send a mail
      const { createTransport } = await import('nodemailer');
      const transport = createTransport(this.#transportOptions(target, found, signal));
      const sent = await transport.sendMail({ ...mailOf(n, this.#config), signal });
      const refused = sent.rejected.length === 0 ? '' : `; refused for ${sent.rejected.join(', ')}`;
      return { outcome: 'delivered', receipt: `${sent.response}${refused}` };
    } catch (error) {
      return signal.aborted
        ? { outcome: 'retry', afterMs: null, reason: 'it was given up' }
        : mailFailure(error);
    }
  }

  #transportOptions(
    target: SmtpTarget,
    found: { readonly addresses: readonly LookupAddress[]; readonly loopback: boolean },
    signal: AbortSignal,
  ) {
    const { host, port, secure, auth } = target;
    const timeoutMs = this.#options.timeoutMs ?? LIMITS.notificationTimeoutMs;
    const { requireTls } = this.#config;
    const { requireTLS, rejectUnauthorized } = mailSecurity(auth !== null, found.loopback, requireTls);
    return {
      ...{ host, port, secure },
      ...(auth === null ? {} : { auth }),
      requireTLS,
      tls: { rejectUnauthorized, minVersion: 'TLSv1.2' as const },
      ...(isIP(host) === 0 ? { servername: host } : {}),
      connectionTimeout: timeoutMs * DIALOGUE_FACTOR,
      greetingTimeout: timeoutMs * DIALOGUE_FACTOR,
      socketTimeout: timeoutMs * DIALOGUE_FACTOR,
      socketCloseTimeout: 500,
      maxResponseSize: LIMITS.maxReceiverAnswerBytes,
      disableFileAccess: true,
      disableUrlAccess: true,
      getSocket: (
        _options: unknown,
        callback: (error: Error | null, socket?: { connection: Socket }) => void,
      ) => {
        open({ host, port, addresses: found.addresses, timeoutMs, signal }).then(
          (connection) => callback(null, { connection }),
          (error: Error) => callback(error),
        );
      },
    };
  }
}

interface Opening {
  readonly host: string;
  readonly port: number;
  readonly addresses: readonly LookupAddress[];
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** A connection to one of `addresses`, whatever the name means by now. */
function open({ host, port, addresses, timeoutMs, signal }: Opening): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port,
      lookup: (_host, options, callback) => {
        const [first] = addresses;
        if (options.all === true) callback(null, [...addresses]);
        else callback(null, first?.address ?? '', first?.family);
      },
    });
    const timer = setTimeout(() => fail(new SmtpSilence(`no connection within ${timeoutMs} ms`)), timeoutMs);
    const onAbort = (): void => fail(new SmtpSilence('it was given up'));
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      socket.off('error', fail);
    };
    const fail = (error: Error): void => {
      done();
      socket.on('error', () => {}); // it is on its way down
      socket.destroy();
      reject(error);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('error', fail);
    socket.once('connect', () => {
      done();
      resolve(socket);
    });
  });
}

/** The server was not reached in time. */
class SmtpSilence extends Error {
  override readonly name = 'SmtpSilence';
}
