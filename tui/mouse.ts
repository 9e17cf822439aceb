/**
 * The mouse, where a person asked for it (`--mouse`): the wheel moves, a click selects a row or opens a
 * tab. It can do nothing but what the arrows and digits do, so nothing can be begun or confirmed with it.
 * Ink drops reports of the mouse; they are taken out of the input before Ink reads it.
 */
import { PassThrough } from 'node:stream';
import { bindingsOf } from './keymap.ts';
import type { Screen } from './lines/screen.ts';
import type { Overlay } from './model/model.ts';
import { textOf } from './theme/tokens.ts';

export interface MouseEvent {
  readonly kind: 'press' | 'wheel-up' | 'wheel-down';
  /** From 0. */
  readonly x: number;
  readonly y: number;
}

/** Presses and wheel, as SGR reports. */
export const MOUSE_ON = '\x1b[?1000h\x1b[?1006h';
export const MOUSE_OFF = '\x1b[?1006l\x1b[?1000l';

const REPORT = /\x1b\[<(\d{1,3});(\d{1,4});(\d{1,4})([Mm])/g;
/** A report that has begun and not ended: its rest comes with the next read. */
const BEGUN = /\x1b\[<[\d;]{0,12}$/;
const KINDS: Readonly<Record<number, MouseEvent['kind']>> = { 0: 'press', 64: 'wheel-up', 65: 'wheel-down' };

/** Splits what was read into reports and the rest; keeps a report that was cut in two. */
export class MouseFilter {
  #held = '';

  take(chunk: string): { readonly rest: string; readonly events: readonly MouseEvent[] } {
    const text = this.#held + chunk;
    this.#held = BEGUN.exec(text)?.[0] ?? '';
    const whole = text.slice(0, text.length - this.#held.length);
    const events: MouseEvent[] = [];
    const rest = whole.replace(REPORT, (...[, button, x, y, end]: string[]) => {
      const kind = KINDS[Number(button)];
      if (kind !== undefined && end === 'M') events.push({ kind, x: Number(x) - 1, y: Number(y) - 1 });
      return '';
    });
    return { rest, events };
  }
}

const WHEEL_ROWS = 3;

/** An open dialog takes keys only: arrows choose another target there, and void what was typed. */
function isDialog(overlay: Overlay | null): boolean {
  return overlay?.kind === 'action' || overlay?.kind === 'change';
}

/** The keys that do what the mouse did on this screen, with `overlay` open; none where it means nothing. */
export function keysOf(
  { kind, x, y }: MouseEvent,
  screen: Screen,
  overlay: Overlay | null,
): readonly string[] {
  if (isDialog(overlay)) return [];
  if (kind !== 'press') {
    const key = kind === 'wheel-up' ? 'up' : 'down';
    return Array.from({ length: WHEEL_ROWS }, () => key);
  }
  if (screen.overlay?.veils === true) return [];
  if (y === 1 && screen.head.length === 3) return tabAt(textOf(screen.head[1]?.line ?? []), x);
  return rowAt(screen, x, y);
}

function tabAt(tabs: string, x: number): readonly string[] {
  for (const { id, label, keys } of bindingsOf('main')) {
    if (!id.startsWith('view:')) continue;
    const name = `${label.split(' ')[0] ?? label} `;
    for (let at = tabs.indexOf(name); at !== -1; at = tabs.indexOf(name, at + 1)) {
      // a key that is a letter may be the end of a word too
      const [word = ''] = /^[A-Z]\w*/.exec(tabs.slice(at + name.length)) ?? [];
      const isTab = word !== '' && ' ['.includes(tabs[at - 1] ?? ' ');
      if (isTab && x >= at && x < at + name.length + word.length) return keys.slice(0, 1);
    }
  }
  return [];
}

/** As many rows up or down as lie between the selected one and the one that was clicked, in the same pane. */
function rowAt(screen: Screen, x: number, y: number): readonly string[] {
  let top = screen.head.length;
  for (const band of screen.bands) {
    let left = 0;
    for (const pane of band.panes) {
      const isHere = x >= left && x < left + pane.width && y >= top && y < top + band.height;
      const at = pane.rows.findIndex((row) => isSelected(row));
      if (isHere && at !== -1) {
        const by = y - top - at;
        const first = screen.layout.boxed ? 2 : 0;
        const last = pane.rows.length - (screen.layout.boxed ? 2 : 1);
        if (y - top < first || y - top > last) return [];
        return Array.from({ length: Math.abs(by) }, () => (by > 0 ? 'down' : 'up'));
      }
      left += pane.width;
    }
    top += band.height;
  }
  return [];
}

function isSelected({ line, over }: Screen['foot']): boolean {
  return over === 'selected' || line.some((span) => span.token === 'selected');
}

/** The input without reports of the mouse; `told` gets those. Ends listening when it is destroyed. */
export function withoutMouse(
  stdin: NodeJS.ReadStream,
  told: (events: readonly MouseEvent[]) => void,
): NodeJS.ReadStream {
  const filter = new MouseFilter();
  const clean = new PassThrough();
  stdin.setEncoding('utf8');
  const onData = (chunk: string | Buffer): void => {
    const { rest, events } = filter.take(String(chunk));
    if (rest !== '') clean.write(rest);
    if (events.length > 0) told(events);
  };
  stdin.on('data', onData);
  clean.on('close', () => stdin.off('data', onData));
  return Object.assign(clean, {
    isTTY: true,
    setRawMode: (mode: boolean) => {
      stdin.setRawMode(mode);
      return clean;
    },
    ref: () => {
      stdin.ref();
      return clean;
    },
    unref: () => {
      stdin.unref();
      return clean;
    },
  }) as unknown as NodeJS.ReadStream;
}
