import { describe, expect, it } from 'vitest';
import {
  certificatesKnown,
  decodeState,
  encodeState,
  endsSoon,
  peopleExpiry,
} from '../../../src/cluster/index.ts';
import { type Ledger, NOW, threeNodes } from './world.ts';

const DAY = 86_400_000;
const FIRST = 'a1'.repeat(16);
const SECOND = 'b2'.repeat(16);

function tell(ledger: Ledger, name: string, serial: string, [issued, expires]: readonly [number, number]) {
  ledger.done({ kind: 'certificate-known', name, serial, role: 'operator', issued, expires });
}

describe('peopleExpiry', () => {
  it('counts whose certificate ends within a week, of a short life in its last fifth', () => {
    const ledger = threeNodes();
    expect(peopleExpiry(ledger.cluster, NOW)).toEqual({ endingSoon: 0, firstEndsInMs: null });
    tell(ledger, 'year', FIRST, [NOW, NOW + 365 * DAY]);
    tell(ledger, 'tenth', SECOND, [NOW, NOW + 10 * DAY]);
    const soon = (days: number) => peopleExpiry(ledger.cluster, NOW + days * DAY).endingSoon;
    expect([0, 7.9, 8, 10.5, 12.1].map(soon)).toEqual([0, 0, 1, 1, 0]);
    expect([357.9, 358, 366, 372.1].map(soon)).toEqual([0, 1, 1, 0]);
    expect(peopleExpiry(ledger.cluster, NOW).firstEndsInMs).toBe(10 * DAY);
    expect(peopleExpiry(ledger.cluster, NOW + 11 * DAY).firstEndsInMs).toBe(-DAY);
    expect(peopleExpiry(ledger.cluster, NOW + 13 * DAY).firstEndsInMs).toBe(352 * DAY);
  });

  it('looks at the one that was issued last, told in whatever order', () => {
    const ledger = threeNodes();
    tell(ledger, 'anna', SECOND, [NOW - DAY, NOW + 29 * DAY]);
    tell(ledger, 'anna', FIRST, [NOW - 25 * DAY, NOW + 5 * DAY]);
    expect(certificatesKnown(ledger.cluster, NOW)['anna']).toMatchObject({ serial: SECOND });
    expect(peopleExpiry(ledger.cluster, NOW).endingSoon).toBe(0);
  });

  it('forgets what is called back; the one before it counts again once it is told of', () => {
    const ledger = threeNodes();
    tell(ledger, 'anna', SECOND, [NOW - DAY, NOW + DAY]);
    expect(peopleExpiry(ledger.cluster, NOW).endingSoon).toBe(0);
    const late = NOW + 0.9 * DAY;
    expect(peopleExpiry(ledger.cluster, late).endingSoon).toBe(1);
    const expires = NOW + 3650 * DAY;
    ledger.done({ kind: 'certificate-revoke', serial: SECOND, name: null, reason: '', expires });
    expect(peopleExpiry(ledger.cluster, late)).toEqual({ endingSoon: 0, firstEndsInMs: null });
    tell(ledger, 'anna', FIRST, [NOW - 29 * DAY, NOW + 2 * DAY]);
    expect(peopleExpiry(ledger.cluster, NOW).endingSoon).toBe(1);
    for (const [name, role] of [
      ['root', 'admin'],
      ['anna', 'viewer'],
    ] as const)
      ledger.done({ kind: 'user-set', name, role, mode: 'add', reason: '' });
    ledger.done({ kind: 'user-revoke', name: 'anna', reason: 'left' });
    expect(certificatesKnown(ledger.cluster, NOW)).toEqual({});
  });
});

describe('noteCertificate', () => {
  it('refuses what no certificate has, and is on record as it was told, without a line of the audit', () => {
    const ledger = threeNodes();
    const lines = ledger.cluster.audit.length;
    const life = { role: 'viewer', issued: NOW, expires: NOW + DAY };
    for (const [name, serial] of [
      ['a/b', FIRST],
      ['anna', 'no hex'],
    ] as const)
      ledger.refused({ kind: 'certificate-known', name, serial, ...life }, 'invalid_argument');
    tell(ledger, 'anna', FIRST, [NOW, NOW + DAY]);
    const { certificates, audit } = decodeState(encodeState(ledger.cluster));
    expect(certificates).toEqual({
      anna: { serial: FIRST, role: 'operator', issued: NOW, expires: NOW + DAY },
    });
    expect(audit).toHaveLength(lines);
  });

  it('keeps none that ended long ago', () => {
    const ledger = threeNodes();
    tell(ledger, 'old', FIRST, [NOW - 9 * DAY, NOW - 8 * DAY]);
    expect(ledger.cluster.certificates).toBeUndefined();
    const short = { serial: FIRST, role: 'viewer', issued: NOW, expires: NOW + 1000 };
    expect([799, 800, 1200, 1201].map((ms) => endsSoon(short, NOW + ms))).toEqual([false, true, true, false]);
  });
});
