/** Scenes that begin with a leader, for tests of the core alone. */
import { expect } from 'vitest';
import { seededRandom } from '../../../src/base/index.ts';
import { MemoryStorage, RaftConsensus, type RaftMessage, type RaftOutput } from '../../../src/raft/index.ts';
import { logOf, memberOf, SCENE_SETTINGS, Scene } from '../../golden/raft/scene.ts';

export const membership = (ids: string, learners = '') => ({
  voters: [...ids].map((id) => memberOf(id)),
  outgoing: [],
  learners: [...learners].map((id) => memberOf(id)),
  learnersNext: [],
});

/** Nodes named by letters, one entry each, the first one leading. */
export function led(ids: string, learners = ''): Scene {
  const scene = new Scene();
  for (const id of ids + learners) scene.add(id, logOf([1], membership(ids, learners)), 1);
  elect(scene, ids[0] ?? '');
  return scene;
}

export function elect(scene: Scene, id: string): void {
  scene.now = Math.max(scene.now, scene.core(id).status().wakeAt);
  scene.step(id, { kind: 'tick' });
  scene.stabilize();
  expect(scene.core(id).status().role).toBe('leader');
}

export function propose(scene: Scene, id: string, bytes: number, count = 1): void {
  const proposals = Array.from({ length: count }, () => ({
    id: scene.nextId(),
    kind: 'command' as const,
    timestamp: 0,
    data: new Uint8Array(bytes),
  }));
  scene.step(id, { kind: 'propose', proposals });
}

/** A message to `to` as if from `from`, with the right instances. */
export function forge(scene: Scene, message: { from: string; to: string } & Record<string, unknown>): void {
  const { from, to } = message;
  const full = { fromInstance: `i-${from}`, toInstance: `i-${to}`, ...message } as unknown as RaftMessage;
  scene.step(to, { kind: 'message', message: full });
}

export function single(seed: number): { core: RaftConsensus; first: RaftOutput } {
  const storage = new MemoryStorage();
  const rest = { truncateFrom: null, snapshot: null, compactTo: null };
  const hardState = { term: 1, votedFor: null };
  storage.write({ token: 0, hardState, entries: logOf([1], membership('abc')), ...rest }, () => {});
  storage.flush();
  const core = new RaftConsensus({
    nodeId: 'a',
    instanceId: 'i-a',
    settings: SCENE_SETTINGS,
    storage,
    random: seededRandom(seed),
    appliedIndex: 0,
    now: 0,
  });
  return { core, first: core.take() };
}
