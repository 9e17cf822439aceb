/**
 * How an exchange with a receiver of JSON went, for the three channels that speak it: the status decides.
 * Only what a receiver calls temporary, what breaks and what stays silent is tried again.
 */
import { LIMITS } from '../../src/base/index.ts';
import { type OutwardAnswer, postOutward, type Resolve } from '../../src/rpc/index.ts';
import { VERSION } from '../version.ts';
import type { Delivery } from './notifier.ts';
import { decoded, redacted } from './secrets.ts';
import { oneLine } from './wording.ts';

/** What a notifier may be given beside its configuration; the daemon gives none of it. */
export interface NotifierOptions {
  /** LIMITS.notificationTimeoutMs unless given. */
  readonly timeoutMs?: number;
  /** The system's resolver unless given. */
  readonly resolve?: Resolve;
}

export interface JsonPost extends NotifierOptions {
  /** What the target is called in the configuration, for sentences. */
  readonly key: string;
  readonly url: string;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly allowLoopback: boolean;
  /** Whoever reads the request may do what the daemon may: not for a wire without TLS. */
  readonly isSecret: boolean;
  /** What no sentence may repeat; `url` is one of them. */
  readonly secrets: readonly string[];
  /** Any of them ends it. */
  readonly signals: readonly AbortSignal[];
}

const REASON_LENGTH = 300;
/** Statuses below 500 after which the same request may be taken: too slow, too early, too many. */
const TEMPORARY = new Set([408, 425, 429]);

export async function postJson(post: JsonPost): Promise<Delivery> {
  const { key, allowLoopback, signals, resolve } = post;
  const url = URL.canParse(post.url) ? new URL(post.url) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    return { outcome: 'rejected', reason: `${key} is no http or https URL` };
  const answer = await postOutward({
    url,
    headers: {
      'content-type': 'application/json',
      'user-agent': `sqlcc/${VERSION}`,
      ...basicAuth(url),
      ...post.headers,
    },
    body: JSON.stringify(post.body),
    timeoutMs: post.timeoutMs ?? LIMITS.notificationTimeoutMs,
    allowLoopback,
    // a login in the address is one, whoever reads the rest
    isSecret: post.isSecret || url.username !== '' || url.password !== '',
    signals,
    ...(resolve ? { resolve } : {}),
  });
  const delivery = deliveryOf(answer, Date.now());
  const clean = (text: string): string => oneLine(redacted(text, [post.url, ...post.secrets]), REASON_LENGTH);
  if (delivery.outcome === 'delivered') return { outcome: 'delivered', receipt: clean(delivery.receipt) };
  return { ...delivery, reason: `${url.host}: ${clean(delivery.reason)}` };
}

/** The login in an address, in the header where it belongs. */
function basicAuth({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {};
  const login = `${decoded(username)}:${decoded(password)}`;
  return { authorization: `Basic ${Buffer.from(login).toString('base64')}` };
}

/** What an answer means; `wallMs` is the time to which a date in `Retry-After` is compared. */
export function deliveryOf(answer: OutwardAnswer, wallMs: number): Delivery {
  if (answer.kind === 'refused') return { outcome: 'rejected', reason: answer.reason };
  if (answer.kind === 'failed') return { outcome: 'retry', afterMs: null, reason: answer.reason };
  const { status, text } = answer;
  const said = `${status} ${oneLine(text, REASON_LENGTH)}`.trimEnd();
  if (status >= 200 && status < 300) return { outcome: 'delivered', receipt: said };
  if (status >= 500 || TEMPORARY.has(status))
    return { outcome: 'retry', afterMs: retryAfterMs(answer.retryAfter, wallMs), reason: said };
  if (status >= 300 && status < 400)
    return {
      outcome: 'rejected',
      reason: `redirects are not followed (${status}): configure the final address`,
    };
  return { outcome: 'rejected', reason: said };
}

/** `Retry-After` in ms from now: whole seconds or an HTTP date (RFC 9110); null when it is neither. */
export function retryAfterMs(text: string | null, wallMs: number): number | null {
  if (text === null) return null;
  const value = text.trim();
  if (/^\d{1,15}$/.test(value)) return Math.min(Number(value) * 1000, LIMITS.maxRetryAfterMs);
  const at = /[A-Za-z]{3}.*GMT$/.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(at)) return null;
  return Math.min(Math.max(0, at - wallMs), LIMITS.maxRetryAfterMs);
}
