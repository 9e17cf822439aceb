import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { ensureDataDir, FORMAT_VERSION, writeIdentity } from '../../../daemon/data-dir.ts';
import { readPki, writePki } from '../../../daemon/data-files.ts';
import { issueAdmin } from '../../../daemon/issue-admin.ts';
import { type IssuedParts, tellIssued } from '../../../daemon/issued.ts';
import { Renewal, renewalTime, renewIfDue } from '../../../daemon/renewal.ts';
import type { NodeRole } from '../../../src/auth/index.ts';
import {
  type Authority,
  checkValidity,
  createAuthority,
  createCsr,
  identityOf,
  issueNode,
} from '../../../src/pki/index.ts';

const DAY_MS = 86_400_000;
const CLUSTER_ID = 'c0ffee00-0000-4000-8000-000000000002';
const NOW = Date.now();

let dir = '';
let authority: Authority;
let logged: { level: string; event: string }[] = [];
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'sqlcc-unit-'));
  ensureDataDir(dir);
  logged = [];
  authority = await createAuthority({ clusterId: CLUSTER_ID, clusterName: 'demo', now: NOW });
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** The folder of a node whose certificate was signed at `NOW`. */
async function folder(role: NodeRole, clusterId = CLUSTER_ID): Promise<void> {
  const { csrPem, keyPem } = await createCsr('n1');
  const grant = { authority, clusterId, nodeId: 'n1', role, hosts: ['10.0.0.1'], csrPem, now: NOW };
  writePki(dir, {
    caCert: authority.certPem,
    nodeCert: await issueNode(grant),
    nodeKey: keyPem,
    caKey: role === 'voter' ? authority.keyPem : null,
  });
}

function renew(now: number, askVoter?: (publicKeyPem: string) => Promise<string>) {
  const logger = { log: (level: string, event: string) => void logged.push({ level, event }) };
  const options = { dataDir: dir, clusterId: CLUSTER_ID, hosts: ['10.0.0.2', 'db.example'], logger };
  return renewIfDue(askVoter === undefined ? options : { ...options, askVoter }, now);
}

describe('renewIfDue', () => {
  it('does nothing before two thirds of the life are over', async () => {
    await folder('voter');
    const before = readPki(dir);
    const due = renewalTime(before.nodeCert);
    expect(Math.abs(due - (NOW + 60 * DAY_MS))).toBeLessThan(600_000);
    expect(await renew(due - 1)).toBeNull();
    expect(readPki(dir)).toEqual(before);
    expect(logged).toEqual([]);
  });

  it.each([60.1, 89, 400])(
    'signs a certificate of 90 days anew on day %d, with the same key',
    async (day) => {
      await folder('voter');
      const before = readPki(dir);
      const now = NOW + day * DAY_MS;
      const after = await renew(now);
      expect(after).toEqual({ ...before, nodeCert: readFileSync(join(dir, 'pki', 'node.crt'), 'utf8') });
      expect(statSync(join(dir, 'pki', 'node.crt')).mode & 0o777).toBe(0o600);
      const [old, fresh] = [before, readPki(dir)].map((pki) => new X509Certificate(pki.nodeCert)) as [
        X509Certificate,
        X509Certificate,
      ];
      expect(fresh.publicKey.equals(old.publicKey)).toBe(true);
      expect(fresh.serialNumber).not.toBe(old.serialNumber);
      expect(identityOf(fresh, CLUSTER_ID)).toMatchObject({ role: 'voter', id: 'n1' });
      expect(fresh.verify(new X509Certificate(authority.certPem).publicKey)).toBe(true);
      expect(fresh.checkIP('10.0.0.2')).toBeDefined();
      expect(fresh.checkHost('db.example')).toBeDefined();
      expect(checkValidity(fresh, now + 89 * DAY_MS)).toEqual({ ok: true });
      expect(logged).toEqual([{ level: 'info', event: 'certificate-renewed' }]);
      expect(await renew(now)).toBeNull();
    },
  );

  it('warns on an observer while nobody can be asked, and leaves its files alone', async () => {
    await folder('observer');
    const before = readPki(dir);
    expect(await renew(NOW + 70 * DAY_MS)).toBeNull();
    expect(readPki(dir)).toEqual(before);
    expect(logged).toEqual([{ level: 'warn', event: 'certificate-due' }]);
  });

  it('has a voter sign for the key of an observer, and takes what fits this node only', async () => {
    await folder('observer');
    const before = readPki(dir);
    const now = NOW + 70 * DAY_MS;
    const grant = {
      authority,
      clusterId: CLUSTER_ID,
      nodeId: 'n1',
      role: 'observer',
      hosts: [],
      now,
    } as const;
    const other = await createAuthority({ clusterId: CLUSTER_ID, clusterName: 'demo', now });
    const wrong: ((publicKeyPem: string) => Promise<string>)[] = [
      (publicKeyPem) => issueNode({ ...grant, publicKeyPem, nodeId: 'n2' }),
      (publicKeyPem) => issueNode({ ...grant, publicKeyPem, role: 'voter' }),
      (publicKeyPem) => issueNode({ ...grant, publicKeyPem, authority: other }),
      (publicKeyPem) => issueNode({ ...grant, publicKeyPem, now: now - 200 * DAY_MS }),
      async () => issueNode({ ...grant, csrPem: (await createCsr('n1')).csrPem }),
    ];
    for (const sign of wrong) await expect(renew(now, sign)).rejects.toThrow(/is not for this node/);
    expect(readPki(dir)).toEqual(before);
    const after = await renew(now, (publicKeyPem) => issueNode({ ...grant, publicKeyPem }));
    expect(after).toEqual(readPki(dir));
    expect(after?.nodeCert).not.toBe(before.nodeCert);
    expect(after?.nodeKey).toBe(before.nodeKey);
  });

  it('asks nobody with a certificate that has ended: no voter would let it in', async () => {
    await folder('observer');
    const asked = await renew(NOW + 91 * DAY_MS, async () => {
      throw new RangeError('asked');
    });
    expect(asked).toBeNull();
    expect(logged).toEqual([{ level: 'warn', event: 'certificate-due' }]);
  });

  it('signs nothing for a certificate of another cluster', async () => {
    await folder('voter', 'another-cluster');
    await expect(renew(NOW + 70 * DAY_MS)).rejects.toThrow(/belongs to cluster another-cluster/);
  });
});

describe('Renewal', () => {
  afterEach(() => void vi.useRealTimers());

  it.each([
    ['at once', 0],
    ['a millisecond later each time it is asked', 1],
  ])('looks again where its timer came a moment before the time, and it is %s', async (_, stepMs) => {
    await folder('voter');
    const due = renewalTime(readPki(dir).nodeCert);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'], now: due - 5000 });
    const options = { dataDir: dir, clusterId: CLUSTER_ID, hosts: [], logger: { log: () => {} } };
    let renewed = 0;
    const isRenewed = Promise.withResolvers<void>();
    const renewal = new Renewal(options, () => {
      renewed++;
      isRenewed.resolve();
    });
    renewal.start();
    vi.setSystemTime(due - 5001);
    const clock = Date.now;
    let steps = 0;
    const spy = vi.spyOn(Date, 'now').mockImplementation(() => clock() + stepMs * steps++);
    onTestFinished(() => spy.mockRestore());
    await vi.advanceTimersByTimeAsync(5000);
    expect(Date.now(), 'a millisecond early').toBeGreaterThanOrEqual(due - 1);
    await vi.advanceTimersByTimeAsync(1000);
    // it is signed beside the timers, on threads that may have to wait for a processor
    await isRenewed.promise;
    expect(renewed).toBe(1);
    renewal.stop();
  });
});

describe('issueAdmin', () => {
  const identity = {
    ...{ format: FORMAT_VERSION, clusterId: CLUSTER_ID, clusterName: 'demo', nodeId: 'n1', instanceId: 'i' },
    suffrage: 'voter' as const,
  };
  const grant = { name: 'ann', role: 'admin', validForMs: 365 * DAY_MS } as const;

  it('signs a person with the key on a voter’s disk, for as long as asked', async () => {
    await folder('voter');
    writeIdentity(dir, identity);
    const made = await issueAdmin({ ...grant, dataDir: dir });
    const certificate = new X509Certificate(made.cert);
    expect(identityOf(certificate, CLUSTER_ID)).toMatchObject({ role: 'admin', id: 'ann' });
    expect(Math.abs(made.expires - NOW - 365 * DAY_MS)).toBeLessThan(60_000);
    expect(made).toMatchObject({ clusterName: 'demo', clusterId: CLUSTER_ID, ca: authority.certPem });
    expect(certificate.verify(new X509Certificate(made.ca).publicKey)).toBe(true);
  });

  it('is told to the cluster by the daemon of the folder, until somebody took it', async () => {
    await folder('voter');
    writeIdentity(dir, identity);
    const made = await issueAdmin({ ...grant, dataDir: dir });
    const proposed: { command: Record<string, string>; actor: string; origin: object }[] = [];
    let isLeader = false;
    const parts = {
      facts: { nodeId: 'n1', dataDir: dir },
      logger: { log: () => {} },
      reads: { leader: () => null },
      consensus: {
        proposals: {
          propose: async (_kind: string, data: Uint8Array) => {
            proposed.push(JSON.parse(new TextDecoder().decode(data)));
            return { result: { ok: true, value: {} } };
          },
        },
      },
    };
    Object.defineProperty(parts.reads, 'isLeader', { get: () => isLeader });
    const tell = () => tellIssued(parts as unknown as IssuedParts);
    expect(await tell()).toBe(false);
    await issueAdmin({ ...grant, dataDir: dir, name: 'bert', role: 'viewer' });
    isLeader = true;
    // the first file is on its way, the second one waits for the next time
    expect(await tell()).toBe(false);
    expect(await tell()).toBe(true);
    expect(await tell()).toBe(true);
    const serial = new X509Certificate(made.cert).serialNumber.toLowerCase();
    const { expires } = made;
    expect(proposed.map(({ command: c }) => c['target'] ?? `${c['kind']} ${c['name']}`)).toEqual([
      ...['person ann', 'certificate-known ann', 'person bert', 'certificate-known bert'],
    ]);
    // so that its end is told of before it comes
    expect(proposed[1]?.command).toMatchObject({ name: 'ann', role: 'admin', serial, expires });
    expect(proposed[0]).toMatchObject({
      command: { after: expect.stringContaining(`serial ${serial}, role admin, until `) },
      actor: expect.stringMatching(/^local:/),
      origin: { credential: 'ca.key', from: 'the disk of n1' },
    });
  });

  it('refuses on an observer, a bad name, and a length that is none', async () => {
    await folder('observer');
    writeIdentity(dir, { ...identity, suffrage: 'observer' });
    await expect(issueAdmin({ ...grant, dataDir: dir })).rejects.toThrow(/holds no CA key/);
    await folder('voter');
    await expect(issueAdmin({ ...grant, dataDir: dir, name: 'a/b' })).rejects.toThrow(/a name has/);
    for (const validForMs of [0, 59_999, Number.NaN, 3651 * DAY_MS])
      await expect(issueAdmin({ ...grant, dataDir: dir, validForMs })).rejects.toThrow(
        /1 minute to 10 years/,
      );
  });
});
