/** A cluster with a clock that is off, and its CA replaced under load: no call fails, old certificates end at the end. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { DemoCluster } from '../../daemon/demo-cluster.ts';
import { must } from '../../src/base/index.ts';
import { SqlccClient } from '../../src/client/index.ts';
import { leaderOf, sharedCluster, sqlccOn, until } from '../cluster/harness.ts';
import { adminFile, HttpCaller } from '../cluster/http-caller.ts';
import { WallClock } from '../lab/index.ts';
import { skipVisibly } from '../lab/skip.ts';

const ROTATE = ['cert', 'rotate-ca', '--yes-cluster', 'demo'];

interface Row {
  readonly name: string;
  readonly kind: string;
  readonly signed_by: string;
  readonly is_signing: boolean | null;
  readonly where: readonly string[];
}

async function certificates(cluster: DemoCluster): Promise<Row[]> {
  const { stdout } = await sqlccOn(cluster, ['cert', 'list', '-o', 'json']);
  return (JSON.parse(stdout) as { certificates: Row[] }).certificates;
}

/** Writes one key after the other until it is stopped; every error is kept. */
function writing(client: SqlccClient) {
  const errors: string[] = [];
  let written = 0;
  let stopped = false;
  const run = (async () => {
    while (!stopped) {
      await client.kv.put('k', String(written)).then(
        () => written++,
        (error: Error) => errors.push(error.message),
      );
    }
  })();
  return {
    errors,
    written: () => written,
    stop: async () => {
      stopped = true;
      await run;
    },
  };
}

/** Values of one key as they change, and what ended the watch. */
function watching(client: SqlccClient) {
  const state: { readonly seen: string[]; error: Error | null } = { seen: [], error: null };
  void (async () => {
    for await (const line of client.kv.watch({ key: 'watched' }))
      if (line.type === 'put') state.seen.push(line.value ?? '');
  })().catch((error: Error) => {
    state.error = error;
  });
  return state;
}

const fingerprints = (pem: string): string[] =>
  (pem.match(/-----BEGIN[\s\S]+?-----END CERTIFICATE-----/g) ?? []).map(
    (c) => new X509Certificate(c).fingerprint256,
  );

const shared = sharedCluster(3);
const noClock = skipVisibly('the alert of a clock that is off', WallClock.missing());

it.skipIf(noClock)('a node whose clock is 5 s ahead fires ClockSkew', async () => {
  const cluster = shared();
  const clock = new WallClock();
  clock.jumpMs(5000);
  for (const [name, value] of Object.entries(clock.env())) vi.stubEnv(name, value);
  await cluster.addNode('observer');
  vi.unstubAllEnvs();
  const client = cluster.client();
  const rule = 'name: ClockSkew, condition: "clock_offset > 1s", severity: warning, actions: [], for: 1s';
  await client.putConfig({ text: `alerts:\n  - {${rule}}\n` });
  const fires = async () => {
    const { alerts } = await client.alerts();
    const found = alerts.filter((a) => a.rule === 'ClockSkew' && a.state === 'firing');
    return found.length > 0 ? found : null;
  };
  const fired = await until('the alert', fires);
  expect(fired.map((a) => a.node_id)).toEqual(['n4']);
  const { metrics } = await client.metrics({ node: 'n4' });
  expect(metrics['clock_offset']).toBeGreaterThan(4);
  expect(metrics['clock_offset']).toBeLessThan(6);
});

it('the CA is replaced while calls flow and streams stand, and the old one goes at the end', async () => {
  const cluster = shared();
  if (cluster.nodes.length === 3) await cluster.addNode('observer');
  const oldCa = adminFile(cluster, 'ca.crt');
  const old = { cert: adminFile(cluster, 'admin.crt'), key: adminFile(cluster, 'admin.key') };
  const endpoints = cluster.nodes.map((n) => `127.0.0.1:${n.port}`);
  const oldClient = new SqlccClient({ endpoints, ca: oldCa, ...old });
  const oldCaller = new HttpCaller(cluster, old);
  const { term } = (await oldClient.status()).raft;
  const writer = writing(oldClient);
  let streamEnded = false;
  void oldCaller.ask('n2', 'GET', '/v1/events?types=gap', { timeoutMs: 600_000 }).then(
    () => {
      streamEnded = true;
    },
    () => {
      streamEnded = true;
    },
  );

  // as every command of the CLI: what its files hold is read anew when a node refuses it
  const files = () => ({
    ...{ ca: adminFile(cluster, 'ca.crt') },
    ...{ cert: adminFile(cluster, 'admin.crt'), key: adminFile(cluster, 'admin.key') },
  });
  const open = new SqlccClient({ endpoints, ...files(), credentials: files });
  const watched = watching(open);
  await open.kv.put('watched', 'before');
  const rotated = await sqlccOn(cluster, [...ROTATE, '--reason', 'a drill', '-o', 'json']);
  expect(rotated.stderr).toBe('');
  expect(JSON.parse(rotated.stdout).operation).toMatchObject({ kind: 'rotate-ca', state: 'done' });
  await writer.stop();
  process.stderr.write(`rotated in ${Math.round(rotated.ms)} ms, ${writer.written()} writes meanwhile\n`);
  expect(writer.errors).toEqual([]);
  expect(writer.written()).toBeGreaterThan(0);
  expect(streamEnded).toBe(false);

  // every node shows a certificate of the new CA, and both are trusted: old files work as before
  const between = await certificates(cluster);
  const cas = between.filter((c) => c.kind === 'ca');
  expect(cas.map((c) => c.is_signing).toSorted()).toEqual([false, true]);
  const fresh = cas.find((c) => c.is_signing)?.signed_by;
  const nodes = between.filter((c) => c.where.includes('own'));
  expect(nodes.map((c) => `${c.name} ${c.signed_by}`).toSorted()).toEqual(
    ['n1', 'n2', 'n3', 'n4'].map((id) => `${id} ${fresh}`),
  );
  const admin = between.find((c) => c.name === 'admin');
  expect(admin?.signed_by).not.toBe(fresh);
  // whoever trusts the old CA alone still finds the way, over new connections too
  const late = new SqlccClient({ endpoints, ca: oldCa, ...old });
  expect((await late.leader()).leader_id).toBe(await leaderOf(cluster));
  const early = await sqlccOn(cluster, [...ROTATE, '--finish']);
  expect(early.code).toBe(6);
  expect(early.stderr).toContain('cert renew --self');

  const renewed = await sqlccOn(cluster, ['cert', 'renew', '--self', '-o', 'json']);
  expect(renewed.stderr).toBe('');
  expect(JSON.parse(renewed.stdout)).toMatchObject({ name: 'admin', role: 'admin' });
  expect(adminFile(cluster, 'admin.key')).not.toBe(old.key);
  expect(fingerprints(adminFile(cluster, 'ca.crt'))).toHaveLength(1);

  const finished = await sqlccOn(cluster, [...ROTATE, '--finish', '-o', 'json']);
  expect(finished.stderr).toBe('');
  expect(JSON.parse(finished.stdout).operation).toMatchObject({ kind: 'retire-ca', state: 'done' });
  // the stream that stood ends, and nobody takes the old certificate: neither with the old trust nor with the new
  await until('the old stream ends', async () => streamEnded);
  const refused = new HttpCaller(cluster, old);
  for (const { nodeId } of cluster.nodes)
    expect((await refused.ask(nodeId, 'GET', '/v1/status')).status).toBe(401);
  // whoever has renewed its files meanwhile goes on: calls, and a watch that has never ended
  await until('a write by the new files', () => open.kv.put('watched', 'after'));
  await until('the watch', async () => watched.seen.at(-1) === 'after');
  expect(watched).toMatchObject({ error: null });
  const left = (await certificates(cluster)).filter((c) => c.kind === 'ca');
  expect(left.map((c) => c.signed_by)).toEqual([fresh]);
  for (const node of cluster.nodes)
    expect(fingerprints(readFileSync(join(node.dataDir, 'pki', 'ca.crt'), 'utf8'))).toHaveLength(1);
  await Promise.all([open.close(), oldClient.close(), late.close(), oldCaller.close(), refused.close()]);
  const audit = await sqlccOn(cluster, ['audit', 'list', '-o', 'json']);
  const lines = (JSON.parse(audit.stdout) as { records: { action: string; target: string }[] }).records;
  const said = lines.map((r) => `${r.action} ${r.target}`);
  expect(said).toContain('operation-begin rotate-ca - → -');
  expect(said).toContain('operation-begin retire-ca - → -');
  expect(said).toContain('certificate-renew person admin');
  // whoever has the new files sees a whole cluster, and what was written meanwhile
  const renewedClient = cluster.newClient();
  onTestFinished(() => renewedClient.close());
  const { raft, nodes: rows } = await renewedClient.status();
  expect(rows.map((row) => row.liveness)).toEqual(['alive', 'alive', 'alive', 'alive']);
  expect((await renewedClient.kv.get('k'))?.value).toBe(String(writer.written() - 1));
  process.stderr.write(`term ${term} before, ${raft.term} after\n`);
});

/** The CAs in each node's folder, and which of them signed its certificate. */
function folders(cluster: DemoCluster): { readonly cas: readonly string[]; readonly signedBy: string }[] {
  return cluster.nodes.map(({ dataDir }) => {
    const read = (name: string) => readFileSync(join(dataDir, 'pki', name), 'utf8');
    const own = new X509Certificate(read('node.crt'));
    const cas = (read('ca.crt').match(/-----BEGIN[\s\S]+?-----END CERTIFICATE-----/g) ?? []).map(
      (pem) => new X509Certificate(pem),
    );
    const signer = cas.find((ca) => own.verify(ca.publicKey));
    return { cas: cas.map((ca) => ca.fingerprint256), signedBy: signer?.fingerprint256 ?? 'nobody' };
  });
}

/** With the files that the context has now: those of the test before are of a CA that is gone. */
async function withClient<T>(cluster: DemoCluster, work: (client: SqlccClient) => Promise<T>): Promise<T> {
  const client = cluster.newClient();
  return work(client).finally(() => client.close());
}

it('whose leader is killed amid it goes on under the next one, in both halves, and locks nobody out', async () => {
  const cluster = shared();
  const [before] = fingerprints(adminFile(cluster, 'ca.crt'));
  /** Begins it, kills whoever leads as often as its phase moves, and answers how it ended with all nodes there. */
  const through = (kind: 'rotate-ca' | 'retire-ca') =>
    withClient(cluster, async (client) => {
      // refused while a node that joined gets its vote
      const { id } = await until('its begin', () => client.runOperation({ kind, reason: 'a drill' }));
      const leads = async () => (await client.leader()).leader_id;
      const killed: string[] = [];
      let { phase, state } = await client.operation(id);
      while (state === 'running') {
        const leader = must(await leads(), 'a leader');
        await cluster.killNode(leader);
        killed.push(`${leader} in ${phase}`);
        await until('another leader', async () => ![leader, null].includes(await leads()));
        // the next one goes on with it, up to where it waits for the word of whoever is away
        await client.kv.put('amid', kind);
        await cluster.startNode(leader);
        const moved = async () => {
          const now = await client.operation(id);
          return now.phase === phase && now.state === 'running' ? null : now;
        };
        ({ phase, state } = await until('the next phase', moved));
      }
      process.stderr.write(`${kind}: killed ${killed.join(', ')}; ${state}\n`);
      const alive = async () => (await client.nodes()).nodes.every((n) => n.liveness === 'alive');
      await until('all are there', alive);
      return (await client.operation(id)).error ?? state;
    });
  expect(await through('rotate-ca')).toBe('done');
  const both = folders(cluster);
  const fresh = both[0]?.signedBy;
  expect(fresh).not.toBe(before);
  for (const { cas, signedBy } of both) {
    expect([...cas].sort()).toEqual([before, fresh].sort());
    expect(signedBy).toBe(fresh);
  }
  expect((await sqlccOn(cluster, ['cert', 'renew', '--self'])).code).toBe(0);
  expect(await through('retire-ca')).toBe('done');
  for (const { cas, signedBy } of folders(cluster)) expect([cas, signedBy]).toEqual([[fresh], fresh]);
  await withClient(cluster, async (client) => {
    expect((await client.kv.get('amid'))?.value).toBe('retire-ca');
    const hashes = async () => {
      const all = await Promise.all(cluster.nodes.map((n) => client.stateHash(n.nodeId)));
      return new Set(all.map((a) => a.index)).size === 1 ? new Set(all.map((a) => a.state_hash)) : null;
    };
    expect((await until('one index', hashes)).size).toBe(1);
  });
});
