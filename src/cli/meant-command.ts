/**
 * Which command somebody meant whose words lead to none: the right words at the wrong place of the tree
 * (`config update` for `cluster config update`), mistyped ones, or both.
 */
import { wordDistance } from '../base/index.ts';

/** Edits that a word of this length may have: of short ones another word is soon made. */
function allowance(word: string): number {
  return Math.max(1, Math.floor(word.length / 3));
}

/** Edits between both, word by word; null where they are not alike. */
function distance(typed: readonly string[], known: readonly string[]): number | null {
  if (typed.length !== known.length) return null;
  let sum = 0;
  for (const [i, word] of typed.entries()) {
    const edits = wordDistance(word, known[i] ?? '');
    if (edits > allowance(word)) return null;
    sum += edits;
  }
  return sum;
}

/** Words of other programs, and ours for them. They count under the group that was typed, nowhere else. */
const ALSO: Readonly<Record<string, readonly string[]>> = {
  get: ['show'],
  describe: ['show'],
  view: ['show'],
  info: ['show', 'status'],
  ls: ['list'],
  rm: ['remove', 'delete'],
  delete: ['remove'],
  remove: ['delete'],
  new: ['create', 'add'],
  create: ['add'],
  add: ['create'],
  set: ['update'],
  apply: ['update'],
};

interface Hit {
  readonly path: string;
  readonly edits: number;
  /** It stands where the word was typed: under the group that the words before it named. */
  readonly isHere: boolean;
}

/** Under `group`: what the one word is called here. */
function also(
  group: readonly string[],
  [word = '', ...more]: readonly string[],
  paths: readonly string[],
): Hit[] {
  if (group.length === 0 || more.length > 0 || !Object.hasOwn(ALSO, word)) return [];
  const meant = (ALSO[word] ?? []).map((name) => [...group, name].join(' '));
  return meant.filter((path) => paths.includes(path)).map((path) => ({ path, edits: 0, isHere: true }));
}

/**
 * The paths that the words most likely meant, none when nothing is like them. As many of the words as
 * possible count; of equally like paths all are named: which of the lists `list` meant nobody knows.
 */
export function meantCommands(typed: readonly string[], paths: readonly string[]): readonly string[] {
  const known = paths.map((path) => path.split(' '));
  const isGroup = (words: readonly string[]): boolean =>
    known.some((path) => path.length > words.length && words.every((word, i) => path[i] === word));
  let depth = 0;
  while (depth < typed.length && isGroup(typed.slice(0, depth + 1))) depth++;
  const [group, rest] = [typed.slice(0, depth), typed.slice(depth)];
  const longest = Math.min(rest.length, Math.max(...known.map((path) => path.length)));
  for (let n = longest; n > 0; n--) {
    const words = rest.slice(0, n);
    const hits = known.flatMap((path): Hit[] => {
      const edits = distance(words, path.slice(-n));
      if (edits === null) return [];
      const isHere = path.length === depth + n && group.every((word, i) => path[i] === word);
      return [{ path: path.join(' '), edits, isHere }];
    });
    const here = hits.filter((hit) => hit.isHere);
    const exact = hits.filter((hit) => hit.edits === 0);
    const exactHere = exact.filter((hit) => hit.isHere);
    const [first] = [exactHere, also(group, words, paths), exact, here].filter((some) => some.length > 0);
    const best = first ?? hits;
    const least = Math.min(...best.map((hit) => hit.edits));
    if (best.length > 0) return best.filter((hit) => hit.edits === least).map((hit) => hit.path);
  }
  return [];
}
