/**
 * Certificates of nodes end after 90 days, and nobody should have to remember. A voter
 * holds the CA's key and signs its own again when two thirds of the life are over,
 * also at a start long after the end. An observer can't: it says so every day.
 *
 * The key stays. Two files can't be replaced in one step, and a crash between them
 * would leave a certificate without its key; it also keeps the node recognisable.
 */
import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import type { NodeRole } from '../src/auth/index.ts';
import { type ClusterId, type Logger, SqlccError, type Timestamp } from '../src/base/index.ts';
import { checkValidity, identityOf, issueNode } from '../src/pki/index.ts';
import { writeFileDurably } from './data-dir.ts';
import { type NodePki, readPki } from './data-files.ts';

const DAY_MS = 86_400_000;
/** A check that failed (a full disk, a clock that runs wrong) is made again after this. */
const RETRY_MS = 3_600_000;
const SOONEST_MS = 1000;
/** Of its life, when it is renewed. */
const RENEW_AT = 2 / 3;

export interface RenewalOptions {
  readonly dataDir: string;
  readonly clusterId: ClusterId;
  /** Names and addresses under which others reach this node. */
  readonly hosts: readonly string[];
  readonly logger: Logger;
}

/** When a certificate is due, wall time: two thirds of its life after its beginning. */
export function renewalTime(certPem: string): Timestamp {
  const { validFrom, validTo } = new X509Certificate(certPem);
  const from = Date.parse(validFrom);
  return from + (Date.parse(validTo) - from) * RENEW_AT;
}

/**
 * Renews `node.crt` when it is due and answers what the folder holds then; null when it was not due, or
 * can't be renewed here for want of the CA's key. Throws what readPki and the disk throw.
 */
export async function renewIfDue(options: RenewalOptions, now: Timestamp): Promise<NodePki | null> {
  const { dataDir, clusterId, hosts, logger } = options;
  const pki = readPki(dataDir);
  if (now < renewalTime(pki.nodeCert)) return null;
  const old = new X509Certificate(pki.nodeCert);
  if (pki.caKey === null) {
    const valid = checkValidity(old, now);
    const state = 'refused' in valid ? valid.refused : `ends at ${new Date(old.validTo).toISOString()}`;
    logger.log('warn', 'certificate-ends', { state, remedy: 'node leave, then node join with a new token' });
    return null;
  }
  const identity = identityOf(old, clusterId);
  if ('refused' in identity) {
    const hint = 'restore pki/node.crt, or wipe this node and join it again';
    throw new SqlccError('storage_failed', `node.crt is not this node's: ${identity.refused}`, { hint });
  }
  const nodeCert = await issueNode({
    authority: { certPem: pki.caCert, keyPem: pki.caKey },
    clusterId,
    nodeId: identity.id,
    role: identity.role as NodeRole,
    hosts,
    publicKeyPem: old.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    now,
  });
  writeFileDurably(join(dataDir, 'pki', 'node.crt'), nodeCert);
  const until = new Date(new X509Certificate(nodeCert).validTo).toISOString();
  logger.log('info', 'certificate-renewed', { until });
  return { ...pki, nodeCert };
}

/** Looks daily, and when the certificate is due, for as long as the node runs. */
export class Renewal {
  readonly #options: RenewalOptions;
  readonly #renewed: (pki: NodePki) => void;
  #timer: NodeJS.Timeout | null = null;
  #stopped = false;

  /** `renewed` puts the new certificate to use; connections that stand go on with the old one. */
  constructor(options: RenewalOptions, renewed: (pki: NodePki) => void) {
    this.#options = options;
    this.#renewed = renewed;
  }

  start(): void {
    this.#plan(this.#untilDue());
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #plan(afterMs: number): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => void this.#check(), afterMs);
    this.#timer.unref();
  }

  async #check(): Promise<void> {
    try {
      const pki = await renewIfDue(this.#options, Date.now());
      if (this.#stopped) return;
      if (pki !== null) this.#renewed(pki);
      this.#plan(pki === null ? DAY_MS : this.#untilDue());
    } catch (error) {
      this.#options.logger.log('error', 'renewal-failed', { error: (error as Error).message });
      this.#plan(RETRY_MS);
    }
  }

  /** At most a day: wall clocks are set, and machines sleep. */
  #untilDue(): number {
    const due = renewalTime(readPki(this.#options.dataDir).nodeCert) - Date.now();
    return Math.min(DAY_MS, Math.max(SOONEST_MS, due));
  }
}
