/**
 * Sets that only grow, each element added by one operation. All reads must form a chain by inclusion, which
 * gives each operation a level: a read's is its place in the chain, an addition's the first read that shows it.
 * Within a level additions come first. The history is linearizable exactly if no answered operation stands
 * behind one that was called later: levels order everything but what is alike, and that real time orders.
 */
import type { ListWorld } from './lists.ts';
import { describeOp, elementsOf, type Op } from './record.ts';

/** A read with its place in the chain. */
interface Placed {
  readonly op: Op;
  readonly elements: ReadonlySet<string>;
  readonly level: number;
}

const retOf = (op: Op): number =>
  op.ok === 'ok' ? (op.ret ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY;

const isFresh = (op: Op): boolean => op.f === 'members' && op.ok === 'ok' && op.stale !== true;

/** What no history may show, whatever the order: elements of nobody, refused ones, doubled ones. */
function unsound(k: string, ops: readonly Op[]): string[] {
  const adds = new Map(ops.filter((op) => op.f === 'add').map((op) => [op.v ?? '', op]));
  const findings = new Set<string>();
  for (const read of ops.filter((op) => op.f === 'members' && op.ok === 'ok')) {
    const met = new Set<string>();
    for (const element of elementsOf(read.res?.v ?? '')) {
      const add = adds.get(element);
      if (met.has(element)) findings.add(`${k} holds ${element} twice`);
      met.add(element);
      if (add === undefined) findings.add(`nobody added ${element} to ${k}`);
      else if (add.ok === 'fail') findings.add(`a refused addition took effect: ${describeOp(add)}`);
    }
  }
  return [...findings];
}

/** Reads from the smallest on, equal ones on one level; a finding for each that does not hold the one before. */
function chainOf(ops: readonly Op[], findings: string[]): Placed[] {
  const reads = ops.filter(isFresh).map((op) => ({ op, elements: new Set(elementsOf(op.res?.v ?? '')) }));
  reads.sort((a, b) => a.elements.size - b.elements.size);
  const chain: Placed[] = [];
  for (const { op, elements } of reads) {
    const before = chain.at(-1);
    const isGrown = before === undefined || [...before.elements].every((element) => elements.has(element));
    if (!isGrown && before !== undefined)
      findings.push(`neither holds the other: ${describeOp(before.op)}; ${describeOp(op)}`);
    const isSame = before?.elements.size === elements.size;
    chain.push({ op, elements, level: isSame ? before.level : (before?.level ?? 0) + 1 });
  }
  return chain;
}

/** Judges values and instants alone. */
export function checkSetValues(k: string, ops: readonly Op[]): readonly string[] {
  const findings = unsound(k, ops);
  const chain = chainOf(ops, findings);
  if (findings.length > 0) return findings;
  const shownAt = new Map<string, number>();
  for (const { elements, level } of chain)
    for (const element of elements) if (!shownAt.has(element)) shownAt.set(element, level);
  // twice the level, an addition half a step before the reads that show it; what no read shows comes last
  const placed = chain.map(({ op, level }) => ({ op, at: 2 * level + 1 }));
  for (const op of ops) {
    const level = shownAt.get(op.v ?? '');
    if (op.f !== 'add' || (op.ok !== 'ok' && level === undefined)) continue;
    placed.push({ op, at: level === undefined ? Number.POSITIVE_INFINITY : 2 * level });
  }
  const answered = placed.toSorted((a, b) => retOf(a.op) - retOf(b.op));
  let next = 0;
  let highest: (typeof placed)[number] | null = null;
  for (const one of placed.toSorted((a, b) => a.op.call - b.op.call)) {
    for (; next < answered.length && retOf((answered[next] as typeof one).op) < one.op.call; next++) {
      const ended = answered[next] as typeof one;
      if (highest === null || ended.at > highest.at) highest = ended;
    }
    if (highest !== null && highest.at > one.at)
      findings.push(`${describeOp(one.op)} was called behind ${describeOp(highest.op)}`);
  }
  return findings;
}

interface Reading {
  readonly op: Op;
  readonly rev: number;
  readonly elements: ReadonlySet<string>;
}

/**
 * Additions whose own revision nobody was told, but which were seen or acknowledged, need one each: free,
 * behind what was known at their call and behind the reads without them, and at most that of the first read
 * with them. The one with the least room goes first.
 */
function unplaced(ops: readonly Op[], reads: readonly Reading[], world: ListWorld): string[] {
  const open = ops
    .filter((op) => op.f === 'add' && (op.ok === 'unknown' || op.replayed === true))
    .flatMap((op) => {
      const with_ = reads.find(({ elements }) => elements.has(op.v ?? ''));
      if (with_ === undefined && op.ok === 'unknown') return [];
      const without = reads.findLast(({ elements }) => !elements.has(op.v ?? ''));
      const low = Math.max(world.timeline.toldBefore(op.call), without?.rev ?? 0) + 1;
      return [{ op, low, high: Math.min(with_?.rev ?? Number.POSITIVE_INFINITY, op.rev ?? Infinity) }];
    })
    .sort((a, b) => a.low - b.low);
  const findings: string[] = [];
  for (let at = 0; open.length > 0; at++) {
    at = Math.max(at, Math.min(...open.map((one) => one.low)));
    // that of a repetition may be the addition's own
    if (world.owned.has(at) && !open.some(({ op }) => op.rev === at)) continue;
    const ready = open.filter((one) => one.low <= at);
    const first = ready.reduce((least, one) => (one.high < least.high ? one : least));
    open.splice(open.indexOf(first), 1);
    if (at > first.high) findings.push(`there was no revision for ${describeOp(first.op)}`);
  }
  return findings;
}

/** Judges by revisions: a read at one holds every addition up to it and none behind it, and reads only grow. */
export function checkSetRevisions(k: string, ops: readonly Op[], world: ListWorld): readonly string[] {
  const findings = unsound(k, ops);
  const reads = ops
    .filter((op) => op.f === 'members' && op.ok === 'ok')
    .map((op): Reading => ({ op, rev: op.rev ?? 0, elements: new Set(elementsOf(op.res?.v ?? '')) }))
    .sort((a, b) => a.rev - b.rev || a.elements.size - b.elements.size);
  const adds = ops.filter((op) => op.f === 'add' && op.ok === 'ok');
  for (const [n, { op, rev, elements }] of reads.entries()) {
    const before = reads[n - 1];
    const lost = [...(before?.elements ?? [])].find((element) => !elements.has(element));
    if (lost !== undefined) findings.push(`${k} lost ${lost}: ${describeOp(op)}`);
    if (before?.rev === rev && before.elements.size !== elements.size)
      findings.push(`${k} was read differently at revision ${rev}: ${describeOp(op)}`);
    for (const add of adds) {
      const isHeld = elements.has(add.v ?? '');
      if ((add.rev ?? 0) <= rev && !isHeld) findings.push(`lost: ${describeOp(add)}; ${describeOp(op)}`);
      // the revision of a repetition may lie behind the addition's own
      if ((add.rev ?? 0) > rev && isHeld && add.replayed !== true)
        findings.push(`${k} shows ${add.v} before its time: ${describeOp(op)}`);
    }
  }
  return findings.length > 0 ? findings : unplaced(ops, reads, world);
}
