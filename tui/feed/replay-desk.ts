/** The desk of a recorded session: answers that were recorded by the text of their question. */
import { SqlccError } from '../../src/base/index.ts';
import type { ChangePlan } from '../model/change-plan.ts';
import type { Acted, Desk } from './desk.ts';
import { type Question, questionKey, type SliceName, type Slices } from './slices.ts';

export interface DeskLine {
  /** A question as text, e.g. `diff 40..41`, and what it was answered. */
  readonly answer?: { readonly to: string; readonly value: Slices[SliceName] };
  /** The dry run of a change, by the kind of change. */
  readonly preflight?: { readonly kind: string; readonly plan: ChangePlan };
  readonly acted?: { readonly kind: string; readonly result: Acted };
}

function missing(what: string): never {
  throw new SqlccError('not_found', `the recording has no ${what}`);
}

export function replayDesk(lines: readonly DeskLine[]): Desk {
  return {
    read: async <K extends SliceName>(question: Question<K>) => {
      const key = questionKey(question);
      const recorded = lines.findLast((l) => l.answer?.to === key)?.answer?.value ?? missing(key);
      return recorded as Slices[K];
    },
    preflight: async (act) =>
      lines.find((l) => l.preflight?.kind === act.kind)?.preflight?.plan ?? missing(`plan of ${act.kind}`),
    act: async ({ act }) =>
      lines.find((l) => l.acted?.kind === act.kind)?.acted?.result ?? missing(`result of ${act.kind}`),
  };
}
