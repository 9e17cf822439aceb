/** Orders of an operator that take more than one step: voters that are replaced, nodes that are upgraded. */
import { between, pick, type Random } from '../../src/base/index.ts';
import type { SimNode } from './node.ts';
import { NEXT_COMMAND } from './versions.ts';
import type { Victim } from './victim.ts';

export interface Operator {
  readonly cluster: Victim;
  readonly count: (kind: string) => void;
  readonly say: (who: string, text: string) => void;
}

/**
 * One step towards a voter whose place another node takes in one change: whoever is no member becomes a learner,
 * without a learner a voter is made one, and a learner takes the place of a voter, who stays as a learner or
 * goes. Answers whether something was asked.
 */
export function replaceVoter({ cluster, count, say }: Operator, random: Random): boolean {
  const [draw, stays] = [random.next(), random.next() < 0.5];
  const leader = cluster.leader();
  if (leader === null || cluster.nodes.length < 3) return false;
  const { voters, learners } = leader.marks.membership;
  const members = new Set([...voters, ...learners].map((m) => m.nodeId));
  const missing = cluster.nodes.find((n) => !members.has(n.nodeId));
  if (missing !== undefined) {
    cluster.change({ kind: 'add-learner', member: missing.member });
    return true;
  }
  const { nodeId } = pick(random, voters);
  if (learners.length === 0) {
    if (voters.length <= 2) return false;
    say(nodeId, 'ask demote, as a spare');
    cluster.change({ kind: 'demote', nodeId });
    return true;
  }
  const by = pick(random, learners).nodeId;
  const isReplacement = draw < 0.7;
  say(nodeId, isReplacement ? `ask replace by ${by}${stays ? ', stays' : ''}` : `ask promote of ${by}`);
  count(isReplacement ? 'ask replace' : 'ask promote');
  cluster.change(isReplacement ? { kind: 'replace', nodeId, by, stays } : { kind: 'promote', nodeId: by });
  return true;
}

/** One node of the older version comes back as the next one; a leader of the next one does what only it can. */
export function upgradeOne({ cluster, count, say }: Operator, random: Random): void {
  const downMs = between(random, 1, 800);
  const isPowerCut = random.next() < cluster.options.powerCutRatio;
  const marks = random.next() < 0.6;
  const leader = cluster.leader()?.node;
  const older = cluster.nodes.filter((n) => n.version === 'this');
  if (leader?.version === 'next' && marks) {
    count(older.length === 0 ? 'next command' : 'next command among both');
    say(leader.who, 'proposes what only the next version knows');
    cluster.announce({ kind: NEXT_COMMAND }, () => {});
  }
  if (older.length === 0) return;
  const node = pick(random, older);
  count('upgrade');
  say(node.who, 'is upgraded');
  node.crash(isPowerCut);
  node.version = 'next';
  cluster.world.after(downMs, () => cluster.restart(node));
}

/** What operators and drivers may say at any moment. */
export function order(operator: Operator, random: Random): void {
  const { cluster, count } = operator;
  const leader = cluster.leader()?.node;
  const draw = random.next();
  const peer = pick(random, cluster.nodes).nodeId;
  if (leader === undefined) return;
  count(draw < 0.7 ? 'transfer' : draw < 0.8 ? 'distress' : draw < 0.9 ? 'unreachable' : 'leave');
  if (draw < 0.5) leader.submit({ kind: 'transfer', id: 1, to: null });
  else if (draw < 0.7) leader.submit({ kind: 'transfer', id: 2, to: peer });
  else if (draw < 0.8) leader.submit({ kind: 'distress', reason: 'the simulator says so' });
  else if (draw < 0.9) leader.submit({ kind: 'unreachable', peer });
  else leave(operator, leader, random);
}

function leave({ cluster, say }: Operator, node: SimNode, random: Random): void {
  say(node.who, 'leaves');
  node.submit({ kind: 'leave' });
  cluster.world.after(5, () => node.crash(false));
  cluster.world.after(between(random, 50, 500), () => cluster.restart(node));
}
