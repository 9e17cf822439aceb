/**
 * `sqlcc doctor`: is this machine fit for a node, and what to do where it is not. Asks no
 * daemon and needs none; where a data folder exists it is looked at too, and the other
 * nodes that its record names are asked for their time.
 */
import { X509Certificate } from 'node:crypto';
import { resolve } from 'node:path';
import { SqlccError } from '../../src/base/index.ts';
import type { ClusterConfig } from '../../src/config/index.ts';
import { hasIdentity, readIdentity } from '../data-dir.ts';
import { checkPki, type NodePki, readPki } from '../data-files.ts';
import { runningPid } from '../data-lock.ts';
import { kernelFacts } from '../kernel-facts.ts';
import { readRecord } from '../offline-record.ts';
import { loadConfig } from '../start-node.ts';
import { clockRows, type PeerPlace } from './clocks.ts';
import { diskRows, permissionsRow } from './disk.ts';
import { type PortWish, portRow } from './ports.ts';
import {
  certificateRow,
  type DoctorRow,
  hugePagesRow,
  limitsRows,
  memoryRow,
  row,
  swapRow,
  versionRow,
} from './rows.ts';

export interface DoctorOptions {
  /** A node's configuration; what it says wins over the places below. */
  readonly configFile?: string;
  /** Wins over the file's `data_dir`; may not exist yet. */
  readonly dataDir?: string;
  readonly host: string;
  readonly port: number;
  readonly clientPort: number;
  readonly peerPort: number;
  readonly metricsPort: number;
}

export interface DoctorReport {
  readonly dataDir: string;
  readonly nodeId: string | null;
  readonly rows: readonly DoctorRow[];
}

function wordsOf(error: unknown): string {
  return error instanceof SqlccError ? error.message : String((error as Error)?.message ?? error);
}

function configRow(options: DoctorOptions): { rows: DoctorRow[]; config: ClusterConfig | null } {
  const { configFile } = options;
  if (configFile === undefined) return { rows: [], config: null };
  try {
    const { config, warnings } = loadConfig(configFile);
    const rows = warnings.map((text) => row('configuration', 'warn', text, 'mend it where it is not meant'));
    return { rows: rows.length > 0 ? rows : [row('configuration', 'ok', configFile)], config };
  } catch (error) {
    const { issues = [] } = error instanceof SqlccError ? (error.details as { issues?: object[] }) : {};
    const more = issues.map((issue) => (issue as { message?: string }).message ?? '').join('; ');
    const text = more === '' ? wordsOf(error) : `${wordsOf(error)}: ${more}`;
    const hint = error instanceof SqlccError ? error.hint : 'correct the file';
    return { rows: [row('configuration', 'fail', text, hint)], config: null };
  }
}

/** The node in the folder, as far as it can be read. */
interface Found {
  readonly rows: DoctorRow[];
  readonly nodeId: string | null;
  readonly pki: NodePki | null;
  readonly peers: readonly PeerPlace[];
}

function findNode(dataDir: string, now: number): Found {
  if (!hasIdentity(dataDir)) {
    return { rows: [row('node', 'ok', `${dataDir} holds none yet`)], nodeId: null, pki: null, peers: [] };
  }
  const rows: DoctorRow[] = [];
  let nodeId: string | null = null;
  let pki: NodePki | null = null;
  let peers: readonly PeerPlace[] = [];
  try {
    const identity = readIdentity(dataDir);
    nodeId = identity.nodeId;
    rows.push(row('node', 'ok', `${nodeId} of cluster "${identity.clusterName}"`));
    pki = readPki(dataDir);
    for (const [file, pem] of [
      ['ca.crt', pki.caCert],
      ['node.crt', pki.nodeCert],
    ] as const)
      rows.push(certificateRow(file, Date.parse(new X509Certificate(pem).validTo), now));
    checkPki(dataDir);
  } catch (error) {
    const hint = error instanceof SqlccError ? error.hint : 'wipe this node and join it again';
    rows.push(row('node files', 'fail', wordsOf(error), hint));
  }
  try {
    const { cluster } = readRecord(dataDir);
    peers = Object.values(cluster?.nodes ?? {}).filter((n) => n.nodeId !== nodeId);
  } catch {
    // a node that was never started has no state yet, and one whose state is damaged makes it anew
  }
  return { rows, nodeId, pki, peers };
}

function wishes(options: DoctorOptions, config: ClusterConfig | null): PortWish[] {
  const host = config?.network.host ?? options.host;
  const metricsHost = config?.monitoring.metricsHost ?? '127.0.0.1';
  return [
    { name: 'peers and API', host, port: config?.network.port ?? options.port },
    { name: 'clients', host, port: config?.network.clientPort ?? options.clientPort },
    { name: 'consensus', host, port: config?.network.peerPort ?? options.peerPort },
    { name: 'metrics', host: metricsHost, port: config?.monitoring.metricsPort ?? options.metricsPort },
  ];
}

export async function examine(options: DoctorOptions): Promise<DoctorReport> {
  const { rows: configRows, config } = configRow(options);
  const dataDir = resolve(options.dataDir ?? config?.dataDir ?? '.');
  const facts = kernelFacts();
  const node = findNode(dataDir, Date.now());
  const pid = runningPid(dataDir);
  const ports: DoctorRow[] = [];
  for (const wish of wishes(options, config)) ports.push(await portRow(wish, pid));
  const rows = [
    versionRow(process.version),
    ...configRows,
    ...node.rows,
    ...(node.nodeId === null ? [] : [permissionsRow(dataDir)]),
    ...diskRows(dataDir),
    ...ports,
    ...limitsRows(facts.openFiles, facts.processes),
    memoryRow(facts.memoryBytes),
    hugePagesRow(facts.hugePages),
    swapRow(facts.swapBytes, facts.swappiness),
    ...(await clockRows(node.peers, node.pki)),
  ];
  return { dataDir, nodeId: node.nodeId, rows };
}
