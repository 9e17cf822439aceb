/** Models for the tests of the screen's model: made only by messages, as in life. */
import type { StatusResponse } from '../../../tui/feed/wire.ts';
import type { Effect, Message } from '../../../tui/model/messages.ts';
import { initialModel, type Model } from '../../../tui/model/model.ts';
import { update } from '../../../tui/model/update.ts';
import { START, status } from '../../tui/recording.ts';

export function fresh(patch: Partial<Model> = {}): Model {
  const start = {
    clusterName: 'prod-eu',
    contextName: 'prod-eu',
    readOnly: false,
    refreshMs: 1000,
    now: START,
  };
  return { ...initialModel(start), ...patch };
}

/** A connected model with the six nodes of the recording. */
export function live(picture: StatusResponse = status(), patch: Partial<Model> = {}): Model {
  return send(fresh(patch), { type: 'status', status: picture, now: START })[0];
}

export function send(model: Model, ...messages: readonly Message[]): [Model, Effect[]] {
  const effects: Effect[] = [];
  let state = model;
  for (const message of messages) {
    const [next, more] = update(state, message);
    state = next;
    effects.push(...more);
  }
  return [state, effects];
}

/** Presses keys one at a time, a second apart, so that no dialog is deaf. */
export function pressed(model: Model, ...names: readonly string[]): [Model, Effect[]] {
  let mono = model.mono;
  return send(
    model,
    ...names.map((name): Message => {
      mono += 1000;
      return { type: 'key', key: { name, burst: 1 }, mono };
    }),
  );
}

export function press(model: Model, ...names: readonly string[]): Model {
  return pressed(model, ...names)[0];
}
