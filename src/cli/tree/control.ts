/** Tokens, operations, events, metrics: words, flags and examples. */
import { type CommandSpec, NEVER_ASKS, YES_FLAG } from '../command-spec.ts';
import { FORMATS } from '../output/format.ts';

const TOKEN: readonly CommandSpec[] = [
  {
    path: 'token create',
    summary: 'make a token for a new node, a person or a program',
    details:
      'The secret is shown once and kept nowhere. A join token works once, for one hour ' +
      'unless --ttl says otherwise.',
    flags: [
      { flags: '--join', text: 'for a new node' },
      { flags: '--voter', text: 'the node shall vote (default)' },
      { flags: '--observer', text: 'the node shall only follow' },
      { flags: '--node <id>', text: 'only for the node of this name' },
      {
        flags: '--role <role>',
        text: 'for a person or program',
        choices: ['admin', 'operator', 'viewer', 'metrics', 'client', 'client-ro'],
      },
      { flags: '--user <name>', text: 'whose it is: it has the role of that user, and ends with it' },
      { flags: '--ttl <duration>', text: 'how long it is good, e.g. 1h, 30d' },
      NEVER_ASKS,
    ],
    online: true,
    examples: [
      'token create --join --node n2',
      'token create --role viewer --ttl 30d',
      'T=$(sqlcc token create --join -o json | jq -r .token)',
    ],
    load: async () => (await import('../commands/token.ts')).tokenCreate,
  },
  {
    path: 'token list',
    summary: 'tokens with role, expiry and use; never their secrets',
    online: true,
    watchable: true,
    examples: ['token list'],
    load: async () => (await import('../commands/token.ts')).tokenList,
  },
  {
    path: 'token revoke',
    summary: 'make a token worthless at once',
    args: ['<id>'],
    flags: [NEVER_ASKS],
    online: true,
    examples: ['token revoke 4f2a9c'],
    load: async () => (await import('../commands/token.ts')).tokenRevoke,
  },
];

const CERT: readonly CommandSpec[] = [
  {
    path: 'cert issue',
    summary: 'sign a certificate for a person or program',
    details:
      'Signs with the CA key in the data folder of a voter, on that machine; no daemon is asked. ' +
      'This is also the way back in when the last administrator’s certificate has run out.',
    flags: [
      { flags: '--data-dir <dir>', text: 'data folder of a voter' },
      { flags: '--name <name>', text: 'who it is for, default admin' },
      {
        flags: '--role <role>',
        text: 'what it may do, default admin',
        choices: ['admin', 'operator', 'viewer', 'metrics', 'client', 'client-ro'],
      },
      { flags: '--valid-for <duration>', text: 'default 365d' },
      { flags: '--out <dir>', text: 'folder for ca.crt, NAME.crt and NAME.key, default here' },
    ],
    online: false,
    examples: ['cert issue --data-dir /var/lib/sqlcc/data --name anna --role operator --out ./anna'],
    load: async () => (await import('../commands/cert.ts')).certIssue,
  },
];

const OPERATION: readonly CommandSpec[] = [
  {
    path: 'op list',
    summary: 'failovers, maintenance and removals, newest last',
    online: true,
    watchable: true,
    examples: ['op list'],
    load: async () => (await import('../commands/operation.ts')).opList,
  },
  {
    path: 'op show',
    summary: 'one operation: phases, reasons, candidates',
    args: ['<id>'],
    online: true,
    examples: ['op show op-17'],
    load: async () => (await import('../commands/operation.ts')).opShow,
  },
  {
    path: 'op wait',
    summary: 'wait until an operation has ended',
    details: 'Exits 0 done, 1 failed or cancelled, 7 when it still runs after --timeout (default 10m).',
    args: ['<id>'],
    online: true,
    examples: ['op wait op-17 --timeout 60s'],
    load: async () => (await import('../commands/operation.ts')).opWait,
  },
  {
    path: 'op cancel',
    summary: 'ask a running operation to stop where it safely can',
    args: ['<id>'],
    flags: [YES_FLAG],
    online: true,
    examples: ['op cancel op-17'],
    load: async () => (await import('../commands/operation.ts')).opCancel,
  },
];

const WATCHING: readonly CommandSpec[] = [
  {
    path: 'events',
    summary: 'what happened: elections, verdicts, operations, alerts',
    flags: [
      { flags: '-f, --follow', text: 'go on with new ones, through every failover' },
      {
        flags: '--after <cursor>',
        text: 'behind this cursor or index, default 0 = all that are kept; now = only new ones',
      },
      { flags: '--since <time>', text: 'from then on: a duration ago (10m) or a time' },
      { flags: '--types <kind,...>', text: 'only these kinds' },
    ],
    online: true,
    examples: [
      'events',
      'events --since 10m',
      'events --follow -o jsonl',
      'events --types leader-elected,operation-ended',
    ],
    load: async () => (await import('../commands/events.ts')).events,
  },
  {
    path: 'watch',
    summary: 'events as they happen, one JSON object a line, until something holds',
    details:
      'Goes on through every failover; {"type":"gap"} says that events were lost in between. ' +
      'Without --timeout it goes on until Ctrl-C, or until --until holds. Exits 0 when that holds or when ' +
      '--timeout is over and none was given, 7 when it did not hold in time.',
    flags: [
      {
        flags: '--types <type,...>',
        text: 'only leader, node, alert, config, action, access, storage, or single kinds',
      },
      { flags: '--since <time>', text: 'with those from then on: a duration ago (10m) or a time' },
      { flags: '--after <cursor>', text: 'behind this cursor or index of an earlier watch' },
      { flags: '--until <condition>', text: 'end when it holds, e.g. leader==n2 or healthy,alive>=3' },
    ],
    online: true,
    formats: ['jsonl', 'json', 'table'],
    examples: [
      'watch --types leader,alert',
      'watch --since 10m -o table',
      "watch --until 'leader==n2' --timeout 30s",
    ],
    load: async () => (await import('../commands/watch.ts')).watch,
  },
  {
    path: 'audit list',
    summary: 'who did what, when, from where, with which outcome',
    details:
      'Control operations and changes of the membership, the same on every node; with ' +
      '--denied what each node refused, as that node counted it.',
    flags: [
      { flags: '--since <time>', text: 'from then on: a duration ago (2h) or a time (2026-01-31T12:00:00Z)' },
      { flags: '--actor <name>', text: 'only by this certificate name, token:ID or join:ID' },
      { flags: '--verb <action>', text: 'only this action, e.g. operation-begin' },
      { flags: '--node <id>', text: 'only what is about this node; with --denied: only by this node' },
      { flags: '--denied', text: 'callers that were refused' },
    ],
    online: true,
    watchable: true,
    examples: [
      'audit list',
      'audit list --since 24h --actor anna',
      'audit list --verb config-put -o jsonl',
      'audit list --denied --node n2',
    ],
    load: async () => (await import('../commands/audit.ts')).auditList,
  },
  {
    path: 'audit verify',
    summary: 'walk the chain of the audit on every node and name the first broken line',
    details:
      'Takes each node’s own copy, computes every hash anew, and compares the copies line by ' +
      'line; each node’s chain of refusals too. Exits 10 when a line was changed, dropped or ' +
      'inserted anywhere, 12 when a node could not be asked.',
    online: true,
    examples: ['audit verify', 'audit verify -o json'],
    load: async () => (await import('../commands/audit-verify.ts')).auditVerify,
  },
  {
    path: 'metrics',
    summary: 'current values of one node',
    details:
      'Besides the usual formats -o takes prometheus and openmetrics. --dashboard and --rules ask no node: ' +
      'they print files for Grafana and Prometheus.',
    flags: [
      { flags: '--node <id>', text: 'of this node; default: the one that answers' },
      { flags: '--dashboard', text: 'a Grafana dashboard of all metrics, as JSON' },
      { flags: '--rules', text: 'recording and alert rules for Prometheus, as YAML' },
    ],
    online: true,
    formats: [...FORMATS, 'prometheus', 'openmetrics'],
    examples: ['metrics', 'metrics --node n2 -o prometheus', 'metrics --rules > sqlcc.rules.yml'],
    load: async () => (await import('../commands/metrics.ts')).metrics,
  },
];

export const CONTROL: readonly CommandSpec[] = [...TOKEN, ...CERT, ...OPERATION, ...WATCHING];
