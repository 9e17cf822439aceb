/** What the hash of the state is made of: the same on every replica that has applied as much. */
import type { StatementSync } from 'node:sqlite';
import { ValueHasher } from '../engines/index.ts';
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
