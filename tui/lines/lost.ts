/** Where the connection is lost: how old the picture is, why, and the key that looks for another node. */
import { clean } from '../format/width.ts';
import { age, clockTime } from '../format/words.ts';
import { keyOf } from '../key-names.ts';
import { isReadOnly } from '../model/gate.ts';
import { shown } from '../model/selectors.ts';
import { type Line, lineWidth, type Span, span } from '../theme/tokens.ts';
import { READS_ON_CELLS } from './aside.ts';
import type { View } from './view.ts';

/** How old the picture is comes first: why it is, and what is done about it, may be cut. */
export function lostBanner(view: View, columns = Number.POSITIVE_INFINITY): Line | null {
  const { connection, now, observer } = view.model;
  if (connection.kind !== 'lost') return null;
  const { statusAt } = shown(view.model);
  const { dead, dot } = view.symbols;
  const ago = age(now - connection.since);
  const old = `${age(now - statusAt)} old`;
  const heads = [`picture of ${clockTime(statusAt)}, ${old}`, `picture ${old}`, old].map(
    (picture): Line => [span(` ${dead} LOST ${clean(connection.via)} ${ago} `, 'lost'), span(` ${picture} `)],
  );
  const { attempts } = connection;
  const all = unansweredOf(connection.error);
  const others = all === null ? 'trying others' : 'asking all again';
  const asked = observer === null ? others : `asking ${clean(observer)} alone`;
  const error = all === null ? connection.error : connection.error.replace(UNANSWERED, `${noneOf(all)}: `);
  const tail = span(`${dot} ${clean(error)} ${dot} ${asked}, attempt ${attempts} `, 'warning');
  const least: Line = [span(` ${dead} LOST ${ago} `, 'lost'), span(' ')];
  if (all !== null) return nobody({ gist: noneOf(all), dot }, { heads, least, tail }, columns);
  const head = heads.find((line) => lineWidth(line) + READS_ON_CELLS < columns) ?? heads.at(-1) ?? [];
  return [...head, tail];
}

/** As the client says that of several nodes none can be reached. */
const UNANSWERED = /^none of (\d+) nodes can be reached: /;

/** Of how many nodes none answers; null where one alone is meant. */
function unansweredOf(error: string): string | null {
  return UNANSWERED.exec(error)?.[1] ?? null;
}

function noneOf(count: string): string {
  return `no node of ${count} answers`;
}

/** Nobody answers: that is whole at every width, and the addresses, which `e` has, go first. */
function nobody(
  { gist, dot }: { readonly gist: string; readonly dot: string },
  { heads, least, tail }: { readonly heads: readonly Line[]; readonly least: Line; readonly tail: Span },
  columns: number,
): Line {
  const lines: readonly Line[] = [
    [...(heads[0] ?? []), tail],
    ...heads.map((head): Line => [...head, span(`${dot} ${gist} `, 'warning')]),
    [...least, span(`${gist} `, 'warning')],
  ];
  return lines.find((line) => lineWidth(line) < columns) ?? lines.at(-1) ?? [];
}

/** Where the connection is lost: the key that looks for another node at once. */
export function anotherNode({ model }: View, isShort: boolean): Line {
  if (model.connection.kind !== 'lost') return [];
  // there is no other: the same ones are asked again
  if (unansweredOf(model.connection.error) !== null)
    return [span(keyOf('reconnect'), 'key'), span(' again ')];
  // beside another mark the age of the picture needs the cells
  const words = !isShort ? ' another node ' : isReadOnly(model) ? ' ' : ' other ';
  return [span(keyOf('reconnect'), 'key'), span(words)];
}
