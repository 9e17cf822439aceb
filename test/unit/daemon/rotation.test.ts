import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureDataDir } from '../../../daemon/data-dir.ts';
import { readNextKey, writePki } from '../../../daemon/data-files.ts';
import type { NodeContext } from '../../../daemon/node-context.ts';
import { freshAuthority, oldHolders, oneRotation } from '../../../daemon/rotation.ts';
import type { Identity } from '../../../src/auth/index.ts';
import type { Authorities } from '../../../src/cluster/index.ts';
import {
  certificateOfKey,
  createAuthority,
  createCsr,
  isSignedBy,
  issueNode,
  issuePerson,
  spkiFingerprint,
} from '../../../src/pki/index.ts';
import { threeNodes } from '../cluster/world.ts';

const clusterId = 'c-1';
const now = Date.now();
const make = () => createAuthority({ clusterId, clusterName: 'trial', now });
const [old, next] = [await make(), await make()];
const named = ({ certPem }: { certPem: string }) => ({ sha256: spkiFingerprint(certPem), certPem });

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sqlcc-unit-'));
  ensureDataDir(dir);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

interface Shown {
  readonly certificate: X509Certificate;
  readonly identity: Identity;
}

function contextOf(authorities: Authorities | undefined, shown: readonly Shown[] = []): NodeContext {
  const { cluster } = threeNodes();
  return {
    facts: { dataDir: dir },
    state: { cluster: authorities === undefined ? cluster : { ...cluster, authorities } },
    seen: { list: () => shown },
  } as unknown as NodeContext;
}

describe('freshAuthority', () => {
  it('makes a CA of the same name whose key lies on this disk, signed by the one before too', async () => {
    const { csrPem, keyPem: nodeKey } = await createCsr('n1');
    const grant = { authority: old, clusterId, nodeId: 'n1', role: 'voter', hosts: [], csrPem, now } as const;
    writePki(dir, { caCert: old.certPem, nodeCert: await issueNode(grant), nodeKey });
    await expect(freshAuthority(contextOf(undefined))).rejects.toMatchObject({
      ...{ code: 'failed_precondition', hint: expect.stringContaining('sqlcc cluster switchover') },
    });
    writePki(dir, { caKey: old.keyPem });
    const fresh = await freshAuthority(contextOf(undefined));
    expect(fresh?.signing).toEqual(named(old));
    expect(certificateOfKey(readNextKey(dir) ?? '', fresh?.next.certPem ?? '')).toBe(fresh?.next.certPem);
    const bridge = new X509Certificate(fresh?.bridgePem ?? '');
    expect(isSignedBy(bridge, new X509Certificate(old.certPem))).toBe(true);
    expect(bridge.subject).toBe(new X509Certificate(old.certPem).subject);
    // what goes on goes on with the CA that it has
    const going = {
      stage: 'issuing',
      signing: named(next),
      beside: named(old),
      bridgePem: '',
      followed: [],
    } as const;
    expect(await freshAuthority(contextOf(going))).toBeUndefined();
  });
});

describe('oneRotation', () => {
  it('lets a second one begin only when the first has begun, whatever came of it', async () => {
    let end = (): void => {};
    const first = oneRotation(
      () =>
        new Promise<void>((resolve) => {
          end = resolve;
        }),
    );
    await expect(oneRotation(async () => {})).rejects.toMatchObject({ code: 'conflict' });
    end();
    await first;
    await expect(oneRotation(() => Promise.reject(new TypeError('x')))).rejects.toThrow('x');
    expect(await oneRotation(async () => 7)).toBe(7);
  });
});

describe('oldHolders', () => {
  it('are people whose certificates the old CA signed; nodes renew by themselves', async () => {
    const shown = async (authority: typeof old, id: string): Promise<Shown> => {
      const { certPem } = await issuePerson({ authority, clusterId, name: id, role: 'admin', now });
      const certificate = new X509Certificate(certPem);
      const serial = certificate.serialNumber.toLowerCase();
      return { certificate, identity: { kind: 'certificate', role: 'admin', id, serial } };
    };
    const [anna, bert, node] = [await shown(old, 'anna'), await shown(next, 'bert'), await shown(old, 'n2')];
    const both = {
      stage: 'changed',
      signing: named(next),
      beside: named(old),
      bridgePem: '',
      followed: [],
    } as const;
    const context = contextOf(both, [anna, bert, node]);
    expect(oldHolders(context, bert.identity)).toEqual({ isOwnOld: false, old: ['anna'] });
    expect(oldHolders(context, anna.identity)).toEqual({ isOwnOld: true, old: ['anna'] });
    expect(oldHolders(contextOf(undefined, [anna]), anna.identity)).toEqual({ isOwnOld: false, old: [] });
  });
});
