/**
 * Keys of the views, with nothing open above them. Nothing but a capital letter may lead to a change of the
 * cluster.
 */
import { ACT_KEYS } from './act-keys.ts';
import type { BindingRow as Row } from './binding.ts';
import { refusal } from './model/gate.ts';
import { VIEW_IDS, VIEWS } from './model/views.ts';

const VIEW_KEYS: readonly Row[] = [
  ...VIEWS.flatMap((v): Row[] =>
    v.key === null ? [] : [{ id: `view:${v.id}`, group: 'VIEW', keys: [v.key], label: v.key, help: v.title }],
  ),
  { id: 'last-view', group: 'VIEW', keys: ['`'], label: '`', help: 'the view before this one' },
  { id: 'contexts', group: 'VIEW', keys: ['c'], label: 'c', help: 'another cluster', short: 'cluster' },
];

const TIME_KEYS: readonly Row[] = [
  { id: 'second-back', group: 'TIME', keys: ['['], label: '[', help: 'one second back', short: 'past' },
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

/** Where ← and → go to no other node. */
const WIDE_VIEWS = ['topology', 'raft', 'alerts', 'config', 'events', 'operations', 'fleet'] as const;

const LOOK_KEYS: readonly Row[] = [
  { id: 'left', group: 'MOVE', keys: ['left'], label: '←', help: 'node before', views: ['node', 'log'] },
  { id: 'right', group: 'MOVE', keys: ['right'], label: '→', help: 'next node', views: ['node', 'log'] },
  {
    ...{ id: 'scroll-left', group: 'MOVE', keys: ['left'], label: '←', help: 'columns: back to the left' },
    views: WIDE_VIEWS,
  },
  {
    ...{ id: 'scroll-right', group: 'MOVE', keys: ['right'], label: '→', help: 'columns: further right' },
    views: WIDE_VIEWS,
  },
  {
    ...{ id: 'follow', group: 'LOOK', keys: ['f'], label: 'f', short: 'follow' },
    help: 'follow the newest line, live; again: stand',
    views: ['events', 'log'],
  },
  {
    ...{ id: 'wrap', group: 'LOOK', keys: ['w'], label: 'w', short: 'wrap' },
    help: 'the selected line whole; again: cut',
    views: ['events', 'log'],
  },
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
    views: ['events', 'log'],
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
  { id: 'messages', group: 'LOOK', keys: ['m'], label: 'm', help: 'messages: what was said here, and when' },
  {
    ...{ id: 'diff-with', group: 'LOOK', keys: ['d'], label: 'd', short: 'diff with' },
    help: 'compare with the selected version from now on; again: with the one before',
    views: ['config'],
  },
  {
    ...{ id: 'whole-config', group: 'LOOK', keys: ['w'], label: 'w', short: 'whole' },
    help: 'the selected version whole; again: what it changed',
    views: ['config'],
  },
  {
    ...{ id: 'validate', group: 'LOOK', keys: ['x'], label: 'x', short: 'validate' },
    help: 'check a configuration on every node, change nothing',
    views: ['config'],
    // it asks what applying asks, and for the same rights
    disabled: (model) => refusal(model, 'apply'),
  },
  {
    ...{
      id: 'time-format',
      group: 'LOOK',
      keys: ['t'],
      label: 't',
      help: 'times: clock, age, date; in this machine’s zone, or --utc',
    },
    views: ['events', 'log'],
  },
  {
    id: 'wider',
    group: 'LOOK',
    keys: ['+'],
    label: '+',
    help: 'charts: longer',
    views: ['node', 'raft', 'alerts'],
  },
  {
    id: 'narrower',
    group: 'LOOK',
    keys: ['-'],
    label: '-',
    help: 'charts: shorter',
    views: ['node', 'raft', 'alerts'],
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
    short: 'open',
    views: VIEW_IDS.filter((id) => id !== 'fleet' && id !== 'config'),
  },
  {
    ...{ id: 'detail', group: 'LOOK', keys: ['enter'], label: 'Enter' },
    help: 'to what the selected version changed; again: back to the list',
    short: 'diff',
    views: ['config'],
  },
  {
    ...{ id: 'detail', group: 'LOOK', keys: ['enter'], label: 'Enter' },
    help: 'leave this cluster and go to the selected one',
    short: 'go there',
    views: ['fleet'],
  },
  {
    id: 'back',
    group: 'LOOK',
    keys: ['escape', 'backspace'],
    label: 'Esc',
    help: 'clear filter, live again, back; never quits',
    short: 'back',
  },
  {
    id: 'filter',
    group: 'FIND',
    keys: ['/'],
    label: '/',
    help: 'filter: word  field:word  !word  ~regex',
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
    short: 'go',
  },
  {
    id: 'actions',
    group: 'ACT',
    keys: ['a'],
    label: 'a',
    help: 'what can be done here, and why not',
    short: 'actions',
  },
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
  {
    ...{ id: 'view-json', group: 'OUT', keys: ['J'], label: 'J', short: 'JSON' },
    help: 'what this view shows as JSON: into a file, and $PAGER',
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
