/** Opens SQLite the one way this project uses it: strict text, defensive, bounded, guarded. */
import { DatabaseSync } from 'node:sqlite';
import { LIMITS } from '../../base/index.ts';
import { Guard } from './authorizer.ts';

export interface Connection {
  readonly db: DatabaseSync;
  readonly guard: Guard;
}

/** Rows come as arrays, integers as bigints: exact, whatever their size. */
export function openConnection(path: string, options: { readonly readOnly: boolean }): Connection {
  const db = new DatabaseSync(path, {
    readOnly: options.readOnly,
    readBigInts: true,
    returnArrays: true,
    enableForeignKeyConstraints: true,
    enableDoubleQuotedStringLiterals: false,
    allowExtension: false,
    defensive: true,
    limits: {
      attach: 0,
      exprDepth: 200,
      length: LIMITS.maxSqlValueBytes,
      sqlLength: LIMITS.maxSqlBytes * 2,
      triggerDepth: 100,
    },
  });
  const guard = new Guard();
  db.setAuthorizer((...question) => guard.answer(question));
  return { db, guard };
}
