/**
 * A laboratory of hosts on one machine: network namespaces with addresses of their own on one wire, which
 * can be cut, lossy and slow for each directed pair. Packets vanish as on a real network: nobody gets a
 * reset. Nothing of it is reachable from outside, and it is gone when the process that made it is.
 *
 * `client` is where a program stands that uses the hosts. When this process itself runs in a network
 * namespace of its own (`Lab.isApart()`; `Lab.inside` gives the command for that), it is this process.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { assert, must } from '../../src/base/index.ts';
import type { Cables, LabHost } from './cables.ts';
import { missingProgram, programPath, runOrThrow } from './tools.ts';
import { type BadPair, BridgeWire, type Shape, TapWire, type Wire, type WireCounters } from './wires.ts';

export interface LabOptions {
  /** Default bridge. */
  readonly wire?: 'bridge' | 'tap';
  /** Of the tap wire's chance. */
  readonly seed?: number;
}

const MAX_HOSTS = 100;
const NAMES = 'sqlcclab';
/** Where `ip netns` keeps its names. */
const NAMED = '/run/netns';

let made = 0;

/** When a process began, in ticks since boot: with its pid it is unique. Null when there is none. */
function beganAt(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

/** Ends whatever runs in the namespaces and removes them. */
function removeNamespaces(names: readonly string[]): void {
  for (const name of names) {
    const inside = spawnSync(must(programPath('ip'), 'ip'), ['netns', 'pids', name], { encoding: 'utf8' });
    for (const pid of inside.stdout.split('\n').filter(Boolean)) {
      try {
        process.kill(Number(pid), 'SIGKILL');
      } catch {
        // it has just ended
      }
    }
  }
  if (names.length > 0)
    runOrThrow(['ip', '-batch', '-'], names.map((name) => `netns del ${name}\n`).join(''));
}

/** Removes what runs that ended without a chance to clean up have left. */
function removeStale(): void {
  const names = existsSync(NAMED) ? readdirSync(NAMED) : [];
  const stale = names.filter((name) => {
    const [kind, pid, began] = name.split('.');
    return kind === NAMES && beganAt(Number(pid)) !== began;
  });
  removeNamespaces(stale);
}

/** Permanent neighbours: a cut of one direction must not take the other with it by way of ARP. */
function neighbours(device: string, own: number, addressOf: (i: number) => string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => i)
    .filter((i) => i !== own)
    .map((i) => `neigh replace ${addressOf(i)} lladdr ${macOf(i)} dev ${device} nud permanent`);
}

function macOf(i: number): string {
  return `02:00:00:00:00:${i.toString(16).padStart(2, '0')}`;
}

export class Lab implements Cables {
  readonly hosts: readonly LabHost[];
  readonly client: LabHost;
  readonly #all: readonly LabHost[];
  readonly #names: readonly string[];
  readonly #dir: string;
  readonly #bad = new Map<string, BadPair>();
  readonly #ownDevice: string | null;
  #wire: Wire | null = null;
  #isBatch = false;
  #isDown = false;
  readonly #onExit = (): void => this.#remove();
  // whoever else has something to take away hears of the exit
  readonly #onSignal = (signal: NodeJS.Signals): void => process.exit(128 + constants.signals[signal]);

  private constructor(hosts: number) {
    const number = made++;
    const began = must(beganAt(process.pid), 'an own /proc entry');
    const name = (end: string): string => `${NAMES}.${process.pid}.${began}.${number}.${end}`;
    const addressOf = (i: number): string => `198.18.${number % 250}.${i + 1}`;
    const nsenter = must(programPath('nsenter'), 'nsenter');
    const apart = Lab.isApart();
    const ends = Array.from({ length: hosts }, (_, i) => `h${i + 1}`);
    this.hosts = ends.map((end, i) => ({
      ...{ name: end, address: addressOf(i) },
      prefix: [nsenter, `--net=${join(NAMED, name(end))}`],
    }));
    const prefix = apart ? [] : [nsenter, `--net=${join(NAMED, name('client'))}`];
    this.client = { name: 'client', address: addressOf(hosts), prefix };
    this.#all = [...this.hosts, this.client];
    this.#names = [name('hub'), ...ends.map(name), ...(apart ? [] : [name('client')])];
    // of this process: another one in the same namespace numbers its labs as well
    this.#ownDevice = apart ? `lab${number}p${process.pid}` : null;
    this.#dir = mkdtempSync(join(tmpdir(), 'sqlcc-lab-'));
  }

  /** Why it can't run here, or null. */
  static missing(): string | null {
    if (process.platform !== 'linux') return 'network namespaces need Linux';
    if (process.getuid?.() !== 0) return 'network namespaces need root';
    const program = missingProgram(['ip', 'nft', 'nsenter', 'unshare', 'gcc']);
    if (program !== null) return program;
    if (!existsSync('/dev/net/tun')) return '/dev/net/tun is missing';
    // a container may be root and still not be allowed to
    const tried = spawnSync(must(programPath('unshare'), 'unshare'), ['--net', '--mount', 'true']);
    return tried.status === 0 ? null : 'this system forbids new namespaces';
  }

  /** True when this process has no way out of the machine but those of labs: a namespace of its own. */
  static isApart(): boolean {
    try {
      const routes = readFileSync('/proc/self/net/route', 'utf8').trim().split('\n').slice(1);
      return routes.every((route) => /^lab\d+p\d+\s/.test(route));
    } catch {
      return false;
    }
  }

  /** The argv that runs a program in a fresh network namespace, where `Lab.up` makes it the client. */
  static inside(argv: readonly string[]): string[] {
    return [must(programPath('unshare'), 'unshare'), '--net', ...argv];
  }

  /** Makes so many hosts and the client's place, all connected. */
  static async up(hosts: number, options: LabOptions = {}): Promise<Lab> {
    assert(hosts >= 1 && hosts <= MAX_HOSTS, `1 to ${MAX_HOSTS} hosts`);
    removeStale();
    const lab = new Lab(hosts);
    process.once('exit', lab.#onExit);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, lab.#onSignal);
    try {
      await lab.#build(options);
    } catch (error) {
      await lab.down();
      throw error;
    }
    return lab;
  }

  async #build({ wire = 'bridge', seed = 1 }: LabOptions): Promise<void> {
    const hub = must(this.#names[0], 'the hub');
    const hubPrefix = [must(programPath('nsenter'), 'nsenter'), `--net=${join(NAMED, hub)}`];
    runOrThrow(['ip', '-batch', '-'], this.#names.map((name) => `netns add ${name}\n`).join(''));
    if (wire === 'bridge') {
      this.#cables(hub);
      this.#wire = new BridgeWire(hubPrefix);
    } else {
      const ports = this.#all.length;
      const tap = await TapWire.start({ dir: this.#dir, ports, seed, prefix: hubPrefix });
      this.#wire = tap;
      const moves = this.#all.map((_, i) => `link set t${i} netns ${this.#placeOf(i)}\n`);
      runOrThrow(['ip', '-n', hub, '-batch', '-'], moves.join(''));
    }
    this.#all.forEach((host, i) => {
      this.#configure(host, i, wire === 'bridge' ? this.#deviceOf(i) : `t${i}`);
    });
  }

  /** The namespace of a host as `ip link … netns` wants it: this process's by its pid. */
  #placeOf(i: number): string {
    return this.#names[i + 1] ?? `${process.pid}`;
  }

  #deviceOf(i: number): string {
    return this.#names[i + 1] === undefined ? must(this.#ownDevice, 'an own device') : 'eth0';
  }

  #cables(hub: string): void {
    const lines = ['link add br0 type bridge stp_state 0 mcast_snooping 0', 'link set br0 up'];
    this.#all.forEach((_, i) => {
      const end = `peer name ${this.#deviceOf(i)} netns ${this.#placeOf(i)}`;
      lines.push(`link add p${i} type veth ${end}`, `link set p${i} addrgenmode none`);
      lines.push(`link set p${i} master br0`, `link set p${i} up`);
    });
    runOrThrow(['ip', '-n', hub, '-batch', '-'], `${lines.join('\n')}\n`);
  }

  #configure(host: LabHost, i: number, device: string): void {
    const addressOf = (n: number): string => must(this.#all[n], 'a host').address;
    // packets as they are on a wire: a loss takes one of them, not 64 KiB
    const lines = [
      ...['link set lo up', `link set ${device} addrgenmode none`],
      `link set ${device} address ${macOf(i)} gso_max_segs 1`,
      ...[`link set ${device} up`, `addr add ${host.address}/24 dev ${device}`],
      ...neighbours(device, i, addressOf, this.#all.length),
    ];
    runOrThrow([...host.prefix, must(programPath('ip'), 'ip'), '-batch', '-'], `${lines.join('\n')}\n`);
  }

  /** Packets from one host to the other vanish from now on; the way back stays. */
  cut(from: LabHost, to: LabHost): void {
    this.#change(from, to, (pair) => ({ ...pair, cut: true }));
  }

  /** Undoes `cut`; a shape stays. */
  restore(from: LabHost, to: LabHost): void {
    this.#change(from, to, (pair) => ({ ...pair, cut: false }));
  }

  /** Makes every wire perfect. */
  heal(): void {
    this.#bad.clear();
    this.#apply();
  }

  /** Replaces what the wire from one host to the other does to packets; `{}` makes it perfect. */
  shape(from: LabHost, to: LabHost, how: Shape): void {
    this.#change(from, to, (pair) => ({ ...pair, shape: how }));
  }

  /** Several changes at the same instant. */
  together(changes: () => void): void {
    assert(!this.#isBatch, 'one batch at a time');
    this.#isBatch = true;
    try {
      changes();
    } finally {
      this.#isBatch = false;
      this.#apply();
    }
  }

  /** Cuts a host off from all others, client included, both ways: its cable. */
  unplug(host: LabHost): void {
    this.together(() => {
      for (const other of this.#all.filter((h) => h !== host)) {
        this.cut(host, other);
        this.cut(other, host);
      }
    });
  }

  /** Packets that wires have swallowed since `up`. */
  droppedPackets(): number {
    return this.counters().dropped;
  }

  counters(): WireCounters {
    return must(this.#wire, 'a lab that is up').counters();
  }

  #change(from: LabHost, to: LabHost, change: (pair: BadPair) => BadPair): void {
    const [a, b] = [this.#all.indexOf(from), this.#all.indexOf(to)];
    assert(a >= 0 && b >= 0 && a !== b, 'two hosts of this lab');
    const key = `${a} ${b}`;
    const pair = change(this.#bad.get(key) ?? { from: a, to: b, cut: false, shape: {} });
    if (!pair.cut && Object.keys(pair.shape).length === 0) this.#bad.delete(key);
    else this.#bad.set(key, pair);
    if (!this.#isBatch) this.#apply();
  }

  #apply(): void {
    must(this.#wire, 'a lab that is up').apply([...this.#bad.values()]);
  }

  /** Ends every process on the hosts and removes everything; may be called again. */
  async down(): Promise<void> {
    this.#remove();
    process.off('exit', this.#onExit);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, this.#onSignal);
  }

  #remove(): void {
    if (this.#isDown) return;
    this.#isDown = true;
    this.#wire?.close();
    const ip = must(programPath('ip'), 'ip');
    if (this.#ownDevice !== null) spawnSync(ip, ['link', 'del', this.#ownDevice], { stdio: 'ignore' });
    removeNamespaces(this.#names.filter((name) => existsSync(join(NAMED, name))));
    rmSync(this.#dir, { recursive: true, force: true });
  }
}
