/** `sqlcc context …`: the clusters that this machine knows. */
import { type CommandSpec, YES_FLAG } from '../command-spec.ts';

const ONLY_FILE =
  'Reads and writes the context file alone ($SQLCC_CONFIG, else ~/.config/sqlcc/config.yaml).';

export const CONTEXT: readonly CommandSpec[] = [
  {
    path: 'context list',
    summary: 'all clusters of the context file; * is the current one',
    online: false,
    examples: ['context list', 'context list -o json'],
    load: async () => (await import('../commands/contexts.ts')).contextList,
  },
  {
    path: 'context use',
    summary: 'make a context the current one',
    details: ONLY_FILE,
    args: ['<name>'],
    online: false,
    examples: ['context use prod'],
    load: async () => (await import('../commands/contexts.ts')).contextUse,
  },
  {
    path: 'context show',
    summary: 'one context: its nodes and files; the current one without a name',
    args: ['[name]'],
    online: false,
    examples: ['context show', 'context show prod -o yaml'],
    load: async () => (await import('../commands/contexts.ts')).contextShow,
  },
  {
    path: 'context add',
    summary: 'add a cluster to the context file',
    details: `${ONLY_FILE} Files are kept as paths; nothing is copied.`,
    args: ['<name>'],
    flags: [
      { flags: '--endpoint <host:port,...>', text: 'nodes of the cluster' },
      { flags: '--ca <file>', text: 'the cluster’s CA' },
      { flags: '--cert <file>', text: 'client certificate' },
      { flags: '--key <file>', text: 'its key' },
      { flags: '--token-file <file>', text: 'access token instead of a certificate' },
      { flags: '--use', text: 'make it the current one' },
      { flags: '--replace', text: 'a context of this name may be there already' },
    ],
    online: false,
    examples: [
      'context add prod --endpoint 10.0.0.1:5433,10.0.0.2:5433 --ca ca.crt --token-file prod.token --use',
    ],
    load: async () => (await import('../commands/contexts.ts')).contextAdd,
  },
  {
    path: 'context remove',
    summary: 'forget a cluster; its files stay',
    details: ONLY_FILE,
    args: ['<name>'],
    flags: [YES_FLAG],
    online: false,
    examples: ['context remove lab --yes'],
    load: async () => (await import('../commands/contexts.ts')).contextRemove,
  },
];
