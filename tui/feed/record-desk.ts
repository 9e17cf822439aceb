/** A desk that writes down what single views were answered, so that a replay shows those views too. */
import type { Desk } from './desk.ts';
import type { Sink } from './feed.ts';
import type { DeskLine } from './replay-desk.ts';
import { type Question, questionKey, type SliceName } from './slices.ts';

/** The same answers as from `desk`; each that differs from the one before it is a line at `sink`. */
export function recordDesk(desk: Desk, sink: Sink, wall: () => number): Desk {
  const last = new Map<string, string>();
  const write = (key: string, kept: DeskLine): void => {
    const text = JSON.stringify(kept);
    if (last.get(key) === text) return;
    last.set(key, text);
    sink(JSON.stringify({ at: new Date(wall()).toISOString(), ...kept }));
  };
  return {
    contexts: desk.contexts,
    read: async <K extends SliceName>(question: Question<K>, node?: string | null) => {
      const to = questionKey(question);
      try {
        const value = await desk.read(question, node);
        write(to, { answer: { to, value } });
        return value;
      } catch (error) {
        write(to, { answer: { to, error: error instanceof Error ? error.message : String(error) } });
        throw error;
      }
    },
    preflight: async (act) => {
      const plan = await desk.preflight(act);
      write(`preflight ${act.kind}`, { preflight: { kind: act.kind, plan } });
      return plan;
    },
    act: async (request) => {
      const result = await desk.act(request);
      write(`acted ${request.act.kind}`, { acted: { kind: request.act.kind, result } });
      return result;
    },
  };
}
