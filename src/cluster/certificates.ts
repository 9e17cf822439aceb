/**
 * What is known of people's certificates, so that somebody hears of their end before it: of each name the one
 * that was issued last. Nodes tell of what callers show them and of what they sign; nobody is let in by it.
 */
import type { Duration, Timestamp } from '../base/index.ts';
import { LIMITS } from '../base/index.ts';
import type { ClusterState, PersonCertificate } from './cluster-state.ts';
import type { ClusterCommand } from './command.ts';
import type { ApplyPosition, Outcome } from './outcome.ts';
import { done, own, refused } from './outcome.ts';

/** A week before its end somebody hears of it; of a short life in its last part. */
const SOON_MS: Duration = 7 * 86_400_000;
const LAST_PART = 1 / 5;

/** A name as certificates hold it. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,62}$/;
const SERIAL = /^[0-9a-f]{2,40}$/;

type Known = Extract<ClusterCommand, { kind: 'certificate-known' }>;
/** One that was shown or signed, by name. */
type Told = Omit<Known, 'kind'>;

/** Its end is news for so long before and after it. */
function noticeMs({ issued, expires }: PersonCertificate): Duration {
  return Math.max(0, Math.min(SOON_MS, (expires - issued) * LAST_PART));
}

/** Gone so long ago that its holder must have noticed, or does not want it any more. */
function isForgotten(certificate: PersonCertificate, now: Timestamp): boolean {
  return now > certificate.expires + noticeMs(certificate);
}

function isRevoked(
  { revoked, users }: ClusterState,
  { name, serial, issued }: Pick<Told, 'name' | 'serial' | 'issued'>,
): boolean {
  if (own(users, name)?.isActive === false) return true;
  return revoked.some((r) => r.serial === serial || (r.name === name && issued <= r.at));
}

/** What counts of the record: neither called back, nor long over. */
function inForce(state: ClusterState, now: Timestamp): [string, PersonCertificate][] {
  return Object.entries(state.certificates ?? {}).filter(
    ([name, certificate]) => !isForgotten(certificate, now) && !isRevoked(state, { name, ...certificate }),
  );
}

/** Of each name the one that was issued last, of those that nodes have heard of. */
export function certificatesKnown(
  state: ClusterState,
  now: Timestamp,
): Readonly<Record<string, PersonCertificate>> {
  return Object.fromEntries(inForce(state, now));
}

/** Whether the record does not know it yet and should. */
export function isCertificateNews(state: ClusterState, told: Told, now: Timestamp): boolean {
  if (isForgotten(told, now) || isRevoked(state, told)) return false;
  const known = own(state.certificates ?? {}, told.name);
  // one that was called back makes room for the one before it, should that be shown still
  return known === undefined || known.issued < told.issued || isRevoked(state, { ...told, ...known });
}

/** Whoever tells may be late: what is no news changes nothing. */
export function noteCertificate(state: ClusterState, command: Known, at: ApplyPosition): Outcome {
  const { name, serial, role, issued, expires } = command;
  if (!NAME.test(name) || !SERIAL.test(serial))
    return refused('invalid_argument', 'no certificate has such a name and serial number');
  if (!isCertificateNews(state, command, at.timestamp)) return done(state, []);
  const kept = inForce(state, at.timestamp).filter(([other]) => other !== name);
  if (kept.length >= LIMITS.maxUsers)
    return refused('failed_precondition', `certificates of ${LIMITS.maxUsers} people are on record`);
  const certificates = { ...Object.fromEntries(kept), [name]: { serial, role, issued, expires } };
  return done({ ...state, certificates }, []);
}

/** Whether its end is near, or was of late. */
export function endsSoon(certificate: PersonCertificate, now: Timestamp): boolean {
  return now >= certificate.expires - noticeMs(certificate) && !isForgotten(certificate, now);
}

/** How many people's certificates end soon, and until the first of all ends; null = none is known. */
export function peopleExpiry(
  state: ClusterState,
  now: Timestamp,
): { readonly endingSoon: number; readonly firstEndsInMs: Duration | null } {
  const rows = inForce(state, now).map(([, certificate]) => certificate);
  const first = Math.min(...rows.map((c) => c.expires));
  return {
    endingSoon: rows.filter((c) => endsSoon(c, now)).length,
    firstEndsInMs: rows.length === 0 ? null : first - now,
  };
}
