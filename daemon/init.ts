/**
 * `cluster init`: makes a cluster of one node on disk. Nothing is started and nothing
 * listens; the first start finds a log whose first two entries say who belongs to the
 * cluster and what it is. Everything is written or nothing: the identity file, which
 * makes the folder a node, comes last.
 */
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { formatToken } from '../src/auth/index.ts';
import { isClusterName, parseNodeId, SqlccError } from '../src/base/index.ts';
import type { NodeRecord, TokenRecord } from '../src/cluster/index.ts';
import { configHash, parseConfig, renderSharedConfig } from '../src/config/index.ts';
import {
  type Authority,
  createAuthority,
  createCsr,
  hashSecret,
  issueNode,
  issuePerson,
  newSecret,
  spkiFingerprint,
  VALIDITY_MS,
} from '../src/pki/index.ts';
import { bootstrapRequest, type PersistRequest } from '../src/raft/index.ts';
import { initDurableStorage, NodeDisk } from '../src/wal/index.ts';
import { nodeConfigText } from './config-text.ts';
import {
  ensureDataDir,
  FORMAT_VERSION,
  freshId,
  hasIdentity,
  shortId,
  writeFileDurably,
  writeIdentity,
} from './data-dir.ts';
import { writePki } from './data-files.ts';
import { encodeCommand } from './requests.ts';
import { systemClock } from './system-clock.ts';
import { VERSION } from './version.ts';

export const JOIN_TOKEN_TTL_MS = 3_600_000;

export interface InitOptions {
  readonly clusterName: string;
  readonly nodeId: string;
  readonly host: string;
  readonly advertiseHost?: string;
  readonly port: number;
  readonly clientPort: number;
  readonly peerPort: number;
  readonly metricsPort: number;
  readonly dataDir: string;
  readonly configFile: string;
  readonly zone?: string;
}

export interface InitResult {
  /** One use, one hour, for a voter. */
  readonly joinToken: string;
  readonly caSha256: string;
  readonly configFile: string;
  readonly dataDir: string;
  readonly clusterName: string;
  readonly clusterId: string;
  /** Where people reach the API. */
  readonly endpoint: string;
  /** The administrator's credentials, for the context file. */
  readonly admin: { readonly ca: string; readonly cert: string; readonly key: string };
}

/** Addresses that mean "everywhere": nobody can connect to one. */
export function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::' || host === '[::]';
}

/** The host that others connect to; throws when only a wildcard is known. */
export function reachableHost(host: string, advertiseHost: string | undefined): string {
  const reachable = advertiseHost ?? host;
  if (isWildcard(reachable)) {
    const hint = 'say which address others use: --advertise-host, or network.advertise_host in the file';
    throw new SqlccError(
      'invalid_argument',
      `host ${host} is every address, and no node can connect to that`,
      { hint },
    );
  }
  return reachable;
}

/** Refuses what would overwrite something, or names that can't be. */
function checkInit(options: InitOptions): void {
  if (!isClusterName(options.clusterName)) {
    const text = `"${options.clusterName}" is no cluster name: 1 to 63 letters, digits, blank, ".", "_", "-"`;
    throw new SqlccError('invalid_argument', text);
  }
  const id = parseNodeId(options.nodeId);
  if (!id.ok) throw new SqlccError('invalid_argument', `"${options.nodeId}" is no node id: ${id.reason}`);
  const ports = [options.port, options.clientPort, options.peerPort, options.metricsPort];
  if (new Set(ports).size !== ports.length) {
    throw new SqlccError('invalid_argument', `the four ports must differ, they are ${ports.join(', ')}`);
  }
  if (hasIdentity(options.dataDir)) {
    throw new SqlccError('conflict', `${options.dataDir} already holds a node`, {
      hint: 'start it with "sqlcc node start", or choose another --data-dir',
    });
  }
  const wal = join(options.dataDir, 'wal');
  if (existsSync(wal) && readdirSync(wal).length > 0) {
    throw new SqlccError('conflict', `${wal} is not empty`, {
      hint: 'choose another --data-dir, or remove what is there',
    });
  }
  if (existsSync(options.configFile)) {
    throw new SqlccError('conflict', `${options.configFile} exists`, {
      hint: 'choose another --config, or remove the file',
    });
  }
}

/** Makes the cluster on disk; throws before anything is written when something is in the way. */
export async function initCluster(options: InitOptions): Promise<InitResult> {
  checkInit(options);
  const reachable = reachableHost(options.host, options.advertiseHost);
  const dataDir = resolve(options.dataDir);
  const now = Date.now();
  const clusterId = freshId();
  const instanceId = freshId();
  const { clusterName, nodeId } = options;
  const authority = await createAuthority({ clusterId, clusterName, now });
  const { csrPem, keyPem } = await createCsr(nodeId);
  const hosts = [...new Set([reachable, options.host])].filter((h) => !isWildcard(h));
  const nodeCert = await issueNode({ authority, clusterId, nodeId, role: 'voter', hosts, csrPem, now });
  const person = await issueFirstAdmin(authority, clusterId, now);
  const caSha256 = spkiFingerprint(authority.certPem);
  const token = firstToken(now);
  const configText = nodeConfigText({
    ...options,
    dataDir,
    zone: options.zone ?? '',
    advertiseHost: options.advertiseHost ?? null,
  });
  const checked = parseConfig(configText, { source: options.configFile });
  if (!checked.ok) {
    const text = checked.issues.map((i) => `${i.path}: ${i.message}`).join('; ');
    throw new SqlccError('invalid_argument', text, { details: { issues: checked.issues } });
  }
  const keySha256 = spkiFingerprint(nodeCert);
  const node = firstRecord(options, { instanceId, keySha256, host: reachable, now });

  ensureDataDir(dataDir);
  writePki(dataDir, { caCert: authority.certPem, nodeCert, nodeKey: keyPem, caKey: authority.keyPem });
  initDurableStorage({
    disk: new NodeDisk(),
    dir: join(dataDir, 'wal'),
    clusterId,
    nodeId,
    instanceId,
    clock: systemClock,
    schedule: (fn) => setImmediate(fn),
    bootstrap: firstWrite(node, {
      ...{ clusterId, clusterName, token: token.record, now },
      configText: renderSharedConfig(checked.config),
    }),
  });
  mkdirSync(dirname(resolve(options.configFile)), { recursive: true });
  writeFileDurably(resolve(options.configFile), configText);
  writeIdentity(dataDir, {
    format: FORMAT_VERSION,
    clusterId,
    clusterName,
    nodeId,
    instanceId,
    suffrage: 'voter',
  });
  return {
    joinToken: formatToken({
      kind: 'join',
      id: token.record.id,
      secret: token.secret,
      caFingerprint: caSha256,
    }),
    caSha256,
    configFile: resolve(options.configFile),
    dataDir,
    clusterName,
    clusterId,
    endpoint: `${reachable}:${options.port}`,
    admin: { ca: authority.certPem, cert: person.certPem, key: person.keyPem },
  };
}

/** A year: the context that it goes into is the first way in, and `issueAdmin` the way back. */
function issueFirstAdmin(authority: Authority, clusterId: string, now: number) {
  const validForMs = VALIDITY_MS.firstAdmin;
  return issuePerson({ authority, clusterId, name: 'admin', role: 'admin', now, validForMs });
}

function firstToken(now: number): { secret: string; record: TokenRecord } {
  const secret = newSecret();
  const record: TokenRecord = {
    id: shortId(),
    kind: 'join',
    role: 'voter',
    hash: hashSecret(secret),
    created: now,
    expires: now + JOIN_TOKEN_TTL_MS,
    createdBy: 'cluster init',
    nodeId: null,
    usedBy: null,
  };
  return { secret, record };
}

function firstRecord(
  options: InitOptions,
  at: { instanceId: string; keySha256: string; host: string; now: number },
): NodeRecord {
  return {
    nodeId: options.nodeId,
    instanceId: at.instanceId,
    keySha256: at.keySha256,
    host: at.host,
    port: options.port,
    clientPort: options.clientPort,
    peerPort: options.peerPort,
    metricsPort: options.metricsPort,
    zone: options.zone ?? '',
    metadata: {},
    version: VERSION,
    suffrage: 'voter',
    bootCounter: 0,
    joinedAt: at.now,
    startedAt: null,
    liveness: 'alive',
    livenessSince: at.now,
  };
}

/** Entry 1: this node alone is the Raft group. Entry 2: this is the cluster. */
function firstWrite(
  node: NodeRecord,
  cluster: { clusterId: string; clusterName: string; configText: string; token: TokenRecord; now: number },
): PersistRequest {
  const member = {
    nodeId: node.nodeId,
    instanceId: node.instanceId,
    address: `${node.host}:${node.peerPort}`,
  };
  const request = bootstrapRequest(member, cluster.now);
  const data = encodeCommand(
    {
      kind: 'bootstrap',
      clusterId: cluster.clusterId,
      name: cluster.clusterName,
      node,
      configText: cluster.configText,
      configHash: configHash(cluster.configText),
      tokens: [cluster.token],
    },
    'cluster init',
  );
  return {
    ...request,
    entries: [...request.entries, { index: 2, term: 1, kind: 'command', timestamp: cluster.now, data }],
  };
}
