/**
 * One POST to a receiver outside the cluster, on a connection of its own: they are rare, and a kept one would
 * be found broken just when something has happened. No redirect is followed, the answer is read up to a
 * bound, and everything together is one deadline. A status that came is an answer, whatever happens to the
 * body.
 */
import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import type { Readable } from 'node:stream';
import type { Client } from 'undici';
import { LIMITS } from '../base/index.ts';
import { AbortLink } from './abort-link.ts';
import { outwardAddresses, type Resolve, until } from './outward-address.ts';
import { clientClass } from './undici-client.ts';

export interface OutwardPost {
  /** `http:` or `https:`. */
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** For everything: name, connection, TLS, answer. */
  readonly timeoutMs: number;
  readonly allowLoopback: boolean;
  /** It holds a secret: `http:` is for receivers on this machine only. */
  readonly isSecret: boolean;
  /** Any of them ends it. */
  readonly signals: readonly AbortSignal[];
  /** The system's resolver unless given. */
  readonly resolve?: Resolve;
}

/**
 * `refused`: nothing was sent and nothing would be next time. `failed`: no answer came; the receiver may have
 * got it all the same.
 */
export type OutwardAnswer =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly retryAfter: string | null;
      readonly location: string | null;
      /** At most LIMITS.maxReceiverAnswerBytes of it. */
      readonly text: string;
    }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string };

/** Sends it and waits for the answer; never rejects. */
export async function postOutward(post: OutwardPost): Promise<OutwardAnswer> {
  const link = new AbortLink(post.signals);
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    link.abort();
  }, post.timeoutMs);
  try {
    return await exchange(post, link.signal);
  } catch (error) {
    if (isLate) return failed(`no answer within ${post.timeoutMs} ms`);
    if (link.signal.aborted) return failed('it was given up');
    return failed(wordsOf(error));
  } finally {
    clearTimeout(timer);
    link.release();
  }
}

function failed(reason: string): OutwardAnswer {
  return { kind: 'failed', reason };
}

async function exchange(post: OutwardPost, signal: AbortSignal): Promise<OutwardAnswer> {
  const { url, allowLoopback, resolve } = post;
  const goal = { host: url.hostname, allowLoopback, signal, ...(resolve ? { resolve } : {}) };
  const found = await outwardAddresses(goal);
  if (!found.ok) return { kind: found.why === 'refused' ? 'refused' : 'failed', reason: found.reason };
  if (url.protocol === 'http:' && post.isSecret && !found.loopback)
    return { kind: 'refused', reason: 'the address must be https: a secret is not sent in the clear' };
  const client = clientTo(post, found.addresses);
  try {
    const path = `${url.pathname}${url.search}`;
    const { headers, body } = post;
    const answer = await until(signal, client.request({ method: 'POST', path, headers, body, signal }));
    const one = (name: string): string | null => {
      const value = answer.headers[name];
      return (Array.isArray(value) ? value[0] : value) ?? null;
    };
    const text = await readBounded(answer.body);
    const { statusCode: status } = answer;
    return { kind: 'answered', status, retryAfter: one('retry-after'), location: one('location'), text };
  } finally {
    client.destroy(null).catch(() => {}); // already down
  }
}

function clientTo({ url, timeoutMs }: OutwardPost, addresses: readonly LookupAddress[]): Client {
  const lookup: LookupFunction = (_host, options, callback) => {
    const [first] = addresses;
    if (options.all === true) callback(null, [...addresses]);
    else callback(null, first?.address ?? '', first?.family);
  };
  const Class = clientClass();
  return new Class(url.origin, {
    allowH2: false,
    connect: { timeout: timeoutMs, lookup },
    headersTimeout: 0,
    bodyTimeout: 0,
  });
}

/** The beginning of a body; what breaks or does not end takes nothing away from the status. */
async function readBounded(body: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.byteLength;
      if (bytes >= LIMITS.maxReceiverAnswerBytes) break;
    }
  } catch {
    // reset or too slow: what was read so far is told
  }
  return Buffer.concat(chunks).subarray(0, LIMITS.maxReceiverAnswerBytes).toString('utf8');
}

/** `message (CODE)`; of several attempts the first. */
function wordsOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return wordsOf(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  return code === undefined || error.message.includes(code) ? error.message : `${error.message} (${code})`;
}
