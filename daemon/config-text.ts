/**
 * The configuration file that `cluster init` and `node join` write: the seed's shape, what differs between
 * nodes filled in.
 */
import { overlayConfig, parseConfig, renderConfig } from '../src/config/index.ts';

export interface NodeAddress {
  readonly clusterName: string;
  readonly nodeId: string;
  readonly dataDir: string;
  readonly host: string;
  readonly advertiseHost: string | null;
  readonly port: number;
  readonly clientPort: number;
  readonly peerPort: number;
  readonly metricsPort: number;
  readonly zone: string;
}

const HEAD = [
  '# Written by sqlcc. The blocks raft, replication and monitoring apply to the whole cluster once',
  '# they were changed there: sqlcc cluster config update FILE',
];

/** Any text as a YAML scalar: JSON strings are YAML. */
const quoted = (text: string): string => JSON.stringify(text);

/**
 * The file of one node; the lower blocks are the seed's defaults, written out so that an operator finds
 * them.
 */
export function nodeConfigText(node: NodeAddress): string {
  const advertise = node.advertiseHost === null ? [] : [`    advertise_host: ${quoted(node.advertiseHost)}`];
  const zone = node.zone === '' ? [] : [`  zone: ${quoted(node.zone)}`];
  return [
    ...HEAD,
    'cluster:',
    `  name: ${quoted(node.clusterName)}`,
    `  node_id: ${quoted(node.nodeId)}`,
    `  data_dir: ${quoted(node.dataDir)}`,
    ...zone,
    '',
    '  network:',
    `    host: ${quoted(node.host)}`,
    ...advertise,
    `    port: ${node.port}`,
    `    client_port: ${node.clientPort}`,
    `    peer_port: ${node.peerPort}`,
    '',
    sharedBlocks(node.metricsPort),
  ].join('\n');
}

/**
 * The file of a node that joins: its own keys, and what the cluster runs with (`shared`, as the leader told),
 * so that it starts with the timings of the others and not with the defaults.
 */
export function joinedConfigText(node: NodeAddress, shared: string): string {
  const text = nodeConfigText(node);
  const own = parseConfig(text, { source: 'node join' });
  return own.ok ? `${HEAD.join('\n')}\n${renderConfig(overlayConfig(own.config, shared))}` : text;
}

function sharedBlocks(metricsPort: number): string {
  return [
    '  raft:',
    '    election_timeout_ms: 150',
    '    heartbeat_interval_ms: 50',
    '    log_compaction_threshold: 1000',
    '',
    '  replication:',
    '    sync_replication: true',
    '    min_replicas: 2',
    '    replica_lag_threshold: 100MB',
    '',
    '  monitoring:',
    '    enable_metrics: true',
    `    metrics_port: ${metricsPort}`,
    '    health_check_interval_ms: 5000',
    '',
  ].join('\n');
}
