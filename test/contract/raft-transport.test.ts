import { afterAll, beforeAll } from 'vitest';
import { payloadGroups } from '../../daemon/payload-groups.ts';
import { seededRandom } from '../../src/base/index.ts';
import { decodeMessages, encodeMessages, type RaftMessage } from '../../src/raft/index.ts';
import { SimNetwork } from '../sim/network.ts';
import { drawOptions } from '../sim/options.ts';
import { World } from '../sim/world.ts';
import { NodeFolders } from '../unit/rpc/node-folders.ts';
import { startPeer, until } from '../unit/rpc/peer-fixture.ts';
import { describeRaftTransport } from './raft-transport.ts';

describeRaftTransport('SimNetwork', async () => {
  const world = new World();
  const random = seededRandom(1);
  const network = new SimNetwork(world, random, drawOptions(random, 3));
  network.calm();
  const arrived: RaftMessage[] = [];
  return {
    arrived,
    send: (messages) => network.send(messages, (m) => void (m.to === 'b' && arrived.push(m))),
    until: async (what, done) => {
      for (let n = 0; n < 10_000 && !done(); n++) world.step(world.now + 1000);
      await until(what, done, 1);
    },
    stop: async () => {},
  };
});

let folders: NodeFolders;

beforeAll(async () => {
  folders = await NodeFolders.create();
});

afterAll(() => folders.remove());

const PURPOSES = ['control', 'bulk'] as const;
const PROBE = { kind: 'bye', from: 'probe', to: 'b', fromInstance: 'x', toInstance: 'x' } as const;

/** Groups and frames as the consensus worker sends them. */
describeRaftTransport('PeerTransport with payload groups', async () => {
  const arrived: RaftMessage[] = [];
  const probes = new Set<number>();
  const a = await startPeer({ nodeId: 'a', pkiDir: await folders.node('a') });
  const b = await startPeer({
    nodeId: 'b',
    pkiDir: await folders.node('b'),
    onPayload: (_peer, bytes) => {
      const decoded = decodeMessages(bytes.slice());
      if (!decoded.ok) throw new TypeError(decoded.reason);
      for (const message of decoded.value) {
        if (message.from === PROBE.from) probes.add(message.term);
        else arrived.push(message);
      }
    },
  });
  a.transport.setPeers([{ nodeId: 'b', address: b.address }]);
  // one connection a purpose, and only one of them is told of: words on both say that they stand
  await until('connected', () => {
    PURPOSES.forEach((purpose, term) => {
      if (!probes.has(term)) a.transport.send('b', purpose, encodeMessages([{ ...PROBE, term }]));
    });
    return probes.size === PURPOSES.length;
  });
  return {
    arrived,
    send: (messages) => {
      for (const { peer, purpose, group } of payloadGroups(messages))
        a.transport.send(peer, purpose, encodeMessages(group));
    },
    until: (what, done) => until(what, done, 20_000),
    stop: async () => {
      await Promise.all([a.transport.stop(), b.transport.stop()]);
    },
  };
});
