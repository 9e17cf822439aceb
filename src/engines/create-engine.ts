/** From the configuration's word to the engine: the only place that knows which ones there are. */
import { SqlccError, unreachable } from '../base/index.ts';
import { SqliteStore } from './sqlite/sqlite-store.ts';

export type EngineKind = 'sqlite' | 'postgres';

/** Opens the engine in its folder; throws not_implemented for one that is planned only. */
export function createEngine(kind: EngineKind, dir: string): SqliteStore {
  switch (kind) {
    case 'sqlite':
      return SqliteStore.open(dir);
    case 'postgres':
      throw new SqlccError('not_implemented', 'engine postgres is not built yet: this version has sqlite');
    default:
      return unreachable(kind);
  }
}
