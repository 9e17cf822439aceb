/** A copied data folder: the copy does not start, the original does not notice. */
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { DemoCluster } from '../../daemon/demo-cluster.ts';
import { followerOf, leaderOf, MAIN, startCluster, until } from './harness.ts';
import { findTestPorts } from './ports.ts';

/** Starts a copy of a node's folder on ports of its own; its exit code and what it said. */
async function startCopy(cluster: DemoCluster, nodeId: string): Promise<{ code: number; stderr: string }> {
  const node = cluster.node(nodeId);
  const dir = mkdtempSync(join(tmpdir(), 'sqlcc-clone-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const dataDir = join(dir, 'data');
  cpSync(node.dataDir, dataDir, { recursive: true, verbatimSymlinks: true });
  const port = await findTestPorts(1, 27_433);
  const text = readFileSync(node.configFile, 'utf8')
    .replaceAll(node.dataDir, dataDir)
    .replaceAll(`${node.port}`, `${port}`)
    .replaceAll(`${node.clientPort}`, `${port + 1}`)
    .replaceAll(`${node.peerPort}`, `${port + 2}`)
    .replaceAll(`${node.metricsPort}`, `${port + 3}`);
  const config = join(dir, 'copy.yaml');
  writeFileSync(config, text);
  const child = spawn(process.execPath, [MAIN, 'node', 'start', '--config', config, '--data-dir', dataDir], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const code = await new Promise<number>((resolve) => child.once('close', (exit) => resolve(exit ?? -1)));
  return { code, stderr };
}

describe('a copy of a data folder', () => {
  it('of the leader and of a follower does not start beside the original, and disturbs nobody', async () => {
    const cluster = await startCluster(3);
    const client = cluster.client();
    const leader = await leaderOf(cluster);
    const { term } = await client.leader();
    for (const nodeId of [await followerOf(cluster), leader]) {
      const copy = await startCopy(cluster, nodeId);
      expect(copy.code).toBe(9);
      expect(copy.stderr).toContain('error[conflict]');
      expect(copy.stderr).toContain(`127.0.0.1:${cluster.node(nodeId).port}`);
    }
    expect(await client.leader()).toMatchObject({ leader_id: leader, term });
    const { nodes } = await client.nodes();
    expect(nodes.map((n) => n.liveness)).toEqual(['alive', 'alive', 'alive']);
    const said: string[] = [];
    for await (const event of client.events({ follow: false, types: ['node-dead', 'node-stopped'] }))
      said.push(event.message);
    expect(said).toEqual([]);
  });

  it('takes the place of an original that is gone, and an original that comes back is stopped', async () => {
    const cluster = await startCluster(3);
    const client = cluster.client();
    const nodeId = await followerOf(cluster);
    await cluster.killNode(nodeId);
    const dead = async () => (await client.node(nodeId)).node.liveness === 'dead';
    await until('it is dead', dead);
    const before = cluster.node(nodeId).port;
    const running = startCopy(cluster, nodeId);
    const moved = async () => {
      const { node } = await client.node(nodeId);
      return node.port !== before && node.liveness === 'alive';
    };
    await until('the move is on record', moved);
    // both are start 2 of that folder: the record has the one that came first
    await cluster.startNode(nodeId).catch(() => {});
    const original = cluster.node(nodeId);
    await until('the original has stopped', async () => original.child?.exitCode === 9);
    expect(readFileSync(original.log, 'utf8')).toContain('uses a copy of its data folder');
    original.child = null;
    // the goodbye of the one that stopped is denied by the one that runs
    await until('the copy is alive', moved);
    void running;
  });
});
