/**
 * The tables in which full-text and R-tree indexes store themselves. Their rows depend
 * on where transactions ended, and groups of entries end elsewhere on each replica: a
 * write that reads them would write another thing there. Reads may look at them.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { Touched } from './authorizer.ts';
import type { StatementShape } from './statement-shape.ts';

const ENDINGS = /_(data|idx|content|docsize|config|segments|segdir|stat|node|rowid|parent)$/i;

/** Names of all such tables, in lower case. */
export function shadowTables(db: DatabaseSync): ReadonlySet<string> {
  const sql = "SELECT lower(name) FROM pragma_table_list WHERE schema = 'main' AND type = 'shadow'";
  return new Set((db.prepare(sql).all() as unknown as [string][]).map(([name]) => name));
}

/**
 * The table of an index that this prepared statement reads by its name, itself or through a view or a
 * trigger; null when it reads none. What the index reads of itself is named nowhere.
 */
export function shadowRead(
  db: DatabaseSync,
  touched: Touched,
  { expression }: StatementShape,
): string | null {
  const named = [...touched.read].filter(
    (table) => touched.readWithin.has(table) || expression.words.has(table.toLowerCase()),
  );
  const suspects = named.filter((table) => ENDINGS.test(table));
  if (suspects.length === 0) return null;
  const shadows = shadowTables(db);
  return suspects.find((table) => shadows.has(table.toLowerCase())) ?? null;
}
