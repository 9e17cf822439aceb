/** `sqlcc sql`: statements in, rows out; all of one run is one transaction. */
import { readFileSync } from 'node:fs';
import { formatDuration, SqlccError } from '../../base/index.ts';
import type { ReadLevel, SqlResult, SqlValue } from '../../client/index.ts';
import type { CliContext, Run } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { type Flags, given } from '../flags.ts';
import type { Printer } from '../output/printer.ts';
import type { Cell } from '../output/table.ts';
import { splitSql } from '../split-sql.ts';

function readScript(context: CliContext, flags: Flags): string {
  const commands = flags.texts('command');
  const file = flags.text('file');
  if (commands.length > 0 && file !== undefined) throw new SqlccError('invalid_argument', 'one of -c and -f');
  if (commands.length > 0) return commands.join(';\n');
  if (file === undefined && context.terminal.stdin.isTTY === true) {
    throw new SqlccError('invalid_argument', 'no statement given', {
      hint: 'sqlcc sql -c "SELECT 1", or -f FILE, or through a pipe',
    });
  }
  try {
    return readFileSync(file === undefined || file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new SqlccError('not_found', `the statements can't be read: ${(error as Error).message}`);
  }
}

function cell(value: SqlValue | undefined): Cell {
  if (value === null || value === undefined) return { text: 'NULL', tone: 'dim' };
  return typeof value === 'object' ? `base64:${value.base64}` : value;
}

function showResult(printer: Printer, result: SqlResult): void {
  if (result.columns.length === 0) {
    const { rows_affected: n, last_insert_id: id } = result;
    printer.line(`${n} ${n === 1 ? 'row' : 'rows'} changed${id === null ? '' : `, last id ${id}`}`);
    return;
  }
  const isNumber = (i: number): boolean =>
    result.rows.length > 0 && result.rows.every((row) => typeof row[i] === 'number' || row[i] === null);
  printer.table<readonly SqlValue[]>(
    result.columns.map((name, i) => ({
      name,
      of: (row) => cell(row[i]),
      ...(isNumber(i) && { align: 'right' as const }),
    })),
    result.rows,
  );
  printer.line(`(${result.rows.length} ${result.rows.length === 1 ? 'row' : 'rows'})`);
}

/** Rows as objects, for jsonl; a column name that comes twice keeps its last value. */
function rowObjects(results: readonly SqlResult[]): object[] {
  return results.flatMap(({ columns, rows }) =>
    rows.map((row) => Object.fromEntries(columns.map((name, i) => [name, row[i]]))),
  );
}

export const sql: Run = async (context, { flags }) => {
  const statements = splitSql(readScript(context, flags)).map((text) => ({ sql: text }));
  if (statements.length === 0)
    throw new SqlccError('invalid_argument', 'there is no statement in what was given');
  const client = await context.client();
  const answer = await client.sql(statements, {
    ...given('level', flags.text('level') as ReadLevel | undefined),
    ...given('node', flags.text('node')),
  });
  const { printer } = context;
  const show = (): void => {
    answer.results.forEach((result, i) => {
      if (i > 0) printer.line('');
      showResult(printer, result);
    });
    if (printer.format === 'wide') {
      const where =
        answer.index === null
          ? `read by ${answer.read.node_id} (${answer.read.mode})`
          : `written at index ${answer.index}`;
      printer.note(`${where}, ${formatDuration(answer.elapsed_ms)}`);
    }
  };
  await printer.answer(answer, show, rowObjects(answer.results));
  return EXIT.ok;
};
