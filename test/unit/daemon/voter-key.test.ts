import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ensureDataDir } from '../../../daemon/data-dir.ts';
import { type NodePki, readPki, writePki } from '../../../daemon/data-files.ts';
import { VoterKey, type VoterKeyParts } from '../../../daemon/voter-key.ts';
import type { ClusterState, NodeRecord } from '../../../src/cluster/index.ts';
import { createAuthority, createCsr, issueNode } from '../../../src/pki/index.ts';
import { record } from '../cluster/world.ts';

const clusterId = 'c0ffee00-0000-4000-8000-000000000005';
const now = Date.now();
const authority = await createAuthority({ clusterId, clusterName: 'demo', now });
const stranger = await createAuthority({ clusterId, clusterName: 'demo', now });
const { csrPem, keyPem } = await createCsr('n4');
const signed = (role: 'voter' | 'observer', by = authority) =>
  issueNode({ authority: by, clusterId, nodeId: 'n4', role, hosts: [], csrPem, now });
const [asObserver, asVoter] = [await signed('observer'), await signed('voter')];

let dir = '';
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  dir = mkdtempSync(join(tmpdir(), 'sqlcc-unit-'));
  ensureDataDir(dir);
  writePki(dir, { caCert: authority.certPem, nodeCert: asObserver, nodeKey: keyPem });
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(dir, { recursive: true, force: true });
});

/** The node `n4`, a spare; `answers`: what a voter says to each question in turn. */
function spare(own: Partial<NodeRecord>, answers: (object | number)[]) {
  const nodes = { n1: record('n1'), n4: record('n4', { suffrage: 'observer', ...own }) };
  const used: NodePki[] = [];
  const logged: string[] = [];
  const asked: object[] = [];
  const key = new VoterKey({
    nodeId: 'n4',
    dataDir: dir,
    state: { cluster: { nodes } as unknown as ClusterState },
    http: {
      request: async ({ body }: { body: object }) => {
        asked.push(body);
        const answer = answers.shift() ?? 503;
        if (typeof answer === 'number')
          return { status: answer, json: () => ({ code: 'unavailable', message: 'no' }) };
        return { status: 200, json: () => answer };
      },
    },
    logger: { log: (_level: string, event: string) => void logged.push(event) },
    renewed: (pki: NodePki) => void used.push(pki),
  } as unknown as VoterKeyParts);
  return { key, used, logged, asked };
}

describe('VoterKey', () => {
  it('asks for nothing as long as the record wants no voter, or the folder holds the key', async () => {
    const observer = spare({}, []);
    await observer.key.follow();
    writePki(dir, { caKey: authority.keyPem });
    const voter = spare({ seat: 'voter' }, []);
    await voter.key.follow();
    expect([...observer.asked, ...voter.asked]).toEqual([]);
  });

  it('proves its own key, and puts certificate and CA key to use once both are here', async () => {
    const { key, used, asked } = spare({ seat: 'voter' }, [
      { certificate: asVoter, ca_key: authority.keyPem },
    ]);
    await key.follow();
    const publicKey = new X509Certificate(asObserver).publicKey.export({ type: 'spki', format: 'pem' });
    expect(asked).toEqual([{ public_key: publicKey }]);
    expect(readPki(dir)).toMatchObject({ nodeCert: asVoter, caKey: authority.keyPem, nodeKey: keyPem });
    expect(used).toMatchObject([{ nodeCert: asVoter, caKey: authority.keyPem }]);
    await key.follow();
    expect(asked).toHaveLength(1);
  });

  it('asks again each 10 s while nobody gives it, and writes nothing until then', async () => {
    const given = { certificate: asVoter, ca_key: authority.keyPem };
    const { key, logged, asked } = spare({ seat: 'voter' }, [
      503,
      { certificate: asVoter, ca_key: null },
      given,
    ]);
    await key.follow();
    expect(logged).toEqual(['voter-key-missing']);
    await vi.advanceTimersByTimeAsync(10_000);
    expect([asked.length, readPki(dir).caKey, readPki(dir).nodeCert]).toEqual([2, null, asObserver]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(readPki(dir)).toMatchObject({ nodeCert: asVoter, caKey: authority.keyPem });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toHaveLength(3);
  });

  it('takes neither the key of another CA nor a certificate that does not fit its own key', async () => {
    const other = await createCsr('n4');
    const alien = await issueNode({
      authority,
      clusterId,
      nodeId: 'n4',
      role: 'voter',
      hosts: [],
      ...other,
      now,
    });
    const { key, used } = spare({ seat: 'voter' }, [
      { certificate: asVoter, ca_key: stranger.keyPem },
      { certificate: alien, ca_key: authority.keyPem },
      { certificate: await signed('voter', stranger), ca_key: authority.keyPem },
    ]);
    for (let n = 0; n < 3; n++) await key.follow();
    expect(readPki(dir)).toMatchObject({ nodeCert: asObserver, caKey: null });
    expect(used).toEqual([]);
  });
});
