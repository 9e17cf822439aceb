/**
 * A certificate for a person, signed on a voter's own disk: the way back in when the
 * administrator's has ended or was lost. It needs no running daemon and no leader, only
 * the right to read `pki/ca.key`, which is the right to everything anyway. It is noted beside the
 * key, and the daemon of the folder puts it into the cluster's audit (issued.ts).
 */
import { X509Certificate } from 'node:crypto';
import type { PersonRole } from '../src/auth/index.ts';
import { SqlccError, type Timestamp } from '../src/base/index.ts';
import { issuePerson, VALIDITY_MS } from '../src/pki/index.ts';
import { ensureDataDir, readIdentity } from './data-dir.ts';
import { readPki, signerOf } from './data-files.ts';
import { noteIssued } from './issued.ts';
import { isoTime } from './node-view.ts';

const SHORTEST_MS = 60_000;

export interface AdminGrant {
  /** Of a voter. */
  readonly dataDir: string;
  /** Appears in the audit as the actor. */
  readonly name: string;
  readonly role: PersonRole;
  /** 1 minute to 10 years. */
  readonly validForMs: number;
}

export interface IssuedAdmin {
  readonly clusterName: string;
  readonly clusterId: string;
  readonly expires: Timestamp;
  /** PEM, for a context. The key is here and nowhere else. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** Signs it; throws failed_precondition without a CA key, invalid_argument for a bad name or length. */
export async function issueAdmin(grant: AdminGrant): Promise<IssuedAdmin> {
  const { dataDir, name, role, validForMs } = grant;
  if (!(validForMs >= SHORTEST_MS && validForMs <= VALIDITY_MS.authority)) {
    throw new SqlccError('invalid_argument', 'a certificate is valid for 1 minute to 10 years');
  }
  const { clusterId, clusterName } = readIdentity(dataDir);
  ensureDataDir(dataDir);
  const pki = readPki(dataDir);
  const authority = signerOf(pki);
  if (authority === null) {
    const hint = 'run it on a voter: observers do not hold the key';
    throw new SqlccError('failed_precondition', `${dataDir} holds no CA key`, { hint });
  }
  const now = Date.now();
  const { certPem, keyPem } = await issuePerson({ authority, clusterId, name, role, now, validForMs });
  const { validTo, serialNumber } = new X509Certificate(certPem);
  const expires = Date.parse(validTo);
  const serial = serialNumber.toLowerCase();
  noteIssued(dataDir, { name, role, serial, at: isoTime(now), until: isoTime(expires) });
  return { clusterName, clusterId, expires, ca: pki.caCert, cert: certPem, key: keyPem };
}
