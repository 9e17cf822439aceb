import { MemoryStore, SqliteStore } from '../../src/engines/index.ts';
import { describeSqlStore } from './engine.ts';

describeSqlStore('SqliteStore', (dir) => SqliteStore.open(dir));
describeSqlStore('MemoryStore', () => new MemoryStore());
