/** What tests of a change dialog share: its plan, what it asked for, and the keys that open one. */
import type { ActRequest } from '../../../tui/feed/desk.ts';
import type { ChangePlan } from '../../../tui/model/change-plan.ts';
import type { Effect } from '../../../tui/model/messages.ts';
import type { ChangeDialog, Model } from '../../../tui/model/model.ts';
import { full, press, send } from './model-kit.ts';

export function dialogOf(model: Model): ChangeDialog {
  if (model.overlay?.kind !== 'change') throw new Error(`no change dialog but ${model.overlay?.kind}`);
  return model.overlay;
}

export function acts(effects: readonly Effect[]): ActRequest[] {
  return effects.flatMap((e) => (e.kind === 'act' ? [e.request] : []));
}

export const PLAN: ChangePlan = {
  checks: [{ name: 'valid', result: 'pass', text: 'valid on every live node' }],
  ...{ effects: ['a: 1 → 2 (live)'], allowed: true, arm: null, base: 41 },
};

export function planned(model: Model, plan: Partial<ChangePlan> = {}): Model {
  const { id: dialogId } = dialogOf(model);
  return send(model, { type: 'preflight', dialogId, plan: { ...PLAN, ...plan }, mono: model.mono })[0];
}

export const failure = (code: string) => ({ code, message: `it said ${code}`, hint: 'do this' });
export const silence = () => press(full({ view: 'alerts' }), 'S');
