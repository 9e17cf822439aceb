/**
 * Faults that wait for their moment. Most rules of an election matter only for milliseconds, which faults at any time
 * rarely meet: a leader that has just been elected and has committed nothing, a configuration of two halves, a vote
 * on its way to a slow disk; and a leader that is gone for its voters and does not know it, because it stood still
 * with a link to a minority left.
 */
import { between, type NodeId, pick, type Random, shuffle } from '../../src/base/index.ts';
import type { RaftEvent } from '../../src/raft/index.ts';
import type { SimNode } from './node.ts';
import type { Operator } from './operator.ts';

type Moment = 'election' | 'joint' | 'candidacy' | 'now';

interface Aim {
  readonly moment: Moment;
  readonly random: Random;
}

export interface AimsParts {
  readonly operator: Operator;
  readonly crash: (node: SimNode, random: Random) => void;
  /** Makes the syncs of a node slow for so long. */
  readonly stall: (nodeId: NodeId, ms: number) => void;
}

function momentOf(event: RaftEvent): Moment | null {
  if (event.kind === 'elected') return 'election';
  if (event.kind === 'role-changed') return event.role === 'candidate' ? 'candidacy' : null;
  const isJoint = event.kind === 'membership-changed' && event.membership.outgoing.length > 0;
  return isJoint && !event.committed ? 'joint' : null;
}

export class Aims {
  readonly #parts: AimsParts;
  #aims: Aim[] = [];
  #isOver = false;

  constructor(parts: AimsParts) {
    this.#parts = parts;
  }

  /** Takes aim: at once at a leader, or at the next one to whom the moment comes. */
  take(random: Random): void {
    const moment = pick(random, ['election', 'election', 'joint', 'candidacy', 'now', 'now'] as const);
    if (moment !== 'now') this.#aims.push({ moment, random });
    else this.#leadAstray(random);
  }

  /** Nothing more is aimed at. */
  stop(): void {
    this.#aims = [];
    this.#isOver = true;
  }

  heard(node: SimNode, event: RaftEvent): void {
    if (this.#aims.length === 0) return;
    const moment = momentOf(event);
    const at = this.#aims.findIndex((aim) => aim.moment === moment);
    const aim = this.#aims[at];
    if (aim === undefined) return;
    this.#aims.splice(at, 1);
    this.#hit(node, aim);
  }

  #hit(node: SimNode, { moment, random }: Aim): void {
    const { operator, crash, stall } = this.#parts;
    const { cluster, count, say } = operator;
    const [waitMs, draw] = [between(random, 0, 30), random.next()];
    count(`aim ${moment}`);
    say(node.who, `is aimed at: ${moment}`);
    if (moment === 'candidacy') {
      stall(node.nodeId, between(random, 100, 1200));
      return;
    }
    cluster.world.after(waitMs, () => {
      if (this.#isOver) return;
      if (draw < 0.5) crash(node, random);
      else if (draw < 0.8) this.#cutOff([node], between(random, 50, 800));
      else node.pause(between(random, 50, 800));
    });
  }

  /** Stands still behind a cut, with too few others: who asks it when it wakes asks a leader of the past. */
  #leadAstray(random: Random): void {
    const { cluster, count, say } = this.#parts.operator;
    const node = cluster.leader()?.node;
    const most = Math.floor((cluster.nodes.length - 1) / 2);
    const [size, pauseMs, awakeMs] = [
      random.next() < 0.7 ? Math.max(0, most - 1) : 0,
      between(random, 300, 1800),
      between(random, 20, 400),
    ];
    const others = shuffle(random, cluster.nodes).filter((n) => n !== node);
    if (node === undefined) return;
    const minority = [node, ...others.slice(0, size)];
    count('aim now');
    say(node.who, `leads astray ${minority.map((n) => n.nodeId).join(' ')} for ${pauseMs} ms`);
    this.#cutOff(minority, pauseMs + awakeMs);
    node.pause(pauseMs);
  }

  #cutOff(side: readonly SimNode[], ms: number): void {
    const { network, nodes, world } = this.#parts.operator.cluster;
    const links = side.flatMap((a) =>
      nodes.filter((b) => !side.includes(b)).map((b) => [a.nodeId, b.nodeId] as const),
    );
    for (const [a, b] of links) {
      network.sever(a, b);
      network.sever(b, a);
    }
    world.after(ms, () => {
      // what is cut then is cut for another reason
      if (this.#isOver) return;
      for (const [a, b] of links) {
        network.mend(a, b);
        network.mend(b, a);
      }
    });
  }
}
