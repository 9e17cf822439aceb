/** Door of the engines: the port of a replicated database, the one that is embedded, and its readers. */
export type { EngineKind } from './create-engine.ts';
export { createEngine } from './create-engine.ts';
export type { EngineDescription, EngineSample, ExternalEngine } from './external-engine.ts';
export { MemoryStore } from './memory-store.ts';
export type { SqlFailure, SqlOutcome, SqlPin, SqlResult, SqlStore, SqlValue } from './sql-store.ts';
export { ValueHasher } from './sqlite/content-hash.ts';
export type { PlanCost } from './sqlite/plan-cost.ts';
export { SqliteReader, sqlError } from './sqlite/sqlite-reader.ts';
export { SqliteStore } from './sqlite/sqlite-store.ts';
export type { StatementShape } from './sqlite/statement-shape.ts';
export { shapeOf } from './sqlite/statement-shape.ts';
export { Trial, trialFile } from './sqlite/trial.ts';
