/**
 * `U` takes the last change back: an acknowledgement or a silence while its toast shows, a configuration
 * while it is in force.
 */
import { keyOf } from '../key-names.ts';
import type { ChangeAct } from './change-plan.ts';
import type { Model } from './model.ts';
import { shown } from './selectors.ts';

/** What `U` takes back here and now; null = nothing. */
export function undoOf(model: Model): ChangeAct | null {
  const { undo } = model;
  if (undo === null) return null;
  // another toast in its place says nothing of it
  const isFresh = undo.until > model.mono && model.toast?.undoes === true;
  if (undo.act.kind !== 'rollback') return isFresh ? undo.act : null;
  return (isFresh || model.view === 'config') && newer(model, undo.act.active) === null ? undo.act : null;
}

/** The version in force when it is a later one than `version`: then somebody changed it again. */
function newer(model: Model, version: number): number | null {
  // a picture of before the change knows a lower one
  const now = shown(model).status?.config.version ?? 0;
  return now > version ? now : null;
}

/** Why no configuration can be taken back; null = one can. */
export function noConfigUndo(model: Model): string | null {
  if (undoOf(model) !== null) return null;
  const { undo } = model;
  if (undo?.act.kind !== 'rollback')
    return `nothing was changed here: select a version and ${keyOf('roll-back')}`;
  return `v${newer(model, undo.act.active)} is in force by now: select a version and ${keyOf('roll-back')}`;
}

/** The key that takes it back and what it does, for the toast of the change. */
export function undoWords(act: ChangeAct): string {
  if (act.kind !== 'rollback') return `${keyOf('unsilence')} takes it back`;
  const way = act.undoes === 'rollback' ? 'rolls forward' : 'goes back';
  return `${keyOf('undo-config')} ${way} to v${act.version}`;
}
