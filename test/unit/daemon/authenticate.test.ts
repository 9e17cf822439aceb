import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createAuthenticator } from '../../../daemon/authenticate.ts';
import { formatToken, type PersonRole } from '../../../src/auth/index.ts';
import type { SqlccError } from '../../../src/base/index.ts';
import type { ClusterState } from '../../../src/cluster/index.ts';
import {
  createAuthority,
  createCsr,
  hashSecret,
  issueNode,
  issuePerson,
  newSecret,
  spkiFingerprint,
} from '../../../src/pki/index.ts';
import { record, threeNodes, token } from '../cluster/world.ts';

const CLUSTER = 'c-1';
const authority = await createAuthority({ clusterId: CLUSTER, clusterName: 'trial', now: Date.now() });

async function certificate(nodeId: string, csrPem?: string): Promise<X509Certificate> {
  const csr = csrPem ?? (await createCsr(nodeId)).csrPem;
  const grant = { authority, clusterId: CLUSTER, nodeId, role: 'voter' as const, hosts: [], now: Date.now() };
  return new X509Certificate(await issueNode({ ...grant, csrPem: csr }));
}

async function person(name: string, role: PersonRole, now = Date.now()): Promise<X509Certificate> {
  return new X509Certificate((await issuePerson({ authority, clusterId: CLUSTER, name, role, now })).certPem);
}

function roleOf(cluster: ClusterState, shown: X509Certificate): string {
  return createAuthenticator(CLUSTER, () => cluster).authenticate(shown, null)?.role ?? 'none';
}

function refusal(cluster: ClusterState, shown: X509Certificate): string {
  try {
    return createAuthenticator(CLUSTER, () => cluster).authenticate(shown, null)?.id ?? 'nobody';
  } catch (error) {
    return (error as Error).message;
  }
}

describe('authenticate', () => {
  it('refuses a removed disk, also after a new disk took its name; a renewed certificate is good', async () => {
    const { csrPem } = await createCsr('n4');
    const [old, fresh] = [await certificate('n4', csrPem), await certificate('n4')];
    const ledger = threeNodes();
    const admit = (shown: X509Certificate, instanceId: string): void => {
      const node = record('n4', { instanceId, keySha256: spkiFingerprint(shown) });
      ledger.done({ kind: 'node-admit', node, tokenId: null });
    };
    admit(old, 'first');
    expect(refusal(ledger.cluster, old)).toBe('n4');
    expect(refusal(ledger.cluster, await certificate('n4', csrPem))).toBe('n4');
    ledger.done({ kind: 'node-remove', nodeId: 'n4', reason: '' });
    expect(refusal(ledger.cluster, old)).toContain('was removed');
    admit(fresh, 'second');
    expect(refusal(ledger.cluster, fresh)).toBe('n4');
    expect(refusal(ledger.cluster, old)).toContain('another key');
  });

  it('gives the role of the record, refuses a revoked user, and knows names by whole words', async () => {
    const ledger = threeNodes();
    const shown = await person('anna', 'viewer');
    const role = (): string => roleOf(ledger.cluster, shown);
    expect(role()).toBe('viewer');
    ledger.done({ kind: 'user-set', name: 'root', role: 'admin', mode: 'add', reason: '' });
    ledger.done({ kind: 'user-set', name: 'ann', role: 'admin', mode: 'add', reason: '' });
    expect(role()).toBe('viewer');
    ledger.done({ kind: 'user-set', name: 'anna', role: 'operator', mode: 'add', reason: '' });
    expect(role()).toBe('operator');
    ledger.done({ kind: 'user-revoke', name: 'anna', reason: '' });
    expect(refusal(ledger.cluster, shown)).toContain('user anna was revoked');
  });

  it('refuses a revoked serial number, and a name up to then but not its next certificate', async () => {
    const ledger = threeNodes();
    const [first, second] = [await person('anna', 'viewer'), await person('anna', 'viewer')];
    const revoke = { kind: 'certificate-revoke', reason: '', expires: Date.now() + 1e9 } as const;
    ledger.done({ ...revoke, serial: first.serialNumber.toLowerCase(), name: null });
    expect(refusal(ledger.cluster, first)).toContain('revoked');
    expect(refusal(ledger.cluster, second)).toBe('anna');
    ledger.now = Date.now();
    ledger.done({ ...revoke, serial: null, name: 'anna' });
    expect(refusal(ledger.cluster, second)).toContain('revoked');
    expect(refusal(ledger.cluster, await person('anna', 'viewer', Date.now() + 5000))).toBe('anna');
    expect(refusal(ledger.cluster, await person('annabel', 'viewer'))).toBe('annabel');
  });

  it('says who it was that is let in no more, of proved names alone', async () => {
    const ledger = threeNodes();
    const of = (shown: X509Certificate | null, bearer: string | null): unknown => {
      try {
        return createAuthenticator(CLUSTER, () => ledger.cluster).authenticate(shown, bearer)?.id;
      } catch (error) {
        return (error as SqlccError).details['identity'] ?? 'nobody';
      }
    };
    const anna = await person('anna', 'viewer');
    const revoke = { kind: 'certificate-revoke', reason: '', expires: Date.now() + 1e9 } as const;
    ledger.done({ ...revoke, serial: anna.serialNumber.toLowerCase(), name: null });
    expect(of(anna, null)).toBe('viewer anna');
    const [secret, wrong] = [newSecret(), newSecret()];
    const given = { kind: 'access', role: 'operator', hash: hashSecret(secret) } as const;
    ledger.done({ kind: 'token-create', token: token('tok1', { ...given, expires: Date.now() - 1 }) }, {});
    expect(of(null, formatToken({ kind: 'access', id: 'tok1', secret }))).toBe('operator token:tok1');
    expect(of(null, formatToken({ kind: 'access', id: 'tok1', secret: wrong }))).toBe('nobody');
    expect(of(null, formatToken({ kind: 'access', id: 'tok2', secret }))).toBe('nobody');
  });

  it("gives a user's token the role that the user has now, and ends it with the user", () => {
    const ledger = threeNodes();
    const secret = newSecret();
    for (const [name, role] of [
      ['root', 'admin'],
      ['anna', 'viewer'],
    ] as const)
      ledger.done({ kind: 'user-set', name, role, mode: 'add', reason: '' });
    const given = { kind: 'access', role: 'viewer', user: 'anna', hash: hashSecret(secret) } as const;
    ledger.done({ kind: 'token-create', token: token('tok1', { ...given, expires: Date.now() + 1e6 }) }, {});
    const bearer = formatToken({ kind: 'access', id: 'tok1', secret });
    const shown = () => createAuthenticator(CLUSTER, () => ledger.cluster).authenticate(null, bearer);
    expect(shown()?.role).toBe('viewer');
    ledger.done({ kind: 'user-set', name: 'anna', role: 'operator', mode: 'grant', reason: '' });
    expect(shown()?.role).toBe('operator');
    ledger.done({ kind: 'user-revoke', name: 'anna', reason: '' });
    expect(shown).toThrow('not valid here');
  });

  it('refuses people of a CA that is gone, and lets in those of both while both count', async () => {
    const ledger = threeNodes();
    const next = await createAuthority({ clusterId: CLUSTER, clusterName: 'trial', now: Date.now() });
    const named = (certPem: string) => ({ sha256: spkiFingerprint(certPem), certPem });
    const [signing, beside] = [named(next.certPem), named(authority.certPem)];
    const anna = await person('anna', 'admin');
    const followed = { bridgePem: null, followed: [] };
    const both = {
      ...ledger.cluster,
      authorities: { stage: 'changed', signing, beside, ...followed },
    } as const;
    expect(refusal(both, anna)).toBe('anna');
    const settled = {
      ...both,
      authorities: { ...both.authorities, stage: 'settled', beside: null },
    } as const;
    expect(refusal(settled, anna)).toContain('of a CA that was replaced');
    const grant = {
      authority: next,
      clusterId: CLUSTER,
      name: 'bert',
      role: 'viewer',
      now: Date.now(),
    } as const;
    const bert = new X509Certificate((await issuePerson(grant)).certPem);
    expect(refusal(settled, bert)).toBe('bert');
  });
});
