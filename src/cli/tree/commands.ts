/** All commands, in the order of the help. */
import type { CommandSpec } from '../command-spec.ts';
import { ALERT } from './alert.ts';
import { CLUSTER } from './cluster.ts';
import { CONTEXT } from './context.ts';
import { CONTROL } from './control.ts';
import { DATA } from './data.ts';
import { NODE } from './node.ts';
import { PEOPLE } from './people.ts';
import { STEERING } from './steering.ts';
import { SUPPORT } from './support.ts';
import { TOOLS } from './tools.ts';

export const COMMANDS: readonly CommandSpec[] = [
  ...CLUSTER,
  ...NODE,
  ...DATA,
  ...CONTROL,
  ...ALERT,
  ...SUPPORT,
  ...PEOPLE,
  ...CONTEXT,
  ...TOOLS,
  ...STEERING,
];

/** What the words before a command's last one stand for. */
export const GROUPS: Readonly<Record<string, string>> = {
  cluster: 'the cluster as a whole',
  'cluster config': 'the replicated configuration',
  node: 'single nodes',
  'node maintenance': 'put a node aside and take it back',
  kv: 'keys and values',
  token: 'tokens for new nodes, people and programs',
  cert: 'certificates of nodes, people and programs',
  user: 'people and programs by name',
  op: 'long operations',
  schedule: 'operations that wait for their time',
  alert: 'alerts',
  'alert silence': 'tell nobody of some alerts for a while',
  audit: 'the audit log',
  context: 'which clusters this machine knows, and which one is meant',
  support: 'for those who are asked for help',
};
