/**
 * Learns a cluster's CA from a seed before anything secret is said: the certificate
 * that the seed presents must lead to a CA whose public key has the fingerprint that
 * came with the join token (reliability.md S2). The connection only looks and closes;
 * the token travels later, over a connection that this CA vouches for.
 */
import { createHash, X509Certificate } from 'node:crypto';
import { connect, type DetailedPeerCertificate } from 'node:tls';
import { LIMITS, SqlccError } from '../src/base/index.ts';

/** SHA-256 of the certificate's public key (SubjectPublicKeyInfo), hex. */
export function keyFingerprint(certificate: X509Certificate): string {
  const spki = certificate.publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(spki).digest('hex');
}

/** The chain as presented, leaf first, without repetition. */
function chainOf(leaf: DetailedPeerCertificate): X509Certificate[] {
  const chain: X509Certificate[] = [];
  const seen = new Set<string>();
  for (let at: DetailedPeerCertificate | undefined = leaf; at?.raw !== undefined; at = at.issuerCertificate) {
    if (seen.has(at.fingerprint256)) break;
    seen.add(at.fingerprint256);
    chain.push(new X509Certificate(at.raw));
  }
  return chain;
}

/**
 * The last certificate of the chain that `host:port` presents. Throws unavailable when
 * nobody answers, unauthenticated when the chain does not hold together.
 */
export function presentedCa(host: string, port: number): Promise<X509Certificate> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port,
      minVersion: 'TLSv1.3',
      ALPNProtocols: ['h2'],
      // looking is all that happens here; trust is decided by the caller's fingerprint
      rejectUnauthorized: false,
      timeout: LIMITS.handshakeTimeoutMs,
    });
    const fail = (text: string, cause?: unknown): void => {
      socket.destroy();
      reject(new SqlccError('unavailable', `no TLS answer from ${host}:${port}: ${text}`, { cause }));
    };
    socket.once('timeout', () => fail(`nothing within ${LIMITS.handshakeTimeoutMs} ms`));
    socket.once('error', (error) => fail(error.message, error));
    socket.once('secureConnect', () => {
      const chain = chainOf(socket.getPeerCertificate(true));
      socket.destroy();
      const ca = chain.at(-1);
      const leaf = chain[0];
      if (ca === undefined || leaf === undefined || chain.length < 2 || !leaf.verify(ca.publicKey)) {
        reject(new SqlccError('unauthenticated', `${host}:${port} presents no certificate of a cluster`));
        return;
      }
      resolve(ca);
    });
  });
}

/**
 * The CA in PEM, provided that its key has the pinned fingerprint; else throws unauthenticated and nothing
 * was sent.
 */
export async function pinnedCa(host: string, port: number, pin: string): Promise<string> {
  const ca = await presentedCa(host, port);
  const found = keyFingerprint(ca);
  if (found !== pin) {
    const keys = `its CA is ${found.slice(0, 16)}…, the token was made by ${pin.slice(0, 16)}…`;
    const text = `${host}:${port} belongs to another cluster: ${keys}`;
    const hint = 'check --seed-node, or make a token on that cluster; the token was not sent';
    throw new SqlccError('unauthenticated', text, { hint });
  }
  return ca.toString();
}
