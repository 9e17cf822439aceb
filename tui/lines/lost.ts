/** Where the connection is lost: how old the picture is, why, and the key that looks for another node. */
import { clean } from '../format/width.ts';
import { age, clockTime } from '../format/words.ts';
import { keyOf } from '../key-names.ts';
import { isReadOnly } from '../model/gate.ts';
import { shown } from '../model/selectors.ts';
import { type Line, lineWidth, span } from '../theme/tokens.ts';
import { READS_ON_CELLS } from './aside.ts';
import type { View } from './view.ts';

/** How old the picture is comes first: why it is, and what is done about it, may be cut. */
export function lostBanner(view: View, columns = Number.POSITIVE_INFINITY): Line | null {
  const { connection, now, observer } = view.model;
  if (connection.kind !== 'lost') return null;
  const asked = observer === null ? 'trying others' : `asking ${clean(observer)} alone`;
  const { statusAt } = shown(view.model);
  const { dead, dot } = view.symbols;
  const ago = age(now - connection.since);
  const old = `${age(now - statusAt)} old`;
  const heads = [`picture of ${clockTime(statusAt)}, ${old}`, `picture ${old}`, old].map(
    (picture): Line => [span(` ${dead} LOST ${clean(connection.via)} ${ago} `, 'lost'), span(` ${picture} `)],
  );
  const head = heads.find((line) => lineWidth(line) + READS_ON_CELLS < columns) ?? heads.at(-1) ?? [];
  const { error, attempts } = connection;
  return [...head, span(`${dot} ${clean(error)} ${dot} ${asked}, attempt ${attempts} `, 'warning')];
}

/** Where the connection is lost: the key that looks for another node at once. */
export function anotherNode({ model }: View, isShort: boolean): Line {
  if (model.connection.kind !== 'lost') return [];
  // beside another mark the age of the picture needs the cells
  const words = !isShort ? ' another node ' : isReadOnly(model) ? ' ' : ' other ';
  return [span(keyOf('reconnect'), 'key'), span(words)];
}
