/** A certificate of one's own that ends soon: said with every command, while one command still renews it. */
import { X509Certificate } from 'node:crypto';
import { formatDuration, type Timestamp } from '../base/index.ts';

const DAY_MS = 86_400_000;
const SOON_MS = 14 * DAY_MS;
/** Of a certificate that never had so long: the last part of its life. */
const LAST_PART = 1 / 5;

/** Null while it is far off, over (the answer says so then), or not to be read from `certPem`. */
export function expiryNotice(certPem: string, now: Timestamp): string | null {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(certPem);
  } catch {
    return null;
  }
  const end = Date.parse(certificate.validTo);
  const life = end - Date.parse(certificate.validFrom);
  const left = end - now;
  if (!(left > 0) || left > Math.min(SOON_MS, life * LAST_PART)) return null;
  return `your certificate ends in ${formatDuration(left)}: sqlcc cert renew --self`;
}
