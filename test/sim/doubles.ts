/** Copies of nodes that run beside their originals, and who of the two gets what is sent to such a node. */
import type { NodeId, Random } from '../../src/base/index.ts';
import type { RaftMessage } from '../../src/raft/index.ts';
import type { DiskImage } from './disk-image.ts';
import type { SimNetwork } from './network.ts';
import type { SimNode } from './node.ts';
import { startTwin, type Twin } from './twin.ts';
import type { CloneManner } from './victim.ts';
import type { World } from './world.ts';

export interface DoublesParts {
  readonly world: World;
  readonly network: SimNetwork;
  readonly random: Random;
  readonly node: (nodeId: NodeId) => SimNode | undefined;
  /** A copy leads, which can't be. */
  readonly elected: (nodeId: NodeId) => void;
}

export class Doubles {
  readonly #parts: DoublesParts;
  /** Those that hear something. */
  readonly #twins = new Map<NodeId, Twin>();

  constructor(parts: DoublesParts) {
    this.#parts = parts;
  }

  start({ nodeId, settings }: SimNode, image: DiskImage, { random, isHeard }: CloneManner): void {
    const { world, network, elected } = this.#parts;
    const twin = startTwin({
      ...{ nodeId, image, world, random, settings },
      send: (messages) => network.send(messages, this.deliver),
      elected: () => elected(nodeId),
    });
    if (isHeard && twin !== null) this.#twins.set(nodeId, twin);
  }

  /** A message has come to where it was sent. */
  readonly deliver = (message: RaftMessage): void => {
    const { random, node } = this.#parts;
    const twin = this.#twins.get(message.to);
    const isForTwin = twin?.isUp === true && random.next() < 0.5;
    (isForTwin ? twin : node(message.to))?.submit({ kind: 'message', message });
  };
}
