/**
 * The text of tokens. A join token carries the fingerprint of the cluster's CA, so
 * that the new node can refuse a stranger before it says the secret; an access token
 * needs no pin because its owner holds the CA file.
 *
 *   join    sqlcc1.<id>.<secret>.<sha256 of the CA's public key, hex>
 *   access  sqlcc1.<id>.<secret>
 *
 * Making secrets and hashing them needs chance and a hash: that is pki. Nothing in
 * here repeats a secret in a reason.
 */
import { assert } from '../base/index.ts';

const PREFIX = 'sqlcc1';
const ID = /^[a-z0-9-]{4,64}$/;
const SECRET = /^[A-Za-z0-9_-]{43}$/;
const FINGERPRINT = /^[0-9a-f]{64}$/;
const MAX_LENGTH = 256;

export interface AccessTokenText {
  readonly kind: 'access';
  readonly id: string;
  /** 32 random bytes, base64url without padding: 43 characters. */
  readonly secret: string;
}

export interface JoinTokenText {
  readonly kind: 'join';
  readonly id: string;
  readonly secret: string;
  /** SHA-256 of the CA's public key (SPKI), hex. */
  readonly caFingerprint: string;
}

export type TokenText = AccessTokenText | JoinTokenText;

export type ParsedToken =
  | { readonly ok: true; readonly token: TokenText }
  | { readonly ok: false; readonly reason: string };

/** The text to hand out; its parts must be well-formed. */
export function formatToken(token: TokenText): string {
  const parts = [PREFIX, token.id, token.secret];
  if (token.kind === 'join') parts.push(token.caFingerprint);
  const text = parts.join('.');
  assert(parseToken(text).ok, 'a token is made of a plain id, a 32-byte secret and a SHA-256');
  return text;
}

/**
 * Reads a token as somebody typed it; surrounding white space is forgiven, nothing else. Total: never
 * throws.
 */
export function parseToken(text: string): ParsedToken {
  const refuse = (reason: string): ParsedToken => ({ ok: false, reason });
  if (text.length > MAX_LENGTH) return refuse(`a token has at most ${MAX_LENGTH} characters`);
  const parts = text.trim().split('.');
  const [prefix, id, secret, caFingerprint] = parts;
  if (prefix !== PREFIX) return refuse(`a token begins with ${PREFIX}.`);
  if (parts.length !== 3 && parts.length !== 4) return refuse('a token has three parts, a join token four');
  if (id === undefined || !ID.test(id)) return refuse('the id of the token is malformed');
  if (secret === undefined || !SECRET.test(secret)) return refuse('the secret of the token is malformed');
  if (caFingerprint === undefined) return { ok: true, token: { kind: 'access', id, secret } };
  if (!FINGERPRINT.test(caFingerprint)) return refuse('the CA fingerprint of the token is malformed');
  return { ok: true, token: { kind: 'join', id, secret, caFingerprint } };
}
