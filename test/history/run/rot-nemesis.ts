/**
 * Disks that lie about what they hold: reads that fail, bits that turn on their way from the disk, syncs that claim
 * success and do nothing. On one node at a time; it may refuse to start, by name of what is wrong, or end, or make
 * its state again from what is sound: it must not go on with what it read.
 */
import { between, must, pick } from '../../../src/base/index.ts';
import type { FaultRule } from '../../lab/index.ts';
import type { RunNode } from './cluster.ts';
import { type Nemesis, type Scene, victim } from './nemesis.ts';

interface Rot {
  readonly rules: readonly FaultRule[];
  /** The fault is there while the node starts: then it reads all that it has. */
  readonly atStart: boolean;
  /** The fault can do harm. Without it a run of this kind alone does not count. */
  readonly counts: boolean;
}

const WAL = '*/wal/*';
const ENGINE = '*/engine/*';
const SYNCS = ['fsync', 'fdatasync'] as const;

const ROTS: Readonly<Record<string, Rot>> = {
  'read-eio-log': {
    rules: [{ path: WAL, ops: ['read'], effect: 'EIO', times: 1 }],
    atStart: true,
    counts: true,
  },
  'read-eio-state': {
    rules: [{ path: ENGINE, ops: ['read'], effect: 'EIO', times: 1 }],
    atStart: false,
    counts: true,
  },
  'flip-log': {
    rules: [{ path: WAL, ops: ['read'], effect: 'flip', times: 2 }],
    atStart: true,
    counts: true,
  },
  'flip-state-at-start': {
    rules: [{ path: ENGINE, ops: ['read'], effect: 'flip', times: 2 }],
    ...{ atStart: true, counts: true },
  },
  'flip-state': {
    rules: [{ path: ENGINE, ops: ['read'], effect: 'flip', times: 2 }],
    atStart: false,
    counts: true,
  },
  // what was written stays in the kernel's memory: a process that dies takes nothing of it along, so all that this
  // can show is a node that trips over its own kill
  'lying-sync': {
    rules: [WAL, ENGINE].map((path) => ({ path, ops: SYNCS, effect: 'drop' }) as const),
    ...{ atStart: false, counts: false },
  },
};

/** A refusal to start, or the end of a process, says what could not be read. */
const NAMED = /EIO|damaged|checksum|malformed|disk I\/O error|CRC|unsound/i;

const hasEnded = ({ child }: RunNode): boolean =>
  child === null || child.exitCode !== null || child.signalCode !== null;

/** Starts it while its disk is bad; a refusal must name what is wrong. */
async function startRotten(scene: Scene, node: RunNode, name: string): Promise<void> {
  try {
    await scene.cluster.startNode(node.nodeId);
  } catch (error) {
    const text = (error as Error).message;
    if (!NAMED.test(text))
      scene.find(`${node.nodeId} does not start with ${name} and does not say why: ${text}`);
    scene.note('refused', { node: node.nodeId, text });
  }
}

export const rot: Nemesis = {
  name: 'rot',
  needsHardware: true,
  async strike(scene) {
    const { cluster, random } = scene;
    const { diskOf } = must(scene.hardware, 'a lab');
    const node = victim(scene);
    const disk = diskOf(node.nodeId);
    const name = pick(random, Object.keys(ROTS));
    const { rules, atStart, counts } = must(ROTS[name], name);
    const sum = (): number => Object.values(disk.counts()).reduce((a, b) => a + b, 0);
    const before = sum();
    scene.allowEnd(node.nodeId, true);
    scene.note('fault', { fault: name, node: node.nodeId });
    if (atStart) await cluster.killNode(node.nodeId);
    disk.set(rules);
    try {
      if (atStart) await startRotten(scene, node, name);
      await scene.wait(between(random, 400, 2500));
    } finally {
      // a sync that was not done must not be followed by a cut of power: there is none here, only a kill
      if (name === 'lying-sync') await cluster.killNode(node.nodeId);
      disk.set([]);
      scene.note('healed', { fault: name });
    }
    if (sum() > before && counts) scene.effect(name);
    if (hasEnded(node)) await cluster.startNode(node.nodeId);
    scene.allowEnd(node.nodeId, false);
  },
};
