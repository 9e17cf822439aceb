/**
 * A cluster of real daemons, each on a host of a lab. It has the surface of DemoCluster; the client can be
 * used by a process that stands where the lab's client does. What runs a daemon (environment, flags of node,
 * programs in front of it) is asked anew at each start, so that a fault can come and go with a restart.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DAEMON_ENV, DAEMON_FLAGS, type DemoNode } from '../../daemon/demo-cluster.ts';
import { STOP_WITH_STDIN } from '../../daemon/start-node.ts';
import { assert, must, SqlccError } from '../../src/base/index.ts';
import { SqlccClient } from '../../src/client/index.ts';
import type { Cables, LabHost } from './cables.ts';

export interface LabNode extends DemoNode {
  readonly host: LabHost;
}

export interface LabClusterOptions {
  readonly lab: Cables;
  /** Default: all hosts of the lab; hosts beyond are free for `addNode`. */
  readonly nodes?: number;
  /** Further nodes that join as observers, on the hosts behind; default none. */
  readonly observers?: number;
  /** A new or empty folder; null or absent = a temporary one. */
  readonly dir?: string | null;
  readonly logLevel?: string;
  /** Arguments of node that run sqlcc; default: the bundle. */
  readonly program?: readonly string[];
  /** Where a node keeps its data; default a folder in `dir`. */
  readonly dataDirOf?: (nodeId: string) => string | null;
  /** Added to the daemon's environment. */
  readonly envOf?: (nodeId: string) => Readonly<Record<string, string>>;
  /** Further flags of node, such as a limit of the heap. */
  readonly flagsOf?: (nodeId: string) => readonly string[];
  /** Programs in front of node, such as `prlimit --nofile=64`; each must exec the next. */
  readonly wrapOf?: (nodeId: string) => readonly string[];
  /** How long a node may take until it serves, and the whole until it is healthy; default a minute. */
  readonly readyTimeoutMs?: number;
  /** Called between a node's making and its first start, when its configuration file is there. */
  readonly prepare?: (node: LabNode) => void;
}

/** Where every host has its own network, every node has the same ports. */
const PORTS = { port: 5433, clientPort: 5434, peerPort: 5435, metricsPort: 9090 } as const;

/** The ports of a node: those of all, or its host's block. */
function portsOn({ listen }: LabHost): Pick<LabNode, keyof typeof PORTS> {
  if (listen === undefined) return PORTS;
  const port = listen.firstPort;
  return { port, clientPort: port + 1, peerPort: port + 2, metricsPort: port + 3 };
}

/** The bundle, or another program named by `SQLCC_TEST_MAIN`. */
const MAIN = process.env['SQLCC_TEST_MAIN'] ?? join(import.meta.dirname, '..', '..', 'dist', 'main.js');
const READY_TIMEOUT_MS = 60_000;
const MIN_PROBE_PAUSE_MS = 30;
const MAX_PROBE_PAUSE_MS = 400;
const STOP_TIMEOUT_MS = 6000;
const JOIN_TRIES = 4;
const STORY_TIMEOUT_MS = 2000;
const STORY_LINES = 30;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
/**
 * Asks a daemon on its own loopback whether it serves; a shell's sockets cost less than another node. Without
 * --norc a bash whose stdin is a socket takes itself for a remote login and reads ~/.bashrc, for seconds.
 */
function readyProbe(port: number): string {
  return [
    `exec 3<>/dev/tcp/127.0.0.1/${port} || exit 1`,
    'printf "GET /readyz HTTP/1.0\\r\\n\\r\\n" >&3',
    'read -r -t 2 line <&3; case "$line" in *" 200 "*) exit 0;; *) exit 1;; esac',
  ].join('\n');
}

export class LabCluster {
  readonly dir: string;
  readonly nodes: LabNode[];
  readonly #options: LabClusterOptions;
  #client: SqlccClient | null = null;
  #isStopped = false;

  private constructor(options: LabClusterOptions) {
    this.#options = options;
    this.dir = options.dir ?? mkdtempSync(join(tmpdir(), 'sqlcc-lab-cluster-'));
    mkdirSync(this.dir, { recursive: true, mode: 0o700 });
    const voters = options.nodes ?? options.lab.hosts.length - (options.observers ?? 0);
    this.nodes = Array.from({ length: voters + (options.observers ?? 0) }, (_, i) => this.#describe(i));
  }

  #describe(i: number): LabNode {
    const nodeId = `n${i + 1}`;
    const host = must(this.#options.lab.hosts[i], `a host for ${nodeId}`);
    return {
      ...{ nodeId, host, ...portsOn(host) },
      dataDir: this.#options.dataDirOf?.(nodeId) ?? join(this.dir, nodeId),
      configFile: join(this.dir, `${nodeId}.yaml`),
      log: join(this.dir, `${nodeId}.log`),
      child: null,
    };
  }

  get #readyTimeoutMs(): number {
    return this.#options.readyTimeoutMs ?? READY_TIMEOUT_MS;
  }

  get contextFile(): string {
    return join(this.dir, 'config.yaml');
  }

  get voters(): readonly LabNode[] {
    return this.nodes.slice(0, this.nodes.length - (this.#options.observers ?? 0));
  }

  /** Starts the daemons and waits until all are members; on failure takes away what it started. */
  static async start(options: LabClusterOptions): Promise<LabCluster> {
    assert(options.lab.client.prefix.length === 0, 'this process stands at the client: see Lab.inside');
    assert(options.program !== undefined || existsSync(MAIN), `${MAIN} is missing: run "npm run build"`);
    const cluster = new LabCluster(options);
    try {
      await cluster.#form();
    } catch (error) {
      await cluster.stop();
      cluster.remove();
      throw error;
    }
    return cluster;
  }

  async #form(): Promise<void> {
    const first = this.node('n1');
    await this.run([
      ...['cluster', 'init', '--cluster-name', 'lab', '--node-id', 'n1'],
      ...this.#place(first),
      ...['-o', 'json'],
    ]);
    this.#options.prepare?.(first);
    await this.startNode('n1');
    for (const node of this.voters.slice(1)) await this.#join(node, '--voter');
    // members without a vote may come four at a time: the log has no turn for each of them
    const rest = this.nodes.slice(this.voters.length);
    const lane = async (): Promise<void> => {
      for (let node = rest.shift(); node !== undefined; node = rest.shift())
        await this.#join(node, '--observer');
    };
    await Promise.all([lane(), lane(), lane(), lane()]);
    await this.untilHealthy();
  }

  #place(node: LabNode): string[] {
    const { address, listen } = node.host;
    return [
      ...[
        '--host',
        listen?.address ?? address,
        ...(listen === undefined ? [] : ['--advertise-host', address]),
      ],
      ...['--port', `${node.port}`, '--client-port', `${node.clientPort}`],
      ...['--metrics-port', `${node.metricsPort}`, '--data-dir', node.dataDir, '--config', node.configFile],
    ];
  }

  /** Joins one more voter on the next free host. */
  async addNode(): Promise<LabNode> {
    assert((this.#options.observers ?? 0) === 0, 'hosts behind the voters are free');
    const node = this.#describe(this.nodes.length);
    this.nodes.push(node);
    await this.#join(node, '--voter');
    return node;
  }

  async #join(node: LabNode, role: '--voter' | '--observer'): Promise<void> {
    for (let left = JOIN_TRIES; ; left--) {
      try {
        await this.#enrol(node, role);
        break;
      } catch (error) {
        // where many start at once on few cores, one may not be let in within a command's second
        if (left === 1) throw error;
        rmSync(node.dataDir, { recursive: true, force: true });
        rmSync(node.configFile, { force: true });
      }
    }
    this.#options.prepare?.(node);
    await this.startNode(node.nodeId);
  }

  /** Makes a node on disk; nothing of it runs yet. */
  async #enrol(node: LabNode, role: '--voter' | '--observer'): Promise<void> {
    const suffrage = role === '--voter' ? 'voter' : 'observer';
    const made = await this.client().createToken(
      { kind: 'join', role: suffrage, nodeId: node.nodeId },
      { timeoutMs: 30_000 },
    );
    const tokenFile = join(this.dir, `${node.nodeId}.token`);
    writeFileSync(tokenFile, made.token, { mode: 0o600 });
    const seed = this.node('n1');
    await this.run([
      ...['node', 'join', '--seed-node', `${seed.host.address}:${seed.port}`, '--node-id', node.nodeId],
      ...this.#place(node),
      ...['--token-file', tokenFile, '--no-start'],
    ]);
    rmSync(tokenFile, { force: true });
  }

  /** A client with the administrator's certificate and all nodes as endpoints. */
  client(): SqlccClient {
    this.#client ??= this.newClient();
    return this.#client;
  }

  /** A client of its own, of all nodes or of one alone. */
  newClient(onlyNode?: string): SqlccClient {
    const pki = join(this.dir, 'lab');
    return new SqlccClient({
      endpoints: this.nodes
        .filter((n) => onlyNode === undefined || n.nodeId === onlyNode)
        .slice(0, 7)
        .map((n) => `${n.host.address}:${n.port}`),
      ca: readFileSync(join(pki, 'ca.crt'), 'utf8'),
      cert: readFileSync(join(pki, 'admin.crt'), 'utf8'),
      key: readFileSync(join(pki, 'admin.key'), 'utf8'),
    });
  }

  node(nodeId: string): LabNode {
    return must(
      this.nodes.find((n) => n.nodeId === nodeId),
      nodeId,
    );
  }

  /** Starts a node that was made before, and waits until it serves. */
  async startNode(nodeId: string): Promise<void> {
    const node = this.node(nodeId);
    this.#spawn(node);
    await this.#untilReady(node);
  }

  /** Ends a node; resolves when its process is gone. */
  async killNode(nodeId: string, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const { child } = this.node(nodeId);
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await gone;
    this.node(nodeId).child = null;
  }

  /** Runs a command of `sqlcc` from the client's place and answers its stdout; throws with its stderr. */
  run(args: readonly string[]): Promise<string> {
    const env = { ...process.env, SQLCC_CONFIG: this.contextFile };
    return new Promise((resolve, reject) => {
      const argv = [...(this.#options.program ?? [MAIN]), ...args];
      execFile(process.execPath, argv, { env, timeout: 60_000 }, (error, stdout, stderr) => {
        if (error === null) return resolve(stdout);
        const what = `sqlcc ${args.slice(0, 2).join(' ')} ended with ${error.code ?? error.signal}`;
        reject(new SqlccError('internal', `${what}: ${stderr.trim()}`));
      });
    });
  }

  /** Waits until every node is alive, the voters as voters, under one leader. */
  async untilHealthy(timeoutMs: number = this.#readyTimeoutMs): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    let last = 'no answer yet';
    while (performance.now() < deadline) {
      try {
        const status = await this.client().status();
        const alive = status.nodes.filter((n) => n.liveness === 'alive');
        const voters = alive.filter((n) => n.voter).length;
        const isWhole = alive.length === this.nodes.length && voters === this.voters.length;
        if (status.raft.leader_id !== null && isWhole) return;
        last = `${alive.length} alive, ${voters} of them voters, leader ${status.raft.leader_id}`;
      } catch (error) {
        last = (error as Error).message;
      }
      await sleep(50);
    }
    const said = `the cluster is not whole after ${timeoutMs} ms: ${last}\n${await this.#stories()}`;
    throw new SqlccError('deadline_exceeded', said);
  }

  /** What each node believes and logged last: the data folders are gone when a failure is read. */
  async #stories(): Promise<string> {
    const story = async (node: LabNode): Promise<string> => {
      const client = this.newClient();
      const seen = await client
        .status({ node: node.nodeId, stale: true, timeoutMs: STORY_TIMEOUT_MS })
        .then(({ nodes, raft }) => {
          const members = nodes.map((n) => `${n.node_id} ${n.liveness}`).join(', ');
          return `term ${raft.term}, leader ${raft.leader_id}, commit ${raft.commit_index}: ${members}`;
        })
        .catch((error: Error) => error.message);
      await client.close();
      const end = node.child?.exitCode ?? node.child?.signalCode ?? null;
      const log = existsSync(node.log) ? readFileSync(node.log, 'utf8').split('\n').slice(-STORY_LINES) : [];
      const state = node.child === null ? 'not started' : end === null ? 'runs' : `ended with ${end}`;
      return [`${node.nodeId} ${state}; sees ${seen}`, ...log].join('\n  ');
    };
    return (await Promise.all(this.nodes.map(story))).join('\n');
  }

  /** Ends all daemons (SIGTERM, then SIGKILL) and closes the client; none starts any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#client?.close();
    this.#client = null;
    const kill = (signal: NodeJS.Signals): void => {
      for (const node of this.nodes) node.child?.kill(signal);
    };
    // one that was stopped by a signal can't be told to end in order
    kill('SIGCONT');
    const timer = setTimeout(() => kill('SIGKILL'), STOP_TIMEOUT_MS);
    await Promise.all(this.nodes.map((node) => this.killNode(node.nodeId, 'SIGTERM')));
    clearTimeout(timer);
  }

  /** Removes its files; call it behind `stop`. */
  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
    for (const { nodeId } of this.nodes) {
      const elsewhere = this.#options.dataDirOf?.(nodeId) ?? null;
      if (elsewhere !== null) rmSync(elsewhere, { recursive: true, force: true });
    }
  }

  #spawn(node: LabNode): void {
    assert(!this.#isStopped, 'the cluster has been stopped');
    const { program, envOf, flagsOf, wrapOf, logLevel = 'INFO' } = this.#options;
    const [first = '', ...rest] = [
      ...[...node.host.prefix, ...(wrapOf?.(node.nodeId) ?? []), process.execPath],
      ...[...DAEMON_FLAGS, ...(flagsOf?.(node.nodeId) ?? []), ...(program ?? [MAIN])],
      ...['node', 'start', '--config', node.configFile, '--data-dir', node.dataDir],
      ...['--log-level', logLevel, '--log-file', node.log],
    ];
    const env = { ...DAEMON_ENV, ...process.env, SQLCC_CONFIG: this.contextFile };
    const child: ChildProcess = spawn(first, rest, {
      // an own process group, and a stdin that ends with this process: no daemon is left behind
      detached: true,
      env: { ...env, [STOP_WITH_STDIN]: '1', ...envOf?.(node.nodeId) },
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    node.child = child;
    if (child.pid !== undefined) this.#options.lab.began?.(node.host, child.pid);
    child.stdin?.on('error', () => {});
    child.stderr?.on('data', (chunk: Buffer) => {
      if (existsSync(this.dir)) writeFileSync(`${node.log}.stderr`, chunk, { flag: 'a', mode: 0o600 });
    });
  }

  async #untilReady(node: LabNode): Promise<void> {
    const deadline = performance.now() + this.#readyTimeoutMs;
    let pauseMs = MIN_PROBE_PAUSE_MS;
    const [first = '', ...rest] = [...node.host.prefix, 'bash', '--norc', '-c', readyProbe(node.metricsPort)];
    while (performance.now() < deadline) {
      const child = must(node.child, 'a started daemon');
      if (child.exitCode !== null || child.signalCode !== null) {
        const said = existsSync(`${node.log}.stderr`) ? readFileSync(`${node.log}.stderr`, 'utf8') : '';
        const how = child.exitCode ?? child.signalCode;
        throw new SqlccError('unavailable', `${node.nodeId} ended with ${how} and said: ${said.trim()}`);
      }
      const isReady = await new Promise((resolve) => {
        execFile(first, rest, { timeout: 4000 }, (error) => resolve(error === null));
      });
      if (isReady) return;
      // a probe is a process: where many start at once they would be dearer than what they look at
      await sleep(pauseMs);
      pauseMs = Math.min(MAX_PROBE_PAUSE_MS, 1.5 * pauseMs);
    }
    throw new SqlccError('deadline_exceeded', `${node.nodeId} is not ready after ${this.#readyTimeoutMs} ms`);
  }
}
