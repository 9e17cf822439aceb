/**
 * Worlds with one thing in them that must not be, each for a rule that only a whole cluster
 * can break: what is checked where it happens, and what is checked at the end. A rule whose
 * world plays to its end without a word is a rule that can't fail.
 */
import type { PersistRequest, RaftStorage } from '../../src/raft/index.ts';
import { SimCluster } from './cluster.ts';
import { calmOptions, type SimOptions } from './options.ts';
import { writingBy } from './shadow.ts';
import { MemorySimStorage, type SimStorage, type SimStorageParts } from './storage.ts';
import { WalSimStorage } from './wal-storage.ts';
import type { NodeClock } from './world.ts';

export interface BrokenWorld {
  readonly rule: string;
  /** What is wrong in it. */
  readonly about: string;
  readonly make: () => SimCluster;
}

type Write = (inner: RaftStorage, request: PersistRequest, done: (token: number) => void) => void;

/** A disk whose log writes in a way of its own. */
function withWrite(make: (clock: NodeClock) => Write): new (parts: SimStorageParts) => MemorySimStorage {
  return class extends MemorySimStorage {
    override open(clock: NodeClock): RaftStorage {
      const inner = super.open(clock);
      const write = make(clock);
      return writingBy(inner, (request, done) => write(inner, request, done));
    }
  };
}

/** By then the cluster stands and its clients are at work. */
const BROKEN_AT_MS = 3000;

/** Says "durable" at once, and forgets at a power cut. */
export const Liar = withWrite((clock) => (inner, request, done) => {
  inner.write(request, () => {});
  clock.soon(() => done(request.token));
});

/** Drops what it is given to write, and says nothing. */
const Dropper = withWrite((clock) => (inner, request, done) => {
  if (clock.now() < BROKEN_AT_MS) inner.write(request, done);
});

/** Writes, and never says that it did. */
const Mute = withWrite((clock) => (inner, request, done) => {
  inner.write(request, (token) => {
    if (clock.now() < BROKEN_AT_MS) done(token);
  });
});

/** Says that it has failed, and its core ends in that moment by something else. */
class Twister extends MemorySimStorage {
  override open(clock: NodeClock): RaftStorage {
    const inner = super.open(clock);
    const listeners: ((reason: string) => void)[] = [];
    const fail = (): void => {
      for (const [n, failed] of listeners.entries()) failed(n === 0 ? 'a sync failed' : 'an assertion');
    };
    if (clock.now() < BROKEN_AT_MS) clock.later(BROKEN_AT_MS, fail);
    return {
      ...writingBy(inner, (r, done) => inner.write(r, done)),
      onFailure: (f) => void listeners.push(f),
    };
  }
}

function world(
  options: Partial<SimOptions>,
  disk: new (parts: SimStorageParts) => SimStorage = MemorySimStorage,
): SimCluster {
  const nodes = options.nodes ?? 3;
  const all = { ...calmOptions(nodes), clients: 2, thinkMs: 20, safetyMs: 6000, ...options };
  return new SimCluster({ seed: 1, nodes, options: all, storage: (parts) => new disk(parts) });
}

/** Something is done to the cluster while it works. */
function meddled(options: Partial<SimOptions>, meddle: (cluster: SimCluster) => void): SimCluster {
  const cluster = world(options);
  cluster.world.after(BROKEN_AT_MS, () => meddle(cluster));
  return cluster;
}

/** Nobody's timer ends any more, and no evidence of a lost leader makes anybody stand. */
function neverStand(cluster: SimCluster): void {
  for (const node of cluster.nodes) node.change({ electionTimeoutMs: 1e9 });
}

function loseWantedSnapshots(cluster: SimCluster): void {
  for (const { state } of cluster.nodes) for (const id of state.wanted) state.snapshots.delete(id);
  cluster.world.after(0.1, () => loseWantedSnapshots(cluster));
}

const KILLS = { crashEveryMs: 400, hints: false };

export const BROKEN_WORLDS: readonly BrokenWorld[] = [
  {
    rule: 'Liveness',
    about: 'a core that never campaigns',
    make: () => meddled(KILLS, neverStand),
  },
  {
    rule: 'QuorumLiveness',
    about: 'a core that never campaigns, where a bare quorum is healed first',
    make: () => meddled({ ...KILLS, quorumFirst: true }, neverStand),
  },
  {
    rule: 'Liveness',
    about: 'disks that never acknowledge anything again, on whoever is not restarted',
    make: () => world({}, Mute),
  },
  {
    rule: 'Forming',
    about: 'a network that carries nothing',
    make: () => {
      const cluster = world({});
      const names = cluster.nodes.map((n) => n.nodeId);
      for (const from of names) for (const to of names) cluster.network.cut(from, to);
      return cluster;
    },
  },
  {
    rule: 'EqualStates',
    about: 'one node records a start that is in no log',
    make: () =>
      meddled({}, ({ nodes }) => {
        nodes[1]?.state.machine.starts.set('i-nobody', 1);
      }),
  },
  {
    rule: 'FailStop',
    about: 'a log that drops what it is given and goes on',
    make: () => world({}, Dropper),
  },
  {
    rule: 'Recovery',
    about: 'disks that call durable what a power cut takes',
    make: () => world({ crashEveryMs: 400, powerCutRatio: 1, diskMeanMs: 5 }, Liar),
  },
  {
    rule: 'Twin',
    about: 'a copy of the only voter, which elects itself',
    make: () => world({ nodes: 1, cloneEveryMs: 300 }, WalSimStorage),
  },
  {
    rule: 'ApplyOrder',
    about: 'a state that goes back while its node runs',
    make: () =>
      meddled({}, (cluster) => {
        const { state } = cluster.nodes[0] as (typeof cluster.nodes)[0];
        const old = state.machine.copy();
        cluster.world.after(500, () => {
          state.machine = old;
        });
      }),
  },
  {
    rule: 'SnapshotFile',
    about: 'a snapshot that is gone when it is to be loaded',
    make: () => {
      const options = { snapshotEveryEntries: 20, trailingEntries: 0, partitionEveryMs: 800 };
      return meddled(options, loseWantedSnapshots);
    },
  },
  {
    rule: 'Fatal',
    about: 'an assertion of a core whose disk has just failed',
    make: () => world({}, Twister),
  },
  {
    rule: 'Fatal',
    about: 'a state that has applied what it was never given',
    make: () =>
      meddled({}, ({ nodes }) => {
        nodes[0]?.submit({ kind: 'apply-ack', index: 1e6 });
      }),
  },
];
