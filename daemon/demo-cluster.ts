/**
 * A cluster of real daemons on loopback, each a process of its own with mTLS, for the
 * demo, the drill and tests: made, watched, killed, restarted and taken away again.
 * It uses the commands that an operator would use and nothing else.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SqlccError } from '../src/base/index.ts';
import { SqlccClient } from '../src/client/index.ts';
import { DemoFolder } from './demo-folder.ts';
import { STOP_WITH_STDIN } from './start-node.ts';

export interface DemoNode {
  readonly nodeId: string;
  readonly port: number;
  readonly clientPort: number;
  readonly peerPort: number;
  readonly metricsPort: number;
  readonly dataDir: string;
  readonly configFile: string;
  readonly log: string;
  child: ChildProcess | null;
}

const HOST = '127.0.0.1';
const FIRST_PORT = 15_433;
const PORTS_PER_NODE = 10;
/** As bin/sqlcc starts a daemon, which says why. */
export const DAEMON_FLAGS = [
  ...['--max-semi-space-size=2', '--heap-growing-percent=20', '--no-sparkplug', '--v8-pool-size=2'],
  '--disable-warning=ExperimentalWarning',
];
export const DAEMON_ENV = { MALLOC_ARENA_MAX: '2', MALLOC_TRIM_THRESHOLD_: '262144' };
/** No leader, nobody reached, no answer in time: another time it may be otherwise. */
const PASSING_EXITS: readonly unknown[] = [4, 5, 7];
/** A node that ended is told at once; without CPU to spare one needs half a minute to start. */
const READY_TIMEOUT_MS = 90_000;

/** True when nobody listens on the port. */
function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, HOST, () => server.close(() => resolve(true)));
  });
}

/** Ports of a block that somebody listens on. */
async function takenPorts(nodes: number, base: number): Promise<readonly number[]> {
  const wanted = Array.from({ length: nodes }, (_, i) =>
    [0, 1, 2, 3].map((k) => base + i * PORTS_PER_NODE + k),
  ).flat();
  const free = await Promise.all(wanted.map(isFree));
  return wanted.filter((_, i) => free[i] === false);
}

/** The first block of ports for `nodes` nodes that is free as a whole. */
export async function findPorts(nodes: number, from: number = FIRST_PORT): Promise<number> {
  for (let base = from; base < 60_000; base += nodes * PORTS_PER_NODE)
    if ((await takenPorts(nodes, base)).length === 0) return base;
  throw new SqlccError('unavailable', `no free block of ports from ${from} upwards`, {
    hint: 'give one with --base-port',
  });
}

/** The block that was asked for; who listens there may be a cluster that answers in a new one's place. */
async function requireFree(nodes: number, base: number): Promise<number> {
  const [taken] = await takenPorts(nodes, base);
  if (taken === undefined) return base;
  throw new SqlccError('conflict', `port ${taken} is taken by another program`, {
    hint: 'choose another block with --base-port, or leave it out: then a free one is found',
  });
}

/** Arguments that run this very program again: the bundle, or the sources in development. */
function selfCommand(): string[] {
  const here = fileURLToPath(import.meta.url);
  if (here.endsWith('.ts')) return [join(here, '..', '..', 'src', 'cli', 'main.ts')];
  return [join(here, '..', 'main.js')];
}

export interface DemoClusterOptions {
  readonly nodes: number;
  /** A new or empty folder; null = a temporary one. */
  readonly dir: string | null;
  readonly basePort: number | null;
  readonly logLevel?: string;
  /** Arguments of node that run sqlcc; default: this very program. */
  readonly program?: readonly string[];
  /** Ends a start that is under way. */
  readonly signal?: AbortSignal;
  /** From then on daemons are killed where they would be stopped in order. */
  readonly hurry?: AbortSignal;
  /** Leave the files of a start that failed. */
  readonly keep?: boolean;
}

const never = (): AbortSignal => new AbortController().signal;

export class DemoCluster {
  readonly dir: string;
  readonly nodes: DemoNode[];
  readonly #basePort: number;
  readonly #logLevel: string;
  readonly #program: readonly string[];
  readonly #folder: DemoFolder;
  readonly #signal: AbortSignal;
  readonly #hurry: AbortSignal;
  #client: SqlccClient | null = null;
  #stopped = false;
  #removed = false;

  private constructor(folder: DemoFolder, basePort: number, options: DemoClusterOptions) {
    this.dir = folder.path;
    this.#folder = folder;
    this.#signal = options.signal ?? never();
    this.#hurry = options.hurry ?? never();
    this.#logLevel = options.logLevel ?? 'INFO';
    this.#program = options.program ?? selfCommand();
    this.#basePort = basePort;
    this.nodes = Array.from({ length: options.nodes }, (_, i) => this.#describe(i));
  }

  #describe(i: number): DemoNode {
    const nodeId = `n${i + 1}`;
    const port = this.#basePort + i * PORTS_PER_NODE;
    return {
      nodeId,
      port,
      clientPort: port + 1,
      peerPort: port + 2,
      metricsPort: port + 3,
      dataDir: join(this.dir, nodeId),
      configFile: join(this.dir, `${nodeId}.yaml`),
      log: join(this.dir, `${nodeId}.log`),
      child: null,
    };
  }

  get contextFile(): string {
    return join(this.dir, 'config.yaml');
  }

  /** Starts `nodes` daemons and waits until all are voters; on failure takes away what it started. */
  static async start(options: DemoClusterOptions): Promise<DemoCluster> {
    const { nodes, basePort } = options;
    const base = basePort === null ? await findPorts(nodes) : await requireFree(nodes, basePort);
    const cluster = new DemoCluster(DemoFolder.claim(options.dir), base, options);
    try {
      await cluster.#form();
    } catch (error) {
      await cluster.stop();
      if (options.keep !== true) cluster.remove();
      throw error;
    }
    return cluster;
  }

  async #form(): Promise<void> {
    const first = this.node('n1');
    await this.run([
      ...['cluster', 'init', '--cluster-name', 'demo', '--node-id', 'n1', '--host', HOST],
      ...[
        '--port',
        `${first.port}`,
        '--client-port',
        `${first.clientPort}`,
        '--metrics-port',
        `${first.metricsPort}`,
      ],
      ...['--data-dir', first.dataDir, '--config', first.configFile, '-o', 'json'],
    ]);
    await this.startNode('n1');
    for (const node of this.nodes.slice(1)) await this.#join(node);
    // the context names n1, and the first that anybody does in a demo is to kill it
    const addresses = this.nodes.map((n) => `${HOST}:${n.port}`);
    writeFileSync(join(this.dir, 'demo', 'endpoints.json'), JSON.stringify(addresses), { mode: 0o600 });
    await this.untilHealthy();
    this.#writeManifest();
  }

  /** Joins one more node behind the last one's ports. */
  async addNode(suffrage: 'voter' | 'observer' = 'voter'): Promise<DemoNode> {
    const node = this.#describe(this.nodes.length);
    this.nodes.push(node);
    await this.#join(node, suffrage);
    this.#writeManifest();
    return node;
  }

  /** An empty disk under the name and at the address of a node that was removed. */
  async rejoinNode(nodeId: string): Promise<void> {
    const node = this.node(nodeId);
    for (const path of [node.dataDir, node.configFile]) rmSync(path, { recursive: true, force: true });
    await this.#join(node);
  }

  async #join(node: DemoNode, suffrage: 'voter' | 'observer' = 'voter'): Promise<void> {
    const tokenFile = join(this.dir, `${node.nodeId}.token`);
    writeFileSync(tokenFile, await this.#joinToken(node.nodeId, suffrage), { mode: 0o600 });
    const ports = ['--port', `${node.port}`, '--client-port', `${node.clientPort}`];
    this.#spawn(node, [
      ...['node', 'join', '--seed-node', `${HOST}:${this.node('n1').port}`, '--node-id', node.nodeId],
      ...['--host', HOST, ...ports, '--metrics-port', `${node.metricsPort}`],
      ...['--data-dir', node.dataDir, '--config', node.configFile, '--token-file', tokenFile],
    ]);
    await this.#untilReady(node);
    rmSync(tokenFile, { force: true });
  }

  /**
   * On a busy machine two nodes of which one has just joined may lose their leader for a moment. Where it is
   * not known whether a token was made another one is: one that nobody uses runs out.
   */
  async #joinToken(nodeId: string, suffrage: 'voter' | 'observer'): Promise<string> {
    const words = ['token', 'create', '--join', `--${suffrage}`, '--node', nodeId, '-o', 'json'];
    for (const deadline = Date.now() + READY_TIMEOUT_MS; ; ) {
      try {
        return (JSON.parse(await this.run(words)) as { token: string }).token;
      } catch (error) {
        const isPassing = error instanceof SqlccError && PASSING_EXITS.includes(error.details['exit']);
        if (!isPassing || Date.now() > deadline) throw error;
        // another program may answer in the place of a node that ended
        this.#requireRunning(this.node('n1'));
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
  }

  /** A client with the admin's certificate and all nodes as endpoints. */
  client(): SqlccClient {
    this.#client ??= this.newClient();
    return this.#client;
  }

  /** A client of its own, of all nodes or of one alone. */
  newClient(onlyNode?: string): SqlccClient {
    const pki = join(this.dir, 'demo');
    return new SqlccClient({
      endpoints: this.nodes
        .filter((n) => onlyNode === undefined || n.nodeId === onlyNode)
        .map((n) => `${HOST}:${n.port}`),
      ca: readFileSync(join(pki, 'ca.crt'), 'utf8'),
      cert: readFileSync(join(pki, 'admin.crt'), 'utf8'),
      key: readFileSync(join(pki, 'admin.key'), 'utf8'),
    });
  }

  node(nodeId: string): DemoNode {
    const found = this.nodes.find((n) => n.nodeId === nodeId);
    if (found === undefined) throw new SqlccError('not_found', `the demo has no node ${nodeId}`);
    return found;
  }

  /** Starts a node that was initialised or joined before (`program`: from another build), until it serves. */
  async startNode(nodeId: string, program: readonly string[] = this.#program): Promise<void> {
    const node = this.node(nodeId);
    this.#spawn(node, ['node', 'start', '--config', node.configFile, '--data-dir', node.dataDir], program);
    this.#writeManifest();
    await this.#untilReady(node);
  }

  /** SIGKILL, at once; resolves when the process is gone. */
  async killNode(nodeId: string, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.node(nodeId).child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await gone;
    this.node(nodeId).child = null;
    this.#writeManifest();
  }

  /** Runs a command of `sqlcc` on this cluster and answers its stdout; throws with its stderr. */
  run(args: readonly string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [...this.#program, ...args], {
        env: { ...process.env, SQLCC_CONFIG: this.contextFile },
        stdio: ['ignore', 'pipe', 'pipe'],
        signal: this.#signal,
      });
      child.on('error', reject);
      let out = '';
      let err = '';
      child.stdout.on('data', (chunk) => (out += chunk));
      child.stderr.on('data', (chunk) => (err += chunk));
      child.on('close', (code) => {
        if (code === 0) resolve(out);
        else
          reject(
            new SqlccError(
              'internal',
              `sqlcc ${args.slice(0, 2).join(' ')} exited with ${code}: ${err.trim()}`,
              { details: { exit: code } },
            ),
          );
      });
    });
  }

  /** Waits until every node is an alive voter that follows one leader. */
  async untilHealthy(timeoutMs: number = READY_TIMEOUT_MS): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    let last = 'no answer yet';
    while (Date.now() < deadline) {
      this.#signal.throwIfAborted();
      try {
        const status = await this.client().status();
        const good = status.nodes.filter((n) => n.voter && n.liveness === 'alive').length;
        if (status.raft.leader_id !== null && good === this.nodes.length) return;
        last = `${good} of ${this.nodes.length} nodes are alive voters, leader ${status.raft.leader_id}`;
      } catch (error) {
        last = (error as Error).message;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new SqlccError('deadline_exceeded', `the demo is not healthy after ${timeoutMs} ms: ${last}`);
  }

  /** Mean resident memory of the daemons that run, in MB; 0 where /proc does not tell. */
  rssMbPerNode(): number {
    const sizes = this.nodes.flatMap((node) => {
      try {
        const status = readFileSync(`/proc/${node.child?.pid}/status`, 'utf8');
        return [Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024];
      } catch {
        return [];
      }
    });
    return sizes.length === 0 ? 0 : Math.round(sizes.reduce((a, b) => a + b, 0) / sizes.length);
  }

  /** Ends all daemons that run (SIGTERM, then SIGKILL) and closes the client; none starts any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#client?.close();
    this.#client = null;
    await Promise.all(
      this.nodes.map(async (node) => {
        const kill = (): void => void node.child?.kill('SIGKILL');
        const timer = setTimeout(kill, 6000);
        this.#hurry.addEventListener('abort', kill);
        await this.killNode(node.nodeId, this.#hurry.aborted ? 'SIGKILL' : 'SIGTERM');
        this.#hurry.removeEventListener('abort', kill);
        clearTimeout(timer);
      }),
    );
  }

  /** Removes what this cluster put on disk; call it behind `stop`. */
  remove(): void {
    this.#removed = true;
    const ofNode = (n: DemoNode): string[] =>
      ['', '.yaml', '.log', '.log.stderr', '.token'].map((end) => `${n.nodeId}${end}`);
    this.#folder.remove(['config.yaml', 'demo', 'demo.json', ...this.nodes.flatMap(ofNode)]);
  }

  #spawn(node: DemoNode, args: readonly string[], program: readonly string[] = this.#program): void {
    // whoever still works with the cluster while it is taken away must not bring a part of it back
    if (this.#stopped) throw new SqlccError('unavailable', 'the demo has been stopped');
    node.child = spawn(
      process.execPath,
      [...DAEMON_FLAGS, ...program, ...args, '--log-level', this.#logLevel, '--log-file', node.log],
      {
        // its own process group: the terminal's Ctrl-C and Ctrl-Z are for the demo, not for its daemons;
        // a pipe as stdin that ends with the demo, whatever ends it, so that no daemon is left behind
        detached: true,
        env: { ...DAEMON_ENV, ...process.env, SQLCC_CONFIG: this.contextFile, [STOP_WITH_STDIN]: '1' },
        stdio: ['pipe', 'ignore', 'pipe'],
      },
    );
    node.child.stdin?.on('error', () => {}); // nothing is ever written to it
    node.child.stderr?.on('data', (chunk: Buffer) => {
      // last words of a daemon may come when the folder has gone
      if (!this.#removed) writeFileSync(`${node.log}.stderr`, chunk, { flag: 'a', mode: 0o600 });
    });
  }

  /** A node that was started and has ended ends the start, with what it said. */
  #requireRunning({ nodeId, log, child }: DemoNode): void {
    if (child === null || (child.exitCode === null && child.signalCode === null)) return;
    const said = existsSync(`${log}.stderr`) ? readFileSync(`${log}.stderr`, 'utf8').trim() : 'nothing';
    throw new SqlccError(
      'unavailable',
      `${nodeId} ended with ${child.exitCode ?? child.signalCode} and said: ${said}`,
    );
  }

  async #untilReady(node: DemoNode): Promise<void> {
    const deadline = Date.now() + READY_TIMEOUT_MS;
    // also when it is ended from here meanwhile, and the node has none any more
    const { child } = node;
    while (Date.now() < deadline) {
      this.#signal.throwIfAborted();
      this.#requireRunning({ ...node, child });
      try {
        const answer = await fetch(`http://${HOST}:${node.metricsPort}/readyz`);
        await answer.arrayBuffer();
        if (answer.status === 200) return;
      } catch {
        // not listening yet
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new SqlccError(
      'deadline_exceeded',
      `${node.nodeId} is not ready after ${READY_TIMEOUT_MS} ms; see ${node.log}`,
      { hint: 'with --keep the files stay when the start fails' },
    );
  }

  /** `demo.json`: what runs now, for whoever works with the demo from outside. */
  #writeManifest(): void {
    const nodes = this.nodes.map((n) => ({
      node_id: n.nodeId,
      pid: n.child?.pid ?? null,
      port: n.port,
      client_port: n.clientPort,
      peer_port: n.peerPort,
      metrics_port: n.metricsPort,
      data_dir: n.dataDir,
      log: n.log,
    }));
    const text = JSON.stringify({ context_file: this.contextFile, nodes }, null, 2);
    writeFileSync(join(this.dir, 'demo.json'), `${text}\n`, { mode: 0o600 });
  }
}
