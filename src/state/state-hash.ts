/** What the hash of the state is made of: the same on every replica that has applied as much. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type PartDigest, partDigest, userDigests, ValueHasher } from '../engines/index.ts';
import { HASHED } from './schema.ts';

/** SHA-256, hex, over the user's content, which `addContent` adds, and the state machine's own rows. */
export function hashOf(
  addContent: (hasher: ValueHasher) => void,
  own: (sql: string) => StatementSync,
): string {
  const hasher = new ValueHasher();
  addContent(hasher);
  for (const query of HASHED) hasher.addRows(own(query));
  return hasher.digest();
}

const OWN_PARTS = ['position', 'cluster record', 'key-values', 'sessions', 'session replies'] as const;

/** The same content part by part, and whether the pages that hold it are whole. */
export interface StateDigest {
  readonly parts: readonly PartDigest[];
  /** Null when SQLite finds the file whole, else what it found first. */
  readonly damage: string | null;
}

/** Walks everything, twice: the content, and the structure of its pages. */
export function digestsOf(db: DatabaseSync): StateDigest {
  const own = HASHED.map((query, n) => partDigest(db, OWN_PARTS[n] ?? `part ${n}`, [query]));
  const [found] = db.prepare('PRAGMA quick_check(1)').get() as unknown as [string];
  return { parts: [...own, ...userDigests(db)], damage: found === 'ok' ? null : found };
}
