/**
 * TLS as this house speaks it: 1.3 only, both sides with certificates of the
 * cluster's own CA. One place makes the options for every listener and every dialler,
 * so that no listener forgets a check (etcd GHSA-3wh4). There is no switch that turns
 * verification off.
 */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect as connectTcp, isIP } from 'node:net';
import { join } from 'node:path';
import {
  type ConnectionOptions,
  connect,
  createSecureContext,
  type SecureContext,
  type SecureContextOptions,
  type TLSSocket,
} from 'node:tls';
import { type ClusterId, LIMITS, SqlccError } from '../base/index.ts';
import { isSignedBy, shownChain, spkiFingerprint } from '../pki/index.ts';
import { HOSTS } from './host-memory.ts';

/** A chain from a node's certificate: its CA, and the one that this replaces. */
const MAX_SHOWN_AUTHORITIES = 2;

/** What a client shows and trusts; `cert` and `key` are absent for callers with a token. PEM. */
export interface ClientTls {
  readonly ca: string;
  readonly cert?: string;
  readonly key?: string;
}

/** What a node shows and trusts, and the cluster whose certificates it takes. PEM. */
export interface ServerTls {
  readonly clusterId: ClusterId;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/**
 * Reads `ca.crt`, `node.crt` and `node.key` of a node's `pki` folder; throws `storage_failed` when one
 * is missing.
 */
export function readServerTls(pkiDir: string, clusterId: ClusterId): ServerTls {
  const read = (name: string): string => {
    try {
      return readFileSync(join(pkiDir, name), 'utf8');
    } catch (cause) {
      throw new SqlccError('storage_failed', `${join(pkiDir, name)} cannot be read`, { cause });
    }
  };
  return { clusterId, ca: read('ca.crt'), cert: read('node.crt'), key: read('node.key') };
}

/**
 * For listeners. The CA travels with the leaf: a joining node needs it to compare with the pin of its
 * token.
 */
export function serverContext(tls: ServerTls): SecureContextOptions {
  return { ca: tls.ca, cert: shownChain(tls.cert, tls.ca), key: tls.key, minVersion: 'TLSv1.3' };
}

/** The certificate of the other side, whether verified or not; null when it showed none. */
export function peerCertificate(socket: TLSSocket): X509Certificate | null {
  return socket.getPeerX509Certificate() ?? null;
}

export interface DialOptions {
  readonly host: string;
  readonly port: number;
  readonly tls: ClientTls;
  /** TCP and TLS together; TCP alone where `handshake` is given. */
  readonly timeoutMs: number;
  /** Absent: TLS begins at once, and has what TCP left of `timeoutMs`. */
  readonly handshake?: DialHandshake;
  /** Replaces the comparison of host names: the reason to refuse, or null. */
  readonly judge?: (certificate: X509Certificate) => string | null;
}

/** When TLS may begin behind TCP, and how long it may take from then. */
export interface DialHandshake {
  readonly timeoutMs: number;
  /** The host has taken the connection. Calls `begin` once, now or later; the answer is called behind TLS. */
  enter(begin: () => void): () => void;
}

/** What it takes to show and trust the same certificates again: reading PEM costs milliseconds of CPU. */
const contexts = new WeakMap<ClientTls, SecureContext>();

/** Made once for each record; throws where certificate and key do not belong together. */
export function contextOf(tls: ClientTls): SecureContext {
  const known = contexts.get(tls);
  if (known !== undefined) return known;
  const { ca, cert, key } = tls;
  const own = cert === undefined || key === undefined ? {} : { cert, key };
  const made = createSecureContext({ ca, ...own, minVersion: 'TLSv1.3' });
  contexts.set(tls, made);
  return made;
}

/**
 * Opens a verified TLS connection for HTTP/2 and calls `done` exactly once. A refused
 * TCP connection keeps its code ECONNREFUSED: it is evidence about the process there,
 * and TLS begins only where somebody listens, so that this word costs next to nothing.
 * One `tls` object is one context: whoever dials again hands in the same. The answer gives the dial up.
 */
export function dial(
  options: DialOptions,
  done: (error: Error | null, socket: TLSSocket | null) => void,
): () => void {
  const { host, port, timeoutMs, handshake } = options;
  const tcp = connectTcp({ host, port, noDelay: true, lookup: HOSTS.lookup });
  let secured: TLSSocket | null = null;
  let settled = false;
  let leave = (): void => {};
  const settle = (error: Error | null): void => {
    if (settled) return;
    settled = true;
    clearTimeout(timer);
    leave();
    if (error !== null) (secured ?? tcp).destroy();
    done(error, error === null ? secured : null);
  };
  const fail = (what: string): void => settle(new SqlccError('unavailable', what));
  const late = (what: string, code: 'unavailable' | 'deadline_exceeded'): void =>
    settle(new SqlccError(code, what, { details: { late: true } }));
  const closed = (): void => fail(`${host}:${port} closed during the handshake`);
  const noConnection = `no connection to ${host}:${port} within ${timeoutMs} ms`;
  let timer = setTimeout(() => late(noConnection, 'unavailable'), timeoutMs);
  const secure = (): void => {
    if (settled) return;
    if (handshake !== undefined) {
      const noHandshake = `no handshake with ${host}:${port} within ${handshake.timeoutMs} ms`;
      timer = setTimeout(() => late(noHandshake, 'deadline_exceeded'), handshake.timeoutMs);
    }
    secured = connect({ ...connectionOf(options), socket: tcp });
    secured.once('secureConnect', () => settle(null));
    secured.on('error', settle);
    secured.once('close', closed);
  };
  tcp.on('error', settle);
  tcp.once('close', closed);
  tcp.once('connect', () => {
    if (settled) return;
    if (handshake === undefined) return secure();
    clearTimeout(timer);
    leave = handshake.enter(secure);
  });
  return () => fail('given up');
}

function connectionOf({ host, tls, judge }: DialOptions): ConnectionOptions {
  return {
    host,
    secureContext: contextOf(tls),
    ALPNProtocols: ['h2'],
    // a name that is an address must not be sent as SNI (RFC 6066 §3)
    ...(isIP(host) === 0 && { servername: host }),
    ...(judge !== undefined && {
      checkServerIdentity: (_host, certificate) => {
        const refused = judge(new X509Certificate(certificate.raw));
        return refused === null ? undefined : new SqlccError('unauthenticated', refused);
      },
    }),
  };
}

/** True when the other host took the connection and its process did not come to answer in time. */
export function isLate(error: unknown): boolean {
  return error instanceof SqlccError && error.code === 'deadline_exceeded';
}

/** True when the other host says that nobody listens there. */
export function isRefused(error: unknown): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === 'ECONNREFUSED';
}

/** A CA that a node shows, before anybody trusts it. */
export interface ShownAuthority {
  readonly caPem: string;
  /** SHA-256 of its public key, hex: compare it with the pin of a token, or let a person compare. */
  readonly fingerprint: string;
}

/** From a node's certificate upwards, each signed by the next; while a CA is replaced there are two. */
function authoritiesAbove(leaf: X509Certificate): ShownAuthority[] {
  const shown: ShownAuthority[] = [];
  let below = leaf;
  for (let n = 0; n < MAX_SHOWN_AUTHORITIES; n++) {
    const issuer = below.issuerCertificate;
    if (issuer === undefined || !issuer.ca || !isSignedBy(below, issuer)) break;
    shown.push({ caPem: issuer.toString(), fingerprint: spkiFingerprint(issuer) });
    below = issuer;
  }
  return shown;
}

/**
 * Asks a node for its CAs, the one that signed its certificate first, without telling it anything. Nothing
 * may be sent to that node on the strength of this: pin one `fingerprint` of them, then dial again with the
 * last `caPem` trusted (the handshake covers all of them, and only the pinned key can have begun the chain).
 */
export function showAuthorities(
  host: string,
  port: number,
  timeoutMs: number,
): Promise<readonly ShownAuthority[]> {
  return new Promise((resolve, reject) => {
    // the only unverified connection of the house; it is closed before a byte of ours is sent
    const socket = connect({
      host,
      port,
      rejectUnauthorized: false,
      minVersion: 'TLSv1.3',
      ALPNProtocols: ['h2'],
    });
    const fail = (text: string, cause?: unknown): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(new SqlccError('unavailable', text, { cause, details: { endpoint: `${host}:${port}` } }));
    };
    const timer = setTimeout(
      () => fail(`${host}:${port} does not answer`),
      Math.min(timeoutMs, LIMITS.handshakeTimeoutMs),
    );
    socket.on('error', (error) => fail(`${host}:${port} cannot be reached: ${error.message}`, error));
    socket.once('close', () => fail(`${host}:${port} closed the connection`));
    socket.once('secureConnect', () => {
      const leaf = socket.getPeerX509Certificate();
      const shown = leaf === undefined ? [] : authoritiesAbove(leaf);
      if (shown.length === 0) return fail(`${host}:${port} shows no certificate of a cluster`);
      clearTimeout(timer);
      resolve(shown);
      socket.destroy();
    });
  });
}
