/** The rows of docs/tests.md and docs/faults.md: what must hold, and the tests that they name. */

/** How a row begins that has no test: what stands in its place follows. */
const NONE = 'none: ';

export interface Row {
  readonly id: string;
  readonly sentence: string;
  readonly isNone: boolean;
  readonly references: readonly { readonly path: string; readonly names: readonly string[] }[];
}

/** Every row of every table whose first cell is an id like `A12`. */
export function rowsOf(text: string): Row[] {
  const rows: Row[] = [];
  for (const line of text.split('\n')) {
    const [, id, sentence, cell] = /^\| ([A-Z]+\d+) \| (.+?) \| (.+) \|$/.exec(line) ?? [];
    if (id === undefined || sentence === undefined || cell === undefined) continue;
    const references = [...cell.matchAll(/`((?:test|daemon|src|docs)\/[^`]+)`((?: "[^"]+")*)/g)].map(
      ([, path = '', quoted = '']) => ({
        path,
        names: [...quoted.matchAll(/"([^"]+)"/g)].map(([, name = '']) => name),
      }),
    );
    rows.push({ id, sentence, isNone: cell.startsWith(NONE), references });
  }
  return rows;
}
