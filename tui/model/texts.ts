/** Help, explanations and messages: texts that lie above all, to be read and moved. */
import type { Binding } from '../keymap.ts';
import type { Change } from './messages.ts';
import type { Model, Overlay } from './model.ts';

/** Lines that a key moves a text by. */
const TEXT_STEPS: Readonly<Partial<Record<Binding['id'], number>>> = {
  ...{ up: -1, down: 1, 'page-up': -10, 'page-down': 10 },
};

/** A text to read, and nothing else. */
export function isText(
  overlay: Model['overlay'],
): overlay is Extract<Overlay, { kind: 'help' | 'explain' | 'messages' }> {
  return overlay?.kind === 'help' || overlay?.kind === 'explain' || overlay?.kind === 'messages';
}

/** A key while a text lies above all. */
export function textKey(model: Model, binding: Binding | undefined): Change {
  const { overlay } = model;
  if (!isText(overlay) || binding === undefined) return [model, []];
  if (binding.id === 'close') return [{ ...model, overlay: null }, []];
  const by = TEXT_STEPS[binding.id] ?? 0;
  const scroll = Math.min(model.mostScroll, Math.max(0, overlay.scroll + by));
  return [{ ...model, overlay: { ...overlay, scroll } }, []];
}
