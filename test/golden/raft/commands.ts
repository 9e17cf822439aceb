/**
 * The little language of the transcripts: one line a command, words apart by blanks.
 *
 *   nodes n1 n2 n3 [learners n4] [empty n5]   start with one membership in every log
 *   logs n1 1 1 2 / n2@7 1 1 3                 start with logs of these terms, same membership; n2 is in term 7
 *   campaign n1 · tick [n1] · advance 50 · run 200
 *   propose n1 [count] · change n1 remove n3 [expect 7] · change n1 replace n2 n4 [stays]
 *   transfer n1 n2|best · read n1 · leave n1
 *   deliver [n1>n2|n2|kind] · drop [same] · again [same] · stabilize · replay n2
 *   cut n1>n2 · partition n1 | n2 n3 · heal · hint n2 lost n1
 *   hold n1 · flush n1 [writes] · release n1 · crash n1 · restart n1 [state of entry]
 *   snapshot n1 · arrive [lost] · environment n1 rtt lag · quiet · loud
 *   status [n1] · log n1 · peers n1 · membership n1 · wire
 */
import type { NodeId, Term } from '../../../src/base/index.ts';
import type { Membership, MembershipChange, RaftMessage } from '../../../src/raft/index.ts';
import { printEntry, printMembership, printMessage, printPeer, printStatus } from './print.ts';
import { logOf, memberOf, type Scene } from './scene.ts';

type Words = readonly string[];
type Command = (scene: Scene, words: Words) => void;

function membershipOf(voters: Words, learners: Words = []): Membership {
  return {
    voters: voters.map((id) => memberOf(id)),
    outgoing: [],
    learners: learners.map((id) => memberOf(id)),
    learnersNext: [],
  };
}

/** Words after each of `keys`; those before the first belong to ''. */
function sections(words: Words, keys: Words): Record<string, string[]> {
  const found: Record<string, string[]> = { '': [] };
  let key = '';
  for (const word of words) {
    if (keys.includes(word)) {
      key = word;
      found[key] = [];
    } else found[key]?.push(word);
  }
  return found;
}

function setUp(scene: Scene, words: Words): void {
  const { '': voters = [], learners = [], empty = [] } = sections(words, ['learners', 'empty']);
  const membership = membershipOf(voters, learners);
  for (const id of [...voters, ...learners]) scene.add(id, logOf([1], membership), 1);
  for (const id of empty) scene.add(id, [], 0);
}

function setUpLogs(scene: Scene, words: Words): void {
  const logs = words
    .join(' ')
    .split('/')
    .map((part) => part.trim().split(' '));
  const disks = logs.map(([name = '', ...terms]) => {
    const [id = '', term] = name.split('@');
    const numbers = terms.map(Number);
    return { id, numbers, term: Number(term ?? Math.max(...numbers)) };
  });
  const membership = membershipOf(disks.map((d) => d.id));
  for (const { id, numbers, term } of disks) scene.add(id, logOf(numbers, membership), term);
}

/** Which messages: `n1>n2`, `n2` (to it), a kind, or all. */
function picker(words: Words): (m: RaftMessage) => boolean {
  const [what] = words;
  if (what === undefined) return () => true;
  if (what.includes('>'))
    return (m) => `${m.from}>${m.to}` === what && (words.length < 2 || words.includes(m.kind));
  return (m) => m.to === what || m.kind === what;
}

function changeOf([kind = '', nodeId = '', by = '', stays]: Words): MembershipChange {
  if (kind === 'add-learner') return { kind, member: memberOf(nodeId) };
  if (kind === 'readmit') return { kind: 'add-learner', member: memberOf(nodeId, `new-${nodeId}`) };
  if (kind === 'replace') return { kind, nodeId, by, stays: stays === 'stays' };
  if (kind === 'set-address') return { kind, nodeId, address: `${nodeId}:2` };
  return { kind: kind as 'promote' | 'demote' | 'remove', nodeId };
}

function change(scene: Scene, [id = '', ...words]: Words): void {
  const { '': asked = [], expect: [expected] = [] } = sections(words, ['expect']);
  scene.step(id, {
    kind: 'propose-membership',
    id: scene.nextId(),
    change: changeOf(asked),
    expectedMembershipIndex: expected === undefined ? null : Number(expected),
    timestamp: 0,
  });
}

function propose(scene: Scene, [id = '', count = '1']: Words): void {
  const proposals = Array.from({ length: Number(count) }, () => {
    const number = scene.nextId();
    const data = new TextEncoder().encode(`p${number}`);
    return { id: number, kind: 'command' as const, timestamp: 0, data };
  });
  scene.step(id, { kind: 'propose', proposals });
}

function campaign(scene: Scene, [id = '']: Words): void {
  const { wakeAt } = scene.core(id).status();
  scene.now = Math.max(scene.now, Number.isFinite(wakeAt) ? wakeAt : scene.now);
  scene.step(id, { kind: 'tick' });
}

function partition(scene: Scene, words: Words): void {
  const groups = words
    .join(' ')
    .split('|')
    .map((part) => part.trim().split(' '));
  scene.cuts.clear();
  for (const a of groups) {
    for (const b of groups) {
      if (a === b) continue;
      for (const from of a) for (const to of b) scene.cuts.add(`${from}>${to}`);
    }
  }
  scene.wire = scene.wire.filter((m) => !scene.cuts.has(`${m.from}>${m.to}`));
}

function snapshot(scene: Scene, [id = '']: Words): void {
  const node = scene.node(id);
  const index = node.applied;
  const { membership, membershipIndex } = scene.core(id).status();
  const term = node.storage.term(index) ?? 0;
  const meta = { id: `${id}-${index}`, index, term, membership, membershipIndex, size: 1 };
  node.snapshots.set(meta.id, meta);
  scene.step(id, { kind: 'snapshot-made', meta });
  scene.say(`${id} keeps entries from ${node.storage.firstIndex()}`);
}

/** What no old message may change. */
function standing(scene: Scene, id: NodeId): string {
  const { storage } = scene.node(id);
  const { term, role, commitIndex } = scene.core(id).status();
  const { votedFor } = storage.initialState().hardState;
  const terms: (Term | undefined)[] = [];
  for (let index = storage.firstIndex(); index <= storage.lastIndex(); index++)
    terms.push(storage.term(index));
  return JSON.stringify({ role, term, votedFor, commitIndex, first: storage.firstIndex(), terms });
}

/**
 * Every message that this node was ever sent once more, in its order and in the opposite one. It is looked
 * at after each: what one append cuts off, a later one would bring back.
 */
function replay(scene: Scene, [id = '']: Words): void {
  const before = standing(scene, id);
  const old = scene.history.filter((m) => m.to === id);
  scene.isQuiet = true;
  const guilty = [...old, ...old.toReversed()].find((message) => {
    scene.step(id, { kind: 'message', message });
    return standing(scene, id) !== before;
  });
  scene.isQuiet = false;
  scene.wire = scene.wire.filter((m) => m.from !== id);
  const verdict = guilty === undefined ? 'nothing' : `SOMETHING: ${printMessage(guilty)}`;
  scene.say(`${old.length} old messages, forwards and backwards, change ${verdict}`);
}

function printLog(scene: Scene, [id = '']: Words): void {
  const { storage } = scene.node(id);
  const entries = storage.entries(storage.firstIndex(), storage.lastIndex(), Number.MAX_SAFE_INTEGER) ?? [];
  scene.say(`${id} ${entries.map(printEntry).join(' ')}`);
}

function status(scene: Scene, words: Words): void {
  for (const node of scene.nodes.values()) {
    if (words.length > 0 && !words.includes(node.id)) continue;
    scene.say(node.core === null ? `${node.id} down` : printStatus(node.core.status()));
  }
}

const COMMANDS: Readonly<Record<string, Command>> = {
  nodes: setUp,
  logs: setUpLogs,
  campaign,
  propose,
  change,
  partition,
  snapshot,
  replay,
  status,
  log: printLog,
  tick: (scene, words) => {
    for (const id of words.length > 0 ? words : scene.nodes.keys()) scene.step(id, { kind: 'tick' });
  },
  advance: (scene, [ms]) => {
    scene.now += Number(ms);
  },
  run: (scene, [ms]) => scene.run(Number(ms)),
  transfer: (scene, [id = '', to = 'best']) =>
    scene.step(id, { kind: 'transfer', id: scene.nextId(), to: to === 'best' ? null : to }),
  distress: (scene, [id = '']) => scene.step(id, { kind: 'distress', reason: 'trouble' }),
  read: (scene, [id = '']) => scene.step(id, { kind: 'read-index', id: scene.nextId() }),
  leave: (scene, [id = '']) => scene.step(id, { kind: 'leave' }),
  unreachable: (scene, [id = '', peer = '']) => scene.step(id, { kind: 'unreachable', peer }),
  avoid: (scene, [id = '', ...avoid]) =>
    scene.step(id, { kind: 'settings', settings: { ...scene.settings, avoid } }),
  promote: (scene, [id = '', ...autoPromote]) =>
    scene.step(id, { kind: 'settings', settings: { ...scene.settings, autoPromote } }),
  environment: (scene, [id = '', rtt, lag]) =>
    scene.step(id, {
      kind: 'environment',
      rttP99Ms: Number(rtt),
      loopLagP99Ms: Number(lag),
      diskLatencyMs: 0,
    }),
  deliver: (scene, words) => void scene.deliver(picker(words)),
  drop: (scene, words) => {
    const isDropped = picker(words);
    scene.wire = scene.wire.filter((m) => !isDropped(m));
  },
  // the network doubles them
  again: (scene, words) => void scene.wire.push(...scene.wire.filter(picker(words))),
  stabilize: (scene) => scene.stabilize(),
  cut: (scene, pairs) => {
    for (const pair of pairs) scene.cuts.add(pair);
    scene.wire = scene.wire.filter((m) => !scene.cuts.has(`${m.from}>${m.to}`));
  },
  heal: (scene) => scene.cuts.clear(),
  hint: (scene, [id = '', word, peer = '']) =>
    scene.step(id, { kind: 'peer-hint', peer, status: word === 'lost' ? 'lost' : 'restored' }),
  hold: (scene, [id = '']) => {
    scene.node(id).isDiskHeld = true;
  },
  flush: (scene, [id = '', count]) => scene.flush(id, count === undefined ? undefined : Number(count)),
  release: (scene, [id = '']) => {
    scene.node(id).isDiskHeld = false;
    scene.flush(id);
  },
  crash: (scene, [id = '']) => scene.crash(id),
  restart: (scene, [id = '', applied]) =>
    scene.start(id, applied === undefined ? undefined : Number(applied)),
  arrive: (scene, [how]) => void scene.arrive(how !== 'lost'),
  quiet: (scene) => {
    scene.isQuiet = true;
  },
  loud: (scene) => {
    scene.isQuiet = false;
  },
  peers: (scene, [id = '']) => {
    for (const peer of scene.core(id).status().peers) scene.say(printPeer(peer));
  },
  membership: (scene, [id = '']) => scene.say(printMembership(scene.core(id).status().membership)),
  wire: (scene) => {
    for (const m of scene.wire) scene.say(printMessage(m));
  },
};

/** Plays one line; what it brings about is said on the scene. */
export function play(scene: Scene, line: string): void {
  const [name = '', ...words] = line.trim().split(/\s+/);
  const command = COMMANDS[name];
  if (command === undefined) {
    scene.say(`no such command: ${name}`);
    return;
  }
  command(scene, words);
}
