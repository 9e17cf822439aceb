/** Models for the tests of the screen's model: made only by messages, as in life. */
import type { ReplayLine } from '../../../tui/feed/replay-feed.ts';
import type { SliceName } from '../../../tui/feed/slices.ts';
import type { StatusResponse } from '../../../tui/feed/wire.ts';
import type { Effect, Message } from '../../../tui/model/messages.ts';
import { type ActionDialog, initialModel, type Model } from '../../../tui/model/model.ts';
import { update } from '../../../tui/model/update.ts';
import { answers } from '../../tui/answers.ts';
import { calmWith, START, status } from '../../tui/recording.ts';

const PRINTABLE = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i));
const NAMED = [
  'enter',
  'escape',
  'tab',
  'shift+tab',
  'up',
  'down',
  'left',
  'right',
  'home',
  'end',
  'pageup',
  'pagedown',
  'backspace',
  'delete',
];
const CTRL = Array.from({ length: 26 }, (_, i) => `ctrl+${String.fromCharCode(97 + i)}`);
/** Every key that a keyboard sends without escapes of its own. */
export const EVERY_KEY: readonly string[] = [...PRINTABLE, ...NAMED, ...CTRL];

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

function messagesOf(line: ReplayLine): Message[] {
  const now = START;
  if (line.status !== undefined) return [{ type: 'status', status: line.status, now }];
  if (line.event !== undefined) return [{ type: 'events', events: [line.event], now }];
  if (line.alerts !== undefined) return [{ type: 'alerts', alerts: line.alerts }];
  if (line.views !== undefined) return [{ type: 'views', views: line.views }];
  if (line.history !== undefined) return [{ type: 'history', history: line.history }];
  if (line.answer === undefined) return [];
  const [slice, arg = ''] = line.answer.to.split(' ');
  const question = { slice: slice as SliceName, arg };
  if (line.answer.value === undefined) {
    const failure = { code: 'unavailable', message: line.answer.error ?? '', hint: '' };
    return [{ type: 'no-answer', question, failure, now }];
  }
  return [{ type: 'answer', question, value: line.answer.value, now }];
}

const CONTEXTS = ['prod-eu', 'prod-us', 'dr-site', 'staging'];

/** The calm recording as a model that knows the answers to everything its views ask. */
export function full(patch: Partial<Model> = {}): Model {
  return { ...send(fresh({ contexts: CONTEXTS }), ...calmWith(answers()).flatMap(messagesOf))[0], ...patch };
}

/** Of the five voters n1 alone is left: nobody leads, and nobody can. */
export function alone(patch: Partial<StatusResponse> = {}): Model {
  const nodes = status().nodes.map((n) => {
    if (n.node_id === 'n1') return { ...n, role: 'follower' as const };
    // silent for as long as it is cut off
    return { ...n, liveness: 'dead' as const, last_heartbeat_ms: Math.max(65_000, n.last_heartbeat_ms ?? 0) };
  });
  const raft = { ...status().raft, leader_id: null };
  return send(full(), { type: 'status', status: status({ nodes, raft, ...patch }), now: full().now })[0];
}

/** The dialog of an action that is open. */
export function dialogOf(model: Model): ActionDialog {
  if (model.overlay?.kind !== 'action') throw new Error(`no action dialog but ${model.overlay?.kind}`);
  return model.overlay;
}

/** What would be sent to be done. */
export function runs(effects: readonly Effect[]): Effect[] {
  return effects.filter((e) => e.kind === 'run');
}

/** n6 sees another leader, of a term before. */
export function disagreeing(): Model {
  const base = full();
  const views = (base.picture.views?.views ?? []).map((v) =>
    v.node_id === 'n6' ? { ...v, leader_id: 'n6', term: 8 } : v,
  );
  const told = { type: 'views' as const, views: { schemaVersion: 1 as const, agree: false, views } };
  return send(base, told, told)[0];
}
