/** Sequential meaning of the two kinds of objects: a register with conditions, and a list. */
import { elementsOf, isReadOp, type Op } from './record.ts';
import type { Call, Model } from './wgl.ts';

/** A whole number for each distinct text, from 1. */
class Names {
  readonly #numbers = new Map<string, number>();

  of(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    this.#numbers.set(text, this.#numbers.size + 1);
    return this.#numbers.size;
  }
}

const ABSENT = 0;

export interface RegisterAction {
  readonly kind: 'read' | 'put' | 'cas' | 'del' | 'mismatch';
  /** What is read or written. */
  readonly value: number;
  /** What a condition wants; null without a condition. */
  readonly expected: number | null;
  /** Deletes: whether something was deleted; null = nobody knows. */
  readonly deleted: boolean | null;
}

/** One key with put, delete, both under a condition, and get. The state is the value; 0 = absent. */
export const REGISTER: Model<RegisterAction> = {
  initial: ABSENT,
  isRead: (a) => a.kind === 'read' || a.kind === 'mismatch' || (a.kind === 'del' && a.deleted === false),
  step(state, { kind, value, expected, deleted }) {
    const holds = expected === null || expected === state;
    switch (kind) {
      case 'read':
        return state === value ? state : -1;
      case 'mismatch':
        return holds ? -1 : state;
      case 'put':
      case 'cas':
        return holds ? value : -1;
      case 'del':
        if (deleted === false) return state === ABSENT && holds ? state : -1;
        return state !== ABSENT && holds ? ABSENT : -1;
    }
  },
};

export interface ListAction {
  readonly kind: 'append' | 'list';
  /** How long the list is before the append, or when it is read; -1 = no such list can be. */
  readonly length: number;
}

/** Operations of one key as the search wants them, each with its record. */
export interface Problem<A> {
  readonly calls: readonly Call<A>[];
  readonly ops: readonly Op[];
  readonly model: Model<A>;
}

const retOf = (op: Op): number =>
  op.ok === 'unknown' ? Number.POSITIVE_INFINITY : (op.ret ?? Number.POSITIVE_INFINITY);

/** What did happen, may have happened, or said something about the state. */
function counts(op: Op): boolean {
  if (op.stale === true) return false;
  if (op.ok === 'ok') return true;
  return op.ok === 'unknown' ? !isReadOp(op) : op.err === 'mismatch';
}

/** Unknown writes that differ in nothing but their instants, each behind the one called before it. */
function chained(
  calls: readonly Call<RegisterAction>[],
  unseen: ReadonlySet<number>,
): Call<RegisterAction>[] {
  const last = new Map<string, number>();
  const order = calls.map((_, n) => n).sort((a, b) => (calls[a]?.call ?? 0) - (calls[b]?.call ?? 0));
  const after = new Map<number, number>();
  for (const n of order) {
    const { action, ret } = calls[n] as Call<RegisterAction>;
    const isAlike = action.kind === 'del' || unseen.has(action.value);
    if (ret !== Number.POSITIVE_INFINITY || !isAlike) continue;
    const like = `${action.kind === 'del'} ${action.expected}`;
    const before = last.get(like);
    if (before !== undefined) after.set(n, before);
    last.set(like, n);
  }
  return calls.map((call, n) => {
    const before = after.get(n);
    return before === undefined ? call : { ...call, after: before };
  });
}

/** The problem of one key's register. Scans are given as the reads of that key that they are. */
export function registerProblem(all: readonly Op[]): Problem<RegisterAction> {
  const names = new Names();
  const nameOf = (text: string | null | undefined): number =>
    text === null || text === undefined ? ABSENT : names.of(text);
  const kept = all.filter(counts);
  // without an outcome that asks for presence alone, an unknown write that nobody saw explains nothing
  const isTelling = kept.some((op) => op.err === 'mismatch' || op.deleted === true);
  const seen = new Set(kept.flatMap((op) => [op.res?.v ?? '', op.expv ?? '']));
  const ops = kept.filter((op) => isTelling || op.ok === 'ok' || op.f === 'del' || seen.has(op.v ?? ''));
  const unseen = new Set<number>();
  const calls = ops.map((op): Call<RegisterAction> => {
    const expected = op.exp === undefined ? null : nameOf(op.expv);
    const base = { expected, deleted: op.deleted ?? null, value: nameOf(op.v) };
    if (!seen.has(op.v ?? '')) unseen.add(base.value);
    const action = (): RegisterAction => {
      if (op.err === 'mismatch') return { ...base, kind: 'mismatch' };
      if (op.f === 'get' || op.f === 'scan') return { ...base, kind: 'read', value: nameOf(op.res?.v) };
      return { ...base, kind: op.f === 'del' ? 'del' : op.f === 'cas' ? 'cas' : 'put' };
    };
    return { action: action(), call: op.call, ret: retOf(op) };
  });
  return { calls: chained(calls, unseen), ops, model: REGISTER };
}

/**
 * The problem of one list. The longest list that was read is the only order there can be, so a state is a
 * length of it; what no list shows came behind all of it.
 */
export function listProblem(all: readonly Op[]): Problem<ListAction> {
  const kept = all.filter(counts);
  const reads = kept.filter((op) => op.f === 'list').map((op) => op.res?.v ?? '');
  const longest = reads.reduce((most, text) => (text.length > most.length ? text : most), '');
  const elements = elementsOf(longest);
  const place = new Map(elements.map((element, n) => [element, n]));
  // an unknown append that no list shows came behind all of them or never
  const ops = kept.filter((op) => op.ok === 'ok' || place.has(op.v ?? ''));
  const isSound = place.size === elements.length;
  const lengthOf = (text: string): number =>
    isSound && longest.startsWith(text) ? elementsOf(text).length : -1;
  const calls = ops.map((op): Call<ListAction> => {
    const isAppend = op.f === 'append';
    const length = isAppend ? (place.get(op.v ?? '') ?? elements.length) : lengthOf(op.res?.v ?? '');
    return { action: { kind: isAppend ? 'append' : 'list', length }, call: op.call, ret: retOf(op) };
  });
  const beyond = elements.length + 1;
  const model: Model<ListAction> = {
    initial: 0,
    isRead: (a) => a.kind === 'list',
    step(state, { kind, length }) {
      if (kind === 'list') return state === length ? state : -1;
      if (length === elements.length) return state >= length ? beyond : -1;
      return state === length ? state + 1 : -1;
    },
  };
  return { calls, ops, model };
}
