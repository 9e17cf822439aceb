/**
 * What a screen that is too small for a banner must say all the same, in one line under the header: who
 * may do nothing, what hides rows, what runs or is on trial, and that nodes do not agree.
 */
import { clean } from '../format/width.ts';
import { age, clockTime } from '../format/words.ts';
import { keyOf } from '../key-names.ts';
import { shown } from '../model/selectors.ts';
import { fitLine, type Line, lineWidth, span, spread } from '../theme/tokens.ts';
import { disagreement, readOnlyMark, readsOn, trialMark, unsettledBanner, waitingBanner } from './head.ts';
import { healthLine } from './health.ts';
import { anotherNode, lostBanner } from './lost.ts';
import type { View } from './view.ts';

/** The gravest thing, which gives way where there is no room, and short words that do not. */
export interface Notice {
  readonly left: Line;
  readonly right: Line;
}

function pastWords(view: View): Line | null {
  const { past, now } = view.model;
  if (past === null) return null;
  return [span(` HISTORY -${age(now - past.at)} `, 'frozen'), span(` ${keyOf('last')} live`, 'key')];
}

function pauseWords(view: View): Line | null {
  const pause = shown(view.model).status?.pause;
  if (pause == null) return null;
  const until = clockTime(Date.parse(pause.expires));
  return [
    span(' || paused', 'warning'),
    span(` by ${clean(pause.owner)} until ${until}`),
    span(` ${keyOf('palette')} resume`, 'key'),
  ];
}

/** Why the cluster is not well; the smallest screens have it in their last line. */
function whyUnwell({ model }: View): Line {
  const { status } = shown(model);
  const isSilent = status === null || status.cluster.health === 'healthy' || model.frozen !== null;
  return isSilent ? [] : healthLine(status, ', ');
}

/** Null where there is nothing to say: then no row is taken for it. `tellsHealth`: there is room for why. */
export function notice(view: View, columns: number, tellsHealth = false): Notice | null {
  const { model } = view;
  const { status } = shown(model);
  const running = status?.operation ?? null;
  const { text, editing } = model.filter;
  const right: Line = [
    ...readOnlyMark(view, true),
    ...(running === null ? [] : [span(`operation ${clean(running)} runs `, 'candidate')]),
    ...trialMark(view),
    ...anotherNode(view, !tellsHealth),
    // while it is written the last line shows it, and the rows stay where they are
    ...(text === '' || editing ? [] : [span(`/${clean(text)} `, 'key')]),
  ];
  const left =
    lostBanner(view, columns - lineWidth(right)) ??
    unsettledBanner(view) ??
    disagreement(view, columns - lineWidth(right)) ??
    pastWords(view) ??
    pauseWords(view) ??
    (status === null ? waitingBanner(view) : tellsHealth ? whyUnwell(view) : []);
  return left.length === 0 && right.length === 0 ? null : { left, right };
}

/** Least cells for what is gravest. */
const LEFT_CELLS = 18;

export function fitNotice({ left, right }: Notice, columns: number): Line {
  if (left.length === 0) return fitLine([span(' '), ...right], columns);
  const room = Math.max(0, columns - Math.min(LEFT_CELLS, lineWidth(left)));
  const isCut = lineWidth(left) + lineWidth(right) > columns;
  const told = isCut ? [...readsOn(), ...right] : right;
  return spread(left, lineWidth(told) > room ? fitLine(told, room) : told, columns);
}
