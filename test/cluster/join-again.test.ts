/** `node join` that is cut off: the token is not burned, and no ghost is left behind. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { DemoCluster } from '../../daemon/demo-cluster.ts';
import { prepareJoinFolder } from '../../daemon/join-folder.ts';
import { sharedCluster, sqlccOn } from './harness.ts';
import { HttpCaller } from './http-caller.ts';

const shared = sharedCluster(1);

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'sqlcc-again-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Ports that nobody listens on: the node is enrolled, not started. */
const PORTS = { port: 61, client_port: 62, peer_port: 63, metrics_port: 64 };

function joinArgs(cluster: DemoCluster, dir: string, token: string): string[] {
  return [
    ...[
      'node',
      'join',
      '--seed-node',
      `127.0.0.1:${cluster.node('n1').port}`,
      '--node-id',
      'n2',
      '--no-start',
    ],
    ...['--host', '127.0.0.1', '--port', `${PORTS.port}`, '--client-port', `${PORTS.client_port}`],
    ...['--metrics-port', `${PORTS.metrics_port}`, '--data-dir', join(dir, 'data')],
    ...['--config', join(dir, 'n2.yaml'), '--token', token],
  ];
}

describe('node join', () => {
  it('repeats with the token that its own lost try has spent', async () => {
    const cluster = shared();
    const dir = folder();
    const { token } = await cluster.client().createToken({ kind: 'join', role: 'observer' });
    // what is in the way on this machine is found before the token is said
    mkdirSync(join(dir, 'data', 'wal'), { recursive: true, mode: 0o700 });
    writeFileSync(join(dir, 'data', 'wal', 'old'), 'entries');
    const blocked = await sqlccOn(cluster, joinArgs(cluster, dir, token));
    expect(blocked.stderr).toMatch(/error\[conflict\]: .*wal is not empty/);
    rmSync(join(dir, 'data'), { recursive: true });

    const { instanceId, csrPem } = await prepareJoinFolder(join(dir, 'data'), 'n2');
    const caller = new HttpCaller(cluster, {});
    const lost = await caller.ask('n1', 'POST', '/v1/join', {
      body: {
        ...PORTS,
        token,
        node_id: 'n2',
        instance_id: instanceId,
        csr: csrPem,
        host: '127.0.0.1',
        version: '0',
      },
    });
    await caller.close();
    expect(lost.status).toBe(200);
    const again = await sqlccOn(cluster, joinArgs(cluster, dir, token));
    expect(again.stderr).not.toContain('error[');
    expect(again.code).toBe(0);
    const identity = JSON.parse(readFileSync(join(dir, 'data', 'identity.json'), 'utf8'));
    expect(identity).toMatchObject({ nodeId: 'n2', instanceId, suffrage: 'observer' });
    const { nodes } = await cluster.client().nodes();
    expect(nodes.map((n) => n.node_id)).toEqual(['n1', 'n2']);

    const elsewhere = await sqlccOn(cluster, joinArgs(cluster, folder(), token));
    expect(elsewhere.stderr).toMatch(/error\[(unauthenticated|conflict)\]/);
  });
});
