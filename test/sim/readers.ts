/**
 * Clients that only read, one read after the other whatever becomes of them, and each for a while from one node:
 * the leader that they know, or any. Writers wait for answers and try again, so they fall silent in just the moments
 * in which a leader of the past may answer; these do not.
 */
import { between, pick, type Random } from '../../src/base/index.ts';
import { KEYS } from './clients.ts';
import type { History } from './history.ts';
import type { SimNode } from './node.ts';
import type { World } from './world.ts';

/** From the client to a node. */
const NEAR_MS = 0.3;
const READERS = 2;

export interface ReaderParts {
  readonly world: World;
  readonly random: Random;
  readonly history: History;
  readonly nodes: readonly SimNode[];
  /** Mean time between two reads of one reader, ms. */
  readonly everyMs: number;
  /** Who leads, as far as anybody does. */
  readonly leader: () => SimNode | undefined;
  /** A number that no operation had before. */
  readonly serial: () => number;
  readonly isOver: () => boolean;
  readonly answered: () => void;
}

export function startReaders(parts: ReaderParts): void {
  for (let n = 0; n < READERS; n++) keepReading(`r${n}`, parts);
}

function keepReading(client: string, parts: ReaderParts): void {
  const { world, random, history, nodes, everyMs, leader, serial, isOver, answered } = parts;
  let node = pick(random, nodes);
  let keepsUntil = 0;
  const read = (): void => {
    if (isOver()) return;
    if (world.now >= keepsUntil) {
      node = (random.next() < 0.6 ? leader() : undefined) ?? pick(random, nodes);
      keepsUntil = world.now + between(random, 300, 2000);
    }
    const operation = {
      serial: serial(),
      client,
      kind: 'get',
      key: pick(random, KEYS),
      minIndex: null,
    } as const;
    const { floor } = history;
    const asked = node;
    world.after(NEAR_MS, () =>
      asked.read(operation.key, null, (answer) => {
        if (answer.kind !== 'read') return;
        answered();
        history.read({ ...operation, floor }, answer.at, answer.read);
      }),
    );
    world.after(-Math.log(1 - random.next()) * everyMs, read);
  };
  read();
}
