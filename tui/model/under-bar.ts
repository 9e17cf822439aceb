/**
 * The alert under the bar: held by its id from the moment it is there, so that one which comes above it does
 * not slip under the bar; and since when: `A` acts at once and must not hit what just moved.
 */
import type { AlertRow } from '../feed/wire.ts';
import { alertRows, selectedOf } from './lists.ts';
import type { Model } from './model.ts';

/** `A` hears nothing for this long after another alert came under the bar, as a new dialog does. */
const SETTLE_MS = 400;

/** Firing again it is another incident, and another row for whoever acknowledges it. */
function keyOf({ id, incident }: AlertRow): string {
  return `${id} ${incident ?? ''}`;
}

/** The model after a message, with the alert under the bar held there. */
export function holdAlert(model: Model): Model {
  if (model.view !== 'alerts') return model.underBar === null ? model : { ...model, underBar: null };
  const chosen = selectedOf(model, alertRows(model), (a) => a.id, 'alerts');
  if (chosen === undefined) return model.underBar === null ? model : { ...model, underBar: null };
  const key = keyOf(chosen);
  if (model.underBar?.key === key && model.cursor.alerts === chosen.id) return model;
  const since = model.underBar?.key === key ? model.underBar.since : model.mono;
  return { ...model, underBar: { key, since }, cursor: { ...model.cursor, alerts: chosen.id } };
}

/** Why the alert under the bar is not acted on yet; null = it has been there for a moment. */
export function justMoved(model: Model, alert: AlertRow): string | null {
  const { underBar } = model;
  if (underBar === null || underBar.key !== keyOf(alert)) return null;
  return model.mono - underBar.since >= SETTLE_MS
    ? null
    : `${alert.rule} has only just come under the bar: again`;
}
