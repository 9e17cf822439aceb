/** A one-line text field as a function: what a key does to its text. */
import { clean } from '../format/width.ts';

/** The text after `key`, or undefined when the key is none of the field's. Bounded by `limit` characters. */
export function typeInto(text: string, key: string, limit: number): string | undefined {
  if (key === 'backspace' || key === 'delete') return [...text].slice(0, -1).join('');
  if (key === 'ctrl+u') return '';
  if (key === 'ctrl+w') return text.replace(/\s*\S+\s*$/, '');
  const isGrapheme = [...key].length === 1 || (key.length > 1 && /^\P{ASCII}/u.test(key));
  if (!isGrapheme) return undefined;
  return [...(text + clean(key))].slice(0, limit).join('');
}

/** Pasted text as one harmless line. */
export function pasteInto(text: string, pasted: string, limit: number): string {
  return [...(text + clean(pasted.replace(/\s+/g, ' ')))].slice(0, limit).join('');
}
