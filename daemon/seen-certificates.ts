/** Which certificates callers showed this daemon, for whoever looks after them. Bounded: the oldest go. */
import type { X509Certificate } from 'node:crypto';
import type { Identity } from '../src/auth/index.ts';
import { LIMITS, type Timestamp } from '../src/base/index.ts';

export type Door = 'port' | 'client_port';

export interface SeenCertificate {
  readonly certificate: X509Certificate;
  readonly identity: Identity;
  readonly where: readonly Door[];
  readonly lastSeen: Timestamp;
}

export class SeenCertificates {
  readonly #seen = new Map<string, SeenCertificate>();

  /** By its serial number; a good one only. */
  note(certificate: X509Certificate, identity: Identity, at: { door: Door; now: Timestamp }): void {
    const serial = identity.serial ?? '';
    const known = this.#seen.get(serial);
    const where = new Set([...(known?.where ?? []), at.door]);
    this.#seen.delete(serial);
    this.#seen.set(serial, { certificate, identity, where: [...where], lastSeen: at.now });
    const [oldest] = this.#seen.keys();
    if (this.#seen.size > LIMITS.maxSeenCertificates && oldest !== undefined) this.#seen.delete(oldest);
  }

  list(): readonly SeenCertificate[] {
    return [...this.#seen.values()];
  }
}
