/**
 * `sqlcc support dump`: one archive with all that somebody far away needs to understand a
 * node, and nothing that would harm its owner. Needs no quorum, no leader and no daemon:
 * what can't be had is told in the manifest.
 */
import { writeFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { LIMITS, SqlccError } from '../../src/base/index.ts';
import type { ClusterConfig } from '../../src/config/index.ts';
import type { HttpClientOptions } from '../../src/rpc/index.ts';
import { hasIdentity, readIdentity } from '../data-dir.ts';
import { readPki } from '../data-files.ts';
import { runningPid } from '../data-lock.ts';
import { examine } from '../doctor/doctor.ts';
import { isWildcard } from '../init.ts';
import { textOf } from '../kernel-facts.ts';
import { readRecord } from '../offline-record.ts';
import { loadConfig } from '../start-node.ts';
import { Bundle, type BundleRow, type Missing } from './bundle.ts';
import { knownSecrets } from './known-secrets.ts';
import { addLogs, addMachine, addNode, type LocalSources } from './local.ts';
import { REDACTED } from './redact.ts';
import { type AskedNode, addNodes, addScrape, tellDump } from './remote.ts';
import { tarOf } from './tar.ts';

export interface DumpOptions {
  readonly file: string;
  readonly configFile?: string;
  readonly dataDir?: string;
  readonly logFiles: readonly string[];
  /** Who asks the nodes, and where they are; without it this node asks with its own certificate. */
  readonly connection: {
    readonly endpoints: readonly string[];
    readonly credentials: HttpClientOptions;
  } | null;
}

export interface Dumped {
  readonly file: string;
  readonly bytes: number;
  readonly files: readonly BundleRow[];
  readonly missing: readonly Missing[];
  /** Nodes that answered. */
  readonly nodes: readonly string[];
}

/** The parsed file, or null and the reason in the manifest. */
function configOf(bundle: Bundle, file: string | undefined): ClusterConfig | null {
  if (file === undefined) return null;
  try {
    return loadConfig(file).config;
  } catch (error) {
    bundle.lacks('node/config', (error as Error).message);
    return null;
  }
}

function formatAddress(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** The nodes that the record on disk names; this one alone where there is no record yet. */
function nodesOnRecord(dataDir: string, config: ClusterConfig | null): AskedNode[] {
  try {
    const nodes = Object.values(readRecord(dataDir).cluster?.nodes ?? {});
    if (nodes.length > 0)
      return nodes.map((n) => ({ name: n.nodeId, endpoint: formatAddress(n.host, n.port) }));
  } catch {
    // said where the record itself is read
  }
  if (config === null) return [];
  const { host, advertiseHost, port } = config.network;
  return [{ name: config.nodeId, endpoint: formatAddress(advertiseHost ?? host, port) }];
}

async function askAll(
  bundle: Bundle,
  options: DumpOptions,
  at: { dataDir: string | null; config: ClusterConfig | null },
): Promise<string[]> {
  const { dataDir, config } = at;
  if (options.connection !== null) {
    const { endpoints, credentials } = options.connection;
    const nodes = endpoints.map((endpoint) => ({ name: endpoint.replace(/[^\w.-]/g, '_'), endpoint }));
    return addNodes(bundle, nodes, credentials);
  }
  if (dataDir === null) return [];
  try {
    const { caCert, nodeCert, nodeKey } = readPki(dataDir);
    const credentials = { ca: caCert, cert: nodeCert, key: nodeKey };
    const nodes = nodesOnRecord(dataDir, config);
    // before the rest, so that the leader's copy of the audit in the archive has it
    const { nodeId } = readIdentity(dataDir);
    const actor = `user ${userInfo().username}`;
    await tellDump(bundle, nodes, credentials, { nodeId, actor, from: hostname(), file: options.file });
    return await addNodes(bundle, nodes, credentials);
  } catch (error) {
    bundle.lacks('cluster', (error as Error).message);
    return [];
  }
}

function manifestOf(bundle: Bundle, nodes: readonly string[], madeAt: string): Buffer {
  const manifest = {
    ...{ schemaVersion: 1, made_at: madeAt, nodes_answered: nodes },
    redaction: `keys, tokens, secrets and users' data were left out or replaced by ${REDACTED}`,
    limits: { file_bytes: LIMITS.maxSupportFileBytes, total_bytes: LIMITS.maxSupportBytes },
    files: bundle.rows,
    missing: bundle.missing,
  };
  return Buffer.from(`${JSON.stringify(manifest, null, 1)}\n`);
}

/** The node's own file, and each version of the configuration on its disk, as far as they can be read. */
function configTexts({ configFile, dataDir }: DumpOptions): string[] {
  const texts = [configFile === undefined ? '' : (textOf(configFile) ?? '')];
  const named = /^\s*data_dir:\s*["']?([^"'\n#]+)/m.exec(texts[0] ?? '')?.[1]?.trim();
  const folder = dataDir ?? named;
  try {
    if (folder !== undefined) texts.push(...(readRecord(folder).cluster?.configs ?? []).map((c) => c.text));
  } catch {
    // said where the record itself is read
  }
  return texts;
}

/** Makes the archive, mode 0600; throws conflict when the file exists. */
export async function dumpSupport(options: DumpOptions): Promise<Dumped> {
  const bundle = new Bundle(knownSecrets(configTexts(options)));
  const config = configOf(bundle, options.configFile);
  const folder = options.dataDir ?? config?.dataDir ?? null;
  const dataDir = folder !== null && hasIdentity(folder) ? folder : null;
  if (folder !== null && dataDir === null) bundle.lacks('node', `${folder} holds no node`);
  const sources: LocalSources = {
    dataDir,
    configFile: options.configFile ?? null,
    logFiles: options.logFiles,
    pid: dataDir === null ? null : runningPid(dataDir),
  };
  await addMachine(bundle);
  await addNode(bundle, sources);
  await addLogs(bundle, sources);
  if (config !== null) {
    const { metricsHost, metricsPort } = config.monitoring;
    await addScrape(bundle, isWildcard(metricsHost) ? '127.0.0.1' : metricsHost, metricsPort);
  }
  const nodes = await askAll(bundle, options, { dataDir, config });
  const { configFile } = options;
  const places = { host: '127.0.0.1', port: 5433, clientPort: 5434, peerPort: 5435, metricsPort: 9090 };
  await bundle.json({ name: 'machine/doctor.json', source: 'sqlcc doctor' }, async () => {
    const found = await examine({
      ...places,
      ...(configFile !== undefined && { configFile }),
      ...(folder !== null && { dataDir: folder }),
    });
    // named as "sqlcc doctor -o json" does: what is called rows counts as data of users
    return { data_dir: found.dataDir, node_id: found.nodeId, checks: found.rows };
  });
  const now = Date.now();
  const manifest = { name: 'manifest.json', bytes: manifestOf(bundle, nodes, new Date(now).toISOString()) };
  const packed = await promisify(gzip)(tarOf([manifest, ...bundle.entries], now));
  write(options.file, packed);
  return { file: options.file, bytes: packed.length, files: bundle.rows, missing: bundle.missing, nodes };
}

function write(file: string, bytes: Uint8Array): void {
  try {
    writeFileSync(file, bytes, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new SqlccError('conflict', `${file} exists`, { hint: 'choose another name, or remove it' });
  }
}
