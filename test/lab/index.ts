/**
 * The lab: hosts with wires that can be cut and spoiled, disks that fail, wall clocks that jump, and
 * clusters of real daemons among them. Each class says by `missing()` why it can't be had on a machine.
 */
export type { Cables, LabHost } from './cables.ts';
export { Cgroup } from './cgroup.ts';
export { FaultDisk, type FaultEffect, type FaultOp, type FaultRule } from './fault-disk.ts';
export { Lab, type LabOptions } from './lab.ts';
export { LabCluster, type LabClusterOptions, type LabNode } from './lab-cluster.ts';
export { ProxyLab } from './proxy-lab.ts';
export { together } from './tools.ts';
export { WallClock } from './wall-clock.ts';
export type { Shape } from './wires.ts';
