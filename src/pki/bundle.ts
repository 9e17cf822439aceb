/**
 * Several certificates in one PEM text: the CAs that a node trusts, or a leaf with what leads from it to a
 * CA. While a CA is replaced two of the same name are trusted, so a signer is told by its key, never by its
 * name.
 */
import {
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign,
  verify,
  X509Certificate,
} from 'node:crypto';
import type { Timestamp } from '../base/index.ts';

const BLOCK = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

/** Each certificate of a text as PEM of its own, with a line's end; what is none is passed over. */
export function certificatesIn(pem: string): string[] {
  return (pem.match(BLOCK) ?? []).map((block) => `${block}\n`);
}

/** True when the key of `by` has signed it. */
export function isSignedBy(signed: X509Certificate, by: X509Certificate): boolean {
  try {
    return signed.verify(by.publicKey);
  } catch {
    return false; // a signature of another kind is none
  }
}

/** The certificate of a bundle whose key has signed this one, PEM; null: none has. */
export function issuerIn(certificate: X509Certificate, bundle: string): string | null {
  return certificatesIn(bundle).find((ca) => isSignedBy(certificate, new X509Certificate(ca))) ?? null;
}

/** Until when others take this certificate, ms: its own end, or that of the CA of the bundle behind it. */
export function chainEnd(certPem: string, bundle: string): Timestamp {
  const certificate = new X509Certificate(certPem);
  const issuer = issuerIn(certificate, bundle);
  const ends = [certificate, ...(issuer === null ? [] : [new X509Certificate(issuer)])];
  return Math.min(...ends.map(({ validTo }) => Date.parse(validTo)));
}

/** Signs something: a key file holds its public half too, and either half may be the one that rotted. */
export function isKeyOf(pem: string, of: X509Certificate): boolean {
  const message = Buffer.from('sqlcc');
  try {
    const key = createPrivateKey(pem);
    const publicHalf: KeyObject = createPublicKey(key);
    const signature = sign('sha256', message, key);
    return publicHalf.equals(of.publicKey) && verify('sha256', message, of.publicKey, signature);
  } catch {
    return false;
  }
}

/** The certificate of a bundle that belongs to a private key, PEM; null: none does, or the key is damaged. */
export function certificateOfKey(keyPem: string, bundle: string): string | null {
  return certificatesIn(bundle).find((ca) => isKeyOf(keyPem, new X509Certificate(ca))) ?? null;
}

/**
 * What a server shows: its own certificate, what stands behind it in the same text, and the CA that the last
 * one leads to. A CA of the bundle that leads nowhere from here would only lead others astray.
 */
export function shownChain(certPem: string, bundle: string): string {
  const own = certificatesIn(certPem);
  const last = own.at(-1);
  const root = last === undefined ? null : issuerIn(new X509Certificate(last), bundle);
  return `${own.join('')}${root ?? ''}`;
}
