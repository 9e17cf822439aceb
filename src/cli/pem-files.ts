/**
 * What a person gave as CA, certificate, key or token, looked at before a connection is tried: a wrong file
 * is theirs to correct, and the library that trips over it names neither the file nor what is wrong.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { SqlccError } from '../base/index.ts';

interface OwnFile {
  readonly path: string;
  readonly text: string;
}

const HINTS = {
  ca: 'give --ca FILE (or the context’s ca): ca.crt, which cluster init wrote',
  cert: 'give --cert FILE (or the context’s cert): a PEM certificate such as admin.crt',
  key: 'give --key FILE (or the context’s key): the PEM key of --cert, such as admin.key',
  token: 'give --token-file FILE (or the context’s token_file): what "sqlcc token create" printed',
} as const;

type OwnKind = keyof typeof HINTS;

const NAMES: Readonly<Record<OwnKind, string>> = {
  ca: 'CA',
  cert: 'certificate',
  key: 'key',
  token: 'token',
};

const BLOCK = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** The error of a file that is not what it should be; its hint names the flag. */
function unfit(kind: OwnKind, what: string): SqlccError {
  return new SqlccError('invalid_argument', what, { hint: HINTS[kind] });
}

function certificates(kind: 'ca' | 'cert', { path, text }: OwnFile): readonly X509Certificate[] {
  const blocks = text.match(BLOCK) ?? [];
  if (blocks.length === 0) throw unfit(kind, `${path} is no PEM certificate`);
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch {
    throw unfit(kind, `${path} is damaged: it begins like a PEM certificate and can't be read`);
  }
}

function privateKey({ path, text }: OwnFile): KeyObject {
  // both forms say so in a line of their own
  if (/^-----BEGIN ENCRYPTED|^Proc-Type: 4,ENCRYPTED/m.test(text))
    throw unfit('key', `${path} is encrypted with a passphrase`);
  try {
    return createPrivateKey(text);
  } catch {
    throw unfit('key', `${path} is no PEM private key`);
  }
}

/** What a header may carry as a token. */
const TOKEN = /^[A-Za-z0-9._~+/=-]{1,512}$/;

function read(kind: OwnKind, path: string): OwnFile {
  try {
    return { path, text: readFileSync(path, 'utf8') };
  } catch (error) {
    throw unfit(kind, `the ${NAMES[kind]} can't be read: ${(error as Error).message}`);
  }
}

/** Paths of what a person shows: a token, or a certificate and its key. */
export interface OwnPaths {
  readonly token?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** What the files hold. Throws `invalid_argument` that names the one that is not what it should be. */
export function readOwn(ca: string, { token, cert, key }: OwnPaths): { readonly ca: string } & OwnPaths {
  const trusted = read('ca', ca);
  certificates('ca', trusted);
  if (token !== undefined) {
    const text = read('token', token).text.trim();
    if (!TOKEN.test(text)) throw unfit('token', `${token} holds no access token`);
    return { ca: trusted.text, token: text };
  }
  if (cert === undefined || key === undefined) return { ca: trusted.text };
  const [own, secret] = [read('cert', cert), read('key', key)];
  if (certificates('cert', own)[0]?.checkPrivateKey(privateKey(secret)) === false)
    throw unfit('key', `${key} does not belong to ${cert}`);
  return { ca: trusted.text, cert: own.text, key: secret.text };
}
