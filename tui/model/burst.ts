/** Keys that come all at once: held, or a paste in disguise. */

/** More keys of different kinds in one read are a paste without brackets and mean nothing. */
const MAX_MIXED_BURST = 3;

/** A burst that mixes keys is dropped whole; `jjj` is three rows. Asked before the keys are taken. */
export function acceptBurst(names: readonly string[]): boolean {
  return names.length <= MAX_MIXED_BURST || new Set(names).size === 1;
}
