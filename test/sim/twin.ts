/**
 * A copy of a node's folder, new or old, that somebody starts at another address while the
 * original goes on. It speaks in the original's name, and hears nothing: what the others
 * answer goes to the address on record. The record refuses its announcement, and it stops.
 * Or, of the limits in pinned.ts, at the same address: then it hears what the original does not.
 */
import { type Random, SqlccError, seededRandom } from '../../src/base/index.ts';
import type { RaftEvent, RaftInput, RaftMessage, RaftSettings, RaftStorage } from '../../src/raft/index.ts';
import { TurnLoop } from '../../src/raft/index.ts';
import type { DiskImage } from './disk-image.ts';
import { NodeClock, type World } from './world.ts';

/** An announcement that is refused for so long ends the process (daemon/announce.ts), and a little. */
const LIVES_MS = 3500;

export interface TwinParts {
  readonly nodeId: string;
  readonly image: DiskImage;
  readonly world: World;
  readonly random: Random;
  readonly settings: RaftSettings;
  readonly send: (messages: readonly RaftMessage[]) => void;
  /** It leads, which can't be. */
  readonly elected: () => void;
}

export interface Twin {
  readonly isUp: boolean;
  submit(input: RaftInput): void;
}

/** Opens the copy's log; null where a node would not start either: damaged, or on a disk that is full. */
function opened({ disk }: DiskImage, clock: NodeClock): RaftStorage | null {
  try {
    return disk.open(clock);
  } catch (error) {
    const isKnown = error instanceof SqlccError && ('errno' in error.details || disk.isRotten);
    if (!isKnown) throw error;
    return null;
  }
}

/** Runs the copy for as long as the product lets it; null when it does not start. */
export function startTwin(parts: TwinParts): Twin | null {
  const { nodeId, image, world, random, settings, send, elected } = parts;
  const clock = new NodeClock(world);
  const onEvents = (events: readonly RaftEvent[]): void => {
    if (events.some((e) => e.kind === 'elected')) elected();
  };
  const storage = opened(image, clock);
  if (storage === null) {
    clock.kill();
    return null;
  }
  const machine = image.state.machine.copy();
  const loop = new TurnLoop({
    nodeId,
    instanceId: image.instanceId,
    settings,
    storage,
    transport: { send, sendSnapshot: () => {} },
    store: {
      appliedIndex: () => machine.applied.index,
      apply: (entries, applied) => clock.later(0.1, () => applied(entries.at(-1)?.index ?? 0)),
      restore: (meta, done) => clock.later(0.1, () => done(meta.index)),
    },
    clock,
    random: seededRandom(Math.floor(random.next() * 2 ** 32)),
    schedule: (fn) => clock.soon(fn),
    listener: { proposals: () => {}, reads: () => {}, events: onEvents, fatal: () => clock.kill() },
  });
  loop.start();
  world.after(LIVES_MS, () => {
    loop.stop();
    clock.kill();
  });
  return {
    get isUp() {
      return clock.isAlive;
    },
    submit: (input) => void loop.submit(input),
  };
}
