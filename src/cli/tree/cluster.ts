/** `sqlcc cluster …`: words, flags and examples. */
import { type CommandSpec, REASON_FLAG, YES_CLUSTER_FLAGS } from '../command-spec.ts';
import { CONFIG } from './config.ts';
import { FAILOVER } from './steering.ts';

const INIT: CommandSpec = {
  path: 'cluster init',
  summary: 'make a new cluster of one node on this machine',
  details:
    'Writes the node’s configuration, data folder, CA and certificates, an admin context,' +
    ' and prints the command that joins the next node. Starts nothing: "sqlcc node start"' +
    ' does.',
  flags: [
    { flags: '--cluster-name <name>', text: 'name of the cluster' },
    { flags: '--node-id <id>', text: 'name of this node: a-z, 0-9, ".", "_", "-"' },
    { flags: '--host <host>', text: 'address to listen on, default 127.0.0.1' },
    { flags: '--advertise-host <host>', text: 'address that others use, when --host is a wildcard' },
    { flags: '--port <port>', text: 'peers and management, default 5433' },
    { flags: '--client-port <port>', text: 'SQL clients, default 5434' },
    { flags: '--peer-port <port>', text: 'consensus, default port + 2' },
    { flags: '--metrics-port <port>', text: 'metrics and health, default 9090' },
    { flags: '--data-dir <dir>', text: 'where the node keeps everything' },
    { flags: '--config <file>', text: 'configuration file to write' },
    { flags: '--zone <zone>', text: 'where the machine stands' },
  ],
  online: false,
  examples: [
    'cluster init --cluster-name prod --node-id n1 --host 10.0.0.1',
    'cluster init --cluster-name t --node-id n1 --data-dir ./n1 --config ./n1.yaml -o json',
  ],
  load: async () => (await import('../commands/cluster-init.ts')).clusterInit,
};

const STATUS: CommandSpec = {
  path: 'cluster status',
  summary: 'health, leader, quorum and all nodes at a glance',
  details: `Exits 0 healthy, 3 degraded, 4 critical, 5 when no node can be reached.
--until takes "healthy", or conditions joined by commas: health, leader, term, nodes,
alive, voters, alerts, config, operation with = != > >= < <=.`,
  flags: [
    {
      flags: '-w, --watch [interval]',
      text: 'again and again, default every 1s, until interrupted or --until holds',
    },
    { flags: '--until <condition>', text: 'wait for it; --timeout then limits the whole wait (default 60s)' },
    { flags: '--stale', text: 'the answering node’s own copy, at once' },
  ],
  online: true,
  examples: [
    'cluster status',
    'cluster status -o json | jq .raft.leader_id',
    'cluster status -w --until healthy --timeout 30s',
    'cluster status -w --until "alive>=3,leader!=n1"',
  ],
  load: async () => (await import('../commands/cluster-status.ts')).clusterStatus,
};

const VERIFY: CommandSpec = {
  path: 'cluster verify',
  summary: 'compare what all nodes hold, table by table, at one index',
  details:
    'Each node fixes what it holds at the same entry of the log and walks all of it, with the pages of ' +
    'its file; writing goes on. What a majority of all voters holds is right. Exits 0 when all nodes say ' +
    'the same, 3 when one was behind or unreachable or those named are no majority, 1 when one differs.',
  flags: [{ flags: '--node <id,...>', text: 'only these nodes, default all' }],
  online: true,
  examples: ['cluster verify', 'cluster verify --timeout 10m -o json', 'cluster verify --node n1,n3'],
  load: async () => (await import('../commands/cluster-verify.ts')).clusterVerify,
};

const RECOVER: CommandSpec = {
  path: 'cluster recover',
  summary: 'make the last voter that is left the only one, when the disks of a majority are gone',
  details:
    'On the machine of that voter, while its daemon is stopped; asks nobody else. What the lost nodes ' +
    'acknowledged without it is lost. All others are removed and refused; new ones join with empty ' +
    'disks. Refused (6) while another node answers, and on a node that is no voter. It never happens ' +
    'by itself, and the audit says who did it. Never start an old disk of the others again.',
  flags: [
    { flags: '--data-dir <dir>', text: 'data folder of the voter that is left' },
    { flags: '--dry-run', text: 'only show what it holds and who would go' },
    ...YES_CLUSTER_FLAGS,
    REASON_FLAG,
  ],
  online: false,
  examples: [
    'cluster recover --data-dir /var/lib/sqlcc/data --dry-run',
    'cluster recover --data-dir /var/lib/sqlcc/data --yes-cluster prod --reason "both machines burnt"',
  ],
  load: async () => (await import('../commands/cluster-recover.ts')).clusterRecover,
};

const HISTORY: CommandSpec = {
  path: 'cluster history',
  summary: 'who led, one after the other, and why each was elected',
  details:
    'The last 20 elections, newest last: how long the silence before lasted, how long the election took, ' +
    'who voted, and its cause; -o wide adds why it was this node. What people did is in "op list", all ' +
    'else in "events".',
  flags: [
    { flags: '--scores', text: 'with each candidate, and what spoke for and against it' },
    { flags: '--stale', text: 'the answering node’s own copy, at once' },
  ],
  online: true,
  watchable: true,
  examples: ['cluster history', 'cluster history --scores', 'cluster history -o jsonl'],
  load: async () => (await import('../commands/cluster-history.ts')).clusterHistory,
};

export const CLUSTER: readonly CommandSpec[] = [INIT, STATUS, VERIFY, FAILOVER, ...CONFIG, RECOVER, HISTORY];
