/**
 * The one register of keys. Footer, help screen, refusals and the documentation come
 * from it, and so does the rule it is tested by: in the main context nothing but a
 * capital letter may lead to a change of the cluster.
 */

import { refusal } from './model/gate.ts';
import type { Model } from './model/model.ts';

export type CommandId =
  | 'up'
  | 'down'
  | 'page-up'
  | 'page-down'
  | 'first'
  | 'last'
  | 'next-pane'
  | 'previous-pane'
  | 'detail'
  | 'back'
  | 'filter'
  | 'problems'
  | 'sort-next'
  | 'sort-previous'
  | 'sort-reverse'
  | 'freeze'
  | 'failover'
  | 'maintenance'
  | 'reconnect'
  | 'help'
  | 'repaint'
  | 'suspend'
  | 'interrupt'
  | 'quit'
  | 'filter-accept'
  | 'filter-clear'
  | 'field-next'
  | 'field-previous'
  | 'choose-previous'
  | 'choose-next'
  | 'shorter'
  | 'longer'
  | 'arm'
  | 'confirm'
  | 'close';

export type Context = 'main' | 'filter' | 'overlay' | 'dialog';
export type Group = 'MOVE' | 'FIND' | 'LOOK' | 'ACT' | 'APP' | 'DIALOG';

export interface Binding {
  readonly id: CommandId;
  readonly context: Context;
  readonly group: Group;
  readonly keys: readonly string[];
  /** As printed, e.g. `↑↓ j k`. */
  readonly label: string;
  readonly help: string;
  /** Words for the footer; without them the footer leaves it out. */
  readonly short?: string;
  /** Can begin a change of the cluster; L2 asks `y` Enter, L3 the typed name. */
  readonly level?: 2 | 3;
  /** Why it cannot be used now, in words; null = it can. */
  readonly disabled?: (model: Model) => string | null;
}

const MAIN: readonly Omit<Binding, 'context'>[] = [
  { id: 'up', group: 'MOVE', keys: ['up', 'k'], label: '↑ k', help: 'row up' },
  { id: 'down', group: 'MOVE', keys: ['down', 'j'], label: '↓ j', help: 'row down', short: 'select' },
  { id: 'page-up', group: 'MOVE', keys: ['pageup', 'ctrl+u'], label: 'PgUp ^U', help: 'page up' },
  { id: 'page-down', group: 'MOVE', keys: ['pagedown', 'ctrl+d'], label: 'PgDn ^D', help: 'page down' },
  { id: 'first', group: 'MOVE', keys: ['home', 'g'], label: 'Home g', help: 'first row' },
  { id: 'last', group: 'MOVE', keys: ['end', 'G'], label: 'End G', help: 'last row' },
  { id: 'next-pane', group: 'MOVE', keys: ['tab'], label: 'Tab', help: 'next pane', short: 'pane' },
  { id: 'previous-pane', group: 'MOVE', keys: ['shift+tab'], label: 'S-Tab', help: 'previous pane' },
  {
    id: 'detail',
    group: 'LOOK',
    keys: ['enter'],
    label: 'Enter',
    help: 'all about the node',
    short: 'detail',
  },
  {
    id: 'back',
    group: 'LOOK',
    keys: ['escape', 'backspace'],
    label: 'Esc',
    help: 'clear filter, unfreeze; never quits',
  },
  {
    id: 'filter',
    group: 'FIND',
    keys: ['/'],
    label: '/',
    help: 'filter: word  state:dead  lag>500  !word  ~regex',
    short: 'filter',
  },
  { id: 'problems', group: 'FIND', keys: ['!'], label: '!', help: 'problems only' },
  { id: 'sort-next', group: 'LOOK', keys: ['>'], label: '>', help: 'sort by the next column' },
  { id: 'sort-previous', group: 'LOOK', keys: ['<'], label: '<', help: 'sort by the column before' },
  { id: 'sort-reverse', group: 'LOOK', keys: ['r'], label: 'r', help: 'reverse the order' },
  {
    id: 'freeze',
    group: 'LOOK',
    keys: [' '],
    label: 'Space',
    help: 'freeze the picture, again: live',
    short: 'freeze',
  },
  {
    id: 'failover',
    group: 'ACT',
    keys: ['F'],
    label: 'F',
    help: 'fail over: plan, then type the target to confirm',
    short: 'failover',
    level: 3,
    disabled: (model) => refusal(model),
  },
  {
    id: 'maintenance',
    group: 'ACT',
    keys: ['M'],
    label: 'M',
    help: 'maintenance of the selected node on or off',
    short: 'maint',
    level: 2,
    disabled: (model) => refusal(model),
  },
  {
    id: 'reconnect',
    group: 'APP',
    keys: ['R'],
    label: 'R',
    help: 'look through the next node',
    short: 'observer',
  },
  { id: 'help', group: 'APP', keys: ['?'], label: '?', help: 'this help', short: 'help' },
  { id: 'repaint', group: 'APP', keys: ['ctrl+l'], label: '^L', help: 'paint everything again' },
  { id: 'suspend', group: 'APP', keys: ['ctrl+z'], label: '^Z', help: 'suspend; fg comes back' },
  { id: 'interrupt', group: 'APP', keys: ['ctrl+c'], label: '^C', help: 'close the dialog, else quit' },
  { id: 'quit', group: 'APP', keys: ['q'], label: 'q', help: 'quit', short: 'quit' },
];

const FILTER: readonly Omit<Binding, 'context'>[] = [
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

const OVERLAY: readonly Omit<Binding, 'context'>[] = [
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
  { id: 'repaint', group: 'APP', keys: ['ctrl+l'], label: '^L', help: 'paint everything again' },
  { id: 'suspend', group: 'APP', keys: ['ctrl+z'], label: '^Z', help: 'suspend; fg comes back' },
];

const DIALOG: readonly Omit<Binding, 'context'>[] = [
  { id: 'field-next', group: 'DIALOG', keys: ['tab'], label: 'Tab', help: 'next field', short: 'next field' },
  { id: 'field-previous', group: 'DIALOG', keys: ['shift+tab'], label: 'S-Tab', help: 'field before' },
  { id: 'choose-previous', group: 'DIALOG', keys: ['up'], label: '↑', help: 'target before' },
  { id: 'choose-next', group: 'DIALOG', keys: ['down'], label: '↓', help: 'next target', short: 'target' },
  { id: 'shorter', group: 'DIALOG', keys: ['left'], label: '←', help: 'maintenance: shorter' },
  { id: 'longer', group: 'DIALOG', keys: ['right'], label: '→', help: 'maintenance: longer' },
  { id: 'arm', group: 'DIALOG', keys: ['y'], label: 'y', help: 'maintenance: arm, Enter then confirms' },
  {
    id: 'confirm',
    group: 'DIALOG',
    keys: ['enter'],
    label: 'Enter',
    help: 'confirm, once armed',
    short: 'confirm',
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

function within(context: Context, rows: readonly Omit<Binding, 'context'>[]): Binding[] {
  return rows.map((row) => ({ ...row, context }));
}

/** Every binding there is. */
export const KEYMAP: readonly Binding[] = [
  ...within('main', MAIN),
  ...within('filter', FILTER),
  ...within('overlay', OVERLAY),
  ...within('dialog', DIALOG),
];

const BY_KEY: ReadonlyMap<string, Binding> = new Map(
  KEYMAP.flatMap((b) => b.keys.map((key) => [`${b.context} ${key}`, b] as const)),
);

/** Where keys go now. */
export function contextOf(model: Model): Context {
  if (model.overlay?.kind === 'action') return 'dialog';
  if (model.overlay !== null) return 'overlay';
  return model.filter.editing ? 'filter' : 'main';
}

export function bindingFor(context: Context, key: string): Binding | undefined {
  return BY_KEY.get(`${context} ${key}`);
}

/** Bindings of a context, for help and footer. */
export function bindingsOf(context: Context): readonly Binding[] {
  return KEYMAP.filter((b) => b.context === context);
}
