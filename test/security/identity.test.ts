/** Who gets in: certificates of every wrong kind on every port, tokens that were good once. */
import { type ClientHttp2Session, connect as connectH2 } from 'node:http2';
import { describe, expect, it } from 'vitest';
import type { DemoCluster } from '../../daemon/demo-cluster.ts';
import { createCsr } from '../../src/pki/index.ts';
import { clientOf, sharedCluster, until } from '../cluster/harness.ts';
import { adminFile, HttpCaller } from '../cluster/http-caller.ts';
import { type Certified, DAY_MS, Signer } from './credentials.ts';

const shared = sharedCluster(1);

/** The status of `GET /v1/status`, or 0 when the handshake fails. */
async function status(cluster: DemoCluster, credentials: Partial<Certified> & { token?: string }) {
  const caller = new HttpCaller(cluster, credentials);
  const answer = await caller.ask('n1', 'GET', '/v1/status').catch(() => ({ status: 0 }));
  await caller.close();
  return answer.status;
}

/** What becomes of a peer stream: its status, or 0 when the connection does not come about. */
function peerStream(
  cluster: DemoCluster,
  port: number,
  shown: Partial<Certified>,
  headers: Record<string, string>,
): Promise<number> {
  return new Promise((resolve) => {
    let session: ClientHttp2Session | null = null;
    const done = (value: number): void => {
      resolve(value);
      session?.destroy();
    };
    session = connectH2(`https://127.0.0.1:${port}`, { ca: adminFile(cluster, 'ca.crt'), ...shown });
    session.once('error', () => done(0));
    session.once('close', () => done(0));
    const stream = session.request({ ':method': 'CONNECT', ':authority': 'peer', ...headers });
    stream.once('response', (answer) => done(Number(answer[':status'])));
    stream.once('error', () => done(0));
    stream.once('close', () => done(0));
  });
}

/** Whether a peer stream is refused, or closed within a time. */
function streamEnds(
  cluster: DemoCluster,
  port: number,
  shown: Partial<Certified>,
  headers: Record<string, string>,
  withinMs: number,
): Promise<boolean> {
  return new Promise((resolve) => {
    const session = connectH2(`https://127.0.0.1:${port}`, { ca: adminFile(cluster, 'ca.crt'), ...shown });
    const done = (ends: boolean): void => {
      clearTimeout(timer);
      resolve(ends);
      session.destroy();
    };
    const timer = setTimeout(() => done(false), withinMs);
    session.on('error', () => done(true));
    session.once('close', () => done(true));
    const stream = session.request({ ':method': 'CONNECT', ':authority': 'peer', ...headers });
    stream.resume();
    stream.on('error', () => done(true));
    stream.once('close', () => done(true));
  });
}

function hello(signer: Signer, node: string, purpose: string, clusterId = signer.clusterId) {
  return {
    'x-sqlcc-stream': purpose,
    'x-sqlcc-node': node,
    'x-sqlcc-cluster': clusterId,
    'x-sqlcc-instance': 'instance',
  };
}

describe('certificates', () => {
  it('of this cluster get in; of another CA, cluster or time do not', async () => {
    const cluster = shared();
    const signer = Signer.of(cluster);
    const stranger = await Signer.stranger(signer.clusterId);
    const viewer = { role: 'viewer', id: 'eve' } as const;
    expect(await status(cluster, await signer.issue(viewer))).toBe(200);
    expect(await status(cluster, {})).toBe(401);
    const wrong = {
      'another CA': await stranger.issue(viewer),
      expired: await signer.issue({ ...viewer, now: Date.now() - 3 * DAY_MS, validForMs: DAY_MS }),
      'not yet valid': await signer.issue({ ...viewer, now: Date.now() + DAY_MS }),
      'another cluster': await signer.issue({ ...viewer, clusterId: 'other-cluster' }),
      'observer of another cluster': await signer.issue({ role: 'observer', id: 'n9', clusterId: 'other' }),
    };
    for (const [name, shown] of Object.entries(wrong)) {
      expect.soft([0, 401], name).toContain(await status(cluster, shown));
      // a bad certificate is not washed clean by a good token
      const { token } = await cluster.client().createToken({ kind: 'access', role: 'viewer' });
      expect.soft([0, 401], `${name} with a token`).toContain(await status(cluster, { ...shown, token }));
    }
    // the CA's own certificate is nobody
    const { certPem, keyPem } = signer.authority;
    expect([0, 401]).toContain(await status(cluster, { cert: certPem, key: keyPem }));
  });
});

describe('peer streams', () => {
  it('open to the node that the certificate names, and to nobody else', async () => {
    const cluster = shared();
    const signer = Signer.of(cluster);
    const stranger = await Signer.stranger(signer.clusterId);
    const { port, peerPort } = cluster.node('n1');
    const node = await signer.issue({ role: 'voter', id: 'n8' });
    expect(await peerStream(cluster, port, node, hello(signer, 'n8', 'gossip'))).toBe(200);
    for (const [purpose, target] of [
      ['gossip', port],
      ['control', peerPort],
      ['bulk', peerPort],
    ] as const) {
      const attempt = (shown: Partial<Certified>, as: string, clusterId?: string) =>
        peerStream(cluster, target, shown, hello(signer, as, purpose, clusterId));
      const admin = await signer.issue({ role: 'admin', id: 'n8' });
      const foreign = await signer.issue({ role: 'observer', id: 'n8', clusterId: 'other' });
      const old = await signer.issue({
        role: 'voter',
        id: 'n8',
        now: Date.now() - 3 * DAY_MS,
        validForMs: DAY_MS,
      });
      const outcomes = {
        'no certificate': await attempt({}, 'n8'),
        'a person': await attempt(admin, 'n8'),
        'another node’s name': await attempt(node, 'n1'),
        'another cluster in the header': await attempt(node, 'n8', 'other'),
        'an observer of another cluster': await attempt(foreign, 'n8', 'other'),
        'an expired node': await attempt(old, 'n8'),
        'another CA': await attempt(await stranger.issue({ role: 'voter', id: 'n8' }), 'n8'),
      };
      for (const [who, outcome] of Object.entries(outcomes))
        expect.soft(outcome, `${who} on ${purpose}`).not.toBe(200);
    }
    expect((await cluster.client().status()).raft.leader_id).toBe('n1');
  });
});

describe('bearer tokens', () => {
  it('end when they are revoked, when their time is over, and were never good with another secret', async () => {
    const cluster = shared();
    const client = cluster.client();
    const made = await client.createToken({ kind: 'access', role: 'viewer' });
    const open = new HttpCaller(cluster, { token: made.token });
    expect((await open.ask('n1', 'GET', '/v1/status')).status).toBe(200);
    const [prefix, id, secret] = made.token.split('.') as [string, string, string];
    const flipped = `${secret[0] === 'A' ? 'B' : 'A'}${secret.slice(1)}`;
    for (const token of [
      `${prefix}.${id}.${flipped}`,
      `${prefix}.other0.${secret}`,
      'nonsense',
      made.token.slice(1),
    ])
      expect.soft(await status(cluster, { token })).toBe(401);
    const follower = clientOf(cluster, { token: made.token });
    const lines = follower.events({ after: '0' })[Symbol.asyncIterator]();
    expect((await lines.next()).done).toBe(false);
    const streaming = (async () => {
      while ((await lines.next()).done !== true);
      return null;
    })().catch((error: unknown) => error);
    await client.revokeToken(made.id);
    expect(await status(cluster, { token: made.token })).toBe(401);
    // the connection that is open already is asked again after 5 s
    const ended = async () => (await open.ask('n1', 'GET', '/v1/status')).status === 401;
    await until('the end of the open connection', ended);
    await open.close();
    expect(await streaming).toMatchObject({ code: 'unauthenticated' });
    const brief = await client.createToken({ kind: 'access', role: 'viewer', ttlMs: 4000 });
    expect(await status(cluster, { token: brief.token })).toBe(200);
    await until('its end', async () => (await status(cluster, { token: brief.token })) === 401);
    const join = await client.createToken({ kind: 'join', role: 'voter' });
    expect(await status(cluster, { token: join.token })).toBe(401);
  });
});

describe('a node that was removed', () => {
  it('is refused on every port with the certificate that it still holds', async () => {
    const cluster = shared();
    const client = cluster.client();
    const signer = Signer.of(cluster);
    const { token } = await client.createToken({ kind: 'join', role: 'observer' });
    const { csrPem, keyPem } = await createCsr('n5');
    const caller = new HttpCaller(cluster, {});
    const body = {
      ...{ token, node_id: 'n5', instance_id: 'disk', csr: csrPem, host: '127.0.0.1', version: '0' },
      ...{ port: 1, client_port: 2, peer_port: 3, metrics_port: 4 },
    };
    const joined = await caller.ask('n1', 'POST', '/v1/join', { body });
    await caller.close();
    expect(joined.status).toBe(200);
    const shown = { cert: joined.body['certificate'] as string, key: keyPem };
    const { port, peerPort } = cluster.node('n1');
    expect(await status(cluster, shown)).toBe(200);
    const stream = (target: number, purpose: string, withinMs = 10_000) =>
      streamEnds(cluster, target, shown, hello(signer, 'n5', purpose), withinMs);
    expect(await stream(peerPort, 'control', 500)).toBe(false);
    const { operation } = await client.removeNode('n5');
    expect((await client.waitOperation(operation?.id as string)).state).toBe('done');
    expect(await status(cluster, shown)).toBe(401);
    expect(await stream(peerPort, 'control')).toBe(true);
    expect(await stream(peerPort, 'bulk')).toBe(true);
    expect(await stream(port, 'gossip')).toBe(true);
  });
});
