/** How long writes will pause, in words that say where the figure is from. */
import type { Duration } from './time.ts';

const COUNTS: readonly string[] = ['', '', ' two', ' three'];

function inWords(ms: Duration): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(2)} s`;
}

function range(least: Duration, most: Duration): string {
  if (inWords(least) === inWords(most)) return inWords(most);
  return most < 1000 ? `${Math.round(least)} to ${inWords(most)}` : `${inWords(least)} to ${inWords(most)}`;
}

/**
 * `mostMs`: what a plan expects at most. `measuredMs`: the hand-overs that it is taken from; none where it is
 * an estimate.
 */
export function pauseWords(
  mostMs: Duration,
  measuredMs: readonly Duration[],
): { readonly time: string; readonly from: string } {
  if (measuredMs.length === 0)
    return { time: `up to ${inWords(mostMs)}`, from: 'estimated, none measured yet' };
  const number = COUNTS[measuredMs.length] ?? ` ${measuredMs.length}`;
  return {
    time: range(Math.min(...measuredMs), Math.max(...measuredMs)),
    from: `as in the last${number} hand-over${measuredMs.length === 1 ? '' : 's'}`,
  };
}
