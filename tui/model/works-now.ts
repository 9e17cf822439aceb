/** Why a key does nothing now: closed for the cluster, or in need of a row or a past where none is. */
import type { Binding, CommandId } from '../binding.ts';
import { rowKeys } from './lists.ts';
import type { Model } from './model.ts';
import { shown } from './selectors.ts';

/** They are about the row under the bar, or move it. */
const OF_ROWS: ReadonlySet<CommandId> = new Set([
  ...(['up', 'down', 'page-up', 'page-down', 'first', 'detail', 'jump'] as const),
  ...(['next-match', 'previous-match', 'follow', 'wrap', 'diff-with', 'whole-config'] as const),
]);

/** Null = it works. */
export function closedNow(binding: Binding, model: Model): string | null {
  const own = binding.disabled?.(model) ?? null;
  if (own !== null) return own;
  if (binding.group === 'TIME' && shown(model).status === null) return 'nothing has been heard yet';
  if (!OF_ROWS.has(binding.id) || model.view === 'node') return null;
  return rowKeys(model).length === 0 ? 'nothing is listed here' : null;
}
