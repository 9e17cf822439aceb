/** Door of the engines: the port of a replicated database, the one that is embedded, and its readers. */
export type { EngineKind } from './create-engine.ts';
export { createEngine } from './create-engine.ts';
export type { ExternalEngine } from './external-engine.ts';
export { MemoryStore } from './memory-store.ts';
export type { SqlOutcome, SqlResult, SqlStore, SqlValue } from './sql-store.ts';
export type { PartDigest } from './sqlite/content-hash.ts';
export { hashUserContent, partDigest, userDigests, ValueHasher } from './sqlite/content-hash.ts';
export { SqliteReader } from './sqlite/sqlite-reader.ts';
export { SqliteStore } from './sqlite/sqlite-store.ts';
export { Trial, trialFile } from './sqlite/trial.ts';
