/** Leaving the screen: at once, but where a cluster and its data end with it the first key asks. */
import { keyOf } from '../key-names.ts';
import type { Change } from './messages.ts';
import type { Model } from './model.ts';

const ASKED_MS = 5000;

/** Keys that came in one read, or without the question on the screen, answer nothing. */
export function leave(model: Model, burst = 1): Change {
  const { ends, toast, mono } = model;
  const isAsked = toast?.leaves === true && toast.until > mono;
  if (ends === null || (isAsked && burst === 1)) return [model, [{ kind: 'quit' }]];
  const text = `${ends}: ${keyOf('quit')} again leaves, ${keyOf('back')} goes back`;
  return [{ ...model, toast: { text, level: 'warning', until: mono + ASKED_MS, leaves: true } }, []];
}
