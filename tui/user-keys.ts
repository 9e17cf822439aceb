/**
 * A person's own keys: `~/.config/sqlcc/keys.yaml`, a mapping from the name of a command to
 * its key or keys in the main context, e.g. `failover: X` or `filter: [/, ctrl+f]`. What
 * would make a key mean two things, or let a small letter change the cluster, is refused
 * at the start.
 */

import { SqlccError } from '../src/base/index.ts';
import { Graphemes } from './format/segmenter.ts';
import { type Binding, doubledKeys } from './keymap.ts';

const WORDS =
  'tab enter escape backspace delete up down left right pageup pagedown home end space shift+tab'.split(' ');
const CHORD = /^(?:ctrl|meta)\+[a-z]$/;
/** They must always lead out, whatever else is set. */
const KEPT: readonly string[] = ['interrupt', 'repaint', 'suspend'];
const graphemes = new Graphemes();

function wrong(file: string, what: string, hint: string): never {
  throw new SqlccError('config_invalid', `${file}: ${what}`, { hint });
}

function keysOf(file: string, id: string, value: unknown): string[] {
  const list = (Array.isArray(value) ? value : [value]).map((key) =>
    typeof key === 'number' ? String(key) : key,
  );
  return list.map((key): string => {
    const isOne =
      typeof key === 'string' &&
      (WORDS.includes(key) || CHORD.test(key) || [...graphemes.segment(key)].length === 1);
    if (!isOne || /^[\x00-\x1f\x7f]/.test(key))
      return wrong(file, `${id} has a key that is none`, 'one letter or sign, or e.g. ctrl+f, pageup, space');
    return key === 'space' ? ' ' : key;
  });
}

/** The keymap with a person's changes; throws `config_invalid` with what is wrong. */
export function withUserKeys(keymap: readonly Binding[], value: unknown, file: string): readonly Binding[] {
  if (value === null || value === undefined) return keymap;
  if (typeof value !== 'object' || Array.isArray(value))
    return wrong(file, 'keys are a mapping', 'write e.g. failover: X');
  const own = new Map(Object.entries(value).map(([id, keys]) => [id, keysOf(file, id, keys)]));
  const ids = keymap.filter((b) => b.context === 'main').map((b) => b.id as string);
  for (const id of own.keys()) {
    if (!ids.includes(id))
      wrong(file, `there is no command "${id}"`, `commands are ${[...new Set(ids)].join(', ')}`);
    if (KEPT.includes(id)) wrong(file, `the key of ${id} can't be changed`, 'remove this line');
  }
  const changed = keymap.map((binding) => {
    const keys = binding.context === 'main' ? own.get(binding.id) : undefined;
    if (keys === undefined) return binding;
    const small = keys.find((key) => binding.level !== undefined && !/^\p{Lu}$/u.test(key));
    if (small !== undefined)
      return wrong(
        file,
        `${binding.id} may change the cluster: "${small}" is no capital letter`,
        'choose a capital',
      );
    return { ...binding, keys, label: keys.map((key) => (key === ' ' ? 'Space' : key)).join(' ') };
  });
  const doubled = doubledKeys(changed);
  if (doubled.length > 0) {
    const [, , key] = (doubled[0] ?? '').split(' ');
    const both = changed.filter((b) => b.context === 'main' && b.keys.includes(key ?? '')).map((b) => b.id);
    wrong(file, `"${key}" means ${[...new Set(both)].join(' and ')}`, 'give one of them another key');
  }
  return changed;
}
