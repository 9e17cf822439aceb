/** The desk of a recorded session: answers that were recorded by the text of their question. */
import { SqlccError } from '../../src/base/index.ts';
import type { ChangePlan } from '../model/change-plan.ts';
import type { Acted, Desk } from './desk.ts';
import { type Question, questionKey, type SliceName, type Slices } from './slices.ts';

export interface DeskLine {
  readonly at?: string;
  /** A question as text, e.g. `diff 40..41`, and what it was answered. */
  readonly answer?: {
    readonly to: string;
    readonly value?: Slices[SliceName];
    /** Why there was none. */
    readonly error?: string;
  };
  /** The dry run of a change, by the kind of change. */
  readonly preflight?: { readonly kind: string; readonly plan: ChangePlan };
  readonly acted?: { readonly kind: string; readonly result: Acted };
}

function missing(what: string): never {
  throw new SqlccError('not_found', `the recording has no ${what}`);
}

const FLEET = 'fleet ';

/** `now`: the moment of the replay; an answer of later is not given yet. Absent = the newest one. */
export function replayDesk(
  lines: readonly DeskLine[],
  now: () => number = () => Number.POSITIVE_INFINITY,
): Desk {
  const answers = lines.flatMap(({ at, answer }) =>
    answer === undefined ? [] : [{ at: at === undefined ? 0 : Date.parse(at), answer }],
  );
  const asked = new Set(answers.map(({ answer }) => answer.to));
  return {
    contexts: [...asked].filter((to) => to.startsWith(FLEET)).map((to) => to.slice(FLEET.length)),
    read: async <K extends SliceName>(question: Question<K>) => {
      const key = questionKey(question);
      const own = answers.filter(({ answer }) => answer.to === key);
      // before it was asked for the first time nobody knows better than that first answer
      const found = own.findLast(({ at }) => at <= now()) ?? own[0];
      if (found === undefined) return missing(key);
      if (found.answer.error !== undefined) throw new SqlccError('unavailable', found.answer.error);
      return found.answer.value as Slices[K];
    },
    preflight: async (act) =>
      lines.find((l) => l.preflight?.kind === act.kind)?.preflight?.plan ?? missing(`plan of ${act.kind}`),
    act: async ({ act }) =>
      lines.find((l) => l.acted?.kind === act.kind)?.acted?.result ?? missing(`result of ${act.kind}`),
  };
}
