/**
 * Raft's timings change while nodes follow at different moments. For a while after a change a node keeps the
 * faster heartbeat and the longer timeout of the old and the new ones: whoever leads beats often enough for a
 * follower that has not heard of a slower beat yet, and no follower is impatient with a leader that has not
 * heard of a faster one. Settings that are no timings take effect at once.
 */
import type { RaftSettings } from '../src/raft/index.ts';

type Timings = Pick<RaftSettings, 'heartbeatIntervalMs' | 'electionTimeoutMs'>;

/** Nodes that live have followed a change after this long, or after a few timeouts if those are longer. */
const BRIDGE_MS = 1000;
const BRIDGE_TIMEOUTS = 3;

/** What suits nodes with either timings. */
export function bridged(current: Timings, wanted: Timings): Timings {
  return {
    heartbeatIntervalMs: Math.min(current.heartbeatIntervalMs, wanted.heartbeatIntervalMs),
    electionTimeoutMs: Math.max(current.electionTimeoutMs, wanted.electionTimeoutMs),
  };
}

export interface RaftTimingsPort {
  /** Hands settings to the consensus thread. */
  settings(settings: RaftSettings): void;
  /** Calls `fn` later; answers how to call that off. */
  after(ms: number, fn: () => void): () => void;
}

export class RaftTimings {
  readonly #port: RaftTimingsPort;
  /** What the consensus thread was given last. */
  #given: RaftSettings;
  #wanted: RaftSettings;
  #cancel: () => void = () => {};

  /** `initial`: what the consensus thread was started with. */
  constructor(initial: RaftSettings, port: RaftTimingsPort) {
    this.#port = port;
    this.#given = initial;
    this.#wanted = initial;
  }

  follow(wanted: RaftSettings): void {
    if (isEqual(wanted, this.#wanted)) return;
    this.#wanted = wanted;
    this.#cancel();
    this.#cancel = () => {};
    const bridge = { ...wanted, ...bridged(this.#given, wanted) };
    this.#give(bridge);
    if (isEqual(bridge, wanted)) return;
    const ms = Math.max(BRIDGE_MS, BRIDGE_TIMEOUTS * bridge.electionTimeoutMs);
    this.#cancel = this.#port.after(ms, () => this.#give(wanted));
  }

  /** Nothing is given any more. */
  stop(): void {
    this.#cancel();
  }

  #give(settings: RaftSettings): void {
    this.#given = settings;
    this.#port.settings(settings);
  }
}

function isEqual(a: RaftSettings, b: RaftSettings): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
