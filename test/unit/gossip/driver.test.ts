/** Real drivers over a transport in memory: real clock, real event loop, no sockets. */
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  GossipDriver,
  type GossipTransport,
  type GossipTransportListener,
} from '../../../daemon/gossip-driver.ts';
import type { DigestFacts } from '../../../daemon/node-view.ts';
import { silentLogger } from '../../../src/base/index.ts';

/** Everything sent arrives in a later turn, if both ends are started and connected to each other. */
class Exchange {
  readonly #ends = new Map<string, { listener: GossipTransportListener; peers: Set<string> }>();
  #watching: (() => void)[] = [];
  sent = 0;
  /** Nodes whose packets vanish, to and from; their links stand, as when a cable was pulled a moment ago. */
  readonly silent = new Set<string>();

  transport(nodeId: string): (listener: GossipTransportListener) => GossipTransport {
    return (listener) => ({
      start: async () => void this.#ends.set(nodeId, { listener, peers: new Set() }),
      stop: async () => void this.#ends.delete(nodeId),
      setPeers: (peers) => {
        const end = this.#ends.get(nodeId);
        if (end !== undefined) end.peers = new Set(peers.map((p) => p.nodeId));
        for (const look of this.#watching.splice(0)) look();
      },
      send: (peer, purpose, payload) => {
        this.sent++;
        if (!this.#isLinked(nodeId, peer)) return listener.unreachable(peer);
        if (this.silent.has(nodeId) || this.silent.has(peer)) return;
        setImmediate(() => this.#ends.get(peer)?.listener.payload(nodeId, purpose, payload));
      },
      accept: () => {},
      review: () => {},
      links: () =>
        [...(this.#ends.get(nodeId)?.peers ?? [])].map((peer) => ({
          nodeId: peer,
          connected: this.#isLinked(nodeId, peer),
        })),
    });
  }

  /** Resolves when `nodeId` keeps no link to `peer`. */
  async unlinked(nodeId: string, peer: string): Promise<void> {
    while (this.#isLinked(nodeId, peer)) await new Promise<void>((resolve) => this.#watching.push(resolve));
  }

  /** From now on nothing goes in or out there. */
  crash(nodeId: string): void {
    this.#ends.delete(nodeId);
  }

  #isLinked(from: string, to: string): boolean {
    return this.#ends.has(to) && (this.#ends.get(from)?.peers.has(to) ?? false);
  }
}

interface Verdict {
  readonly by: string;
  readonly about: string;
  readonly liveness: string;
  readonly cause: string;
}

class Trio {
  readonly exchange = new Exchange();
  readonly drivers = new Map<string, GossipDriver>();
  readonly verdicts: Verdict[] = [];
  readonly gone: string[] = [];
  #waiting: (() => void)[] = [];

  async start(...names: string[]): Promise<void> {
    for (const name of names) {
      const driver = new GossipDriver({
        ...{
          clusterId: 'c',
          nodeId: name,
          instanceId: `i-${name}`,
          bootCounter: 1,
          pkiDir: '',
          probes: null,
        },
        advertise: { host: '127.0.0.1', port: 1000 + names.indexOf(name) },
        listener: {
          verdict: (about, liveness, _by, cause) => {
            this.verdicts.push({ by: name, about, liveness, cause });
            for (const wake of this.#waiting.splice(0)) wake();
          },
          gone: (about) => void this.gone.push(`${name}: ${about}`),
        },
        logger: silentLogger,
        refusal: () => null,
        lingerMs: 500,
        transport: this.exchange.transport(name),
      });
      this.drivers.set(name, driver);
      driver.knownNodes(
        names
          .filter((n) => n !== name)
          .map((nodeId) => ({ nodeId, host: '127.0.0.1', port: 1000 + names.indexOf(nodeId) })),
      );
      await driver.start();
    }
  }

  driver(name: string): GossipDriver {
    const driver = this.drivers.get(name);
    if (driver === undefined) return expect.unreachable(`no ${name}`);
    return driver;
  }

  /** Resolves when `by` has said that `about` is `liveness`. */
  async told(by: string, about: string, liveness: string): Promise<Verdict> {
    for (;;) {
      const found = this.verdicts.find((v) => v.by === by && v.about === about && v.liveness === liveness);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }
}

const DIGEST: DigestFacts = {
  ...{
    health: 'HEALTHY',
    issues: [],
    at: 1,
    role: 'follower',
    term: 3,
    leaderId: 'a',
    appliedIndex: 9,
    lastIndex: 9,
  },
  ...{ cpuUsage: 0.1, memoryUsage: 0.2, diskUsage: 0.3, diskUsedBytes: 1, capacity: 2, loadFactor: 0.4 },
  ...{ connections: 5, latencyP95Ms: null, startedAt: 1 },
  diverged: [],
  ...{ requests: 7, errors: 1 },
};

describe('GossipDriver', () => {
  let trio = new Trio();

  afterEach(async () => {
    await Promise.all([...trio.drivers.values()].map((d) => d.stop()));
    trio = new Trio();
  });

  it('finds the others, knows nothing of them before, and measures round trips', async () => {
    await trio.start('a', 'b', 'c');
    expect(trio.driver('a').member('b')).toBeUndefined();
    await Promise.all([
      trio.told('a', 'b', 'alive'),
      trio.told('a', 'c', 'alive'),
      trio.told('b', 'a', 'alive'),
    ]);
    expect(trio.driver('a').member('b')).toMatchObject({ liveness: 'alive', accusedBy: [], cause: '' });
    expect([...trio.driver('a').members().keys()].sort()).toEqual(['b', 'c']);
  });

  it('leaves newcomers on record to their neighbours, once it has company', async () => {
    await trio.start('a', 'b');
    await trio.told('a', 'b', 'alive');
    // where this loop is slow, pings and comparisons fall due in it: they are no word to newcomers
    const still = vi.spyOn(performance, 'now').mockReturnValue(performance.now());
    onTestFinished(() => still.mockRestore());
    const { sent } = trio.exchange;
    const at = (nodeId: string, port: number) => ({ nodeId, host: '127.0.0.1', port });
    const records = [at('b', 1001)];
    for (let n = 0; n < 40; n++) {
      records.push(at(`n${n}`, 2000 + n));
      trio.driver('a').knownNodes(records);
    }
    expect(trio.exchange.sent - sent).toBeLessThan(5);
    expect(trio.driver('a').member('b')?.liveness).toBe('alive');
  });

  it('asks those on record as long as it is alone', async () => {
    await trio.start('a');
    const { sent } = trio.exchange;
    trio.driver('a').knownNodes([{ nodeId: 'b', host: '127.0.0.1', port: 1001 }]);
    expect(trio.exchange.sent).toBeGreaterThan(sent);
  });

  it('finds a node again that was given up while its link still stood', async () => {
    await trio.start('a', 'b', 'c');
    await Promise.all(['a', 'b'].map((by) => trio.told(by, 'c', 'alive')));
    trio.exchange.silent.add('c');
    await Promise.all(['a', 'b'].map((by) => trio.told(by, 'c', 'dead')));
    await Promise.all(['a', 'b'].map((by) => trio.exchange.unlinked(by, 'c')));
    trio.verdicts.length = 0;
    trio.exchange.silent.delete('c');
    // to answer c they must dial it: who is dead is no neighbour any more
    await Promise.all(['a', 'b'].map((by) => trio.told(by, 'c', 'alive')));
  });

  it('turns hard evidence of all observers into a verdict with names and cause', async () => {
    await trio.start('a', 'b', 'c');
    await Promise.all([
      trio.told('a', 'c', 'alive'),
      trio.told('b', 'c', 'alive'),
      trio.told('a', 'b', 'alive'),
    ]);
    trio.exchange.crash('c');
    // what was on its way still arrives, and would prove that it lives
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    trio.driver('a').evidence('c', 'dead');
    trio.driver('b').evidence('c', 'dead');
    const verdict = await trio.told('a', 'c', 'dead');
    expect(verdict.cause).toBe('its host refuses connections');
    expect(trio.gone).toContain('a: c');
    expect(trio.driver('a').member('c')).toMatchObject({ liveness: 'dead', accusedBy: ['a', 'b'] });
  });

  it('calls a silent member dead, and not its process gone: nobody has said that', async () => {
    await trio.start('a', 'b', 'c');
    await Promise.all([
      trio.told('a', 'c', 'alive'),
      trio.told('b', 'c', 'alive'),
      trio.told('a', 'b', 'alive'),
    ]);
    trio.exchange.silent.add('c');
    const verdict = await trio.told('a', 'c', 'dead');
    expect(verdict.cause).not.toBe('its host refuses connections');
    expect(trio.gone).toEqual([]);
  });

  it('says goodbye when it stops', async () => {
    await trio.start('a', 'b');
    await trio.told('a', 'b', 'alive');
    await trio.driver('b').stop();
    await trio.told('a', 'b', 'left');
    expect(trio.verdicts.filter((v) => v.liveness === 'dead')).toEqual([]);
  });

  it('hands the newest digest to the others as it was published', async () => {
    await trio.start('a', 'b');
    await Promise.all([trio.told('a', 'b', 'alive'), trio.told('b', 'a', 'alive')]);
    trio.driver('a').publishDigest(DIGEST);
    while (trio.driver('b').member('a')?.digest === null)
      await new Promise((resolve) => setImmediate(resolve));
    expect(trio.driver('b').member('a')?.digest).toMatchObject(DIGEST);
  });
});
