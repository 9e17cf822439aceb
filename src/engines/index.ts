/** Door of the engines: the port of a replicated database and the one that is embedded. */
export type { SqlFailure, SqlOutcome, SqlPin, SqlResult, SqlStore, SqlValue } from './sql-store.ts';
