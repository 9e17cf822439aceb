/**
 * Where a run takes place: three daemons on loopback, or on the hosts of a lab whose
 * wires, disks and clocks can fail.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DemoCluster } from '../../../daemon/demo-cluster.ts';
import { must } from '../../../src/base/index.ts';
import { program } from '../../cluster/harness.ts';
import { findTestPorts } from '../../cluster/ports.ts';
import { FaultDisk, Lab, LabCluster, type LabHost, together, WallClock } from '../../lab/index.ts';
import type { RunCluster } from './cluster.ts';

const NODES = ['n1', 'n2', 'n3'];
/** Below the ports that a kernel gives to connections: one of those might be taken before a node listens. */
const FIRST_PORT = 26_433;

/** What can fail beside processes. */
export interface Hardware {
  readonly lab: Lab;
  readonly hostOf: (nodeId: string) => LabHost;
  readonly clockOf: (nodeId: string) => WallClock;
  readonly diskOf: (nodeId: string) => FaultDisk;
}

export interface Ground {
  readonly cluster: RunCluster;
  readonly hardware: Hardware | null;
  /** Stops everything; the files stay. */
  readonly leave: () => Promise<void>;
}

/** Why the hardware can't be had here, or null. */
export function missingHardware(): string | null {
  return Lab.missing() ?? FaultDisk.missing() ?? WallClock.missing();
}

/** Three daemons on loopback. `main`: another build of the program. */
export async function plainGround(dir: string, main: readonly string[] = program()): Promise<Ground> {
  const cluster = await DemoCluster.start({
    ...{ nodes: NODES.length, dir: join(dir, 'cluster'), program: main },
    basePort: await findTestPorts(NODES.length, FIRST_PORT),
  });
  const addressOf = (): string => '127.0.0.1';
  const pkiDir = join(cluster.dir, 'demo');
  return {
    cluster: Object.assign(cluster, { addressOf, pkiDir }),
    hardware: null,
    leave: () => cluster.stop(),
  };
}

/** Three daemons on hosts of a lab; this process must stand at its client's place (`Lab.isApart`). */
export async function labGround(dir: string, main: readonly string[] = program()): Promise<Ground> {
  const made = <T>(make: (folder: string, i: number) => T): Map<string, T> =>
    new Map(
      NODES.map((node, i) => {
        const folder = join(dir, 'hardware', node);
        mkdirSync(folder, { recursive: true });
        return [node, make(folder, i)];
      }),
    );
  const clocks = made((folder) => new WallClock(folder));
  const disks = made((folder, i) => FaultDisk.create(folder, i + 1));
  const clockOf = (node: string): WallClock => must(clocks.get(node), `the clock of ${node}`);
  const diskOf = (node: string): FaultDisk => must(disks.get(node), `the disk of ${node}`);
  const lab = await Lab.up(NODES.length);
  try {
    const cluster = await LabCluster.start({
      ...{ lab, dir: join(dir, 'cluster'), program: main },
      envOf: (node) => together(clockOf(node).env(), diskOf(node).env()),
    });
    const hostOf = (node: string): LabHost => must(lab.hosts[NODES.indexOf(node)], `the host of ${node}`);
    const addressOf = (node: string): string => hostOf(node).address;
    const leave = async (): Promise<void> => {
      await cluster.stop();
      await lab.down();
    };
    return {
      cluster: Object.assign(cluster, { addressOf, pkiDir: join(cluster.dir, 'lab') }),
      ...{ hardware: { lab, hostOf, clockOf, diskOf }, leave },
    };
  } catch (error) {
    await lab.down();
    throw error;
  }
}
