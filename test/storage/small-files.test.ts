/** A flipped bit in each byte of the small files that a node lives by: refused by file, or read as it was. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ensureDataDir, nextBootCounter, readIdentity, writeIdentity } from '../../daemon/data-dir.ts';
import { checkPki, readPki, writePki } from '../../daemon/data-files.ts';
import { readSeeds } from '../../daemon/node-parts.ts';
import { sealedJson } from '../../daemon/sealed-json.ts';
import { SqlccError } from '../../src/base/index.ts';
import { createAuthority, createCsr, issueNode } from '../../src/pki/index.ts';
import { reportAtEnd, sampled, tally, temporaryFolder } from './effort.ts';
import { KINDS } from './kinds.ts';

reportAtEnd();

const CLUSTER = '6f0bd3c4-6c0e-4a5b-9d55-0a4b1c2d3e4f';

async function folder(): Promise<string> {
  const dir = temporaryFolder('memory');
  ensureDataDir(dir);
  const now = Date.now();
  const authority = await createAuthority({ clusterId: CLUSTER, clusterName: 't', now });
  const { csrPem, keyPem } = await createCsr('n1');
  const grant = {
    authority,
    clusterId: CLUSTER,
    nodeId: 'n1',
    role: 'voter' as const,
    hosts: [],
    csrPem,
    now,
  };
  const nodeCert = await issueNode(grant);
  writePki(dir, { caCert: authority.certPem, caKey: authority.keyPem, nodeCert, nodeKey: keyPem });
  writeIdentity(dir, {
    ...{ format: 1, clusterId: CLUSTER, clusterName: 't', nodeId: 'n1', suffrage: 'voter' },
    instanceId: '0a4b1c2d-9d55-4a5b-6c0e-6f0bd3c4aaaa',
  });
  for (let n = 0; n < 5; n++) nextBootCounter(dir);
  const seeds = [{ nodeId: 'n2', host: '10.1.2.3', port: 5433, peerPort: 5435 }];
  writeFileSync(join(dir, 'seeds.json'), sealedJson({ seeds }));
  return dir;
}

const FILES: Record<string, (dir: string) => unknown> = {
  'identity.json': readIdentity,
  'boot.json': nextBootCounter,
  'seeds.json': readSeeds,
  'pki/ca.crt': checkPki,
  'pki/ca.key': checkPki,
  'pki/node.crt': checkPki,
  'pki/node.key': checkPki,
};

/** Text outside the base64 of a PEM file may rot without harm: what is in it is the same. */
function meaningOf(dir: string, name: string): unknown {
  if (!name.startsWith('pki/')) return FILES[name]?.(dir);
  FILES[name]?.(dir);
  return 'sound';
}

describe('a small file of a node', () => {
  it('is each of those that say so', () => {
    const here = KINDS.filter(({ triedIn }) => triedIn === 'test/storage/small-files.test.ts');
    const tried = Object.keys(FILES);
    expect(here.filter(({ paths }) => !tried.some((name) => paths.test(name)))).toEqual([]);
    expect(tried.filter((name) => !here.some(({ paths }) => paths.test(name)))).toEqual([]);
  });

  it.each(Object.keys(FILES))('%s, with a bit flipped anywhere, is refused by its name', async (name) => {
    const dir = await folder();
    const path = join(dir, name);
    const bytes = readFileSync(path);
    const meant = meaningOf(dir, name);
    let refused = 0;
    const cases = sampled(0, bytes.length, 5);
    for (const at of cases) {
      for (const bit of name.startsWith('pki/') ? [at % 8] : [0, 2, 5, 7]) {
        const harmed = Buffer.from(bytes);
        harmed[at] = (harmed[at] as number) ^ (1 << bit);
        writeFileSync(path, harmed);
        try {
          // the name of the checksum itself may be what rotted: then nothing else did
          expect({ is: meaningOf(dir, name) }, `bit ${bit} of byte ${at}`).toMatchObject({ is: meant });
          tally(`flipped bit: ${name}`, 'read as it was');
        } catch (error) {
          if (!(error instanceof SqlccError)) throw error;
          expect(error.message, `bit ${bit} of byte ${at}`).toContain(path);
          expect(error.hint).toMatch(/wipe|version/);
          refused++;
          tally(`flipped bit: ${name}`, 'refused');
        }
      }
    }
    expect(refused).toBeGreaterThan(cases.length * 0.7);
  });

  it('of the certificates, taken from another node or cluster, is refused by its name', async () => {
    const [own, other] = [await folder(), await folder()];
    const pki = readPki(own);
    for (const part of ['caCert', 'nodeCert', 'nodeKey', 'caKey'] as const) {
      writePki(own, { ...pki, [part]: readPki(other)[part] });
      expect(() => checkPki(own), part).toThrow(/is damaged/);
      tally('file of another cluster', 'refused');
    }
    writePki(own, pki);
    checkPki(own);
    expect(existsSync(join(own, 'pki', 'ca.key'))).toBe(true);
  });
});
