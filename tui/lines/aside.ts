/** Nodes that are set aside, by maintenance or a drain: for how long still, and how that is ended. */
import type { NodeRow } from '../feed/wire.ts';
import { clean } from '../format/width.ts';
import { rough } from '../format/words.ts';
import { keyOf } from '../key-names.ts';
import { momentOf, shown } from '../model/selectors.ts';
import { type Line, lineWidth, span } from '../theme/tokens.ts';
import type { View } from './view.ts';

interface Aside {
  readonly node: string;
  readonly what: 'maintenance' | 'drain';
  readonly entry: NonNullable<NodeRow['maintenance']>;
}

function asides({ model }: View): readonly Aside[] {
  return (shown(model).status?.nodes ?? []).flatMap(({ node_id, maintenance, drain }): Aside[] => [
    ...(maintenance === null
      ? []
      : [{ node: clean(node_id), what: 'maintenance' as const, entry: maintenance }]),
    ...(drain == null ? [] : [{ node: clean(node_id), what: 'drain' as const, entry: drain }]),
  ]);
}

function left({ entry }: Aside, now: number): string {
  const ms = Date.parse(entry.expires) - now;
  return ms > 0 ? ` ${rough(ms)} left` : '';
}

function keyThatEnds(what: Aside['what']): string {
  return keyOf(what === 'maintenance' ? 'maintenance' : 'drain');
}

const NAMES = { maintenance: 'in maintenance', drain: 'drained' } as const;

/** Each of them, for a text, which has no key that ends it. */
export function asideWords(view: View): readonly string[] {
  return asides(view).map((a) => `${a.node} ${NAMES[a.what]}${left(a, view.model.now)}`);
}

/** For the banner: with the key that ends it, and the same in few words; none where nobody is set aside. */
export function asideMarks(view: View): { readonly long: Line; readonly short: Line } {
  const found = asides(view);
  const [first] = found;
  // of a second that is over nothing can be ended; a pause of the cluster needs the room for its own end
  const isPaused = shown(view.model).status?.pause != null;
  if (first === undefined || view.model.past !== null || isPaused) return { long: [], short: [] };
  const others = found.length > 1 ? ` +${found.length - 1}` : '';
  const more = found.length > 1 ? ` and ${found.length - 1} more` : '';
  const name = NAMES[first.what];
  const rest = left(first, momentOf(view.model));
  const ends: Line = [span(': ', 'muted'), span(keyThatEnds(first.what), 'key'), span(' on it ends it')];
  return {
    long: [span(`${first.node} ${name}${rest}${more}`, 'maintenance'), ...ends, span(' ')],
    short: [
      span(
        `${first.node} ${first.what === 'maintenance' ? 'MAINT' : 'DRAIN'}${rest}${others} `,
        'maintenance',
      ),
    ],
  };
}

/** Of what is wrong at least so much is read, with what stands behind it where it is cut. */
const LEAST_REASON_CELLS = 30;
/** Cells of `readsOn`, which stands behind what was cut. */
export const READS_ON_CELLS = 12;

/** Beside `right` too little is left of the reason, which stands behind the first word of `left`. */
export function crowds(left: Line, right: Line, columns: number): boolean {
  const room = columns - lineWidth(right) - READS_ON_CELLS - lineWidth(left.slice(0, 1));
  return room < LEAST_REASON_CELLS;
}
