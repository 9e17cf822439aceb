/**
 * What happened to each key, in the order of revisions: from the answers of writes, and,
 * for writes without an answer, from whoever saw what they wrote.
 */
import { describeOp, type History, type Op, type Seen } from './record.ts';

/** A change of a key. `op` is null when it is known only by the revision that a refusal named. */
export interface Effect {
  readonly rev: number;
  readonly k: string;
  readonly kind: 'put' | 'del';
  /** Undefined when nobody saw it. */
  readonly v: string | null | undefined;
  readonly op: Op | null;
}

const isWriteOfValue = (op: Op): boolean => op.f === 'put' || op.f === 'cas';

export class Effects {
  readonly findings: string[] = [];
  readonly #byKey = new Map<string, Map<number, Effect>>();
  readonly #byRev = new Map<number, Op>();
  readonly #byValue = new Map<string, Op>();
  /** Revisions of unknown writes that were seen. */
  readonly #found = new Map<Op, number>();
  /** Unknown writes of each key that nobody has seen yet, by call. */
  readonly #hidden = new Map<string, Op[]>();

  constructor({ ops, watches }: History) {
    for (const op of ops) this.#note(op);
    for (const list of this.#hidden.values()) list.sort((a, b) => a.call - b.call);
    for (const op of ops) {
      if (op.res !== undefined && op.f === 'get') this.#seen(op.k, op.res, op);
      for (const [k, item] of Object.entries(op.items ?? {})) this.#seen(k, item, op);
      if (op.ok === 'ok') this.#conditionOf(op);
    }
    for (const { type, k = '', v = '', rev, w } of watches)
      if (type === 'put') this.#seen(k, { v, mod: rev }, `watch ${w}`);
    // deletes and refusals name no value: they come after everything that does
    for (const { type, k = '', rev, at, w } of watches) if (type === 'delete') this.#deleted(k, rev, at, w);
    for (const op of ops) if (op.err === 'mismatch') this.#refused(op);
  }

  /** All keys that were changed. */
  get keys(): IterableIterator<string> {
    return this.#byKey.keys();
  }

  /** Changes of a key by revision. */
  of(k: string): Effect[] {
    return [...(this.#byKey.get(k)?.values() ?? [])].sort((a, b) => a.rev - b.rev);
  }

  /** All changes by revision. */
  all(): Effect[] {
    return [...this.#byKey.keys()].flatMap((k) => this.of(k)).sort((a, b) => a.rev - b.rev);
  }

  /** Revisions of all writes that are known. */
  owned(): Set<number> {
    return new Set([...this.#byRev.keys(), ...this.all().map((e) => e.rev)]);
  }

  /** Unknown writes of a key that nobody saw, by call. */
  hidden(k: string): readonly Op[] {
    return this.#hidden.get(k) ?? [];
  }

  /** The revision of a write, told or found; undefined for what nobody knows. */
  revOf(op: Op): number | undefined {
    return op.ok === 'ok' ? op.rev : this.#found.get(op);
  }

  #note(op: Op): void {
    const isWrite = isWriteOfValue(op) || op.f === 'del' || op.f === 'append' || op.f === 'add';
    if (!isWrite) return;
    if (isWriteOfValue(op) && op.v !== undefined) {
      if (this.#byValue.has(op.v)) this.findings.push(`value ${op.v} was written by two operations`);
      this.#byValue.set(op.v, op);
    }
    if (op.ok === 'unknown' && op.f !== 'append' && op.f !== 'add') {
      const list = this.#hidden.get(op.k) ?? [];
      list.push(op);
      this.#hidden.set(op.k, list);
    }
    if (op.ok !== 'ok') return;
    if (op.rev === undefined) {
      this.findings.push(`a write without a revision: ${describeOp(op)}`);
      return;
    }
    this.#own(op.rev, op);
    if (isWriteOfValue(op)) this.#add({ rev: op.rev, k: op.k, kind: 'put', v: op.v, op });
    if (op.f === 'del' && op.deleted === true) this.#add({ rev: op.rev, k: op.k, kind: 'del', v: null, op });
  }

  #own(rev: number, op: Op): void {
    const other = this.#byRev.get(rev);
    if (other !== undefined && other !== op)
      this.findings.push(`revision ${rev} belongs to two writes: ${describeOp(other)}; ${describeOp(op)}`);
    this.#byRev.set(rev, op);
  }

  #add(effect: Effect): void {
    const key = this.#byKey.get(effect.k) ?? new Map<number, Effect>();
    this.#byKey.set(effect.k, key);
    key.set(effect.rev, effect);
  }

  #unhide(op: Op): void {
    const list = this.#hidden.get(op.k) ?? [];
    this.#hidden.set(
      op.k,
      list.filter((o) => o !== op),
    );
  }

  /** Somebody saw a value: it was written, by nobody who was told no, once, at this revision. */
  #seen(k: string, { v, mod }: Seen, by: Op | string): void {
    if (v === null) return;
    const where = (): string =>
      `${v}@${mod} of ${k}, seen by ${typeof by === 'string' ? by : describeOp(by)}`;
    const op = this.#byValue.get(v);
    if (op === undefined) this.findings.push(`nobody wrote ${where()}`);
    else if (op.k !== k) this.findings.push(`${where()} was written to ${op.k}`);
    else if (op.ok === 'fail') this.findings.push(`a refused write took effect: ${where()}`);
    else if (op.ok === 'ok') {
      if (op.rev !== mod) this.findings.push(`${where()} was written at ${op.rev}`);
    } else this.#find(op, mod, where);
  }

  #find(op: Op, rev: number, where: () => string): void {
    const before = this.#found.get(op);
    if (before === rev) return;
    if (before !== undefined) {
      this.findings.push(`a write took effect at ${before} and again at ${rev}: ${where()}`);
      return;
    }
    this.#found.set(op, rev);
    this.#own(rev, op);
    this.#unhide(op);
    this.#add({ rev, k: op.k, kind: 'put', v: op.v, op });
    this.#conditionOf(op);
  }

  /** A condition that held is something that was seen. */
  #conditionOf(op: Op): void {
    if (op.exp !== undefined) this.#seen(op.k, { v: op.expv ?? null, mod: op.exp }, op);
  }

  #deleted(k: string, rev: number, at: number, w: number): void {
    const known = this.#byKey.get(k)?.get(rev);
    if (known?.kind === 'del') return;
    const op = this.#deleterOf(k, rev, at);
    if (known !== undefined || op === undefined) {
      this.findings.push(`watch ${w}: nobody deleted ${k} at ${rev}`);
      return;
    }
    this.#found.set(op, rev);
    this.#own(rev, op);
    this.#unhide(op);
    this.#add({ rev, k, kind: 'del', v: null, op });
  }

  /**
   * The unknown delete that did it: one whose condition names what stood there, since that one can explain no
   * other delete; else one without a condition; else any, for what nobody saw may have stood there.
   */
  #deleterOf(k: string, rev: number, at: number): Op | undefined {
    const open = (this.#hidden.get(k) ?? []).filter((o) => o.f === 'del' && o.call <= at);
    const before = this.of(k).findLast((effect) => effect.rev < rev);
    const isExact = (o: Op): boolean => before?.kind === 'put' && o.exp === before.rev;
    return open.find(isExact) ?? open.find((o) => o.exp === undefined) ?? open[0];
  }

  /**
   * A refused condition names the revision that the key had. If nobody saw its value it may be any of the
   * unknown writes: which one is left open, so that no good history is called bad.
   */
  #refused(op: Op): void {
    const mod = op.res?.mod ?? 0;
    const known = this.#byKey.get(op.k)?.get(mod);
    if (mod === 0 || known?.kind === 'put') return;
    const open = this.#hidden.get(op.k) ?? [];
    const isOpen = open.some((o) => isWriteOfValue(o) && o.call <= (op.ret ?? o.call));
    if (known !== undefined || !isOpen || this.#byRev.has(mod))
      this.findings.push(`no write of ${op.k} has revision ${mod}: ${describeOp(op)}`);
    else this.#add({ rev: mod, k: op.k, kind: 'put', v: undefined, op: null });
  }
}
