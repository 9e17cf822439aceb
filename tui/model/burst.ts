/** Keys that come all at once: held, or a paste in disguise. */

/** More keys of different kinds in one read are a paste without brackets and mean nothing. */
const MAX_MIXED_BURST = 3;

/** Why a key that came together with others, or too early, did nothing: the key is to be pressed again. */
export function pressAgain(label: string, why: 'at once' | 'early'): string {
  return `${why === 'early' ? 'too early' : 'keys came all at once'}: press ${label} again`;
}

/** A burst that mixes keys is dropped whole; `jjj` is three rows. Asked before the keys are taken. */
export function acceptBurst(names: readonly string[]): boolean {
  return names.length <= MAX_MIXED_BURST || new Set(names).size === 1;
}
