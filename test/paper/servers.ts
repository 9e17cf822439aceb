/** Servers by letters for the suites of the paper: made with logs, told to stand, sent forged messages. */
import { seededRandom } from '../../src/base/index.ts';
import type { RaftMessage } from '../../src/raft/index.ts';
import { logOf, memberOf, Scene } from '../golden/raft/scene.ts';

export const membership = (ids: string) => ({
  voters: [...ids].map((id) => memberOf(id)),
  outgoing: [],
  learners: [],
  learnersNext: [],
});

/** Servers with logs of these terms; `a: [1, 1, 2]`. All know term `term`; `seed` lets chance into their timeouts. */
export function servers(
  logs: Readonly<Record<string, readonly number[]>>,
  term: number,
  seed?: number,
): Scene {
  const scene = new Scene();
  if (seed !== undefined) scene.drawing = (number) => seededRandom(100 * seed + number);
  const group = membership(Object.keys(logs).join(''));
  for (const [id, terms] of Object.entries(logs)) scene.add(id, logOf(terms, group), term);
  return scene;
}

export const three = (): Scene => servers({ a: [1], b: [1], c: [1] }, 1);

export function stand(scene: Scene, id: string): void {
  scene.now = Math.max(scene.now, scene.core(id).status().wakeAt);
  scene.step(id, { kind: 'tick' });
}

export function elect(scene: Scene, id: string): void {
  stand(scene, id);
  scene.stabilize();
}

export function leading(): Scene {
  const scene = three();
  elect(scene, 'a');
  return scene;
}

export function propose(scene: Scene, id: string, data = new Uint8Array(1)): void {
  scene.step(id, {
    kind: 'propose',
    proposals: [{ id: scene.nextId(), kind: 'command', timestamp: 0, data }],
  });
}

export function forge(scene: Scene, message: { from: string; to: string } & Record<string, unknown>): void {
  const { from, to } = message;
  const full = { fromInstance: `i-${from}`, toInstance: `i-${to}`, ...message } as unknown as RaftMessage;
  scene.step(to, { kind: 'message', message: full });
}

export const of = (scene: Scene, id: string) => scene.core(id).status();
export const roleOf = (scene: Scene, id: string): string => `${of(scene, id).role} ${of(scene, id).term}`;
export const lastSent = (scene: Scene, kind: string, to: string) =>
  scene.history.filter((m) => m.kind === kind && m.to === to).at(-1);

export const vote = (term: number, last = { index: 1, term: 1 }) => ({
  kind: 'vote',
  term,
  last,
  reason: 'timeout',
});
export const append = (
  term: number,
  prev: { index: number; term: number },
  terms: readonly number[],
  commit = 0,
) => ({
  kind: 'append',
  term,
  prev,
  commit,
  round: 0,
  session: 1,
  entries: terms.map((t, i) => ({
    term: t,
    index: prev.index + 1 + i,
    kind: 'command',
    timestamp: 0,
    data: new Uint8Array([t]),
  })),
});
export const termsOf = (scene: Scene, id: string): (number | undefined)[] =>
  Array.from({ length: of(scene, id).last.index }, (_, i) => scene.node(id).storage.term(i + 1));
