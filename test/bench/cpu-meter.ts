/** CPU between two moments: of a side's nodes, of its threads by name and role, of the whole machine. */
import { cpuMs, machineBusyMs, threadCpuMs } from './process-figures.ts';

/** `L main`, `F disk` and their like → ms: L is the leader, F both followers. */
export type ThreadTimes = Readonly<Record<string, number>>;

export interface CpuUsed {
  /** All nodes, with their threads and children. */
  readonly nodesMs: number;
  readonly machineMs: number;
  /** Threads of the leader, and of the followers together. */
  readonly threadsMs: ThreadTimes;
}

/** The names of threads as they are known here, by what the system calls them (15 characters). */
const THREADS: readonly (readonly [prefix: string, name: string])[] = [
  ['consensus', 'consensus'],
  ['state', 'state'],
  ['libuv', 'disk'],
  ['node-V8', 'V8'],
  ['DelayedTask', 'V8'],
  ['node-Main', 'main'],
];

function nameOf(thread: string): string {
  return THREADS.find(([prefix]) => thread.startsWith(prefix))?.[1] ?? 'other';
}

interface Reading {
  readonly nodesMs: number;
  readonly machineMs: number;
  readonly threadsMs: ReadonlyMap<string, number>;
}

export class CpuMeter {
  readonly #pids: readonly number[];
  readonly #leader: number;
  readonly #began: Reading;

  /** Starts at once. */
  constructor(pids: readonly number[], leader: number) {
    this.#pids = pids;
    this.#leader = leader;
    this.#began = this.#read();
  }

  /** Since the start. */
  used(): CpuUsed {
    const now = this.#read();
    const threads = [...now.threadsMs].map(
      ([name, ms]) => [name, ms - (this.#began.threadsMs.get(name) ?? 0)] as const,
    );
    return {
      nodesMs: now.nodesMs - this.#began.nodesMs,
      machineMs: now.machineMs - this.#began.machineMs,
      threadsMs: Object.fromEntries(threads),
    };
  }

  #read(): Reading {
    const threadsMs = new Map<string, number>();
    for (const pid of this.#pids) {
      const role = pid === this.#leader ? 'L' : 'F';
      for (const [thread, ms] of threadCpuMs(pid)) {
        const name = `${role} ${nameOf(thread)}`;
        threadsMs.set(name, (threadsMs.get(name) ?? 0) + ms);
      }
    }
    const nodesMs = this.#pids.reduce((sum, pid) => sum + cpuMs(pid), 0);
    return { nodesMs, machineMs: machineBusyMs(), threadsMs };
  }
}
