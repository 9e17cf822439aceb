/**
 * From the terminal's reads to keys. Ink gives a burst of printable keys as one
 * string; it is split here, and each key knows how many came with it. Pastes arrive
 * apart and never become keys.
 */

import { type Key, useInput, usePaste } from 'ink';
import { Graphemes } from './format/segmenter.ts';
import { isBound } from './keymap.ts';
import type { Session } from './session.ts';

const NAMED: readonly (readonly [keyof Key, string])[] = [
  ['upArrow', 'up'],
  ['downArrow', 'down'],
  ['leftArrow', 'left'],
  ['rightArrow', 'right'],
  ['pageUp', 'pageup'],
  ['pageDown', 'pagedown'],
  ['home', 'home'],
  ['end', 'end'],
  ['return', 'enter'],
  ['escape', 'escape'],
  ['backspace', 'backspace'],
  ['delete', 'delete'],
];

const CONTROLS: Readonly<Record<string, string>> = {
  '\r': 'enter',
  '\n': 'enter',
  '\t': 'tab',
  '\x7f': 'backspace',
  '\b': 'backspace',
};

const graphemes = new Graphemes();

/** Keys of which no terminal sends Alt but as an Esc before them. */
const PLAIN: ReadonlySet<string> = new Set(['enter', 'escape', 'backspace', 'tab']);

/**
 * `name` with Alt: what a person bound, else Esc and the key. A slow line puts both into one read, and Esc
 * has to get out of wherever one is; two keys at once confirm and change nothing.
 */
function withAlt(name: string): string[] {
  const chord = `meta+${name}`;
  return isBound(chord) ? [chord] : ['escape', name];
}

/** Names of the keys in one read, in order. */
export function keyNames(input: string, key: Key): string[] {
  if (key.eventType === 'release') return [];
  const tab = key.tab ? (key.shift ? 'shift+tab' : 'tab') : undefined;
  const named = tab ?? NAMED.find(([flag]) => key[flag] === true)?.[1];
  if (named !== undefined) return key.meta && PLAIN.has(named) ? withAlt(named) : [named];
  if (key.ctrl) return input === '' ? [] : [`ctrl+${input.toLowerCase()}`];
  if (key.super || key.hyper) return input === '' ? [] : [`meta+${input}`];
  if (key.meta) return input === '' ? [] : withAlt(input);
  return [...graphemes.segment(input)].flatMap(({ segment }) => {
    // a carriage return and line feed are one grapheme
    if (segment === '\r\n') return ['enter'];
    const control = CONTROLS[segment];
    if (control !== undefined) return [control];
    return /^[\x00-\x1f]/.test(segment) ? [] : [segment];
  });
}

export function useKeys(session: Session): void {
  useInput((input, key) => {
    const names = keyNames(input, key);
    if (names.length > 0) session.keys(names);
  });
  usePaste((text) => session.paste(text));
}
