/**
 * Faults. Each one is made, its effect is looked at where the system itself shows it
 * (the state of a process, a counter), it lasts a while, and it ends. A fault that had no
 * effect does not count.
 */
import { readFileSync } from 'node:fs';
import { between, pick, type Random } from '../../../src/base/index.ts';
import type { SqlccClient } from '../../../src/client/index.ts';
import type { RunCluster, RunNode } from './cluster.ts';
import type { Hardware } from './ground.ts';

export interface Scene {
  readonly cluster: RunCluster;
  /** Null where only processes can fail. */
  readonly hardware: Hardware | null;
  readonly client: SqlccClient;
  readonly random: Random;
  /** The node that leads, as far as anybody knows. */
  readonly leader: () => string | null;
  /** Waits, or returns early when the run ends. */
  readonly wait: (ms: number) => Promise<void>;
  readonly note: (kind: string, facts: Readonly<Record<string, unknown>>) => void;
  /** Something that must not be, whatever the checkers say. */
  readonly find: (text: string) => void;
  /** One fault that was seen to take effect. */
  readonly effect: (kind: string) => void;
  /** Whether this node's process may end now without it being a finding. */
  readonly allowEnd: (nodeId: string, may: boolean) => void;
}

export interface Nemesis {
  readonly name: string;
  readonly needsHardware?: boolean;
  /** One fault from beginning to end; must leave nothing behind, also when the run ends in the middle. */
  readonly strike: (scene: Scene) => Promise<void>;
}

/** The leader more often than not: there a fault hurts. */
export function victim({ cluster, random, leader }: Scene): RunNode {
  const led = cluster.nodes.find((n) => n.nodeId === leader());
  return led !== undefined && random.next() < 0.65 ? led : pick(random, cluster.nodes);
}

/** SIGKILL of some nodes at once, a moment of silence, and their start. */
async function killSome(scene: Scene, targets: readonly RunNode[], kind: string): Promise<void> {
  const { cluster, random } = scene;
  for (const { nodeId } of targets) scene.allowEnd(nodeId, true);
  scene.note('fault', { fault: kind, nodes: targets.map((n) => n.nodeId) });
  const children = targets.map((n) => n.child);
  await Promise.all(targets.map((n) => cluster.killNode(n.nodeId)));
  if (children.every((child) => child?.signalCode === 'SIGKILL')) scene.effect(kind);
  await scene.wait(between(random, 100, 1500));
  await Promise.all(targets.map((n) => cluster.startNode(n.nodeId)));
  for (const { nodeId } of targets) scene.allowEnd(nodeId, false);
  scene.note('healed', { fault: kind });
}

const kill: Nemesis = { name: 'kill', strike: (scene) => killSome(scene, [victim(scene)], 'kill') };

/** What was only in the memory of all is gone then. */
const killAll: Nemesis = {
  name: 'kill-all',
  strike: (scene) => killSome(scene, [...scene.cluster.nodes], 'kill-all'),
};

/** The kernel's word on a process: `T` = stopped. */
export function processState(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3);
}

/** SIGSTOP for a moment that an election fits into, or not; one time in six all nodes at once. */
const pause: Nemesis = {
  name: 'pause',
  async strike(scene) {
    const { cluster, random } = scene;
    const targets = random.next() < 1 / 6 ? [...cluster.nodes] : [victim(scene)];
    const pids = targets.flatMap((n) => (n.child?.pid === undefined ? [] : [n.child.pid]));
    scene.note('fault', { fault: 'pause', nodes: targets.map((n) => n.nodeId) });
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    try {
      await scene.wait(20);
      if (pids.length > 0 && pids.every((pid) => processState(pid) === 'T')) scene.effect('pause');
      await scene.wait(between(random, 80, 2500));
    } finally {
      for (const pid of pids) process.kill(pid, 'SIGCONT');
      scene.note('healed', { fault: 'pause' });
    }
  },
};

/** Nothing at all: what a run without faults is compared with. */
const none: Nemesis = { name: 'none', strike: (scene) => scene.wait(1000) };

export const PROCESS_NEMESES = { none, kill, killAll, pause } as const;
