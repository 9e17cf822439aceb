/** Faults of wires, clocks and disks; each needs a lab. */
import { between, must, pick, shuffle } from '../../../src/base/index.ts';
import type { FaultRule, LabHost } from '../../lab/index.ts';
import type { RunNode } from './cluster.ts';
import type { Hardware } from './ground.ts';
import { type Nemesis, PROCESS_NEMESES, type Scene, victim } from './nemesis.ts';
import { rot } from './rot-nemesis.ts';

function hardwareOf(scene: Scene): Hardware {
  return must(scene.hardware, 'a lab');
}

type Cut = readonly [LabHost, LabHost];

/** Shapes of partitions among three nodes, by what becomes of `one` and the two others. */
const SHAPES: Readonly<Record<string, (one: LabHost, a: LabHost, b: LabHost) => readonly Cut[]>> = {
  isolated: (one, a, b) => [
    [one, a],
    [a, one],
    [one, b],
    [b, one],
  ],
  // hears, but nobody hears it
  mute: (one, a, b) => [
    [one, a],
    [one, b],
  ],
  // speaks, but hears nobody
  deaf: (one, a, b) => [
    [a, one],
    [b, one],
  ],
  // one of three wires is cut: nobody is in a minority
  chain: (one, a) => [
    [one, a],
    [a, one],
  ],
  // each hears only its neighbour on one side
  ring: (one, a, b) => [
    [one, a],
    [a, b],
    [b, one],
  ],
};

/** Cuts wires between nodes; clients reach all of them. */
const partition: Nemesis = {
  name: 'partition',
  needsHardware: true,
  async strike(scene) {
    const { lab, hostOf } = hardwareOf(scene);
    const one = victim(scene);
    const [a, b] = scene.cluster.nodes.filter((n) => n !== one);
    const shape = pick(scene.random, Object.keys(SHAPES));
    const hosts = [one, a, b].map((n) => hostOf(must(n, 'a node').nodeId)) as [LabHost, LabHost, LabHost];
    const before = lab.droppedPackets();
    scene.note('fault', { fault: 'partition', shape, node: one.nodeId });
    lab.together(() => {
      for (const [from, to] of must(SHAPES[shape], shape)(...hosts)) lab.cut(from, to);
    });
    try {
      await scene.wait(between(scene.random, 300, 3500));
      if (lab.droppedPackets() > before) scene.effect(`partition-${shape}`);
    } finally {
      lab.heal();
      scene.note('healed', { fault: 'partition' });
    }
  },
};

/** Longer than a write waits: it is refused or given up before the wires are whole again. */
const APART_MS = [2600, 3500] as const;

/** Nobody hears anybody: no majority is left, and what a leader had in its log may yet be committed. */
const apart: Nemesis = {
  name: 'apart',
  needsHardware: true,
  async strike(scene) {
    const { lab, hostOf } = hardwareOf(scene);
    const hosts = scene.cluster.nodes.map(({ nodeId }) => hostOf(nodeId));
    const before = lab.droppedPackets();
    scene.note('fault', { fault: 'apart' });
    lab.together(() => {
      for (const from of hosts) for (const to of hosts) if (from !== to) lab.cut(from, to);
    });
    try {
      await scene.wait(between(scene.random, ...APART_MS));
      if (lab.droppedPackets() > before) scene.effect('apart');
    } finally {
      lab.heal();
      scene.note('healed', { fault: 'apart' });
    }
  },
};

/** A follower misses a second of the log; then the leader dies at the instant at which it is heard again. */
const lag: Nemesis = {
  name: 'lag',
  needsHardware: true,
  async strike(scene) {
    const { lab, hostOf } = hardwareOf(scene);
    const { cluster, random } = scene;
    const leader = cluster.nodes.find((n) => n.nodeId === scene.leader());
    if (leader === undefined) return;
    const [late, other] = shuffle(
      random,
      cluster.nodes.filter((n) => n !== leader),
    ).map((n) => hostOf(n.nodeId)) as [LabHost, LabHost];
    const { child } = leader;
    const before = lab.droppedPackets();
    scene.allowEnd(leader.nodeId, true);
    scene.note('fault', { fault: 'lag', late: late.name, killed: leader.nodeId });
    lab.together(() => {
      for (const [from, to] of must(SHAPES['isolated'], 'a shape')(late, other, hostOf(leader.nodeId)))
        lab.cut(from, to);
    });
    try {
      await scene.wait(between(random, 500, 1500));
    } finally {
      const dead = cluster.killNode(leader.nodeId);
      lab.heal();
      await dead;
    }
    if (lab.droppedPackets() > before && child?.signalCode === 'SIGKILL') scene.effect('lag');
    await scene.wait(between(random, 300, 1200));
    await cluster.startNode(leader.nodeId);
    scene.allowEnd(leader.nodeId, false);
    scene.note('healed', { fault: 'lag' });
  },
};

const HOUR_MS = 3_600_000;
const JUMPS_MS = [5 * 60_000, 5 * 60_000, HOUR_MS, HOUR_MS, 10 * 365 * 24 * HOUR_MS];
/** No workload's keys begin like this one. */
const PROBE_KEY = 'x-clock';
const SEEN_WITHIN_MS = 60_000;

/** Lets wall clocks jump by minutes to years; seen in the timestamp that a leader gives to a write. */
const clock: Nemesis = {
  name: 'clock',
  needsHardware: true,
  async strike(scene) {
    const { clockOf } = hardwareOf(scene);
    const { random, cluster, client } = scene;
    const targets = random.next() < 0.3 ? [...cluster.nodes] : [victim(scene)];
    const jumpMs = pick(random, [-1, 1]) * pick(random, JUMPS_MS);
    const isLeading = targets.some((n) => n.nodeId === scene.leader());
    scene.note('fault', { fault: 'clock', nodes: targets.map((n) => n.nodeId), jumpMs });
    for (const { nodeId } of targets) clockOf(nodeId).jumpMs(jumpMs);
    let isSeen = false;
    try {
      for (let n = between(random, 1, 4); n > 0; n--) {
        if (isLeading) {
          const { timestamp } = await client.kv.put(PROBE_KEY, 'now', { timeoutMs: 1000 });
          const offMs = Date.parse(timestamp) - Date.now() - jumpMs;
          isSeen ||= Math.abs(offMs) < SEEN_WITHIN_MS;
        }
        await scene.wait(between(random, 100, 800));
      }
    } catch {
      // another node leads by now, or none: then nothing was seen
    } finally {
      // one jump is one fault, however often it was seen
      if (isSeen) scene.effect('clock');
      for (const { nodeId } of targets) clockOf(nodeId).jumpMs(-jumpMs);
      scene.note('healed', { fault: 'clock' });
    }
  },
};

const WAL = '*/wal/*';
const DISK_FAULTS: Readonly<Record<string, readonly FaultRule[]>> = {
  'fsync-eio': [{ path: WAL, ops: ['fsync', 'fdatasync'], effect: 'EIO', times: 1 }],
  enospc: [{ path: WAL, ops: ['write', 'pwrite'], effect: 'ENOSPC', times: 1 }],
  'write-eio': [{ path: WAL, ops: ['write', 'pwrite'], effect: 'EIO', times: 1 }],
  'slow-fsync': [{ path: WAL, ops: ['fsync', 'fdatasync'], effect: 'delay', delayMs: 150 }],
  'very-slow-fsync': [{ path: WAL, ops: ['fsync', 'fdatasync'], effect: 'delay', delayMs: 1500 }],
};
/** How long a process may take to end after its log has failed. */
const END_TIMEOUT_MS = 5000;
/** How long after a fault that need not end it a process may still end by it. */
const MAY_END_MS: Readonly<Record<string, number>> = { enospc: 1500, 'write-eio': 1500 };

const hasEnded = ({ child }: RunNode): boolean =>
  child !== null && (child.exitCode !== null || child.signalCode !== null);

/** A disk that fails once, or is slow for a while. A node that ends by it starts again. */
const disk: Nemesis = {
  name: 'disk',
  needsHardware: true,
  async strike(scene) {
    const { diskOf } = hardwareOf(scene);
    const node = victim(scene);
    const faulty = diskOf(node.nodeId);
    const fault = pick(scene.random, Object.keys(DISK_FAULTS));
    const sum = (): number => Object.values(faulty.counts()).reduce((a, b) => a + b, 0);
    const before = sum();
    const mustEnd = fault === 'fsync-eio';
    scene.allowEnd(node.nodeId, true);
    scene.note('fault', { fault, node: node.nodeId });
    faulty.set(must(DISK_FAULTS[fault], fault));
    try {
      await scene.wait(between(scene.random, 400, 2500));
    } finally {
      faulty.set([]);
      scene.note('healed', { fault });
    }
    if (sum() > before) {
      scene.effect(fault);
      // a log that failed acknowledges nothing again: its process ends. A write that fails may have been for a
      // segment not in use yet, which is tried again; or it ends the process, some moments later
      const deadline = performance.now() + (mustEnd ? END_TIMEOUT_MS : (MAY_END_MS[fault] ?? 0));
      while (!hasEnded(node) && performance.now() < deadline)
        await new Promise((resolve) => setTimeout(resolve, 20));
      if (mustEnd && !hasEnded(node)) scene.find(`${node.nodeId} goes on after ${fault} of its log`);
    }
    if (hasEnded(node)) await scene.cluster.startNode(node.nodeId);
    scene.allowEnd(node.nodeId, false);
  },
};

const { none: _, ...ofProcesses } = PROCESS_NEMESES;
const MIXED = [...Object.values(ofProcesses), partition, lag, clock, disk];

/** Any of them, one after the other. */
const all: Nemesis = {
  name: 'all',
  needsHardware: true,
  strike: (scene) => pick(scene.random, MIXED).strike(scene),
};

export const NEMESES: readonly Nemesis[] = [
  ...Object.values(PROCESS_NEMESES),
  partition,
  apart,
  lag,
  clock,
  disk,
  // not among `all`: what is known of a seed stays so
  rot,
  all,
];
