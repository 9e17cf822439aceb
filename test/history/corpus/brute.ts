/**
 * The plainest checkers there are, for histories of a few operations: try every order.
 * They share no code with the real ones.
 */
import { elementsOf, type Op } from '../check/record.ts';

interface Cell {
  readonly v: string | null;
  /** Null for what has a revision that nobody told. */
  readonly mod: number | null;
}

interface World {
  readonly cells: ReadonlyMap<string, Cell>;
  /** No write behind here may have a revision up to this one. */
  readonly high: number;
}

const ABSENT: Cell = { v: null, mod: 0 };
const isList = (op: Op): boolean => ['append', 'list', 'add', 'members'].includes(op.f);
const isRead = (op: Op): boolean => ['get', 'scan', 'list', 'members'].includes(op.f);
const sorted = (text: string): string => elementsOf(text).sort().join(' ');

/** Revisions that somebody saw for values whose writers know none; null when two were seen. */
function observed(ops: readonly Op[]): Map<string, number> | null {
  const revs = new Map<string, number>();
  for (let size = -1; size < revs.size; ) {
    size = revs.size;
    for (const op of ops) {
      const held = op.exp !== undefined && (op.ok === 'ok' || revs.has(op.v ?? ''));
      const condition = held ? { v: op.expv ?? null, mod: op.exp ?? 0 } : undefined;
      for (const seen of [op.res, condition, ...Object.values(op.items ?? {})]) {
        if (seen === undefined || seen.v === null || isList(op)) continue;
        const before = revs.get(seen.v);
        if (before !== undefined && before !== seen.mod) return null;
        revs.set(seen.v, seen.mod);
      }
    }
  }
  return revs;
}

class Brute {
  readonly #ops: readonly Op[];
  readonly #withRevisions: boolean;
  readonly #revs: ReadonlyMap<string, number>;

  constructor(ops: readonly Op[], withRevisions: boolean, revs: ReadonlyMap<string, number>) {
    this.#ops = ops;
    this.#withRevisions = withRevisions;
    this.#revs = revs;
  }

  search(done: ReadonlySet<Op>, world: World): boolean {
    const open = this.#ops.filter((op) => !done.has(op));
    if (open.every((op) => op.ok === 'unknown')) return true;
    const firstReturn = Math.min(
      ...open.map((op) => (op.ok === 'unknown' ? Infinity : (op.ret ?? Infinity))),
    );
    return open.some((op) => {
      if (op.call > firstReturn) return false;
      const next = this.#step(world, op);
      return next !== null && this.search(new Set([...done, op]), next);
    });
  }

  #step(world: World, op: Op): World | null {
    if (op.f === 'scan') {
      const isSame = Object.entries(op.items ?? {}).every(([k, seen]) =>
        this.#shows(world.cells.get(k) ?? ABSENT, seen),
      );
      return isSame ? this.#at(world, op.rev, 'read') : null;
    }
    const cell = world.cells.get(op.k) ?? ABSENT;
    if (op.err === 'mismatch') return this.#mismatch(world, cell, op);
    if (op.f === 'get') return this.#shows(cell, op.res ?? ABSENT) ? this.#at(world, op.rev, 'read') : null;
    if (op.f === 'list') return (cell.v ?? '') === op.res?.v ? this.#at(world, op.rev, 'read') : null;
    if (op.f === 'members')
      return sorted(cell.v ?? '') === sorted(op.res?.v ?? '') ? this.#at(world, op.rev, 'read') : null;
    return this.#write(world, cell, op);
  }

  #mismatch(world: World, cell: Cell, op: Op): World | null {
    const isOther = this.#withRevisions
      ? cell.mod === op.res?.mod && cell.mod !== op.exp
      : cell.v !== op.expv;
    return isOther ? world : null;
  }

  #write(world: World, cell: Cell, op: Op): World | null {
    if (op.exp !== undefined && (this.#withRevisions ? cell.mod !== op.exp : cell.v !== op.expv)) return null;
    const rev = op.ok === 'ok' ? op.rev : this.#revs.get(op.v ?? '');
    const next = this.#at(world, rev, 'write');
    if (next === null) return null;
    if (op.f === 'del') {
      const was = cell.v !== null;
      if (op.deleted !== undefined && op.deleted !== was) return null;
      return { ...next, cells: new Map(next.cells).set(op.k, ABSENT) };
    }
    const v = op.f === 'append' || op.f === 'add' ? `${cell.v ?? ''}${op.v};` : (op.v ?? '');
    return { ...next, cells: new Map(next.cells).set(op.k, { v, mod: rev ?? null }) };
  }

  #shows(cell: Cell, seen: Cell): boolean {
    return cell.v === seen.v && (!this.#withRevisions || cell.mod === seen.mod);
  }

  /** The world behind a revision; null when it is too late for it. */
  #at(world: World, rev: number | undefined, kind: 'read' | 'write'): World | null {
    if (!this.#withRevisions) return world;
    // a write whose revision nobody knows has one all the same
    if (rev === undefined) return { ...world, high: world.high + 1 };
    if (kind === 'write' ? rev <= world.high : rev < world.high) return null;
    return { ...world, high: rev };
  }
}

/** Is there any order at all? With revisions, one in which they ascend and fit what was seen. */
export function bruteForce(all: readonly Op[], withRevisions: boolean): 'good' | 'bad' {
  const ops = all.filter(
    (op) =>
      op.stale !== true && (op.ok === 'ok' || op.err === 'mismatch' || (op.ok === 'unknown' && !isRead(op))),
  );
  const revs = withRevisions ? observed(ops) : new Map<string, number>();
  if (revs === null) return 'bad';
  const brute = new Brute(ops, withRevisions, revs);
  return brute.search(new Set(), { cells: new Map(), high: 0 }) ? 'good' : 'bad';
}

/** True when a refusal names a revision whose write nobody else speaks of: every order may give it a meaning. */
export function isVague(ops: readonly Op[]): boolean {
  const revs = observed(ops) ?? new Map<string, number>();
  const known = new Set([...revs.values(), ...ops.map((op) => (isRead(op) ? undefined : op.rev))]);
  return ops.some((op) => op.err === 'mismatch' && op.res?.mod !== 0 && !known.has(op.res?.mod ?? 0));
}

/** Elements of all lists that were read, for those who want to break one. */
export function listElements(ops: readonly Op[]): string[] {
  return ops.flatMap((op) => (op.f === 'list' ? elementsOf(op.res?.v ?? '') : []));
}
