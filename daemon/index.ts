/**
 * The door of the daemon, opened lazily by the command line: what `cluster init`, `node start`, `node join`
 * and `demo` run.
 */

export type { ConditionName } from '../src/alerts/index.ts';
export { conditionNames } from '../src/alerts/index.ts';
export { createCsr as newRequest } from '../src/pki/index.ts';
export type { DemoOptions, DemoOutput } from './demo.ts';
export { runDemo } from './demo.ts';
export type { DoctorOptions } from './doctor/doctor.ts';
export { examine } from './doctor/doctor.ts';
export type { DoctorRow } from './doctor/rows.ts';
export type { DrillReport } from './drill.ts';
export type { InitOptions, InitResult } from './init.ts';
export { initCluster } from './init.ts';
export type { AdminGrant, IssuedAdmin } from './issue-admin.ts';
export { issueAdmin } from './issue-admin.ts';
export type { JoinOptions } from './join.ts';
export { joinCluster, seedFingerprint } from './join.ts';
export { monitoringFile } from './monitoring-files.ts';
export { recoverVoter } from './recover-voter.ts';
export type { StartOptions } from './start-node.ts';
export { startNode } from './start-node.ts';
export type { DumpOptions } from './support/dump.ts';
export { dumpSupport } from './support/dump.ts';
