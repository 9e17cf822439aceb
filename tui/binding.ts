/** What a key is bound to: the names of all commands, and what the register says of each binding. */
import type { Model } from './model/model.ts';
import type { ViewId } from './model/views.ts';

export type CommandId =
  | `view:${ViewId}`
  | 'last-view'
  | 'contexts'
  | 'copy'
  | 'save-screen'
  | 'explain'
  | 'messages'
  | 'diff-with'
  | 'whole-config'
  | 'validate'
  | 'time-format'
  | 'column-set'
  | 'next-match'
  | 'previous-match'
  | 'drain'
  | 'remove-node'
  | 'replace-node'
  | 'left'
  | 'scroll-left'
  | 'scroll-right'
  | 'follow'
  | 'wrap'
  | 'view-json'
  | 'right'
  | 'palette'
  | 'actions'
  | 'observer'
  | 'level'
  | 'firing-only'
  | 'log-of-node'
  | 'wider'
  | 'narrower'
  | 'second-back'
  | 'second-on'
  | 'minute-back'
  | 'minute-on'
  | 'event-back'
  | 'event-on'
  | 'jump'
  | 'step-down'
  | 'ack'
  | 'silence'
  | 'unsilence'
  | 'apply-config'
  | 'roll-back'
  | 'undo-config'
  | 'keep-config'
  | 'cancel-operation'
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
  | 'edit-text'
  | 'fail-back'
  | 'confirm'
  | 'close';

export type Context = 'main' | 'filter' | 'overlay' | 'chooser' | 'dialog';
export type Group = 'VIEW' | 'MOVE' | 'FIND' | 'LOOK' | 'TIME' | 'OUT' | 'ACT' | 'APP' | 'DIALOG';

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
  /** The views in which it works; absent = all. */
  readonly views?: readonly ViewId[];
  /** Can begin a change of the cluster; 1 does it at once, 2 asks `y` Enter, 3 the typed name. */
  readonly level?: 1 | 2 | 3;
  /** Where a change of level 2 asks for the typed name instead. */
  readonly named?: string;
  /** Why it cannot be used now, in words; null = it can. */
  readonly disabled?: (model: Model) => string | null;
}

/** A binding before it is put into its context. */
export type BindingRow = Omit<Binding, 'context'>;
