/**
 * Admission of a node. The token is the only thing that is believed: it says which
 * role the node gets and, if bound, which id; the certificate request gives the key
 * and nothing else. A token is spent in the very log entry that admits the node, so
 * that two joiners can't use it twice.
 */
import type { JoinRequest } from '../../src/api/index.ts';
import { parseToken } from '../../src/auth/index.ts';
import { LIMITS, parseNodeId, SqlccError } from '../../src/base/index.ts';
import type { ClusterState, NodeRecord, TokenRecord } from '../../src/cluster/index.ts';
import { equalHash, hashSecret, issueNode, spkiFingerprint } from '../../src/pki/index.ts';
import type { Answer, Call } from '../../src/rpc/index.ts';
import { resultOf } from '../applied.ts';
import { readPki, signerOf } from '../data-files.ts';
import { type NodeContext, proposeCommand, requireCluster } from '../node-context.ts';
import { PROTOCOL } from '../version.ts';

const MINUTE_MS = 60_000;

/** Refuses guesses: per address and in all, by the minute. */
export class JoinGuard {
  #attempts: { readonly at: number; readonly address: string }[] = [];

  /** Counts an attempt that failed; `now` is monotonic ms. */
  failed(address: string, now: number): void {
    this.#attempts.push({ at: now, address });
    if (this.#attempts.length > 4 * LIMITS.maxJoinAttemptsPerMinute) this.#attempts.shift();
  }

  /** Throws overloaded when too many attempts failed within the last minute. */
  check(address: string, now: number): void {
    this.#attempts = this.#attempts.filter((a) => now - a.at < MINUTE_MS);
    const own = this.#attempts.filter((a) => a.address === address).length;
    if (
      own >= LIMITS.maxJoinAttemptsPerAddressPerMinute ||
      this.#attempts.length >= LIMITS.maxJoinAttemptsPerMinute
    ) {
      throw new SqlccError('overloaded', 'too many failed joins', {
        hint: 'wait a minute and use a fresh token',
      });
    }
  }
}

function refusedToken(reason: string): SqlccError {
  const hint = 'make a new one on any node: sqlcc token create --join';
  return new SqlccError('unauthenticated', `the join token ${reason}`, { hint });
}

function checkToken(context: NodeContext, request: JoinRequest): TokenRecord {
  const parsed = parseToken(request.token);
  if (!parsed.ok || parsed.token.kind !== 'join') throw refusedToken('is malformed');
  const record = requireCluster(context).tokens[parsed.token.id];
  const hash = hashSecret(parsed.token.secret);
  if (record === undefined || record.kind !== 'join' || !equalHash(hash, record.hash))
    throw refusedToken('is not known here');
  // whether the key is the same too is asked where the token is spent: the answer to a first try was lost
  const holder = requireCluster(context).nodes[request.node_id];
  if (record.usedBy === request.node_id && holder?.instanceId === request.instance_id) return record;
  if (record.usedBy !== null) throw refusedToken(`was used by ${record.usedBy}`);
  if (record.expires <= Date.now())
    throw refusedToken(`expired at ${new Date(record.expires).toISOString()}`);
  if (record.nodeId !== null && record.nodeId !== request.node_id) {
    throw refusedToken(`is for node ${record.nodeId}, not ${request.node_id}`);
  }
  return record;
}

/**
 * An id that another disk holds is refused with both addresses; an operator must remove the old one first.
 */
function checkId(context: NodeContext, request: JoinRequest): void {
  const id = parseNodeId(request.node_id);
  if (!id.ok) throw new SqlccError('invalid_argument', `"${request.node_id}" is no node id: ${id.reason}`);
  const holder = requireCluster(context).nodes[request.node_id];
  if (holder === undefined || holder.instanceId === request.instance_id) return;
  const [at, asked] = [`${holder.host}:${holder.port}`, `${request.host}:${request.port}`];
  const text = `node id ${request.node_id} is in use by ${at}; ${asked} asked for it`;
  const command = `sqlcc node leave --node ${request.node_id}`;
  const hint = `choose another --node-id, or take the old node out first: ${command}`;
  throw new SqlccError('conflict', text, { hint });
}

/** `localhost.` and `LOCALHOST` are the same name. */
function plainHost(host: string): string {
  return host
    .toLowerCase()
    .replace(/\.$/, '')
    .replace(/^\[|\]$/g, '');
}

/** Names of this very machine: every certificate holds them anyway. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/**
 * Which other node an observer would pass for with a certificate in that host's name; null when none. A
 * voter gets the CA's key with its token: there is nothing left to refuse it.
 */
export function borrowedHost(
  cluster: Pick<ClusterState, 'nodes'>,
  request: Pick<JoinRequest, 'node_id' | 'host'>,
  suffrage: 'voter' | 'observer',
): string | null {
  const host = plainHost(request.host);
  if (suffrage === 'voter' || isLoopback(host)) return null;
  const others = Object.values(cluster.nodes).filter((n) => n.nodeId !== request.node_id);
  return others.find((n) => plainHost(n.host) === host)?.nodeId ?? null;
}

function checkHost(context: NodeContext, request: JoinRequest, suffrage: 'voter' | 'observer'): void {
  const other = borrowedHost(requireCluster(context), request, suffrage);
  if (other === null) return;
  const text = `${request.host} is the host of ${other}: an observer gets no certificate in its name`;
  const hint = 'give the observer a host name of its own with --advertise-host, or join it as a voter';
  throw new SqlccError('conflict', text, { hint });
}

function recordOf(
  request: JoinRequest,
  suffrage: 'voter' | 'observer',
  at: { readonly keySha256: string; readonly now: number },
): NodeRecord {
  const { keySha256, now } = at;
  return {
    nodeId: request.node_id,
    instanceId: request.instance_id,
    keySha256,
    host: request.host,
    port: request.port,
    clientPort: request.client_port,
    peerPort: request.peer_port,
    metricsPort: request.metrics_port,
    zone: request.zone ?? '',
    metadata: request.metadata ?? {},
    version: request.version,
    suffrage,
    bootCounter: 0,
    joinedAt: now,
    startedAt: null,
    liveness: 'alive',
    livenessSince: now,
  };
}

export function createJoin(context: NodeContext, guard: JoinGuard = new JoinGuard()) {
  return async (call: Call): Promise<Answer> => {
    const request = call.body as JoinRequest;
    await context.reads.requireLeader(call.remainingMs());
    // from here to the verdict nothing waits: many guesses at once are counted one by one
    guard.check(call.remoteAddress, performance.now());
    let token: TokenRecord;
    try {
      token = checkToken(context, request);
    } catch (error) {
      guard.failed(call.remoteAddress, performance.now());
      throw error;
    }
    checkId(context, request);
    const suffrage = token.role === 'observer' ? 'observer' : 'voter';
    checkHost(context, request, suffrage);
    const answer = await admitNode(context, call, { request, token, suffrage });
    return { body: answer };
  };
}

interface Admission {
  readonly request: JoinRequest;
  readonly token: TokenRecord;
  readonly suffrage: 'voter' | 'observer';
}

async function admitNode(context: NodeContext, call: Call, admission: Admission) {
  const { request, token, suffrage } = admission;
  const pki = readPki(context.facts.dataDir);
  const authority = signerOf(pki);
  if (authority === null)
    throw new SqlccError('failed_precondition', 'this node holds no CA key', {
      hint: 'join through a voter',
    });
  const now = Date.now();
  const certificate = await issueNode({
    authority,
    clusterId: context.facts.clusterId,
    nodeId: request.node_id,
    role: suffrage,
    hosts: [request.host],
    csrPem: request.csr,
    now,
  });
  const node = recordOf(request, suffrage, { keySha256: spkiFingerprint(certificate), now });
  const admit = { kind: 'node-admit', node, tokenId: token.id } as const;
  const applied = await proposeCommand(context, admit, call, {
    actor: `join:${token.id}`,
    credential: `token:${token.id}`,
  });
  resultOf(applied.result);
  context.pokeDuties();
  const cluster = requireCluster(context);
  const seeds = Object.values(cluster.nodes)
    .filter((n) => n.nodeId !== request.node_id)
    .map((n) => ({ node_id: n.nodeId, host: n.host, port: n.port, peer_port: n.peerPort }));
  return {
    cluster_id: cluster.clusterId,
    cluster_name: cluster.name,
    suffrage,
    certificate,
    ca_certificate: pki.caCert,
    ca_key: suffrage === 'voter' ? authority.keyPem : null,
    config_text: cluster.configs.findLast((c) => c.isActive)?.text ?? '',
    seeds,
    protocol: PROTOCOL,
  };
}
