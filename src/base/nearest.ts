/** "Did you mean": the known word that somebody who mistyped may have meant. */

/** Longer words are no mistyped ones. */
const MAX_WORD = 64;

/** Edits between two words, two letters that changed places being one of them (optimal string alignment). */
export function wordDistance(a: string, b: string): number {
  if (a.length > MAX_WORD || b.length > MAX_WORD) return Number.POSITIVE_INFINITY;
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, n) => n);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
      const isTurned = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isTurned) next[j] = Math.min(next[j] ?? 0, (before[j - 2] ?? 0) + 1);
    }
    before = row;
    row = next;
  }
  return row[b.length] ?? a.length;
}

/** The known word closest to `word`, if it is close enough to be meant. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const scored = known
    .map((name) => ({ name, distance: wordDistance(word.toLowerCase(), name) }))
    .sort((a, b) => a.distance - b.distance);
  const best = scored[0];
  return best !== undefined && best.distance <= Math.max(2, word.length / 3) ? best.name : undefined;
}
