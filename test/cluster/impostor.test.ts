/** Certificates of this very cluster in wrong hands: a node that was removed, an observer that would lead. */
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import { describe, expect, it } from 'vitest';
import type { DemoCluster } from '../../daemon/demo-cluster.ts';
import { createCsr } from '../../src/pki/index.ts';
import { encodeMessages, type RaftMessage } from '../../src/raft/index.ts';
import { encodeFrames } from '../../src/rpc/index.ts';
import { PEER_FRAME } from '../../src/rpc/peer-frames.ts';
import { leaderOf, sharedCluster, until } from './harness.ts';
import { adminFile, HttpCaller } from './http-caller.ts';

const shared = sharedCluster(3);

interface Disk {
  readonly nodeId: string;
  readonly instanceId: string;
  readonly clusterId: string;
  readonly cert: string;
  readonly key: string;
}

/** Admits an observer that never starts, and keeps what it was given. */
async function admit(cluster: DemoCluster, nodeId: string, instanceId: string): Promise<Disk> {
  const { token } = await cluster.client().createToken({ kind: 'join', role: 'observer' });
  const { csrPem, keyPem } = await createCsr(nodeId);
  const caller = new HttpCaller(cluster, {});
  const body = {
    ...{ token, node_id: nodeId, instance_id: instanceId, csr: csrPem, host: '127.0.0.1', version: '0' },
    ...{ port: 71, client_port: 72, peer_port: 73, metrics_port: 74 },
  };
  const answer = await caller.ask(await leaderOf(cluster), 'POST', '/v1/join', { body });
  await caller.close();
  expect(answer.status).toBe(200);
  const { certificate, cluster_id } = answer.body as { certificate: string; cluster_id: string };
  return { nodeId, instanceId, clusterId: cluster_id, cert: certificate, key: keyPem };
}

async function remove(cluster: DemoCluster, nodeId: string): Promise<void> {
  const client = cluster.client();
  const { operation } = await client.removeNode(nodeId);
  const done = await client.waitOperation(operation?.id as string);
  expect(done.state).toBe('done');
}

interface Opened {
  readonly session: ClientHttp2Session;
  readonly stream: ClientHttp2Stream;
  /** Of the answer; 0 when the connection does not come about. */
  readonly status: number;
}

async function open(cluster: DemoCluster, disk: Disk, port: number, purpose: string): Promise<Opened> {
  const { cert, key } = disk;
  const session = connect(`https://127.0.0.1:${port}`, { ca: adminFile(cluster, 'ca.crt'), cert, key });
  const stream = session.request({
    ...{ ':method': 'CONNECT', ':authority': 'peer', 'x-sqlcc-stream': purpose },
    ...{
      'x-sqlcc-node': disk.nodeId,
      'x-sqlcc-cluster': disk.clusterId,
      'x-sqlcc-instance': disk.instanceId,
    },
  });
  stream.resume();
  const status = await new Promise<number>((resolve) => {
    stream.once('response', (answer) => resolve(Number(answer[':status'])));
    for (const end of [session, stream]) end.on('error', () => resolve(0)).once('close', () => resolve(0));
  });
  return { session, stream, status };
}

/** What the disk gets at all doors of all nodes. */
async function doors(cluster: DemoCluster, disk: Disk): Promise<Record<string, number[]>> {
  const found: Record<string, number[]> = { api: [], gossip: [], control: [], bulk: [] };
  const caller = new HttpCaller(cluster, disk);
  for (const { nodeId, port, peerPort } of cluster.nodes) {
    found['api']?.push((await caller.ask(nodeId, 'GET', '/v1/status')).status);
    for (const [purpose, at] of [
      ['gossip', port],
      ['control', peerPort],
      ['bulk', peerPort],
    ] as const) {
      const { session, status } = await open(cluster, disk, at, purpose);
      found[purpose]?.push(status);
      session.destroy();
    }
  }
  await caller.close();
  return found;
}

const all = (status: number): number[] => [status, status, status];

describe('the certificate of a disk', () => {
  it('opens every door until it is removed, and none when a new disk has its name', async () => {
    const cluster = shared();
    const first = await admit(cluster, 'o1', 'first disk');
    const everywhere = async (disk: Disk, wanted: Record<string, number[]>) =>
      until('the record is everywhere', async () => {
        return JSON.stringify(await doors(cluster, disk)) === JSON.stringify(wanted);
      });
    const open = { api: all(200), gossip: all(200), control: all(200), bulk: all(200) };
    const shut = { api: all(401), gossip: all(401), control: all(403), bulk: all(403) };
    await everywhere(first, open);
    await remove(cluster, 'o1');
    await everywhere(first, shut);
    const second = await admit(cluster, 'o1', 'second disk');
    await everywhere(second, open);
    expect(await doors(cluster, first)).toEqual(shut);
    await remove(cluster, 'o1');
  });
});

describe('an observer’s certificate', () => {
  it('neither leads, nor votes, nor ends a term, nor ends a voter', async () => {
    const cluster = shared();
    const client = cluster.client();
    const disk = await admit(cluster, 'o2', 'disk');
    const { leader_id: leader, term } = await client.leader();
    const said: ((base: Record<string, unknown>) => unknown)[] = [term, term + 50].flatMap((t) => [
      (base) => ({ ...base, kind: 'heartbeat', term: t, commit: 0, round: 1, session: 1, ranks: ['o2'] }),
      (base) => ({ ...base, kind: 'vote', term: t, last: { index: 1e6, term: t }, reason: 'transfer' }),
      (base) => ({ ...base, kind: 'timeout-now', term: t, expectedLast: { index: 1, term: 1 } }),
      (base) => ({ ...base, kind: 'vote-response', term: t, granted: false, refusal: 'term' }),
      (base) => {
        const answer = { kind: 'append-response', accepted: true, index: 1e6, hint: { term: 0, index: 0 } };
        return { ...base, ...answer, term: t, appliedIndex: 1e6, round: 1e6, session: 1 };
      },
    ]);
    for (const { nodeId, peerPort } of cluster.nodes) {
      const { session, stream, status } = await open(cluster, disk, peerPort, 'control');
      expect(status).toBe(200);
      const base = { from: 'o2', to: nodeId, fromInstance: 'disk', toInstance: '' };
      const body = encodeMessages(said.map((say) => say(base) as RaftMessage));
      const payload = Buffer.concat([Buffer.from([1]), body]);
      await new Promise((resolve) =>
        stream.write(encodeFrames([{ type: PEER_FRAME.payload, payload }]), resolve),
      );
      await client.kv.put(`after/${nodeId}`, 'still here');
      session.destroy();
    }
    expect(await client.leader()).toMatchObject({ leader_id: leader, term });
    const { nodes } = await client.nodes();
    expect(nodes.filter((n) => n.voter).map((n) => n.liveness)).toEqual(['alive', 'alive', 'alive']);
    expect(cluster.nodes.map((n) => n.child?.exitCode ?? null)).toEqual([null, null, null]);
    await remove(cluster, 'o2');
  });
});
