/**
 * Keys of the views, with nothing open above them. Nothing but a capital letter may lead to a change of the
 * cluster.
 */
import type { BindingRow as Row } from './binding.ts';
import { lackingScope, refusal } from './model/gate.ts';
import { alertRows, operationRows, selectedOf, versionRows } from './model/lists.ts';
import type { Model } from './model/model.ts';
import { selectedNode, shown, spares } from './model/selectors.ts';
import { VIEWS } from './model/views.ts';

const VIEW_KEYS: readonly Row[] = [
  ...VIEWS.flatMap((v): Row[] =>
    v.key === null ? [] : [{ id: `view:${v.id}`, group: 'VIEW', keys: [v.key], label: v.key, help: v.title }],
  ),
  { id: 'last-view', group: 'VIEW', keys: ['`'], label: '`', help: 'the view before this one' },
  { id: 'contexts', group: 'VIEW', keys: ['c'], label: 'c', help: 'another cluster', short: 'cluster' },
];

const TIME_KEYS: readonly Row[] = [
  { id: 'second-back', group: 'TIME', keys: ['['], label: '[', help: 'one second back', short: 'back' },
  { id: 'second-on', group: 'TIME', keys: [']'], label: ']', help: 'one second on' },
  { id: 'minute-back', group: 'TIME', keys: ['{'], label: '{', help: 'one minute back' },
  { id: 'minute-on', group: 'TIME', keys: ['}'], label: '}', help: 'one minute on' },
  { id: 'event-back', group: 'TIME', keys: ['('], label: '(', help: 'to the event before' },
  { id: 'event-on', group: 'TIME', keys: [')'], label: ')', help: 'to the next event' },
  {
    id: 'jump',
    group: 'TIME',
    keys: ['T'],
    label: 'T',
    help: 'all views to the second of the selected row',
    short: 'that second',
    views: ['events', 'log', 'raft', 'alerts'],
  },
];

/** Why nothing can be done with the selected row of this view; null = something can. */
function noAlert(model: Model): string | null {
  const rows = alertRows(model);
  return rows.length === 0 ? 'there is no alert to act on' : null;
}

function notAckable(model: Model): string | null {
  const rows = alertRows(model);
  const chosen = selectedOf(model, rows, (a) => a.id, 'alerts');
  if (chosen === undefined) return 'there is no alert to act on';
  if (chosen.state !== 'firing') return `${chosen.rule} no longer fires`;
  return chosen.acknowledged_by === null ? null : `acknowledged by ${chosen.acknowledged_by} already`;
}

function notSilenced(model: Model): string | null {
  if (model.undo !== null && model.undo.until > model.mono) return null;
  const rows = alertRows(model);
  const chosen = selectedOf(model, rows, (a) => a.id, 'alerts');
  return chosen?.silenced_by == null ? 'the selected alert is not silenced' : null;
}

function noOldVersion(model: Model): string | null {
  const rows = versionRows(model);
  const chosen = selectedOf(model, rows, (v) => String(v.version), 'config');
  if (chosen === undefined) return 'versions are not known yet';
  return chosen.is_active ? 'this version is in force: select an older one' : null;
}

function noTrial(model: Model): string | null {
  return shown(model).status?.config.tentative == null ? 'no configuration is on trial' : null;
}

function notRunning(model: Model): string | null {
  const rows = operationRows(model);
  const chosen = selectedOf(model, rows, (o) => o.id, 'operations');
  return chosen?.state === 'running' ? null : 'the selected operation does not run';
}

function noNode(model: Model): string | null {
  return selectedNode(model) === undefined ? 'there is no node to act on' : null;
}

function noSpare(model: Model): string | null {
  const chosen = selectedNode(model);
  if (chosen === undefined) return 'there is no node to act on';
  if (!chosen.voter) return `${chosen.node_id} has no vote: only a voter is replaced`;
  return spares(model).length > 0 ? null : 'no node follows without a vote: join one with --observer';
}

/** First the gate that is the same for all, then what the row under the bar allows. */
function closed(reason?: (model: Model) => string | null): (model: Model) => string | null {
  return (model) => refusal(model) ?? reason?.(model) ?? null;
}

const ACT_KEYS: readonly Row[] = [
  {
    id: 'failover',
    group: 'ACT',
    keys: ['F'],
    label: 'F',
    help: 'fail over: plan, then type the target to confirm',
    short: 'failover',
    level: 3,
    disabled: closed(),
  },
  {
    id: 'step-down',
    group: 'ACT',
    keys: ['D'],
    label: 'D',
    help: 'step down: the leader hands over to the best candidate',
    short: 'step down',
    level: 2,
    disabled: closed(),
  },
  {
    id: 'maintenance',
    group: 'ACT',
    keys: ['M'],
    label: 'M',
    help: 'maintenance of the selected node on or off',
    short: 'maint',
    level: 2,
    disabled: closed(),
  },
  {
    id: 'drain',
    group: 'ACT',
    keys: ['E'],
    label: 'E',
    help: 'drain the selected node: clients go elsewhere; again: they may come back',
    short: 'drain',
    level: 2,
    views: ['topology', 'node'],
    disabled: closed(noNode),
  },
  {
    id: 'remove-node',
    group: 'ACT',
    keys: ['O'],
    label: 'O',
    help: 'take the selected node out of the cluster for good',
    short: 'remove',
    level: 3,
    views: ['topology', 'node'],
    disabled: closed((model) => noNode(model) ?? lackingScope(model, 'administer')),
  },
  {
    id: 'replace-node',
    group: 'ACT',
    keys: ['W'],
    label: 'W',
    help: 'give the place of the selected voter to a node that follows without a vote',
    short: 'replace',
    level: 3,
    views: ['topology', 'node'],
    disabled: closed((model) => noSpare(model) ?? lackingScope(model, 'administer')),
  },
  {
    id: 'ack',
    group: 'ACT',
    keys: ['A'],
    label: 'A',
    help: 'acknowledge the selected alert',
    short: 'ack',
    level: 1,
    views: ['alerts'],
    disabled: closed(notAckable),
  },
  {
    id: 'silence',
    group: 'ACT',
    keys: ['S'],
    label: 'S',
    help: 'silence what the selected alert says',
    short: 'silence',
    level: 2,
    views: ['alerts'],
    disabled: closed(noAlert),
  },
  {
    id: 'unsilence',
    group: 'ACT',
    keys: ['U'],
    label: 'U',
    help: 'end the silence; while its toast shows: take the last change back',
    short: 'unsilence',
    level: 2,
    disabled: closed(notSilenced),
  },
  {
    id: 'apply-config',
    group: 'ACT',
    keys: ['C'],
    label: 'C',
    help: 'apply a configuration: key=value, or @file',
    short: 'apply',
    level: 2,
    views: ['config'],
    disabled: closed(),
  },
  {
    id: 'roll-back',
    group: 'ACT',
    keys: ['B'],
    label: 'B',
    help: 'roll back to the selected version',
    short: 'roll back',
    level: 3,
    views: ['config'],
    disabled: closed(noOldVersion),
  },
  {
    id: 'keep-config',
    group: 'ACT',
    keys: ['K'],
    label: 'K',
    help: 'keep the configuration that is on trial',
    short: 'keep',
    level: 2,
    disabled: closed(noTrial),
  },
  {
    id: 'cancel-operation',
    group: 'ACT',
    keys: ['X'],
    label: 'X',
    help: 'cancel the selected operation',
    short: 'cancel',
    level: 2,
    views: ['operations'],
    disabled: closed(notRunning),
  },
];

const LOOK_KEYS: readonly Row[] = [
  { id: 'left', group: 'MOVE', keys: ['left'], label: '←', help: 'node before', views: ['node', 'log'] },
  { id: 'right', group: 'MOVE', keys: ['right'], label: '→', help: 'next node', views: ['node', 'log'] },
  {
    ...{ id: 'sort-next', group: 'LOOK', keys: ['>'], label: '>', help: 'sort by the next column' },
    views: ['topology'],
  },
  {
    ...{ id: 'sort-previous', group: 'LOOK', keys: ['<'], label: '<', help: 'sort by the column before' },
    views: ['topology'],
  },
  {
    ...{ id: 'sort-reverse', group: 'LOOK', keys: ['r'], label: 'r', help: 'reverse the order' },
    views: ['topology'],
  },
  {
    ...{ id: 'level', group: 'LOOK', keys: ['l'], label: 'l', help: 'least severity shown' },
    short: 'level',
    views: ['events'],
  },
  {
    ...{ id: 'firing-only', group: 'LOOK', keys: ['o'], label: 'o', help: 'firing ones only' },
    short: 'firing',
    views: ['alerts'],
  },
  {
    ...{ id: 'log-of-node', group: 'LOOK', keys: ['L'], label: 'L', help: 'log of the selected node' },
    short: 'log',
    views: ['topology', 'node'],
  },
  {
    ...{ id: 'column-set', group: 'LOOK', keys: ['w'], label: 'w', help: 'other columns' },
    views: ['topology'],
  },
  { id: 'explain', group: 'LOOK', keys: ['e'], label: 'e', help: 'explain it in words', short: 'explain' },
  {
    ...{ id: 'diff-with', group: 'LOOK', keys: ['d'], label: 'd', short: 'diff with' },
    help: 'compare with the selected version from now on; again: with the one before',
    views: ['config'],
  },
  {
    ...{ id: 'validate', group: 'LOOK', keys: ['x'], label: 'x', short: 'validate' },
    help: 'check a configuration on every node, change nothing',
    views: ['config'],
  },
  {
    ...{ id: 'time-format', group: 'LOOK', keys: ['t'], label: 't', help: 'times: clock, age, date' },
    views: ['events', 'log'],
  },
  { id: 'wider', group: 'LOOK', keys: ['+'], label: '+', help: 'charts: longer', views: ['node', 'raft'] },
  {
    id: 'narrower',
    group: 'LOOK',
    keys: ['-'],
    label: '-',
    help: 'charts: shorter',
    views: ['node', 'raft'],
  },
];

/** Keys of the main context, in the order of the help. */
export const MAIN: readonly Row[] = [
  ...VIEW_KEYS,
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
    help: 'all about the row: the node, or the pane beside the list',
    short: 'detail',
  },
  {
    id: 'back',
    group: 'LOOK',
    keys: ['escape', 'backspace'],
    label: 'Esc',
    help: 'clear filter, live again, back; never quits',
  },
  {
    id: 'filter',
    group: 'FIND',
    keys: ['/'],
    label: '/',
    help: 'filter: word  state:dead  lag>500  !word  ~regex',
    short: 'filter',
  },
  { id: 'next-match', group: 'FIND', keys: ['n'], label: 'n', help: 'next row that the last filter matches' },
  { id: 'previous-match', group: 'FIND', keys: ['N'], label: 'N', help: 'the one before' },
  {
    ...{ id: 'problems', group: 'FIND', keys: ['!'], label: '!', help: 'problems only' },
    views: ['topology'],
  },
  {
    id: 'palette',
    group: 'FIND',
    keys: [':', 'ctrl+p'],
    label: ': ^P',
    help: 'palette: everything by name',
    short: 'palette',
  },
  { id: 'actions', group: 'ACT', keys: ['a'], label: 'a', help: 'what can be done here, and why not' },
  {
    id: 'observer',
    group: 'LOOK',
    keys: ['v'],
    label: 'v',
    help: 'whose view: what each node says, and seeing through it',
    short: 'views',
  },
  ...LOOK_KEYS,
  {
    id: 'freeze',
    group: 'LOOK',
    keys: [' '],
    label: 'Space',
    help: 'freeze the picture, again: live',
    short: 'freeze',
  },
  ...TIME_KEYS,
  {
    ...{ id: 'copy', group: 'OUT', keys: ['y'], label: 'y', short: 'copy' },
    help: 'copy: name, row as JSON, command',
  },
  {
    ...{ id: 'save-screen', group: 'OUT', keys: ['P'], label: 'P', short: 'save' },
    help: 'save the screen as text, ANSI and SVG',
  },
  ...ACT_KEYS,
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
