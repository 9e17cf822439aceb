/**
 * Histories that are good by construction: one store that does one thing after the other,
 * clients whose calls begin before and end behind the moment at which theirs is done. And
 * ways to break such a history so that it is certainly bad.
 */
import { type History, isReadOp, type Op, type OpName, type Seen, type WatchEvent } from '../check/record.ts';
import { type Chance, oneOf } from './chance.ts';

export interface GenerateOptions {
  readonly clients: number;
  readonly keys: number;
  readonly ops: number;
  /** Share of writes without an answer. */
  readonly unknown: number;
  /** What kind of objects: registers, lists or sets. */
  readonly kind: 'registers' | 'lists' | 'sets';
  readonly watch: boolean;
}

interface Pending {
  readonly p: number;
  readonly f: OpName;
  readonly k: string;
  readonly v: string;
  readonly exp: Seen;
  readonly call: number;
  readonly point: number;
  readonly ret: number;
  readonly isUnknown: boolean;
  readonly isLost: boolean;
}

const ABSENT: Seen = { v: null, mod: 0 };
const MIXED: readonly OpName[] = ['get', 'get', 'get', 'put', 'put', 'cas', 'cas', 'del', 'scan'];
const NAMES: Readonly<Record<GenerateOptions['kind'], readonly OpName[]>> = {
  registers: MIXED,
  lists: ['list', 'append'],
  sets: ['members', 'add'],
};

class Store {
  readonly cells = new Map<string, Seen>();
  readonly changes: WatchEvent[] = [];
  rev = 10;

  seen(k: string): Seen {
    return this.cells.get(k) ?? ABSENT;
  }

  change(k: string, v: string | null, at: number): void {
    this.cells.set(k, v === null ? ABSENT : { v, mod: this.rev });
    const base = { e: 'watch', w: 1, at, k, rev: this.rev } as const;
    this.changes.push(v === null ? { ...base, type: 'delete' } : { ...base, type: 'put', v });
  }

  /** Does it, and says what its client hears. */
  perform(op: Pending, keys: readonly string[]): Partial<Op> {
    const { k, v, f, point } = op;
    const seen = this.seen(k);
    if (f === 'get') return { res: seen, rev: this.rev };
    if (f === 'list' || f === 'members') return { res: { v: seen.v ?? '', mod: 0 }, rev: this.rev };
    if (f === 'scan') {
      return {
        items: Object.fromEntries(keys.slice(0, 3).map((key) => [key, this.seen(key)])),
        rev: this.rev,
      };
    }
    this.rev++;
    const { rev } = this;
    if (f === 'cas' && op.exp.mod !== seen.mod)
      return { ok: 'fail', err: 'mismatch', res: { v: null, mod: seen.mod } };
    if (f === 'del') {
      if (seen.v !== null) this.change(k, null, point);
      return { rev, deleted: seen.v !== null };
    }
    this.change(k, f === 'append' || f === 'add' ? `${seen.v ?? ''}${v};` : v, point);
    return { rev };
  }
}

/** A good history; the same draws give the same one. */
export function generate(chance: Chance, options: GenerateOptions): History {
  const keys = Array.from({ length: options.keys }, (_, n) => `k${n}`);
  const store = new Store();
  const free = Array.from({ length: options.clients }, (_, p) => ({ p, at: Math.floor(chance.next() * 10) }));
  const pending: Pending[] = [];
  const ops: Op[] = [];
  let process = options.clients;
  const known = new Map<string, Seen[]>();
  const finish = (op: Pending): void => {
    const outcome = op.isLost ? {} : store.perform(op, keys);
    if (!op.isLost && op.f !== 'scan') known.set(op.k, [...(known.get(op.k) ?? []), store.seen(op.k)]);
    ops.push(toOp(op, outcome, ops.length));
  };
  for (let n = 0; n < options.ops; n++) {
    const client = free.reduce((first, c) => (c.at < first.at ? c : first));
    const due = pending.filter((op) => op.point < client.at).sort((a, b) => a.point - b.point);
    for (const op of due) {
      finish(op);
      pending.splice(pending.indexOf(op), 1);
    }
    const call = client.at;
    const point = call + 1 + Math.floor(chance.next() * 20);
    const ret = point + 1 + Math.floor(chance.next() * 20);
    const f = oneOf(chance, NAMES[options.kind]);
    const isWrite = !isReadOp({ f });
    const isUnknown = isWrite && chance.next() < options.unknown;
    const k = oneOf(chance, keys);
    // mostly what was last there, so that about half of the conditions hold
    const candidates = [store.seen(k), ...(known.get(k) ?? []).slice(-2)];
    const exp = chance.next() < 0.6 ? store.seen(k) : oneOf(chance, candidates);
    const late = isUnknown && chance.next() < 0.3 ? Math.floor(chance.next() * 200) : 0;
    const isLost = isUnknown && chance.next() < 0.4;
    pending.push({ p: client.p, f, k, v: `v${n}`, exp, call, point: point + late, ret, isUnknown, isLost });
    client.at = ret + Math.floor(chance.next() * 6);
    if (isUnknown) client.p = process++;
  }
  for (const op of pending.sort((a, b) => a.point - b.point)) finish(op);
  return { ops, watches: options.watch ? watchOf(store) : [], notes: [] };
}

function toOp(op: Pending, outcome: Partial<Op>, i: number): Op {
  const { p, f, k, v, exp, call, ret, isUnknown } = op;
  const base = { e: 'op', p, i, f, k: f === 'scan' ? '' : k, call } as const;
  const write = f === 'put' || f === 'cas' || f === 'append' || f === 'add' ? { v } : {};
  const condition = f === 'cas' ? { exp: exp.mod, expv: exp.v } : {};
  if (isUnknown) return { ...base, ...write, ...condition, ok: 'unknown' };
  return { ...base, ...write, ...condition, ret, ok: 'ok', ...outcome };
}

function watchOf(store: Store): WatchEvent[] {
  const last = store.changes.at(-1)?.at ?? 0;
  return [
    { e: 'watch', w: 1, at: 0, type: 'start', k: '', rev: 10 },
    ...store.changes,
    { e: 'watch', w: 1, at: last + 1, type: 'end', rev: store.rev },
  ];
}

/** A way to break a history; null when this one has nothing to break. `values`: a checker of values sees it too. */
export interface Breaker {
  readonly name: string;
  readonly values: boolean;
  readonly break: (history: History, chance: Chance) => History | null;
}

function replaced(history: History, op: Op, change: Partial<Op>): History {
  return { ...history, ops: history.ops.map((o) => (o === op ? { ...o, ...change } : o)) };
}

const answered = (history: History, ...names: OpName[]): Op[] =>
  history.ops.filter((op) => op.ok === 'ok' && names.includes(op.f));

/** A read, and a value of its key that was certainly overwritten before its call. */
function overwritten(history: History): [Op, Seen][] {
  const writes = answered(history, 'put', 'cas');
  return answered(history, 'get').flatMap((get) => {
    const before = writes.filter((w) => w.k === get.k && (w.ret ?? Infinity) < get.call);
    const old = before.find((w) => before.some((later) => (w.ret ?? Infinity) < later.call));
    return old === undefined ? [] : [[get, { v: old.v ?? null, mod: old.rev ?? 0 }] as [Op, Seen]];
  });
}

/** Pairs of writes of which the first was answered before the second was called. */
function inOrder(history: History): [Op, Op][] {
  const writes = answered(history, 'put', 'append', 'add');
  return writes.flatMap((a) =>
    writes.filter((b) => (a.ret ?? Infinity) < b.call).map((b): [Op, Op] => [a, b]),
  );
}

function withoutWatchLine(history: History, chance: Chance, again: boolean): History | null {
  const known = new Set(answered(history, 'put', 'cas', 'del').map((op) => op.rev));
  const lines = history.watches.filter((w) => (w.type === 'put' || w.type === 'delete') && known.has(w.rev));
  if (lines.length === 0) return null;
  const line = oneOf(chance, lines);
  return {
    ...history,
    watches: history.watches.flatMap((w) => (w !== line ? [w] : again ? [w, w] : [])),
  };
}

export const BREAKERS: readonly Breaker[] = [
  {
    name: 'a read of a value that nobody wrote',
    values: true,
    break(history, chance) {
      const reads = answered(history, 'get', 'list', 'members');
      if (reads.length === 0) return null;
      const op = oneOf(chance, reads);
      return replaced(history, op, { res: { v: op.f !== 'get' ? `${op.res?.v}no;` : 'no', mod: 11 } });
    },
  },
  {
    name: 'a read of an overwritten value',
    values: true,
    break(history, chance) {
      const found = overwritten(history);
      if (found.length === 0) return null;
      const [op, res] = oneOf(chance, found);
      return replaced(history, op, { res });
    },
  },
  {
    name: 'a write that was seen turns into a refused one',
    values: true,
    break(history, chance) {
      const seen = new Set(history.ops.flatMap((op) => (op.f === 'get' ? [op.res?.v] : [])));
      const writes = answered(history, 'put').filter((op) => seen.has(op.v ?? ''));
      return writes.length === 0 ? null : replaced(history, oneOf(chance, writes), { ok: 'fail' });
    },
  },
  {
    name: 'an element of a list or a set twice',
    values: true,
    break(history, chance) {
      const lists = answered(history, 'list', 'members').filter((op) => (op.res?.v ?? '') !== '');
      if (lists.length === 0) return null;
      const op = oneOf(chance, lists);
      const first = `${op.res?.v?.split(';')[0]};`;
      return replaced(history, op, { res: { v: `${op.res?.v}${first}`, mod: 0 } });
    },
  },
  {
    name: 'an acknowledged addition that a later read misses',
    values: true,
    break(history, chance) {
      const adds = answered(history, 'add');
      const missing = answered(history, 'members').flatMap((read) => {
        const add = adds.find((a) => a.k === read.k && (a.ret ?? Infinity) < read.call);
        return add === undefined ? [] : [{ read, add }];
      });
      if (missing.length === 0) return null;
      const { read, add } = oneOf(chance, missing);
      return replaced(history, read, { res: { v: (read.res?.v ?? '').replace(`${add.v};`, ''), mod: 0 } });
    },
  },
  {
    name: 'two writes with each other’s revisions',
    values: false,
    break(history, chance) {
      const pairs = inOrder(history);
      if (pairs.length === 0) return null;
      const [a, b] = oneOf(chance, pairs);
      const swap = (op: Op): Op => {
        const other = op === a ? b : op === b ? a : null;
        return other === null ? op : { ...op, ...(other.rev === undefined ? {} : { rev: other.rev }) };
      };
      return { ...history, ops: history.ops.map(swap) };
    },
  },
  { name: 'a watch with a gap', values: false, break: (h, chance) => withoutWatchLine(h, chance, false) },
  {
    name: 'a watch with a line twice',
    values: false,
    break: (h, chance) => withoutWatchLine(h, chance, true),
  },
];

/** Changes something of one operation, for better or worse. */
export function disturb(history: History, chance: Chance): History {
  if (history.ops.length === 0) return history;
  const op = oneOf(chance, history.ops);
  const seen = history.ops.flatMap((o) =>
    o.v === undefined || o.rev === undefined ? [] : [{ v: o.v, mod: o.rev }],
  );
  const any = (): Seen => (seen.length === 0 || chance.next() < 0.3 ? ABSENT : oneOf(chance, seen));
  const ret = op.ret === undefined ? {} : { ret: op.call + 1 + Math.floor(chance.next() * 30) };
  switch (op.f) {
    case 'get':
      return replaced(history, op, { res: any() });
    case 'list':
    case 'members':
      return replaced(history, op, { res: { v: (op.res?.v ?? '').split(';').slice(1).join(';'), mod: 0 } });
    case 'del':
      return op.deleted === undefined ? history : replaced(history, op, { deleted: !op.deleted });
    case 'scan':
      return replaced(history, op, { items: { ...op.items, k0: any() } });
    default:
      return replaced(history, op, ret);
  }
}
