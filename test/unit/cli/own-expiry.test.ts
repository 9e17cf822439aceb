import { describe, expect, it } from 'vitest';
import { must } from '../../../src/base/index.ts';
import { expiryNotice } from '../../../src/cli/own-expiry.ts';
import { createAuthority, issuePerson } from '../../../src/pki/index.ts';

const DAY_MS = 86_400_000;
const NOW = Date.parse('2026-11-29T12:00:00Z');

async function certificate(validForMs: number): Promise<string> {
  const names = { clusterId: '7f1c0c52-3c3e-4a53-9d31-3c2f3a6f5a10', clusterName: 't' } as const;
  const authority = await createAuthority({ ...names, now: NOW });
  const grant = { authority, ...names, name: 'anna', role: 'operator', now: NOW, validForMs } as const;
  return (await issuePerson(grant)).certPem;
}

describe('expiryNotice', () => {
  it('speaks in the last two weeks of a long life, in the last fifth of a short one, not later', async () => {
    const [long, short] = await Promise.all([certificate(365 * DAY_MS), certificate(10 * DAY_MS)]);
    const told = (pem: string, afterDays: number) => expiryNotice(pem, NOW + afterDays * DAY_MS);
    expect(told(long, 0)).toBeNull();
    expect(told(long, 350)).toBeNull();
    expect(must(told(long, 352), 'a notice')).toBe('your certificate ends in 13d: sqlcc cert renew --self');
    expect(told(long, 366)).toBeNull();
    expect(told(short, 7)).toBeNull();
    expect(told(short, 9)).toContain('ends in 1d');
  });

  it('says nothing of what is no certificate: a token, a damaged file', () => {
    expect(expiryNotice('', NOW)).toBeNull();
    expect(expiryNotice('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n', NOW)).toBeNull();
  });
});
