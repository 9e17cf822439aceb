/** P-256 key pairs as PEM, and the fingerprint that tokens pin. */
import { createHash, createPrivateKey, createPublicKey, webcrypto, X509Certificate } from 'node:crypto';
import { KEY_ALGORITHM } from './x509-library.ts';

/** A WebCrypto key; the type of the library's own signatures. */
export type Key = webcrypto.CryptoKey;
export type KeyPair = webcrypto.CryptoKeyPair;

export function newKeyPair(): Promise<KeyPair> {
  return webcrypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify']);
}

/** The private key as PKCS #8 PEM. */
export async function privateKeyPem(key: Key): Promise<string> {
  return pem('PRIVATE KEY', new Uint8Array(await webcrypto.subtle.exportKey('pkcs8', key)));
}

/** A signing key from PEM; any private key format that OpenSSL reads. */
export function importPrivateKey(text: string): Promise<Key> {
  const der = createPrivateKey(text).export({ type: 'pkcs8', format: 'der' });
  return webcrypto.subtle.importKey('pkcs8', new Uint8Array(der), KEY_ALGORITHM, false, ['sign']);
}

/** A P-256 public key from SPKI bytes; rejects every other kind of key. */
export function importPublicKey(spki: Uint8Array<ArrayBuffer>): Promise<Key> {
  return webcrypto.subtle.importKey('spki', spki, KEY_ALGORITHM, true, ['verify']);
}

/** SHA-256 over the public key (SPKI, DER) of a certificate, hex. */
export function spkiFingerprint(certificate: string | Buffer | X509Certificate): string {
  const parsed = certificate instanceof X509Certificate ? certificate : new X509Certificate(certificate);
  return createHash('sha256')
    .update(parsed.publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex');
}

/** The same over a public key in PEM; null for a text that is none. */
export function keyFingerprint(publicKeyPem: string): string | null {
  const der = pemBytes('PUBLIC KEY', publicKeyPem);
  if (der === null) return null;
  try {
    const key = createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' });
    return createHash('sha256')
      .update(key.export({ type: 'spki', format: 'der' }))
      .digest('hex');
  } catch {
    return null; // a key that OpenSSL does not read is nobody's
  }
}

function pem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

/** The bytes of the first PEM block with that label; null when there is none. */
export function pemBytes(label: string, text: string): Uint8Array<ArrayBuffer> | null {
  const match = new RegExp(`-----BEGIN ${label}-----([A-Za-z0-9+/=\\s]+)-----END ${label}-----`).exec(text);
  return match === null ? null : new Uint8Array(Buffer.from(match[1] as string, 'base64'));
}
