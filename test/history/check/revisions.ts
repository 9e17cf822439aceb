/**
 * Checker two: every answer carries the revision of the store, so the order of the writes
 * is told and need not be searched. It replays them, compares every read with the state
 * at its revision, revisions with real time, and every watch with what happened. All of
 * it is sorting and one pass: O(n log n).
 */
import { Effects } from './effects.ts';
import { checkList } from './lists.ts';
import { describeOp, type History, isReadOp as isRead, type Op } from './record.ts';
import { type KeyHistory, type Observation, Replay } from './replay.ts';
import { checkSetRevisions } from './sets.ts';
import { type Placed, Timeline } from './timeline.ts';
import { checkWatches } from './watches.ts';

export interface RevisionReport {
  readonly verdict: 'good' | 'bad';
  readonly findings: readonly string[];
  readonly watchEvents: number;
  readonly compacted: number;
}

/** Everything with a revision, told or found, with its instants. */
function placedOf({ ops, watches }: History, effects: Effects): Placed[] {
  const placed: Placed[] = [];
  for (const op of ops) {
    const rev = isRead(op) ? op.rev : effects.revOf(op);
    if (rev === undefined || op.ok === 'fail') continue;
    const ret = op.ok === 'ok' ? (op.ret ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY;
    const kind = !isRead(op) ? 'write' : op.stale === true ? 'stale' : 'read';
    placed.push({ call: op.call, ret, rev, kind, text: () => describeOp(op) });
  }
  for (const { type, at, rev, w } of watches) {
    if (type === 'start' || type === 'end') continue;
    placed.push({ call: at, ret: at, rev, kind: 'stale', text: () => `watch ${w}` });
  }
  return placed;
}

function observationsOf(ops: readonly Op[]): Map<string, Observation[]> {
  const byKey = new Map<string, Observation[]>();
  const add = (k: string, observation: Observation): void => {
    const list = byKey.get(k);
    if (list === undefined) byKey.set(k, [observation]);
    else list.push(observation);
  };
  for (const op of ops) {
    if (op.ok !== 'ok' || op.rev === undefined) continue;
    const { rev } = op;
    if (op.f === 'get' && op.res !== undefined) add(op.k, { rev, seen: op.res, op });
    if (op.f === 'del' && op.deleted === false) add(op.k, { rev, seen: { v: null, mod: 0 }, op });
    for (const [k, seen] of Object.entries(op.items ?? {})) add(k, { rev, seen, op: { ...op, k } });
  }
  return byKey;
}

/**
 * Refused conditions carry no revision of their own: is there a moment for each between its call and its
 * answer at which the key was what the refusal says, one after the other? Each takes the earliest.
 */
function checkRefusals(ops: readonly Op[], replays: ReadonlyMap<string, Replay>, timeline: Timeline) {
  const findings: string[] = [];
  const places = new Map<Op, number>();
  const instants = ops
    .filter((op) => op.err === 'mismatch')
    .flatMap((op) => [
      { at: op.call, isAnswer: 0, op },
      { at: op.ret ?? Number.POSITIVE_INFINITY, isAnswer: 1, op },
    ])
    .toSorted((a, b) => a.at - b.at || a.isAnswer - b.isAnswer);
  let answered = 0;
  for (const { op, isAnswer } of instants) {
    if (isAnswer === 1) {
      answered = Math.max(answered, places.get(op) ?? 0);
      continue;
    }
    const mod = op.res?.mod ?? 0;
    if (mod === op.exp) findings.push(`refused although the condition held: ${describeOp(op)}`);
    const replay = replays.get(op.k);
    const floor = Math.max(timeline.toldBefore(op.call), answered);
    const rev = replay === undefined ? (mod === 0 ? floor : null) : replay.earliest(mod, floor);
    const isBetween = rev !== null && rev <= timeline.lowestCalledAfter(op.ret ?? Number.POSITIVE_INFINITY);
    if (isBetween) places.set(op, rev);
    // where unknown deletes are left one may have come and gone
    else if (mod !== 0 || replay?.hasHidden !== true)
      findings.push(`${op.k} was at ${mod} at no moment between call and answer: ${describeOp(op)}`);
  }
  return findings;
}

/** Operations of the given kinds by key. */
function grouped(ops: readonly Op[], ...kinds: Op['f'][]): Map<string, Op[]> {
  const lists = new Map<string, Op[]>();
  for (const op of ops) {
    if (!kinds.includes(op.f)) continue;
    const list = lists.get(op.k);
    if (list === undefined) lists.set(op.k, [op]);
    else list.push(op);
  }
  return lists;
}

/** Checks a whole history, watches included. */
export function checkRevisions(history: History): RevisionReport {
  const { ops, watches } = history;
  const effects = new Effects(history);
  const timeline = new Timeline(placedOf(history, effects));
  const findings = [...effects.findings, ...timeline.violations()];
  const observations = observationsOf(ops);
  const replays = new Map<string, Replay>();
  const owned = effects.owned();
  for (const k of new Set([...effects.keys, ...observations.keys()])) {
    const key: KeyHistory = {
      ...{
        k,
        effects: effects.of(k),
        observations: observations.get(k) ?? [],
        hidden: effects.hidden(k),
        owned,
      },
    };
    const replay = new Replay(key, timeline);
    findings.push(...replay.findings);
    replays.set(k, replay);
  }
  findings.push(...checkRefusals(ops, replays, timeline));
  for (const [k, set] of grouped(ops, 'add', 'members'))
    findings.push(...checkSetRevisions(k, set, { timeline, owned }));
  for (const [k, list] of grouped(ops, 'append', 'list'))
    findings.push(...checkList(k, list, { timeline, owned }));
  const watched = checkWatches(watches, effects.all());
  findings.push(...watched.findings);
  return {
    verdict: findings.length === 0 ? 'good' : 'bad',
    findings,
    watchEvents: watched.events,
    compacted: watched.compacted,
  };
}
