/** A random walk of a scene: everything may happen at every moment, in any order. */
import { between, pick, type Random, seededRandom } from '../../src/base/index.ts';
import { play } from '../golden/raft/commands.ts';
import { Scene } from '../golden/raft/scene.ts';
import { LockStep, Mismatch } from './lock-step.ts';

/** Weights of the moves; messages that arrive are most of what happens. */
const MOVES: readonly (readonly [number, (scene: Scene, random: Random) => void])[] = [
  [30, deliverOne],
  [4, (scene, random) => repeat(between(random, 1, 4), () => scene.deliver(() => random.next() < 0.7))],
  [3, (scene) => scene.stabilize()],
  [2, dropOne],
  [2, replayOne],
  [6, tickOne],
  [3, (scene, random) => command(scene, `advance ${between(random, 1, 120)}`)],
  [8, (scene, random) => command(scene, `propose ${someone(scene, random)} ${between(random, 1, 3)}`)],
  [1, (scene, random) => command(scene, `hold ${someone(scene, random)}`)],
  [3, (scene, random) => command(scene, `flush ${someone(scene, random)}`)],
  [1, (scene, random) => command(scene, `release ${someone(scene, random)}`)],
  [1, crashOne],
  [2, snapshotOne],
  [2, (scene, random) => void scene.arrive(random.next() < 0.8)],
  [2, changeOne],
  [1, (scene, random) => command(scene, `transfer ${leaderOf(scene)} ${someone(scene, random)}`)],
  [1, (scene, random) => command(scene, `hint ${someone(scene, random)} lost ${leaderOf(scene)}`)],
  [1, (scene, random) => command(scene, `hint ${someone(scene, random)} restored ${leaderOf(scene)}`)],
  [0.3, (scene) => command(scene, `distress ${leaderOf(scene)}`)],
  [4, (scene, random) => command(scene, `read ${someone(scene, random)}`)],
  [
    0.5,
    (scene, random) => command(scene, `environment ${someone(scene, random)} ${between(random, 0, 60)} 0`),
  ],
  [0.5, (scene, random) => command(scene, `unreachable ${leaderOf(scene)} ${someone(scene, random)}`)],
  [0.5, (scene, random) => command(scene, `promote ${leaderOf(scene)} ${someone(scene, random)} n4 n5`)],
  [0.3, (scene) => command(scene, `leave ${leaderOf(scene)}`)],
  [1, partition],
  [0.5, overtake],
  [1, (scene) => command(scene, 'heal')],
];
const TOTAL = MOVES.reduce((sum, [weight]) => sum + weight, 0);

/** Plays `steps` moves of a seed under the model; a mismatch names the seed and the move. */
export function walk(seed: number, steps: number): LockStep {
  const random = seededRandom(seed);
  // appends of an entry or two, and a tail behind each snapshot, in every third one
  const scene = new Scene(seed % 3 === 0 ? { maxAppendBytes: 120, trailingEntries: 3 } : {});
  const watch = new LockStep();
  scene.watch = watch;
  scene.isQuiet = true;
  command(scene, seed % 2 === 0 ? 'nodes n1 n2 n3 learners n4 empty n5' : 'nodes n1 n2 n3 n4 n5');
  for (let step = 1; step <= steps; step++) {
    try {
      draw(random)(scene, random);
    } catch (error) {
      throw new Mismatch(`seed ${seed}, move ${step}: ${(error as Error).message}`);
    }
  }
  return watch;
}

function draw(random: Random): (scene: Scene, random: Random) => void {
  let left = random.next() * TOTAL;
  for (const [weight, move] of MOVES) {
    left -= weight;
    if (left < 0) return move;
  }
  return deliverOne;
}

function command(scene: Scene, line: string): void {
  play(scene, line);
}

function repeat(times: number, act: () => void): void {
  for (let n = 0; n < times; n++) act();
}

function someone(scene: Scene, random: Random): string {
  // mostly the one who leads: with others the most interesting orders are refused
  return random.next() < 0.4 ? leaderOf(scene) : pick(random, [...scene.nodes.keys()]);
}

function upNodes(scene: Scene): string[] {
  return [...scene.nodes.values()].filter((n) => n.core !== null).map((n) => n.id);
}

function leaderOf(scene: Scene): string {
  let best = { id: 'n1', term: 0 };
  for (const id of upNodes(scene)) {
    const { role, term } = scene.core(id).status();
    if (role === 'leader' && term > best.term) best = { id, term };
  }
  return best.id;
}

function deliverOne(scene: Scene, random: Random): void {
  if (scene.wire.length === 0) return;
  // the oldest, mostly
  const at = random.next() < 0.7 ? 0 : Math.floor(random.next() * scene.wire.length);
  const message = scene.wire[at];
  scene.deliver((m) => m === message);
}

function dropOne(scene: Scene, random: Random): void {
  scene.wire.splice(Math.floor(random.next() * scene.wire.length), 1);
}

/** Something that was sent before arrives once more. */
function replayOne(scene: Scene, random: Random): void {
  const old = scene.history[Math.floor(random.next() * scene.history.length)];
  if (old !== undefined && scene.nodes.has(old.to)) scene.step(old.to, { kind: 'message', message: old });
}

function tickOne(scene: Scene, random: Random): void {
  const ids = upNodes(scene);
  if (ids.length === 0) return;
  const id = pick(random, ids);
  const { wakeAt } = scene.core(id).status();
  if (random.next() < 0.7 && Number.isFinite(wakeAt)) scene.now = Math.max(scene.now, wakeAt);
  scene.step(id, { kind: 'tick' });
}

function crashOne(scene: Scene, random: Random): void {
  const id = pick(random, [...scene.nodes.keys()]);
  command(scene, `${scene.node(id).core === null ? 'restart' : 'crash'} ${id}`);
  for (const node of scene.nodes.values()) {
    if (node.core === null && random.next() < 0.7) scene.start(node.id);
  }
}

function changeOne(scene: Scene, random: Random): void {
  const leader = leaderOf(scene);
  const kinds = [
    'add-learner',
    'promote',
    'demote',
    'remove',
    'replace',
    'replace',
    'set-address',
    'readmit',
  ];
  const kind = pick(random, kinds);
  const id = pick(random, [...scene.nodes.keys()]);
  // of nodes drawn at random hardly ever one is a learner and another one a voter
  const { voters, learners } = scene.node(leader).core?.status().membership ?? { voters: [], learners: [] };
  const [voter, learner] = [voters, learners].map((list) =>
    list.length > 0 ? pick(random, list).nodeId : id,
  );
  if (kind === 'replace')
    command(scene, `change ${leader} replace ${voter} ${learner} ${random.next() < 0.5 ? 'stays' : ''}`);
  else command(scene, `change ${leader} ${kind} ${kind === 'promote' ? learner : id}`);
}

/** A leader is cut off, alone or with one other, and stands still while the rest elects and writes; then it is asked. */
function overtake(scene: Scene, random: Random): void {
  const old = leaderOf(scene);
  const others = [...scene.nodes.keys()].filter((id) => id !== old);
  const left = random.next() < 0.5 ? [old] : [old, pick(random, others)];
  const right = others.filter((id) => !left.includes(id));
  command(scene, `partition ${left.join(' ')} | ${right.join(' ')}`);
  command(scene, `advance ${between(random, 150, 400)}`);
  const awake = right.filter((id) => scene.node(id).core !== null);
  if (awake.length > 0) command(scene, `campaign ${pick(random, awake)}`);
  scene.stabilize();
  command(scene, `propose ${leaderOf(scene)} 1`);
  scene.stabilize();
  command(scene, `read ${old}`);
}

/** A driver owes the membership in force at the index: only a settled one is known to be that. */
function snapshotOne(scene: Scene, random: Random): void {
  const id = someone(scene, random);
  const status = scene.node(id).core?.status();
  if (status?.membershipCommitted !== true || status.membershipIndex > scene.node(id).applied) return;
  command(scene, `snapshot ${id}`);
}

function partition(scene: Scene, random: Random): void {
  const ids = [...scene.nodes.keys()];
  const left = ids.filter(() => random.next() < 0.4);
  const right = ids.filter((id) => !left.includes(id));
  if (left.length > 0 && right.length > 0) command(scene, `partition ${left.join(' ')} | ${right.join(' ')}`);
}
