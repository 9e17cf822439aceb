import { X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AuthorityFollow, type AuthorityFollowParts } from '../../../daemon/authority-follow.ts';
import { ensureDataDir } from '../../../daemon/data-dir.ts';
import { keepNextKey, readPki, signerOf, writePki } from '../../../daemon/data-files.ts';
import type { Authorities, ClusterState } from '../../../src/cluster/index.ts';
import {
  type Authority,
  bridgeAuthorities,
  certificatesIn,
  createAuthority,
  createCsr,
  issueNode,
  issuerIn,
  spkiFingerprint,
  unsoundPki,
} from '../../../src/pki/index.ts';
import { record } from '../cluster/world.ts';

const clusterId = 'c0ffee00-0000-4000-8000-000000000004';
const now = Date.now();
const make = () => createAuthority({ clusterId, clusterName: 'demo', now });
const [old, next] = [await make(), await make()];
const bridgePem = await bridgeAuthorities(old, next, now);
const { csrPem, keyPem } = await createCsr('n1');
const named = ({ certPem }: Authority) => ({ sha256: spkiFingerprint(certPem), certPem });

const STAGES: Record<Authorities['stage'], Authorities> = {
  trusting: { stage: 'trusting', signing: named(old), beside: named(next), bridgePem, followed: [] },
  issuing: { stage: 'issuing', signing: named(next), beside: named(old), bridgePem, followed: [] },
  changed: { stage: 'changed', signing: named(next), beside: named(old), bridgePem, followed: [] },
  settled: { stage: 'settled', signing: named(next), beside: null, bridgePem: null, followed: [] },
};
const BACK: Authorities = { ...STAGES.settled, signing: named(old) };

let dir = '';
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'sqlcc-unit-'));
  ensureDataDir(dir);
  const grant = { authority: old, clusterId, nodeId: 'n1', role: 'voter', hosts: [], csrPem, now } as const;
  const nodeCert = await issueNode(grant);
  writePki(dir, { caCert: old.certPem, nodeCert, nodeKey: keyPem, caKey: old.keyPem });
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** One life of the node's part; `failAt`: which of the moments when files come into use it dies at. */
async function live(authorities: Authorities, { failAt = -1, keyOf = null as string | null } = {}) {
  const told: unknown[] = [];
  let moments = 0;
  const use = (): void => {
    if (moments++ === failAt) throw new Error('it died here');
  };
  const cluster = { nodes: { n1: record('n1'), n2: record('n2') }, authorities } as unknown as ClusterState;
  const follow = new AuthorityFollow({
    nodeId: 'n1',
    state: { cluster },
    dataDir: dir,
    logger: { log: () => {} },
    reads: { isLeader: false, leader: () => ({ host: 'h', port: 1 }) },
    http: {
      request: async ({ path, body }: { path: string; body: unknown }) => {
        if (path.endsWith('/authority')) told.push(body);
        return { status: 200, json: () => ({ ca_key: keyOf }) };
      },
    },
    renewed: use,
    renew: async () => {
      const authority = signerOf(readPki(dir)) as Authority;
      const grant = { authority, clusterId, nodeId: 'n1', role: 'voter', hosts: [], csrPem, now } as const;
      writePki(dir, { nodeCert: await issueNode(grant) });
      use();
      return readPki(dir);
    },
  } as unknown as AuthorityFollowParts);
  await follow.follow();
  follow.stop();
  return { told, moments };
}

const sign = (): string | null => issuerIn(new X509Certificate(readPki(dir).nodeCert), readPki(dir).caCert);

describe('AuthorityFollow', () => {
  it('trusts, then shows, then lets go, and says each once it is done', async () => {
    const trusting = await live(STAGES.trusting, { keyOf: next.keyPem });
    expect(trusting.told).toEqual([{ stage: 'trusting', sha256: named(old).sha256 }]);
    expect(readPki(dir)).toMatchObject({ caCert: `${old.certPem}${next.certPem}`, caKey: old.keyPem });
    expect(sign()).toBe(old.certPem);
    const issuing = await live(STAGES.issuing);
    expect(issuing.told).toEqual([{ stage: 'issuing', sha256: named(next).sha256 }]);
    expect(readPki(dir)).toMatchObject({ caCert: `${next.certPem}${old.certPem}`, caKey: next.keyPem });
    expect(certificatesIn(readPki(dir).nodeCert)).toHaveLength(2);
    expect(sign()).toBe(next.certPem);
    await live(STAGES.changed);
    expect((await live(STAGES.settled)).told).toHaveLength(1);
    expect(readPki(dir)).toMatchObject({ caCert: next.certPem, caKey: next.keyPem, caBridge: null });
    expect(certificatesIn(readPki(dir).nodeCert)).toHaveLength(1);
    expect(existsSync(join(dir, 'pki', 'ca-next.key'))).toBe(false);
  });

  it('may die at any moment: the folder is sound, and the next life goes on', async () => {
    for (const stage of [STAGES.trusting, STAGES.issuing, STAGES.settled]) {
      for (let failAt = 0; failAt < 4; failAt++) {
        const { told } = await live(stage, { failAt, keyOf: next.keyPem });
        expect(unsoundPki(readPki(dir)), `${stage.stage}, moment ${failAt}`).toBeNull();
        if (told.length > 0) break;
      }
    }
    expect(sign()).toBe(next.certPem);
    expect(readPki(dir).caCert).toBe(next.certPem);
  });

  it('says nothing without the key of the new CA, and takes no other key for it', async () => {
    expect((await live(STAGES.trusting)).told).toEqual([]);
    expect((await live(STAGES.trusting, { keyOf: old.keyPem })).told).toEqual([]);
    expect(readPki(dir).caCert).toBe(old.certPem);
  });

  it('lets the old CA go only once its own certificate is of the new one', async () => {
    // it was away while the others changed, and nobody gave it the new key: it must not lock itself out
    expect((await live(STAGES.settled)).told).toEqual([]);
    expect(readPki(dir).caCert).toBe(old.certPem);
    expect(unsoundPki(readPki(dir))).toBeNull();
  });

  it('called back, forgets the new CA and its key', async () => {
    keepNextKey(dir, next.keyPem);
    await live(STAGES.trusting);
    await live(BACK);
    expect(readPki(dir)).toMatchObject({ caCert: old.certPem, caKey: old.keyPem });
    expect(existsSync(join(dir, 'pki', 'ca-next.key'))).toBe(false);
  });
});
