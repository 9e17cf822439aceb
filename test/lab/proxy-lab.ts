/**
 * A laboratory for machines without network namespaces, or without the right to make them: hosts are addresses of
 * the loopback, and whatever one of them sends another goes through proxies of this process. A host listens at
 * 127.N.1.H, and others are told 127.N.2.H (`network.advertise_host`), where its proxies are.
 *
 * Who opened a connection is known by the process that owns it (/proc/net/tcp, /proc/PID/fd): programs bind no
 * address of their own when they dial. What is no host's process is the client.
 *
 * A cut direction holds back what comes, and lets it go on when it is healed, as TCP sends again what was lost.
 * Unlike on a cut wire a new connection is taken, and nothing answers: a SYN that vanishes can't be had here.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { assert, must } from '../../src/base/index.ts';
import { findTestPorts } from '../cluster/ports.ts';
import type { Cables, LabHost } from './cables.ts';
import { notLinux } from './skip.ts';

const MAX_HOSTS = 9;
/** Of a host, one behind the other: peers and API, SQL, consensus; the metrics' port is loopback's own. */
const PROXIED = [0, 1, 2];
const PORTS_PER_HOST = 10;
/** Above those of other tests, which take theirs at 127.0.0.1. */
const FIRST_PORT = 29_433;
/** What is kept of a connection that has not come through yet; a greeting is far shorter. */
const MAX_HELD_BYTES = 1 << 20;

/** An address and port as /proc/net/tcp writes them. */
function hex(address: string, port: number): string {
  const bytes = address.split('.').reverse();
  const two = (n: number): string => n.toString(16).padStart(2, '0');
  return `${bytes.map((b) => two(Number(b))).join('')}:${port.toString(16).padStart(4, '0')}`.toUpperCase();
}

/** The inode of the socket from one end to the other; null when it is closed. */
function inodeOf(from: string, to: string): string | null {
  for (const line of readFileSync('/proc/net/tcp', 'utf8').split('\n').slice(1)) {
    const [, local, remote, , , , , , , inode] = line.trim().split(/\s+/);
    if (local === from && remote === to) return inode === undefined || inode === '0' ? null : inode;
  }
  return null;
}

function owns(pid: number, inode: string): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`) === `socket:[${inode}]`;
      } catch {
        return false; // closed since it was listed
      }
    });
  } catch {
    return false; // the process has gone
  }
}

type Cut = (from: LabHost, to: LabHost) => boolean;

interface Place {
  readonly host: string;
  readonly port: number;
}

/** One connection: the dialler's end and, once it has come through, the listener's. */
class Line {
  readonly ends: readonly [LabHost, LabHost];
  readonly #near: Socket;
  readonly #target: Place;
  readonly #isCut: Cut;
  #far: Socket | null = null;
  readonly #held: Buffer[] = [];
  #heldBytes = 0;

  constructor(near: Socket, ends: readonly [LabHost, LabHost], target: Place, isCut: Cut) {
    this.ends = ends;
    this.#near = near;
    this.#target = target;
    this.#isCut = isCut;
    near.setNoDelay(true);
    near.on('error', () => {});
    // read also while it waits: who gives up meanwhile does not come through later
    near.on('data', (chunk: Buffer) => this.#fromNear(chunk));
    near.on('end', () => (this.#far === null ? near.destroy() : this.#far.end()));
    near.on('close', () => this.follow());
    this.follow();
  }

  get isOver(): boolean {
    return this.#near.destroyed && (this.#far?.destroyed ?? true);
  }

  /** True until it has come through to the listener or was given up. */
  get isHeld(): boolean {
    return this.#far === null && !this.#near.destroyed;
  }

  #fromNear(chunk: Buffer): void {
    if (this.#far !== null) {
      if (!this.#far.write(chunk)) this.#near.pause();
      return;
    }
    this.#held.push(chunk);
    this.#heldBytes += chunk.length;
    assert(this.#heldBytes <= MAX_HELD_BYTES, 'nobody says so much to one who does not answer');
  }

  /** Does what the wires allow now; an end of a connection has to come through as its bytes have. */
  follow(): void {
    const [from, to] = this.ends;
    const [near, far] = [this.#near, this.#far];
    const [isCutThere, isCutBack] = [this.#isCut(from, to), this.#isCut(to, from)];
    if (far === null) {
      if (!isCutThere && !isCutBack && !near.destroyed) this.#dial();
      return;
    }
    if (near.destroyed && !isCutThere) far.destroy();
    if (far.destroyed && !isCutBack) near.destroy();
    if (isCutThere) near.pause();
    else near.resume();
    if (isCutBack) far.pause();
    else far.resume();
  }

  #dial(): void {
    const near = this.#near;
    const far = connect({ ...this.#target, allowHalfOpen: true, noDelay: true });
    this.#far = far;
    for (const chunk of this.#held.splice(0)) far.write(chunk);
    far.on('data', (chunk) => {
      if (!near.write(chunk)) far.pause();
    });
    far.on('drain', () => this.follow());
    near.on('drain', () => this.follow());
    far.on('end', () => near.end());
    // nobody listens there, or the listener's end is broken: so is the dialler's
    far.on('error', () => {});
    far.on('close', () => this.follow());
  }

  reset(): void {
    this.#far?.resetAndDestroy();
    this.#near.resetAndDestroy();
  }
}

export class ProxyLab implements Cables {
  readonly hosts: readonly LabHost[];
  readonly client: LabHost = { name: 'client', address: '127.0.0.1', prefix: [] };
  readonly #servers: Server[] = [];
  readonly #pids = new Map<number, LabHost>();
  readonly #cut = new Set<string>();
  readonly #lines = new Set<Line>();

  private constructor(hosts: number, firstPort: number) {
    // loopbacks of runs beside each other are different ones
    const net = 1 + (process.pid % 250);
    this.hosts = Array.from({ length: hosts }, (_, i) => ({
      ...{ name: `h${i + 1}`, address: `127.${net}.2.${i + 1}`, prefix: [] },
      listen: { address: `127.${net}.1.${i + 1}`, firstPort: firstPort + i * PORTS_PER_HOST },
    }));
  }

  /** Why it can't run here, or null. */
  static missing(): string | null {
    return notLinux();
  }

  /** Makes so many hosts, all connected. */
  static async up(hosts: number): Promise<ProxyLab> {
    assert(hosts >= 1 && hosts <= MAX_HOSTS, `1 to ${MAX_HOSTS} hosts`);
    const lab = new ProxyLab(hosts, await findTestPorts(hosts, FIRST_PORT));
    try {
      for (const host of lab.hosts) {
        const { firstPort } = must(host.listen, 'a place of its own');
        for (const port of PROXIED) await lab.#serve(host, firstPort + port);
      }
    } catch (error) {
      await lab.down();
      throw error;
    }
    return lab;
  }

  #serve(to: LabHost, port: number): Promise<void> {
    const target = { host: must(to.listen, 'a place of its own').address, port };
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      const from = this.#dialler(socket);
      // it is closed already: nothing of it needs to arrive
      if (from === null) return void socket.destroy();
      this.#forget();
      this.#lines.add(new Line(socket, [from, to], target, (a, b) => this.#cut.has(this.#key(a, b))));
    });
    this.#servers.push(server);
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, to.address, resolve);
    });
  }

  /** The host whose process opened a connection, or the client; null when nobody has it open any more. */
  #dialler(socket: Socket): LabHost | null {
    const { remoteAddress, remotePort, localAddress, localPort } = socket;
    if (remoteAddress === undefined || localAddress === undefined) return null;
    const inode = inodeOf(hex(remoteAddress, remotePort ?? 0), hex(localAddress, localPort ?? 0));
    if (inode === null) return null;
    for (const [pid, host] of this.#pids) if (owns(pid, inode)) return host;
    return this.client;
  }

  #key(from: LabHost, to: LabHost): string {
    return `${from.name} ${to.name}`;
  }

  /** Connections that cut wires keep from coming through. */
  get waiting(): number {
    return [...this.#lines].filter((line) => line.isHeld).length;
  }

  #forget(): void {
    for (const line of this.#lines) if (line.isOver) this.#lines.delete(line);
  }

  began(host: LabHost, pid: number): void {
    this.#pids.set(pid, host);
  }

  cut(from: LabHost, to: LabHost): void {
    assert(from !== to, 'two hosts of this lab');
    this.#cut.add(this.#key(from, to));
    this.#follow();
  }

  restore(from: LabHost, to: LabHost): void {
    this.#cut.delete(this.#key(from, to));
    this.#follow();
  }

  heal(): void {
    this.#cut.clear();
    this.#follow();
  }

  /** Nothing moves between two calls of one turn of this process. */
  together(changes: () => void): void {
    changes();
  }

  /** Breaks every connection between two hosts, with a reset for both. */
  reset(a: LabHost, b: LabHost): void {
    for (const line of this.#lines) if (line.ends.includes(a) && line.ends.includes(b)) line.reset();
  }

  #follow(): void {
    for (const line of this.#lines) line.follow();
  }

  /** Ends every connection and closes the proxies; what runs on the hosts is its maker's. */
  async down(): Promise<void> {
    for (const line of this.#lines) line.reset();
    const closed = this.#servers.splice(0).map((server) => {
      return new Promise<void>((resolve) => server.close(() => resolve()));
    });
    await Promise.all(closed);
  }
}
