/**
 * Values of the configuration that may stand elsewhere: `file:PATH`, `env:NAME`, or the value itself. They
 * are read when used, so that a changed file counts with the next attempt, kept nowhere, and taken out of
 * every sentence before anybody reads it.
 */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { LIMITS, SqlccError } from '../../src/base/index.ts';

export type SecretRead =
  | { readonly ok: true; readonly value: string }
  | { readonly ok: false; readonly reason: string };

/** The value behind `text`, the value of the configuration's `key`; a reason names the key and the place. */
export async function readSecret(
  key: string,
  text: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<SecretRead> {
  if (text.startsWith('env:')) {
    const name = text.slice('env:'.length);
    const value = env[name];
    if (value === undefined) return bad(key, `the environment of this node has no ${name}`);
    return checked(key, text, value);
  }
  if (!text.startsWith('file:')) return checked(key, 'the configuration', text);
  try {
    return checked(key, text, await readSmallFile(text.slice('file:'.length)));
  } catch (error) {
    const why = error instanceof SqlccError ? error.message : (error as NodeJS.ErrnoException).code;
    return bad(key, `${text} can't be read: ${why ?? String(error)}`);
  }
}

function bad(key: string, what: string): SecretRead {
  return { ok: false, reason: `${key}: ${what}` };
}

function checked(key: string, place: string, raw: string): SecretRead {
  const value = raw.trim();
  if (value === '') return bad(key, `${place} is empty`);
  if (/[\u0000-\u001f\u007f]/.test(value)) return bad(key, `${place} has more than one line`);
  return { ok: true, value };
}

/** Whole content of a plain file: a pipe or a device would never end, a large file is another one. */
async function readSmallFile(path: string): Promise<string> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw new SqlccError('invalid_argument', 'it is no plain file');
    const bytes = Buffer.alloc(LIMITS.maxSecretBytes + 1);
    const { bytesRead } = await file.read(bytes, 0, bytes.byteLength, 0);
    if (bytesRead > LIMITS.maxSecretBytes)
      throw new SqlccError('invalid_argument', `it has more than ${LIMITS.maxSecretBytes} bytes`);
    return bytes.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

const HIDDEN = '[redacted]';

/** `text` without the secrets, also where a part of them was repeated, escaped or encoded. */
export function redacted(text: string, secrets: readonly string[]): string {
  const parts = secrets.flatMap(partsOf).sort((a, b) => b.length - a.length);
  return parts.reduce((rest, part) => rest.replaceAll(part, HIDDEN), text);
}

/** What a secret may show of itself; one or two characters would hide half of every sentence. */
function partsOf(secret: string): string[] {
  const parts = [secret];
  if (URL.canParse(secret)) {
    const { username, password, pathname, search, hash } = new URL(secret);
    const login = [username, password].flatMap((part) => [part, decoded(part)]);
    const paths = [pathname.slice(1), search.slice(1), hash.slice(1), ...pathname.split('/')];
    const base64 = (raw: string): string => Buffer.from(raw).toString('base64');
    const basic = password === '' ? [] : [base64(`${decoded(username)}:${decoded(password)}`)];
    const plain = password === '' ? [] : [base64(`\0${decoded(username)}\0${decoded(password)}`)];
    parts.push(...login, ...login.map(base64), ...paths, ...basic, ...plain);
  }
  const escaped = parts.flatMap((part) => [
    part,
    encodeURIComponent(part),
    JSON.stringify(part).slice(1, -1),
  ]);
  return [...new Set(escaped)].filter((part) => part.length > 3);
}

/** Without its percent signs; as it is where they are none. */
export function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // a single percent sign
  }
}
