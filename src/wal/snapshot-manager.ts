/** Draft of the door's shapes; the body follows. */
import type { SnapshotMeta } from '../raft/index.ts';

export interface SnapshotReader {
  readonly size: number;
  read(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

export interface SnapshotIntake {
  readonly offset: number;
  write(offset: number, bytes: Uint8Array): Promise<void>;
  finish(): Promise<void>;
  abort(): Promise<void>;
}

export declare class SnapshotManager {
  constructor(options: { readonly dir: string });
  createSnapshot(copyPath: string, meta: Omit<SnapshotMeta, 'size'>): Promise<SnapshotMeta>;
  verifySnapshot(id: string): Promise<SnapshotMeta>;
  loadSnapshot(id: string, targetPath: string): Promise<void>;
  cleanupOldSnapshots(keep?: number): Promise<void>;
  list(): SnapshotMeta[];
  openSnapshot(id: string): Promise<SnapshotReader>;
  receiveSnapshot(meta: SnapshotMeta): Promise<SnapshotIntake>;
}
