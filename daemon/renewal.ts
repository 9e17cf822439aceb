/**
 * Certificates of nodes end after 90 days, and nobody should have to remember. A voter
 * holds the CA's key and signs its own again when two thirds of the life are over,
 * also at a start long after the end. An observer asks a voter, which needs a
 * certificate that has not ended yet.
 *
 * The key stays. Two files can't be replaced in one step, and a crash between them
 * would leave a certificate without its key; it also keeps the node recognisable.
 */
import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import type { Identity, NodeRole } from '../src/auth/index.ts';
import { type ClusterId, type Logger, SqlccError, type Timestamp } from '../src/base/index.ts';
import { checkValidity, identityOf, issueNode, issuerIn } from '../src/pki/index.ts';
import { writeFileDurably } from './data-dir.ts';
import { type NodePki, readPki, signerOf } from './data-files.ts';

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
  /** Asks a voter to sign for a public key; both PEM. Absent: nobody can be asked now. */
  readonly askVoter?: (publicKeyPem: string) => Promise<string>;
}

/** When a certificate is due, wall time: two thirds of its life after its beginning. */
export function renewalTime(certPem: string): Timestamp {
  const { validFrom, validTo } = new X509Certificate(certPem);
  const from = Date.parse(validFrom);
  return from + (Date.parse(validTo) - from) * RENEW_AT;
}

/**
 * Renews `node.crt` when it is due and answers what the folder holds then; null when it was not due, or
 * nobody can sign it now. Throws what readPki, the disk and the voter throw.
 */
export async function renewIfDue(options: RenewalOptions, now: Timestamp): Promise<NodePki | null> {
  const pki = readPki(options.dataDir);
  return now < renewalTime(pki.nodeCert) ? null : renew(options, pki, now);
}

async function renew(options: RenewalOptions, pki: NodePki, now: Timestamp): Promise<NodePki | null> {
  const { dataDir, clusterId, logger } = options;
  const old = new X509Certificate(pki.nodeCert);
  const identity = identityOf(old, clusterId);
  if ('refused' in identity) {
    const hint = 'restore pki/node.crt, or wipe this node and join it again';
    throw new SqlccError('storage_failed', `node.crt is not this node's: ${identity.refused}`, { hint });
  }
  const nodeCert = await signed(options, { pki, old, identity, now });
  if (nodeCert === null) return null;
  writeFileDurably(join(dataDir, 'pki', 'node.crt'), nodeCert);
  const until = new Date(new X509Certificate(nodeCert).validTo).toISOString();
  logger.log('info', 'certificate-renewed', { until });
  return { ...pki, nodeCert };
}

interface Due {
  readonly pki: NodePki;
  readonly old: X509Certificate;
  readonly identity: Identity;
  readonly now: Timestamp;
}

/** Signed here, or by a voter; null, with a warning, when there is neither. */
async function signed(options: RenewalOptions, { pki, old, identity, now }: Due): Promise<string | null> {
  const { clusterId, hosts, logger, askVoter } = options;
  const publicKeyPem = old.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const authority = signerOf(pki);
  if (authority !== null) {
    const role = identity.role as NodeRole;
    return issueNode({ authority, clusterId, nodeId: identity.id, role, hosts, publicKeyPem, now });
  }
  const valid = checkValidity(old, now);
  if (askVoter === undefined || 'refused' in valid) {
    const state = 'refused' in valid ? valid.refused : 'it is renewed once a voter can be asked';
    logger.log('warn', 'certificate-due', { state, remedy: 'when it has ended: node leave, then node join' });
    return null;
  }
  const nodeCert = await askVoter(publicKeyPem);
  checkAnswer(nodeCert, { pki, old, identity, now }, clusterId);
  return nodeCert;
}

/** A certificate that does not fit would lock this node out at its next start. */
function checkAnswer(nodeCert: string, { pki, old, identity, now }: Due, clusterId: ClusterId): void {
  const fresh = new X509Certificate(nodeCert);
  const named = identityOf(fresh, clusterId);
  const isOurs =
    !('refused' in named) &&
    named.id === identity.id &&
    named.role === identity.role &&
    fresh.publicKey.equals(old.publicKey) &&
    issuerIn(fresh, pki.caCert) !== null &&
    !('refused' in checkValidity(fresh, now));
  if (!isOurs)
    throw new SqlccError('unavailable', 'the voter signed a certificate that is not for this node');
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

  /** Renews it, due or not; throws what renewIfDue throws, and unavailable when nobody can sign. */
  async now(): Promise<NodePki> {
    const pki = await renew(this.#options, readPki(this.#options.dataDir), Date.now());
    if (pki === null) throw new SqlccError('unavailable', 'nobody can sign it now');
    this.#renewed(pki);
    return pki;
  }

  #plan(afterMs: number): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => void this.#check(), afterMs);
    this.#timer.unref();
  }

  async #check(): Promise<void> {
    try {
      // one instant for both: what was not due when it was looked at may be due a millisecond later
      const now = Date.now();
      const pki = await renewIfDue(this.#options, now);
      if (this.#stopped) return;
      if (pki !== null) this.#renewed(pki);
      // due, and nobody can sign: tomorrow again. Not due: a timer or a clock was a moment off
      this.#plan(pki === null && this.#isDue(now) ? DAY_MS : this.#untilDue());
    } catch (error) {
      this.#options.logger.log('error', 'renewal-failed', { error: (error as Error).message });
      this.#plan(RETRY_MS);
    }
  }

  #isDue(now: Timestamp): boolean {
    return now >= renewalTime(readPki(this.#options.dataDir).nodeCert);
  }

  /** At most a day: wall clocks are set, and machines sleep. */
  #untilDue(): number {
    const due = renewalTime(readPki(this.#options.dataDir).nodeCert) - Date.now();
    return Math.min(DAY_MS, Math.max(SOONEST_MS, due));
  }
}
