/** `sqlcc node …`: words, flags and examples. */
import {
  type CommandSpec,
  EXPECT_FLAGS,
  NEVER_ASKS,
  NODE_FLAG,
  REASON_FLAG,
  YES_CLUSTER_FLAGS,
  YES_FLAG,
} from '../command-spec.ts';
import { FORMATS } from '../output/format.ts';

const CHANGED_NODE_FLAG = {
  flags: '--node <id>',
  text: 'the node; may be left out only where you are asked first: then it is the one that answers',
} as const;

const LENGTH_FLAG = {
  flags: '--for <duration>',
  text: 'ends by itself after this long; default 1h, and at most membership.max_maintenance (30d)',
} as const;

const DAEMON_FLAGS = [
  { flags: '--log-level <level>', text: 'DEBUG, INFO, WARN or ERROR; default INFO' },
  { flags: '--log-file <file>', text: 'append the log (NDJSON) to a file instead of stderr' },
] as const;

const START: CommandSpec = {
  path: 'node start',
  summary: 'run this machine’s daemon in the foreground',
  details:
    'Ready when GET /readyz on the metrics port answers 200. SIGTERM hands leadership ' +
    'over and stops in order.',
  flags: [
    { flags: '--config <file>', text: 'configuration that cluster init or node join wrote' },
    { flags: '--data-dir <dir>', text: 'data folder, wins over the file’s data_dir' },
    ...DAEMON_FLAGS,
  ],
  online: false,
  output: false,
  examples: ['node start --config /etc/sqlcc/cluster.yaml --data-dir /var/lib/sqlcc/data --log-level INFO'],
  load: async () => (await import('../commands/node-daemon.ts')).nodeStart,
};

const JOIN: CommandSpec = {
  path: 'node join',
  summary: 'enrol this machine in a cluster and run its daemon',
  details:
    'Needs a join token ("sqlcc token create --join" on any node). Without one it shows ' +
    'the fingerprint of the cluster’s CA and asks for the token.',
  flags: [
    { flags: '--seed-node <host:port>', text: 'any node of the cluster' },
    { flags: '--node-id <id>', text: 'name of this node' },
    { flags: '--token <token>', text: 'join token (visible in the process list: prefer --token-file)' },
    { flags: '--token-file <file>', text: 'file with the join token, "-" for stdin' },
    { flags: '--host <host>', text: 'address to listen on, default 127.0.0.1' },
    { flags: '--advertise-host <host>', text: 'address that others use, when --host is a wildcard' },
    { flags: '--port <port>', text: 'peers and management, default 5433' },
    { flags: '--client-port <port>', text: 'SQL clients, default 5434' },
    { flags: '--peer-port <port>', text: 'consensus, default port + 2' },
    { flags: '--metrics-port <port>', text: 'metrics and health, default 9090' },
    { flags: '--data-dir <dir>', text: 'where the node keeps everything' },
    { flags: '--config <file>', text: 'configuration file to write' },
    { flags: '--zone <zone>', text: 'where the machine stands' },
    { flags: '--no-start', text: 'enrol only; start later with node start' },
    ...DAEMON_FLAGS,
  ],
  online: false,
  output: false,
  examples: [
    'node join --seed-node 10.0.0.1:5433 --node-id n2 --host 10.0.0.2 --token-file token.txt',
    'node join --seed-node 10.0.0.1:5433 --node-id n2 --host 10.0.0.2',
  ],
  load: async () => (await import('../commands/node-daemon.ts')).nodeJoin,
};

const VIEWS: readonly CommandSpec[] = [
  {
    path: 'node list',
    summary: 'all nodes; unreachable ones are rows too',
    flags: [{ flags: '--stale', text: 'the answering node’s own copy, at once' }],
    online: true,
    watchable: true,
    examples: ['node list', 'node list -o wide', 'node list -o jsonl'],
    load: async () => (await import('../commands/node-views.ts')).nodeList,
  },
  {
    path: 'node leader',
    summary: 'who leads, since when and where',
    details: 'Exits 4 when there is no leader.',
    flags: [{ flags: '--stale', text: 'the answering node’s own opinion, at once' }],
    online: true,
    watchable: true,
    examples: ['node leader', 'node leader -o json | jq -r .leader_id'],
    load: async () => (await import('../commands/node-views.ts')).nodeLeader,
  },
  {
    path: 'node show',
    summary: 'one node in detail',
    args: ['<id>'],
    online: true,
    watchable: true,
    examples: ['node show n2', 'node show n2 -o yaml'],
    load: async () => (await import('../commands/node-views.ts')).nodeShow,
  },
  {
    path: 'node check',
    summary: 'health, lag and quorum as an exit code, for scripts and monitoring',
    details:
      'Exits 0 healthy, 3 degraded, suspected, in maintenance, lagging or with no voter to ' +
      'spare, 4 unhealthy, dead, unknown, far behind or without quorum. With -o nagios 0, 1, 2 ' +
      'and 3 and one line with performance data, as monitoring plugins answer.',
    args: ['[id]'],
    flags: [
      NODE_FLAG,
      { flags: '--all', text: 'every node, by its own word; exits as the worst of them' },
      {
        flags: '--now',
        text: 'the node checks itself now, with a write to its disk and a question to a quorum',
      },
      { flags: '--warn-lag <entries>', text: 'degraded when further behind, default 1000' },
      { flags: '--critical-lag <entries>', text: 'critical when further behind, default 10000' },
    ],
    online: true,
    formats: [...FORMATS, 'nagios'],
    examples: [
      'node check n2',
      'node check n2 --now',
      'node check n2 || mail -s "n2: $?" ops@example.org',
      'node check n2 -o nagios --warn-lag 500',
    ],
    load: async () => (await import('../commands/node-check.ts')).nodeCheck,
  },
];

const CHANGES: readonly CommandSpec[] = [
  {
    path: 'node leave',
    summary: 'take a node out of the cluster for good',
    details:
      'Shows the plan, then asks for the name of the cluster. Its data stays on its disk, but it can come ' +
      'back only by joining anew. Refused (6) when the rest could not form a quorum.',
    args: ['[id]'],
    flags: [
      { flags: '--node <id>', text: 'the node, instead of the argument' },
      { flags: '--dry-run', text: 'only show what would happen' },
      ...YES_CLUSTER_FLAGS,
      REASON_FLAG,
      ...EXPECT_FLAGS,
      { flags: '--no-wait', text: 'return once it has started' },
    ],
    online: true,
    examples: ['node leave n3 --dry-run', 'node leave n3 --yes-cluster prod --reason "machine retired"'],
    load: async () => (await import('../commands/node-changes.ts')).nodeLeave,
  },
  {
    path: 'node remove',
    summary: 'take another node out of the cluster for good, also a dead one',
    details:
      'The same as node leave. Its name is free then; its disk is not let in again: a daemon ' +
      'that comes back on it is told so and stops. Refused (6) when the rest could not form a quorum, or ' +
      'would be fewer live copies than min_replicas.',
    args: ['<id>'],
    flags: [
      { flags: '--dry-run', text: 'only show what would happen' },
      ...YES_CLUSTER_FLAGS,
      REASON_FLAG,
      ...EXPECT_FLAGS,
      { flags: '--no-wait', text: 'return once it has started' },
    ],
    online: true,
    examples: ['node remove n3 --dry-run', 'node remove n3 --yes-cluster prod --reason "disk burnt"'],
    load: async () => (await import('../commands/node-changes.ts')).nodeRemove,
  },
  {
    path: 'node replace',
    summary: 'give a voter’s place to a node that follows without a vote',
    details:
      'The new node catches up, then one change moves the vote: at no moment are more voters ' +
      'needed than before. The old node, dead or alive, leaves the cluster, with --keep it stays ' +
      'as a spare without a vote. Can be called back until the new node has caught up.',
    args: ['<old>', '<new>'],
    flags: [
      { flags: '--keep', text: 'the old node stays in the cluster as a spare' },
      { flags: '--dry-run', text: 'only show what would happen' },
      ...YES_CLUSTER_FLAGS,
      REASON_FLAG,
      ...EXPECT_FLAGS,
      { flags: '--no-wait', text: 'return once it has started' },
    ],
    online: true,
    examples: [
      'node replace n2 n4 --dry-run',
      'node replace n2 n4 --yes-cluster prod --reason "machine retired"',
    ],
    load: async () => (await import('../commands/node-changes.ts')).nodeReplace,
  },
  {
    path: 'node drain',
    summary: 'send the clients of a node elsewhere; vote and copy stay',
    details:
      'It gives up leadership, requests for data are sent to the leader, and clients that are still ' +
      'there after 10 s (--grace) are let go. Load balancers see it as not to be asked.',
    args: ['<id>'],
    flags: [
      LENGTH_FLAG,
      { flags: '--grace <duration>', text: 'what clients get to go by themselves, default 10s, at most 1h' },
      REASON_FLAG,
      { flags: '--dry-run', text: 'only show what would happen' },
      YES_FLAG,
      ...EXPECT_FLAGS,
      { flags: '--no-wait', text: 'return once it has started' },
    ],
    online: true,
    examples: ['node drain n2 --for 30m --reason "new cable"', 'node drain n2 --grace 30s'],
    load: async () => (await import('../commands/node-changes.ts')).nodeDrain,
  },
  {
    path: 'node undrain',
    summary: 'let a node take clients again',
    args: ['<id>'],
    flags: [
      REASON_FLAG,
      { flags: '--dry-run', text: 'only show what would happen' },
      YES_FLAG,
      ...EXPECT_FLAGS,
      { flags: '--no-wait', text: 'return once it has started' },
    ],
    online: true,
    examples: ['node undrain n2'],
    load: async () => (await import('../commands/node-changes.ts')).nodeUndrain,
  },
  {
    path: 'node maintenance enable',
    summary: 'put a node aside: it gives up leadership and is no candidate',
    flags: [
      CHANGED_NODE_FLAG,
      LENGTH_FLAG,
      { flags: '--allow-switchover', text: 'when it leads: leadership moves to another node first' },
      { flags: '--accept-quorum-risk', text: 'also when the others could not go on, or are too few copies' },
      REASON_FLAG,
      { flags: '--dry-run', text: 'only show what would happen' },
      YES_FLAG,
      ...EXPECT_FLAGS,
      { flags: '--no-wait', text: 'return once it has started' },
    ],
    online: true,
    details:
      'Its vote stays. Refused (6) when it leads, unless --allow-switchover, and when the others, without ' +
      'nodes in maintenance, would be no majority or fewer than min_replicas, unless ' +
      '--accept-quorum-risk. Exits 12 when it is in maintenance and leads nevertheless, because nobody ' +
      'took over.',
    examples: [
      'node maintenance enable --node n2 --for 1h --reason "kernel update"',
      'node maintenance enable --node n1 --allow-switchover --yes',
    ],
    load: async () => (await import('../commands/node-changes.ts')).maintenanceEnable,
  },
  {
    path: 'node maintenance disable',
    summary: 'take a node back into service',
    flags: [
      CHANGED_NODE_FLAG,
      REASON_FLAG,
      YES_FLAG,
      ...EXPECT_FLAGS,
      { flags: '--no-wait', text: 'return once it has started' },
    ],
    online: true,
    examples: ['node maintenance disable --node n2'],
    load: async () => (await import('../commands/node-changes.ts')).maintenanceDisable,
  },
  {
    path: 'node maintenance status',
    summary: 'which nodes are in maintenance, by whom and until when',
    flags: [{ flags: '--node <id>', text: 'only this one' }],
    online: true,
    watchable: true,
    examples: ['node maintenance status'],
    load: async () => (await import('../commands/node-changes.ts')).maintenanceStatus,
  },
];

const SERVICE: readonly CommandSpec[] = [
  {
    path: 'node set',
    summary: 'write the zone of a node, and words for load balancers and people',
    details:
      'KEY=VALUE sets a word of its metadata, KEY= takes it away, all others stay. A load balancer may ask ' +
      'for them: GET /replica?tag_disk=ssd is answered by nodes with that word, tag_zone=east by its zone. ' +
      'node show has both. Exits 9, and tells both values, when somebody else changed the same words ' +
      'meanwhile, or when they are not as --expect says; other words are kept, whoever writes them.',
    args: ['<id>', '[key=value...]'],
    flags: [
      { flags: '--zone <zone>', text: 'where the machine stands' },
      {
        flags: '--expect <key=value>',
        text: 'only if this word is so now; KEY= if there is none; may be given again',
        many: true,
      },
      { flags: '--expect-zone <zone>', text: 'only if this is the zone now' },
      NEVER_ASKS,
    ],
    online: true,
    examples: [
      'node set n2 --zone east',
      'node set n2 disk=ssd rack=7',
      'node set n2 rack=',
      'node set n2 rack=8 --expect rack=7',
    ],
    load: async () => (await import('../commands/node-set.ts')).nodeSet,
  },
  {
    path: 'node log-level',
    summary: 'show how much a node writes into its log, or change it for a while',
    details:
      'The change needs no leader, concerns one node and goes back by itself; "default" takes ' +
      'it back at once. LEVEL is debug, info, warn, error or default.',
    args: ['[level]'],
    flags: [
      NODE_FLAG,
      { flags: '--for <duration>', text: 'goes back after this long, default 10m, at most 24h' },
      NEVER_ASKS,
    ],
    online: true,
    examples: [
      'node log-level --node n2',
      'node log-level debug --for 10m --node n2',
      'node log-level default',
    ],
    load: async () => (await import('../commands/node-service.ts')).nodeLogLevel,
  },
  {
    path: 'node systemd',
    summary: 'print a hardened systemd unit for this machine’s daemon',
    details:
      'Type=notify: the unit is started once the node serves, and the watchdog ends a daemon ' +
      'that hangs. It may write to the data folder and nowhere else.',
    flags: [
      { flags: '--config <file>', text: 'configuration, default /etc/sqlcc/cluster.yaml' },
      { flags: '--data-dir <dir>', text: 'data folder, default /var/lib/sqlcc/data' },
      { flags: '--user <user>', text: 'who the daemon runs as, default sqlcc' },
      { flags: '--exec <file>', text: 'this program, default where it was called' },
    ],
    online: false,
    output: false,
    examples: [
      'node systemd > /etc/systemd/system/sqlcc.service',
      'node systemd --config /etc/sqlcc/n1.yaml --data-dir /srv/sqlcc/n1 --user db',
    ],
    load: async () => (await import('../commands/node-service.ts')).nodeSystemd,
  },
];

export const NODE: readonly CommandSpec[] = [START, JOIN, ...VIEWS, ...CHANGES, ...SERVICE];
