/**
 * The one register of keys. Footer, help screen, refusals and the documentation come
 * from it, and so does the rule it is tested by: in the main context nothing but a
 * capital letter may lead to a change of the cluster.
 */

import { assert } from '../src/base/index.ts';
import type { Binding, Context, BindingRow as Row } from './binding.ts';
import { takeKeyNames } from './key-names.ts';
import { MAIN } from './main-keys.ts';
import { refusal } from './model/gate.ts';
import type { Model } from './model/model.ts';
import { duplicates, VIEWS, type ViewId } from './model/views.ts';

export type { Binding, CommandId, Context, Group } from './binding.ts';

const FILTER: readonly Row[] = [
  {
    id: 'filter-accept',
    group: 'FIND',
    keys: ['enter', 'down', 'up', 'tab'],
    label: 'Enter',
    help: 'keep the filter',
    short: 'keep',
  },
  {
    id: 'filter-clear',
    group: 'FIND',
    keys: ['escape', 'ctrl+c'],
    label: 'Esc',
    help: 'show all again',
    short: 'clear',
  },
];

const OVERLAY: readonly Row[] = [
  {
    id: 'close',
    group: 'LOOK',
    keys: ['escape', 'enter', 'q', '?', 'backspace', 'ctrl+c'],
    label: 'Esc',
    help: 'close',
    short: 'close',
  },
  { id: 'up', group: 'MOVE', keys: ['up', 'k'], label: '↑ k', help: 'up' },
  { id: 'down', group: 'MOVE', keys: ['down', 'j'], label: '↓ j', help: 'down', short: 'scroll' },
  { id: 'page-up', group: 'MOVE', keys: ['pageup', 'ctrl+u'], label: 'PgUp', help: 'ten lines up' },
  {
    ...{ id: 'page-down', group: 'MOVE', keys: ['pagedown', 'ctrl+d', ' '], label: 'PgDn' },
    help: 'ten lines down; Space too',
  },
  { id: 'repaint', group: 'APP', keys: ['ctrl+l'], label: '^L', help: 'paint everything again' },
  { id: 'suspend', group: 'APP', keys: ['ctrl+z'], label: '^Z', help: 'suspend; fg comes back' },
];

const CHOOSER: readonly Row[] = [
  { id: 'up', group: 'MOVE', keys: ['up'], label: '↑', help: 'row up' },
  { id: 'down', group: 'MOVE', keys: ['down', 'tab'], label: '↓', help: 'row down', short: 'choose' },
  { id: 'confirm', group: 'DIALOG', keys: ['enter'], label: 'Enter', help: 'take it', short: 'take it' },
  {
    id: 'close',
    group: 'LOOK',
    keys: ['escape', 'ctrl+c'],
    label: 'Esc',
    help: 'close',
    short: 'close',
  },
  { id: 'repaint', group: 'APP', keys: ['ctrl+l'], label: '^L', help: 'paint everything again' },
  { id: 'suspend', group: 'APP', keys: ['ctrl+z'], label: '^Z', help: 'suspend; fg comes back' },
];

const DIALOG: readonly Row[] = [
  { id: 'field-next', group: 'DIALOG', keys: ['tab'], label: 'Tab', help: 'next field', short: 'next field' },
  { id: 'field-previous', group: 'DIALOG', keys: ['shift+tab'], label: 'S-Tab', help: 'field before' },
  { id: 'choose-previous', group: 'DIALOG', keys: ['up'], label: '↑', help: 'target before' },
  { id: 'choose-next', group: 'DIALOG', keys: ['down'], label: '↓', help: 'next target', short: 'target' },
  { id: 'shorter', group: 'DIALOG', keys: ['left'], label: '←', help: 'for a shorter time' },
  { id: 'longer', group: 'DIALOG', keys: ['right'], label: '→', help: 'for a longer time' },
  {
    ...{ id: 'page-up', group: 'DIALOG', keys: ['pageup'], label: 'PgUp' },
    help: 'lines above, where not all fit',
  },
  {
    ...{ id: 'page-down', group: 'DIALOG', keys: ['pagedown'], label: 'PgDn' },
    help: 'lines below',
  },
  {
    id: 'edit-text',
    group: 'DIALOG',
    keys: ['ctrl+e'],
    label: '^E',
    help: 'where a configuration is written: all of it in $EDITOR',
  },
  {
    id: 'arm',
    group: 'DIALOG',
    keys: ['y'],
    label: 'y',
    help: 'arm what asks for no name, Enter then confirms',
  },
  {
    id: 'confirm',
    group: 'DIALOG',
    keys: ['enter'],
    label: 'Enter',
    help: 'confirm, once armed',
    short: 'confirm',
  },
  {
    id: 'fail-back',
    group: 'DIALOG',
    keys: ['F'],
    label: 'F',
    help: 'behind a failover that is done: the plan for the way back',
    level: 3,
    disabled: (model) => refusal(model, 'failover'),
  },
  {
    id: 'close',
    group: 'DIALOG',
    keys: ['escape', 'ctrl+c'],
    label: 'Esc',
    help: 'close; what runs goes on',
    short: 'close',
  },
  { id: 'repaint', group: 'APP', keys: ['ctrl+l'], label: '^L', help: 'paint everything again' },
  { id: 'suspend', group: 'APP', keys: ['ctrl+z'], label: '^Z', help: 'suspend; fg comes back' },
];

function within(context: Context, rows: readonly Row[]): Binding[] {
  return rows.map((row) => ({ ...row, context }));
}

/** Every binding there is. */
export const KEYMAP: readonly Binding[] = [
  ...within('main', MAIN),
  ...within('filter', FILTER),
  ...within('overlay', OVERLAY),
  ...within('chooser', CHOOSER),
  ...within('dialog', DIALOG),
];

function worksIn(binding: Binding, view: ViewId): boolean {
  return binding.views === undefined || binding.views.includes(view);
}

/** Keys that mean two things in one place, as `context view key`. */
export function doubledKeys(keymap: readonly Binding[]): string[] {
  return VIEWS.flatMap(({ id }) =>
    duplicates(
      keymap.filter((b) => worksIn(b, id)).flatMap((b) => b.keys.map((key) => `${b.context} ${id} ${key}`)),
    ),
  );
}

const doubled = doubledKeys(KEYMAP);
assert(doubled.length === 0, `keys with two meanings: ${doubled.join(', ')}`);

function byKey(keymap: readonly Binding[]): ReadonlyMap<string, Binding> {
  const entries = VIEWS.flatMap(({ id }) =>
    keymap
      .filter((b) => worksIn(b, id))
      .flatMap((b) => b.keys.map((key) => [`${b.context} ${id} ${key}`, b] as const)),
  );
  return new Map(entries);
}

/** What is in force: the register, or what a person made of it before the screen began. */
let inForce = { keymap: KEYMAP, byKey: byKey(KEYMAP) };

takeKeyNames(KEYMAP);

/** Takes a checked keymap over for this process, before anything is drawn. */
export function takeKeymap(keymap: readonly Binding[]): void {
  inForce = { keymap, byKey: byKey(keymap) };
  takeKeyNames(keymap);
}

/** Where keys go now. */
export function contextOf(model: Model): Context {
  const kind = model.overlay?.kind;
  if (kind === 'action' || kind === 'change') return 'dialog';
  if (kind === 'chooser') return 'chooser';
  if (kind === 'help' || kind === 'explain' || kind === 'messages') return 'overlay';
  return model.filter.editing ? 'filter' : 'main';
}

export function bindingFor(context: Context, key: string, view: ViewId): Binding | undefined {
  return inForce.byKey.get(`${context} ${view} ${key}`);
}

/** Means something, wherever that is. */
export function isBound(key: string): boolean {
  return inForce.keymap.some((b) => b.keys.includes(key));
}

/** Bindings of a context, for help, footer and palette; of the main one those that work in `view`. */
export function bindingsOf(context: Context, view?: ViewId): readonly Binding[] {
  return inForce.keymap.filter((b) => b.context === context && (view === undefined || worksIn(b, view)));
}
