/**
 * `node join`: enrols this machine in a cluster. The CA is pinned before the token is
 * said; the certificate request holds the key and no wish; what the answer brings is
 * written so that a crash leaves either nothing or a node that can start.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { JoinRequest, JoinResponse } from '../src/api/index.ts';
import { parseToken } from '../src/auth/index.ts';
import type { Duration, ErrorCode } from '../src/base/index.ts';
import { LIMITS, must, parseNodeId, SqlccError } from '../src/base/index.ts';
import { HttpClient, showAuthorities } from '../src/rpc/index.ts';
import { initDurableStorage, NodeDisk } from '../src/wal/index.ts';
import { joinedConfigText } from './config-text.ts';
import { FORMAT_VERSION, hasIdentity, writeFileDurably, writeIdentity } from './data-dir.ts';
import { writePki } from './data-files.ts';
import { type InitOptions, reachableHost } from './init.ts';
import { beginWriting, endJoin, isOwnConfigFile, type JoinFolder, prepareJoinFolder } from './join-folder.ts';
import { sealedJson } from './sealed-json.ts';
import { startNode } from './start-node.ts';
import { systemClock } from './system-clock.ts';
import { VERSION } from './version.ts';

const TRY_MS = 10_000;
const LOOK_TIMEOUT_MS = 5000;
const MAX_REDIRECTS = 3;
/** A cluster between two leaders, or a leader that is not reached, is asked again for this long. */
const PATIENCE_MS = 8000;
/** A machine that is short of CPU may be silent for this long. */
const SILENCE_MS = 30_000;
const AGAIN =
  'run the same command again, with the same token: it takes up what was begun; or give another --seed-node';

export interface JoinOptions extends Omit<InitOptions, 'clusterName'> {
  /** `host:port` of any node. */
  readonly seedNode: string;
  readonly token: string;
  /** Enrol only: the daemon is started later with `node start`. */
  readonly noStart: boolean;
  readonly logLevel?: string;
  readonly logFile?: string;
}

export function splitAddress(text: string): { host: string; port: number } {
  const match = /^(\[[0-9a-fA-F:]+\]|[^:\s]+):(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (!match || port < 1 || port > 65_535) {
    throw new SqlccError('invalid_argument', `"${text}" is no HOST:PORT`, {
      hint: 'for example --seed-node 192.168.1.100:5433',
    });
  }
  return { host: (match[1] as string).replace(/^\[|\]$/g, ''), port };
}

/** SHA-256 of the key of the CA that a seed presents, for a person to compare; nothing is sent. */
export async function seedFingerprint(seedNode: string): Promise<string> {
  const { host, port } = splitAddress(seedNode);
  const [signer] = await showAuthorities(host, port, LOOK_TIMEOUT_MS);
  return must(signer, 'a node shows a CA or is refused').fingerprint;
}

/**
 * The CA of the seed, provided that it is the one that made the token; nothing secret was said until then.
 */
async function pinnedCa(seed: { host: string; port: number }, pin: string): Promise<string> {
  const shown = await showAuthorities(seed.host, seed.port, LOOK_TIMEOUT_MS);
  const top = must(shown.at(-1), 'a node shows a CA or is refused');
  if (shown.some((authority) => authority.fingerprint === pin)) return top.caPem;
  const keys = `its CA is ${shown[0]?.fingerprint.slice(0, 16)}…, the token was made by ${pin.slice(0, 16)}…`;
  const text = `${seed.host}:${seed.port} belongs to another cluster: ${keys}`;
  const hint =
    'check --seed-node, or make a token on that cluster now (its CA may have been replaced since); ' +
    'the token was not sent';
  throw new SqlccError('unauthenticated', text, { hint });
}

function checkJoin(options: JoinOptions): { caFingerprint: string } {
  const id = parseNodeId(options.nodeId);
  if (!id.ok) throw new SqlccError('invalid_argument', `"${options.nodeId}" is no node id: ${id.reason}`);
  if (hasIdentity(options.dataDir)) {
    throw new SqlccError('conflict', `${options.dataDir} already holds a node`, {
      hint: 'start it with "sqlcc node start", or choose another --data-dir',
    });
  }
  const isOwn = isOwnConfigFile(resolve(options.dataDir), resolve(options.configFile));
  if (existsSync(options.configFile) && !isOwn) {
    throw new SqlccError('conflict', `${options.configFile} exists`, {
      hint: 'choose another --config, or remove the file',
    });
  }
  const parsed = parseToken(options.token);
  if (!parsed.ok || parsed.token.kind !== 'join') {
    const why = parsed.ok ? 'it is an access token' : parsed.reason;
    throw new SqlccError('invalid_argument', `this is no join token: ${why}`, {
      hint: 'make one on any node: sqlcc token create --join',
    });
  }
  return { caFingerprint: parsed.token.caFingerprint };
}

const sleep = (ms: number): Promise<void> => new Promise((settle) => setTimeout(settle, ms));

/** Nothing has left: asking again spends the token once. */
function isUnsent(error: unknown): boolean {
  return error instanceof SqlccError && error.code === 'unavailable' && error.details['sent'] === false;
}

/** How long one try may take, and for how long tries without an answer are made again. */
interface JoinTiming {
  readonly tryMs: Duration;
  readonly silenceMs: Duration;
}

/** Whether it was done is not known: who has spent the token may ask again, and is answered the same. */
function isSilent(code: string | undefined): boolean {
  return code === 'deadline_exceeded' || code === 'outcome_unknown';
}

/** Asks the seed, follows it to the leader, and answers what the leader gave. */
export async function askToJoin(
  seed: string,
  ca: string,
  request: JoinRequest,
  timing: JoinTiming = { tryMs: TRY_MS, silenceMs: SILENCE_MS },
): Promise<JoinResponse> {
  const http = new HttpClient({ ca, handshakeTimeoutMs: LIMITS.handshakeTimeoutMs });
  let endpoint = seed;
  let redirects = 0;
  const began = performance.now();
  const deadline = began + PATIENCE_MS;
  const isTooLong = (): boolean => performance.now() >= began + timing.silenceMs;
  const again = async (): Promise<void> => {
    await sleep(200);
    endpoint = seed;
    redirects = 0;
  };
  try {
    for (;;) {
      const call = { endpoint, method: 'POST', path: '/v1/join', body: request, timeoutMs: timing.tryMs };
      const answer = await http.request(call).catch((error: unknown) => {
        // the seed was reached: a connection that takes too long is a busy machine, or a leader that has gone
        if (isUnsent(error) && performance.now() < deadline) return null;
        if (!(error instanceof SqlccError) || !isSilent(error.code)) throw error;
        if (isTooLong()) throw new SqlccError(error.code, error.message, { hint: AGAIN, cause: error });
        return null;
      });
      if (answer === null) {
        await again();
        continue;
      }
      const body = answer.json() as {
        code?: string;
        message?: string;
        hint?: string;
        details?: Record<string, unknown>;
      };
      if (answer.status < 300) return body as unknown as JoinResponse;
      if (body.code === 'not_leader' && redirects < MAX_REDIRECTS) {
        const leader = (body.details as { leader?: { host: string; port: number } } | undefined)?.leader;
        if (leader !== undefined) {
          endpoint = `${leader.host}:${leader.port}`;
          redirects++;
          continue;
        }
      }
      const isPassing =
        body.code === 'no_leader' || body.code === 'not_leader' || body.code === 'unavailable';
      if ((isPassing && performance.now() < deadline) || (isSilent(body.code) && !isTooLong())) {
        await again();
        continue;
      }
      const hint = isSilent(body.code) ? AGAIN : body.hint;
      const options = hint === undefined ? {} : { hint };
      throw new SqlccError(
        (body.code ?? 'internal') as ErrorCode,
        body.message ?? `status ${answer.status}`,
        options,
      );
    }
  } finally {
    await http.close();
  }
}

/** Enrols and, unless `noStart`, runs the daemon; resolves with its exit code. */
export async function joinCluster(options: JoinOptions): Promise<number> {
  const { caFingerprint } = checkJoin(options);
  const seed = splitAddress(options.seedNode);
  const host = reachableHost(options.host, options.advertiseHost);
  const ca = await pinnedCa(seed, caFingerprint);
  // what can fail on this machine fails before the token is spent
  const folder = await prepareJoinFolder(resolve(options.dataDir), options.nodeId);
  const answer = await askToJoin(options.seedNode, ca, {
    token: options.token,
    node_id: options.nodeId,
    instance_id: folder.instanceId,
    csr: folder.csrPem,
    host,
    port: options.port,
    client_port: options.clientPort,
    peer_port: options.peerPort,
    metrics_port: options.metricsPort,
    version: VERSION,
    ...(options.zone === undefined ? {} : { zone: options.zone }),
  });
  writeNode(options, answer, folder);
  if (options.noStart) return 0;
  return startNode({
    configFile: options.configFile,
    dataDir: options.dataDir,
    ...(options.logLevel === undefined ? {} : { logLevel: options.logLevel }),
    ...(options.logFile === undefined ? {} : { logFile: options.logFile }),
  });
}

/** The identity comes last: before it the folder is no node. */
function writeNode(options: JoinOptions, answer: JoinResponse, { instanceId, keyPem }: JoinFolder): void {
  const dataDir = resolve(options.dataDir);
  const configFile = resolve(options.configFile);
  const { nodeId } = options;
  beginWriting(dataDir, configFile);
  writePki(dataDir, {
    caCert: answer.ca_certificate,
    nodeCert: answer.certificate,
    nodeKey: keyPem,
    caKey: answer.ca_key,
  });
  const seeds = answer.seeds.map((s) => ({
    nodeId: s.node_id,
    host: s.host,
    port: s.port,
    peerPort: s.peer_port,
  }));
  writeFileDurably(join(dataDir, 'seeds.json'), sealedJson({ seeds }));
  initDurableStorage({
    disk: new NodeDisk(),
    dir: join(dataDir, 'wal'),
    clusterId: answer.cluster_id,
    nodeId,
    instanceId,
    clock: systemClock,
    schedule: (fn) => setImmediate(fn),
    bootstrap: null,
  });
  mkdirSync(dirname(configFile), { recursive: true });
  const node = {
    ...options,
    clusterName: answer.cluster_name,
    dataDir,
    zone: options.zone ?? '',
    advertiseHost: options.advertiseHost ?? null,
  };
  const text = joinedConfigText(node, answer.config_text);
  writeFileDurably(configFile, text);
  writeIdentity(dataDir, {
    format: FORMAT_VERSION,
    clusterId: answer.cluster_id,
    clusterName: answer.cluster_name,
    nodeId,
    instanceId,
    suffrage: answer.suffrage,
  });
  endJoin(dataDir);
}
