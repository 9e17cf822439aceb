/**
 * A flipped bit in each byte of the files that a node can do without: what it remembers, is about to do or
 * still has to tell. Nothing that was changed is ever believed, and of what was to be told something is told.
 */
import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AuditMark } from '../../daemon/audit-mark.ts';
import { AvailabilityFile } from '../../daemon/availability-file.ts';
import { ensureDataDir } from '../../daemon/data-dir.ts';
import { keepNextKey, readNextKey, readPki, signerOf, writePki } from '../../daemon/data-files.ts';
import { DenialChain, readDenials } from '../../daemon/denial-chain.ts';
import { type IssuedParts, noteIssued, tellIssued } from '../../daemon/issued.ts';
import { prepareJoinFolder } from '../../daemon/join-folder.ts';
import { recallHosts } from '../../daemon/known-hosts.ts';
import { sealedJson } from '../../daemon/sealed-json.ts';
import { ToldFile } from '../../daemon/told-file.ts';
import { verifyChain } from '../../src/audit/index.ts';
import {
  bridgeAuthorities,
  certificateOfKey,
  createAuthority,
  createCsr,
  issueNode,
  issuerIn,
} from '../../src/pki/index.ts';
import { HOSTS } from '../../src/rpc/index.ts';
import { reportAtEnd, sampled, tally, temporaryFolder } from './effort.ts';
import { KINDS } from './kinds.ts';

reportAtEnd();

const CLUSTER = { clusterId: '6f0bd3c4-6c0e-4a5b-9d55-0a4b1c2d3e4f', clusterName: 't', now: Date.now() };
const [old, next] = [await createAuthority(CLUSTER), await createAuthority(CLUSTER)];

/** What a node makes of the file now: what was written, or what it is without it. Throws at anything else. */
type Judge = () => 'as it was' | 'forgotten' | 'told' | Promise<'as it was' | 'forgotten' | 'told'>;

async function toldIncident(dir: string): Promise<Judge> {
  const file = new ToldFile(dir);
  file.keep({ incident: 'term-4', channels: ['slack'] });
  await file.settled();
  return () => {
    const found = file.recall();
    expect([null, { incident: 'term-4', channels: ['slack'] }]).toContainEqual(found);
    return found === null ? 'forgotten' : 'as it was';
  };
}

function availability(dir: string): Judge {
  const now = Date.now();
  const totals = { observedMs: 9000, servingMs: 4000 };
  const month = () => new AvailabilityFile(dir, 0).report(now).windows.at(-1);
  const file = new AvailabilityFile(dir, 0);
  file.heard(totals, { wall: now, now: 0 });
  file.close();
  return () => {
    const found = month();
    expect([0, totals.observedMs]).toContain(found?.observedMs);
    if (found?.observedMs === 0) return 'forgotten';
    expect(found).toMatchObject(totals);
    return 'as it was';
  };
}

async function auditMark(dir: string): Promise<Judge> {
  const mark = new AuditMark(dir);
  mark.keep(4711);
  await mark.settled();
  return () => {
    const found = mark.recall();
    expect([null, 4711]).toContain(found);
    return found === null ? 'forgotten' : 'as it was';
  };
}

/** The table is the process's own: what it learned once it keeps, so it shows only what was learned in error. */
function hosts(dir: string): Judge {
  const table = { 'db2.example': ['10.1.2.3', 'fd00::3'] };
  writeFileSync(join(dir, 'hosts.json'), sealedJson({ hosts: table }));
  return () => {
    recallHosts(dir);
    expect(HOSTS.table()).toEqual(table);
    return 'as it was';
  };
}

/** Instance, request and key belong together: those of the first try, or others. */
async function joining(dir: string): Promise<Judge> {
  const first = await prepareJoinFolder(dir, 'n2');
  const keyPath = join(dir, 'pki', 'node.key');
  return async () => {
    writeFileSync(keyPath, first.keyPem);
    const found = await prepareJoinFolder(dir, 'n2');
    const same = (['instanceId', 'csrPem', 'keyPem'] as const).filter((part) => found[part] === first[part]);
    expect([0, 3]).toContain(same.length);
    return same.length === 3 ? 'as it was' : 'forgotten';
  };
}

/** Two certificates, one of which the daemon has begun to tell of. */
function issued(dir: string, file: string): Judge {
  const waiting = join(dir, 'pki', 'issued.jsonl');
  const times = { at: '2026-11-29T00:00:00Z', until: '2026-12-29T00:00:00Z' };
  noteIssued(dir, { name: 'ann', role: 'admin', serial: '0a1b', ...times });
  noteIssued(dir, { name: 'bert', role: 'viewer', serial: '2c3d', ...times });
  if (file.endsWith('sending.jsonl')) renameSync(waiting, join(dir, file));
  const told: string[] = [];
  const propose = async (_: string, data: Uint8Array) => {
    const { kind, target, reason, after } = JSON.parse(new TextDecoder().decode(data)).command;
    // beside its line in the audit each certificate is put on record
    if (kind === 'audit-note') told.push(`${target}, ${reason}, ${after}`);
    return { result: { ok: true, value: {} } };
  };
  const parts = {
    facts: { nodeId: 'n1', dataDir: dir },
    logger: { log: () => {} },
    reads: { isLeader: true },
    consensus: { proposals: { propose } },
  } as unknown as IssuedParts;
  let whole: string[] = [];
  return async () => {
    told.length = 0;
    expect(await tellIssued(parts)).toBe(true);
    if (whole.length === 0) whole = [...told];
    const kept = told.filter((line) => whole.includes(line));
    const unknown = told.filter((line) => line.startsWith('person unknown'));
    expect([...kept, ...unknown]).toHaveLength(told.length);
    expect(whole).toHaveLength(2);
    if (kept.length === 2 && unknown.length === 0) return 'as it was';
    expect(unknown.length).toBeGreaterThan(0);
    return 'told';
  };
}

/** Both files of the chain. A line that lost its end is what a crash leaves of the newest. */
function denials(dir: string, file: string): Judge {
  const [path, older] = [join(dir, 'denials.jsonl'), join(dir, 'denials.1.jsonl')];
  for (const who of ['viewer ann', 'viewer bert']) {
    if (existsSync(path)) renameSync(path, older);
    const chain = new DenialChain(dir, () => {});
    for (let n = 0; n < 3; n++)
      chain.append({ who, from: '192.0.2.7', what: 'permission_denied', count: 1 }, n);
    chain.close();
  }
  const { records } = readDenials(dir);
  expect(records).toHaveLength(6);
  return () => {
    const found = readDenials(dir);
    const verdict = verifyChain(found.anchor, found.records);
    if (found.damage !== null || !verdict.ok) return 'told';
    if (found.records.length === 5 && file === 'denials.jsonl') {
      expect(found.records).toEqual(records.slice(0, 5));
      return 'forgotten';
    }
    expect(found.records).toEqual(records);
    return 'as it was';
  };
}

function nextKey(dir: string): Judge {
  keepNextKey(dir, next.keyPem);
  return () => {
    const found = certificateOfKey(readNextKey(dir) ?? '', next.certPem);
    return found === null ? 'forgotten' : 'as it was';
  };
}

async function bridge(dir: string): Promise<Judge> {
  const { csrPem, keyPem } = await createCsr('n1');
  const grant = { authority: next, clusterId: CLUSTER.clusterId, nodeId: 'n1', hosts: [], csrPem };
  const nodeCert = await issueNode({ ...grant, role: 'voter', now: CLUSTER.now });
  const caBridge = await bridgeAuthorities(old, next, CLUSTER.now);
  const caCert = `${next.certPem}${old.certPem}`;
  writePki(dir, { caCert, caKey: next.keyPem, nodeCert, nodeKey: keyPem, caBridge });
  return () => {
    const { bridgePem } = signerOf(readPki(dir)) ?? {};
    if (bridgePem === undefined) return 'forgotten';
    expect(issuerIn(new X509Certificate(bridgePem), caCert)).toBe(old.certPem);
    return 'as it was';
  };
}

const FILES: Record<string, (dir: string, file: string) => Judge | Promise<Judge>> = {
  'told.json': toldIncident,
  'availability.json': availability,
  'audit-logged.json': auditMark,
  'hosts.json': hosts,
  'join.json': joining,
  'pki/issued.jsonl': issued,
  'pki/issued.sending.jsonl': issued,
  'denials.jsonl': denials,
  'denials.1.jsonl': denials,
  'pki/ca-next.key': nextKey,
  'pki/ca-bridge.crt': bridge,
};

describe('a file that a node can do without', () => {
  it('is each of those that say so', () => {
    const here = KINDS.filter(({ triedIn }) => triedIn === 'test/storage/memories.test.ts');
    const tried = Object.keys(FILES);
    expect(here.filter(({ paths }) => !tried.some((name) => paths.test(name)))).toEqual([]);
    expect(tried.filter((name) => !here.some(({ paths }) => paths.test(name)))).toEqual([]);
  });

  it.each(Object.keys(FILES))('%s, with a bit flipped anywhere, is never believed', async (name) => {
    const dir = temporaryFolder('memory');
    ensureDataDir(dir);
    const judge = await (FILES[name] as (typeof FILES)[string])(dir, name);
    const path = join(dir, name);
    const bytes = readFileSync(path);
    expect(await judge()).toBe('as it was');
    let noticed = 0;
    const cases = sampled(0, bytes.length, 5);
    for (const at of cases) {
      const bit = name.startsWith('pki/ca') ? at % 8 : ([0, 2, 5, 7][at % 4] as number);
      const harmed = Buffer.from(bytes);
      harmed[at] = (harmed[at] as number) ^ (1 << bit);
      writeFileSync(path, harmed, { mode: 0o600 });
      const outcome = await judge();
      if (outcome !== 'as it was') noticed++;
      tally(`flipped bit: ${name}`, outcome);
    }
    // of the table of names only what was learned in error could be seen
    if (name !== 'hosts.json') expect(noticed).toBeGreaterThan(cases.length * 0.7);
  });
});
