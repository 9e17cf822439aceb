/** The banner of a second that is looked back at: which one, the way out, and where it lies. */
import type { CommandId } from '../binding.ts';
import { age, clockTime } from '../format/words.ts';
import { keyOf } from '../key-names.ts';
import { hasNoFigures } from '../model/old.ts';
import { reach, unseen } from '../model/time.ts';
import { type Line, span } from '../theme/tokens.ts';
import type { View } from './view.ts';

const SCRUBBER_CELLS = 24;

function timeKeys(): string {
  const pair = (back: CommandId, on: CommandId) => `${keyOf(back)} ${keyOf(on)}`;
  const [seconds, minutes] = [pair('second-back', 'second-on'), pair('minute-back', 'minute-on')];
  return `${seconds} 1 s  ${minutes} 1 min  ${pair('event-back', 'event-on')} event`;
}

/** Where the second that is shown lies in what can be looked at. */
export function pastBanner(view: View): Line | null {
  const { model, symbols } = view;
  if (model.past === null) return null;
  const { from, to } = reach(model);
  const ratio = to === from ? 1 : (model.past.at - from) / (to - from);
  const at = Math.round(Math.min(1, Math.max(0, ratio)) * (SCRUBBER_CELLS - 1));
  const across = symbols.box[4];
  const track = `${across.repeat(at)}${symbols.live}${across.repeat(SCRUBBER_CELLS - 1 - at)}`;
  const second = clockTime(model.past.at, true).slice(0, 10);
  const gap = unseen(model);
  const none = hasNoFigures(model) ? ' ~ no figures ' : '';
  const blind =
    gap === null ? none : ` ~ no picture between ${clockTime(gap.from)} and ${clockTime(gap.to)} `;
  return [
    span(` ${symbols.past} ${second} (-${age(model.now - model.past.at)}) `, 'frozen'),
    // the way out first: narrow screens have no room for the rest
    span(` ${keyOf('last')} live `, 'key'),
    span(blind, 'suspect'),
    span(` ${clockTime(from).slice(0, 5)} `, 'muted'),
    span(track, 'suspect'),
    span(` ${clockTime(to).slice(0, 5)} `, 'muted'),
    span(` ${timeKeys()}`, 'key'),
  ];
}
