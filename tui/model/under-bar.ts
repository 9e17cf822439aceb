/**
 * The alert or cluster under the bar: held by its name from the moment it is there, so that one which comes
 * above it does not slip under the bar; and since when: `A` acts at once, Enter leaves this cluster for
 * another, and neither must hit what just moved.
 */
import type { AlertRow } from '../feed/wire.ts';
import { alertRows, cursorAt, fleetEntries, rowKeys, selectedOf } from './lists.ts';
import type { Model } from './model.ts';

/** Keys that act at once hear nothing for this long after another row came under the bar, like a dialog. */
const SETTLE_MS = 400;

/** Firing again it is another incident, and another row for whoever acknowledges it. */
function keyOf({ id, incident }: AlertRow): string {
  return `${id} ${incident ?? ''}`;
}

/** `key` is what is acted on, `cursor` the row that is held; null = the bar is on nothing that is held. */
interface UnderBar {
  readonly key: string;
  readonly cursor: string | null;
}

function barOf(model: Model): UnderBar | null {
  if (model.view === 'alerts') {
    const chosen = selectedOf(model, alertRows(model), (a) => a.id, 'alerts');
    return chosen === undefined ? null : { key: keyOf(chosen), cursor: chosen.id };
  }
  if (model.view !== 'fleet') return null;
  const keys = rowKeys(model);
  const name = keys[cursorAt(model, keys)];
  if (name === undefined) return null;
  // the sickest stays under the bar until all have answered once: only then it is known which that is
  const isKnown = fleetEntries(model).every((e) => e.status !== null || e.error !== null);
  return { key: name, cursor: isKnown ? name : null };
}

/** The model after a message, with what is under the bar held there. */
export function holdRow(model: Model): Model {
  const bar = barOf(model);
  if (bar === null) return model.underBar === null ? model : { ...model, underBar: null };
  const { key, cursor } = bar;
  const isHeld = cursor === null || model.cursor[model.view] === cursor;
  if (model.underBar?.key === key && isHeld) return model;
  const since = model.underBar?.key === key ? model.underBar.since : model.mono;
  const held = cursor === null ? model.cursor : { ...model.cursor, [model.view]: cursor };
  return { ...model, underBar: { key, since }, cursor: held };
}

/** Why what is under the bar is not acted on yet; null = it has been there for a moment. */
function moved(model: Model, key: string, words: string): string | null {
  const { underBar } = model;
  if (underBar === null || underBar.key !== key) return null;
  return model.mono - underBar.since >= SETTLE_MS ? null : `${words} has only just come under the bar: again`;
}

export function justMoved(model: Model, alert: AlertRow): string | null {
  return moved(model, keyOf(alert), alert.rule);
}

/** The same for a cluster of the fleet. */
export function clusterJustMoved(model: Model, name: string): string | null {
  return moved(model, name, name);
}
