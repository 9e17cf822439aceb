/**
 * Lists by revision: each element once, in the order of the appends' revisions; a read at
 * a revision holds every append up to it and none behind it, and later reads only grow.
 * An unknown append that was seen needs a revision too, one that is free between its
 * neighbours and fits the time of its call.
 */
import { describeOp, elementsOf, type Op } from './record.ts';
import type { Timeline } from './timeline.ts';

/** What all lists of a history share. */
export interface ListWorld {
  readonly timeline: Timeline;
  /** Revisions of all known writes; those that unknown appends need are not shared between lists. */
  readonly owned: ReadonlySet<number>;
}

interface Read {
  readonly op: Op;
  readonly rev: number;
  readonly elements: readonly string[];
}

/** Its revision is its own: neither unknown nor that of a repetition. */
const isExact = (op: Op | undefined): boolean => op?.ok === 'ok' && op.replayed !== true;

class ListCheck {
  readonly findings: string[] = [];
  readonly #k: string;
  readonly #world: ListWorld;
  readonly #appends: ReadonlyMap<string, Op>;
  readonly #reads: readonly Read[];
  /** What the last read saw: all others are a beginning of it. */
  readonly #longest: readonly string[];

  constructor(k: string, ops: readonly Op[], world: ListWorld) {
    this.#k = k;
    this.#world = world;
    this.#appends = new Map(ops.filter((op) => op.f === 'append').map((op) => [op.v ?? '', op]));
    this.#reads = ops
      .filter((op) => op.f === 'list' && op.ok === 'ok')
      .map((op) => ({ op, rev: op.rev ?? 0, elements: elementsOf(op.res?.v ?? '') }))
      .sort((a, b) => a.rev - b.rev || a.elements.length - b.elements.length);
    this.#longest = this.#reads.at(-1)?.elements ?? [];
    this.#checkElements();
    this.#checkReads();
    if (this.findings.length === 0) this.#place();
  }

  /** Who appended each element of the longest list, once. */
  #checkElements(): void {
    const met = new Set<string>();
    for (const element of this.#longest) {
      const op = this.#appends.get(element);
      if (met.has(element)) this.findings.push(`${this.#k} holds ${element} twice`);
      met.add(element);
      if (op === undefined) this.findings.push(`nobody appended ${element} to ${this.#k}`);
      else if (op.ok === 'fail') this.findings.push(`a refused append took effect: ${describeOp(op)}`);
    }
  }

  /** Each read grows out of the one before it and holds all that was due. */
  #checkReads(): void {
    const known = [...this.#appends.values()].filter((op) => op.ok === 'ok');
    known.sort((a, b) => (a.rev ?? 0) - (b.rev ?? 0));
    const place = new Map(this.#longest.map((element, n) => [element, n]));
    let before: Read | null = null;
    let due = 0;
    let length = 0;
    for (const read of this.#reads) {
      for (; due < known.length && (known[due]?.rev ?? 0) <= read.rev; due++) {
        const at = place.get(known[due]?.v ?? '');
        if (at === undefined) this.findings.push(`lost: ${describeOp(known[due] as Op)}`);
        else length = Math.max(length, at + 1);
      }
      this.#compare(read, before, length);
      before = read;
    }
  }

  #compare({ op, rev, elements }: Read, before: Read | null, length: number): void {
    const text = op.res?.v ?? '';
    const earlier = before?.op.res?.v ?? '';
    if (!text.startsWith(earlier)) this.findings.push(`${this.#k} lost elements: ${describeOp(op)}`);
    if (rev === before?.rev && text !== earlier)
      this.findings.push(`${this.#k} was read differently at revision ${rev}: ${describeOp(op)}`);
    if (elements.length < length)
      this.findings.push(`${this.#k} misses appends up to ${rev}: ${describeOp(op)}`);
    const isEarly = (append: Op | undefined): boolean => isExact(append) && (append?.rev ?? 0) > rev;
    const early = elements.find((element) => isEarly(this.#appends.get(element)));
    if (early !== undefined)
      this.findings.push(`${this.#k} shows ${early} before its time: ${describeOp(op)}`);
  }

  /** Revisions along the longest list ascend; unknown ones take the lowest that is free. */
  #place(): void {
    const { timeline, owned } = this.#world;
    let at = 0;
    let next = 0;
    // reads that do not hold the element yet push it behind their revision
    for (const [n, element] of this.#longest.entries()) {
      for (; (this.#reads[next]?.elements.length ?? Number.POSITIVE_INFINITY) <= n; next++)
        at = Math.max(at, this.#reads[next]?.rev ?? 0);
      const op = this.#appends.get(element) as Op;
      const holds = this.#reads[next]?.rev ?? Number.POSITIVE_INFINITY;
      if (isExact(op)) {
        if ((op.rev ?? 0) <= at)
          this.findings.push(`${this.#k} holds more than revisions allow before ${describeOp(op)}`);
        at = Math.max(at, op.rev ?? 0);
        continue;
      }
      at = Math.max(at, timeline.toldBefore(op.call)) + 1;
      while (owned.has(at)) at++;
      if (at > Math.min(holds, op.rev ?? holds))
        this.findings.push(`${this.#k} shows what was called too late for it: ${describeOp(op)}`);
    }
  }
}

/** The findings of the list `k`; `ops` are its operations. */
export function checkList(k: string, ops: readonly Op[], world: ListWorld): readonly string[] {
  return new ListCheck(k, ops, world).findings;
}
