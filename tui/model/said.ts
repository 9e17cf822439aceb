/** What the screen said and when: toasts go away by themselves, and somebody may have looked elsewhere. */
import { LIMITS } from '../../src/base/index.ts';
import type { Model, Said, Toast } from './model.ts';

function add(said: readonly Said[], one: Said): readonly Said[] {
  const last = said.at(-1);
  const isAgain = last?.text === one.text && last.level === one.level;
  const rest = isAgain ? said.slice(0, -1) : said;
  return [...rest, isAgain ? { ...one, times: last.times + 1 } : one].slice(-LIMITS.screenMessages);
}

/** `next` with whatever it says that `before` did not say. */
export function remember(before: Model, next: Model): Model {
  const { toast, unsettled, now } = next;
  const told: Pick<Toast, 'text' | 'level'>[] = [
    ...(toast === null || toast === before.toast ? [] : [toast]),
    ...unsettled
      .filter((words) => !before.unsettled.includes(words))
      .map((text) => ({ text, level: 'warning' as const })),
  ];
  if (told.length === 0) return next;
  const said = told.reduce((all, { text, level }) => add(all, { at: now, text, level, times: 1 }), next.said);
  return { ...next, said };
}

/** What the screen of the cluster before this one said stands before what this one says. */
export function recall(model: Model, said: readonly Said[]): Model {
  return { ...model, said: [...said, ...model.said].slice(-LIMITS.screenMessages) };
}
