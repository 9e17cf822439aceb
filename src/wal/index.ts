export { type Disk, type DiskDone, type DiskFile, diskError } from './disk.ts';
export {
  DurableStorage,
  initDurableStorage,
  type OpenOptions,
  openDurableStorage,
} from './durable-storage.ts';
export { NodeDisk } from './node-disk.ts';
export { scrub } from './scrub.ts';
export type { SnapshotIntake } from './snapshot-intake.ts';
export { SnapshotManager } from './snapshot-manager.ts';
