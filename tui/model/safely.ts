/** The boundary around folding: what can't be taken in costs a sentence, and the model stays as it is. */
import type { Change, Message } from './messages.ts';
import type { Model } from './model.ts';
import { update } from './update.ts';

export function updateSafely(model: Model, message: Message): Change {
  try {
    return update(model, message);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const text = `the screen could not take in what came (${message.type}): ${why}`;
    return [{ ...model, toast: { text, level: 'warning', until: model.mono + 10_000 } }, []];
  }
}
