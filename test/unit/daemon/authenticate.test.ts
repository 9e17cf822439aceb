import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createAuthenticator } from '../../../daemon/authenticate.ts';
import type { ClusterState } from '../../../src/cluster/index.ts';
import { createAuthority, createCsr, issueNode, spkiFingerprint } from '../../../src/pki/index.ts';
import { record, threeNodes } from '../cluster/world.ts';

const CLUSTER = 'c-1';
const authority = await createAuthority({ clusterId: CLUSTER, clusterName: 'trial', now: Date.now() });

async function certificate(nodeId: string, csrPem?: string): Promise<X509Certificate> {
  const csr = csrPem ?? (await createCsr(nodeId)).csrPem;
  const grant = { authority, clusterId: CLUSTER, nodeId, role: 'voter' as const, hosts: [], now: Date.now() };
  return new X509Certificate(await issueNode({ ...grant, csrPem: csr }));
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
});
