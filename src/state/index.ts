/** Door of the state machine: one SQLite file that holds all that Raft replicates, and its readers. */
export { takeFileLock } from './file-lock.ts';
export type { ReaderJob } from './reader-messages.ts';
export { ReaderPool } from './reader-pool.ts';
export { ReaderServer } from './reader-server.ts';
export type { StateDigest } from './state-hash.ts';
export { StateReader } from './state-reader.ts';
export type { StateStoreOptions } from './state-store.ts';
export { StateStore } from './state-store.ts';
export type { AppliedGroup, ApplyCluster, EntryResult, KvChange, NoteMembership } from './types.ts';
