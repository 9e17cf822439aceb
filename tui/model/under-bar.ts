/**
 * The alert or cluster under the bar: held by its name from the moment it is there, so that one which comes
 * above it does not slip under the bar; and since when: `A` acts at once, Enter leaves this cluster for
 * another, and neither must hit what just moved. An alert that is over is held for whoever chose or reads it
 * alone: else the bar goes to the first that fires.
 */
import type { AlertRow } from '../feed/wire.ts';
import { keyOf as signOf } from '../key-names.ts';
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

/** Somebody moved the bar to the row that it is on, or came for it with its explanation. */
function isChosen({ underBar, cursor, view, overlay }: Model): boolean {
  if (underBar === null) return overlay !== null;
  return underBar.chosen || cursor[view] !== underBar.cursor;
}

function alertUnderBar(model: Model): AlertRow | undefined {
  const rows = alertRows(model);
  const held = selectedOf(model, rows, (a) => a.id, 'alerts');
  const isRead = model.side.focused || model.overlay !== null;
  if (held?.state !== 'resolved' || isRead || isChosen(model)) return held;
  // those that fire stand first
  return rows[0]?.state === 'firing' ? rows[0] : held;
}

function barOf(model: Model): UnderBar | null {
  if (model.view === 'alerts') {
    const held = alertUnderBar(model);
    return held === undefined ? null : { key: keyOf(held), cursor: held.id };
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
  const was = model.underBar;
  const isHeld = cursor === null || model.cursor[model.view] === cursor;
  if (was?.key === key && was.cursor === cursor && isHeld) return model;
  const since = was?.key === key ? was.since : model.mono;
  const chosen = model.cursor[model.view] === cursor && isChosen(model);
  const held = cursor === null ? model.cursor : { ...model.cursor, [model.view]: cursor };
  return { ...model, underBar: { key, cursor, since, chosen }, cursor: held };
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

/** Why Enter does not go to this cluster of the fleet; null = it does, or it is this one. */
export function noAnswerOf(model: Model, name: string): string | null {
  const error = fleetEntries(model).find((e) => e.context === name)?.error;
  if (name === model.contextName || error == null) return null;
  return `${name} does not answer: ${error}; ${signOf('contexts')} goes there all the same`;
}
