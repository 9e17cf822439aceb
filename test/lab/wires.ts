/**
 * The two kinds of wire between the lab's hosts. `bridge`: the kernel's own, with nftables dropping
 * packets; as fast as loopback, it can cut and lose. `tap`: a switch in user space (tap-switch.c) that can
 * also delay, duplicate, reorder, corrupt and throttle, for kernels without netem.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { assert, must, SqlccError } from '../../src/base/index.ts';
import { compile, programPath, runOrThrow } from './tools.ts';

/** What a directed pair of hosts does to packets; absent means nothing. */
export interface Shape {
  readonly lossRatio?: number;
  readonly delayMs?: number;
  /** Uniform, up to so much more or less than `delayMs`; the order of packets stays. */
  readonly jitterMs?: number;
  readonly duplicateRatio?: number;
  /** Packets that overtake all that wait. */
  readonly reorderRatio?: number;
  readonly corruptRatio?: number;
  readonly kbitPerSecond?: number;
  /** Longer packets vanish without a word (a black hole of path MTU). */
  readonly largestBytes?: number;
}

/** One directed pair whose wire is not perfect. */
export interface BadPair {
  readonly from: number;
  readonly to: number;
  readonly cut: boolean;
  readonly shape: Shape;
}

export interface WireCounters {
  /** Packets that were cut, lost, too big, or did not fit a slow wire. */
  readonly dropped: number;
  readonly forwarded: number;
  readonly duplicated: number;
  readonly reordered: number;
  readonly corrupted: number;
}

export interface Wire {
  /** Replaces what is bad; everything else is perfect. */
  apply(pairs: readonly BadPair[]): void;
  counters(): WireCounters;
  /** Ends what the wire runs. */
  close(): void;
}

/** nftables in the namespace of the bridge, whose ports are p0, p1, … */
export class BridgeWire implements Wire {
  readonly #prefix: readonly string[];

  /** `prefix` runs a program where the bridge is. */
  constructor(prefix: readonly string[]) {
    this.#prefix = prefix;
    this.#nft('add table bridge lab; add counter bridge lab dropped; add counter bridge lab passed');
    this.#nft('add chain bridge lab wire { type filter hook forward priority 0; policy accept; }');
    this.apply([]);
  }

  #nft(script: string): void {
    runOrThrow(
      [...this.#prefix, must(programPath('nft'), 'nft'), '-f', '-'],
      `${script.replaceAll(';', '\n')}\n`,
    );
  }

  apply(pairs: readonly BadPair[]): void {
    const rules = pairs.flatMap(({ from, to, cut, shape }) => {
      const { lossRatio = 0, largestBytes, ...rest } = shape;
      const more = Object.keys(rest);
      if (more.length > 0) {
        throw new SqlccError('invalid_argument', `the bridge can't do ${more.join(', ')}: use the tap wire`);
      }
      const match = `iifname "p${from}" oifname "p${to}"`;
      const drop = 'counter name dropped drop';
      if (cut) return [`${match} ${drop}`];
      const loss = Math.round(lossRatio * 10_000);
      return [
        ...(loss > 0 ? [`${match} numgen random mod 10000 < ${loss} ${drop}`] : []),
        ...(largestBytes === undefined ? [] : [`${match} meta length > ${largestBytes} ${drop}`]),
      ];
    });
    // one file is one transaction: no packet sees half of the change
    const added = [...rules, 'counter name passed'].map((rule) => `add rule bridge lab wire ${rule}`);
    this.#nft(['flush chain bridge lab wire', ...added].join('\n'));
  }

  counters(): WireCounters {
    const nft = must(programPath('nft'), 'nft');
    const said = JSON.parse(
      runOrThrow([...this.#prefix, nft, '-j', 'list', 'counters', 'table', 'bridge', 'lab']),
    );
    const rows = (said as { nftables: { counter?: { name: string; packets: number } }[] }).nftables;
    const packets = (name: string): number =>
      rows.find((row) => row.counter?.name === name)?.counter?.packets ?? 0;
    return {
      ...{ dropped: packets('dropped'), forwarded: packets('passed') },
      ...{ duplicated: 0, reordered: 0, corrupted: 0 },
    };
  }

  close(): void {}
}

const MAGIC = 0x53504154;
// the layout of the control file in tap-switch.c
const COUNTERS = { at: 64, bytes: 56 } as const;
const PAIRS = { at: 256, bytes: 64 } as const;

export interface TapWireOptions {
  readonly dir: string;
  readonly ports: number;
  readonly seed: number;
  /** Runs a program in the namespace where the devices t0, t1, … shall appear. */
  readonly prefix: readonly string[];
}

export class TapWire implements Wire {
  readonly #control: string;
  readonly #ports: number;
  readonly #switch: ChildProcess;
  #bad: readonly BadPair[] = [];

  private constructor(control: string, ports: number, child: ChildProcess) {
    this.#control = control;
    this.#ports = ports;
    this.#switch = child;
  }

  /** Builds and starts the switch; the devices are there when it resolves. */
  static async start({ dir, ports, seed, prefix }: TapWireOptions): Promise<TapWire> {
    const program = join(dir, 'tap-switch');
    const control = join(dir, 'tap-switch.control');
    compile('tap-switch.c', program, 'program');
    const blank = Buffer.alloc(PAIRS.at + ports * ports * PAIRS.bytes);
    blank.writeUInt32LE(MAGIC, 0);
    blank.writeUInt32LE(ports, 4);
    blank.writeBigUInt64LE(BigInt(seed), 8);
    writeFileSync(control, blank);
    const [first = program, ...rest] = [...prefix, program, control, 't', `${ports}`];
    // its stdin is a pipe of this process: it ends with it, whatever ends it
    const child = spawn(first, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
    child.stdin?.on('error', () => {});
    await new Promise<void>((resolve, reject) => {
      child.stdout?.once('data', () => resolve());
      child.once('error', reject);
      child.once('exit', (code) => reject(new SqlccError('internal', `the switch ended with ${code}`)));
    });
    return new TapWire(control, ports, child);
  }

  apply(pairs: readonly BadPair[]): void {
    const fd = openSync(this.#control, 'r+');
    const write = ({ from, to, cut, shape }: BadPair): void => {
      const record = Buffer.alloc(PAIRS.bytes);
      const ppm = (ratio: number | undefined): number => Math.round((ratio ?? 0) * 1_000_000);
      const words = [
        ...[cut ? 1 : 0, ppm(shape.lossRatio)],
        ...[(shape.delayMs ?? 0) * 1000, (shape.jitterMs ?? 0) * 1000],
        ...[ppm(shape.duplicateRatio), ppm(shape.reorderRatio), ppm(shape.corruptRatio)],
        ...[shape.kbitPerSecond ?? 0, shape.largestBytes ?? 0],
      ];
      for (const [i, word] of words.entries()) record.writeUInt32LE(word, i * 4);
      writeSync(fd, record, 0, PAIRS.bytes, PAIRS.at + (from * this.#ports + to) * PAIRS.bytes);
    };
    const kept = new Set(pairs.map(({ from, to }) => from * this.#ports + to));
    for (const old of this.#bad) {
      if (!kept.has(old.from * this.#ports + old.to)) write({ ...old, cut: false, shape: {} });
    }
    for (const pair of pairs) write(pair);
    closeSync(fd);
    this.#bad = pairs;
  }

  counters(): WireCounters {
    const table = Buffer.alloc(COUNTERS.bytes);
    const fd = openSync(this.#control, 'r');
    readSync(fd, table, 0, table.length, COUNTERS.at);
    closeSync(fd);
    const at = (i: number): number => Number(table.readBigUInt64LE(i * 8));
    return {
      dropped: at(1) + at(2) + at(6),
      ...{ forwarded: at(0), duplicated: at(3), reordered: at(4), corrupted: at(5) },
    };
  }

  close(): void {
    assert(this.#switch.pid !== undefined, 'the switch was started');
    this.#switch.kill('SIGKILL');
  }
}
