/** Whether a run says anything: enough was written, a fault took effect, and clients met each other. */
import { elementsOf, type History, isReadOp, type Op } from '../check/record.ts';
import { toMs } from './recorder.ts';

export const MIN_WRITES_PER_SECOND = 100;
export const MIN_FOREIGN_READS = 0.3;

export interface Merits {
  /** Acknowledged writes a second before the first fault, or over the whole run without faults. */
  readonly writesPerSecond: number;
  /** Share of reads that saw a value of another process. */
  readonly foreignReads: number;
  /** Why the run does not count; empty = it does. */
  readonly objections: readonly string[];
}

const isWrite = (op: Op): boolean => !isReadOp(op);

function writesPerSecond({ ops, notes }: History): number {
  const began = notes.find((n) => n.kind === 'load')?.at ?? 0;
  const ended =
    notes.find((n) => n.kind === 'fault')?.at ?? notes.findLast((n) => n.kind === 'load-ended')?.at;
  if (ended === undefined || ended <= began) return 0;
  const done = ops.filter((op) => isWrite(op) && op.ok === 'ok' && op.call >= began && (op.ret ?? 0) < ended);
  return done.length / (toMs(ended - began) / 1000);
}

function foreignReads({ ops }: History): number {
  const writers = new Map(ops.flatMap((op) => (op.v === undefined ? [] : [[op.v, op.p] as const])));
  const reads = ops.filter((op) => !isWrite(op) && op.ok === 'ok' && op.stale !== true);
  const isForeign = (op: Op): boolean => {
    const isMany = op.f === 'list' || op.f === 'members';
    const values = isMany ? elementsOf(op.res?.v ?? '').slice(-1) : [op.res?.v];
    const all = [...values, ...Object.values(op.items ?? {}).map((seen) => seen.v)];
    return all.some((v) => typeof v === 'string' && writers.has(v) && writers.get(v) !== op.p);
  };
  return reads.length === 0 ? 0 : reads.filter(isForeign).length / reads.length;
}

/** `faults`: how many took effect; `wanted`: whether there should have been one. */
export function meritsOf(history: History, faults: number, wanted: boolean): Merits {
  const rate = writesPerSecond(history);
  const foreign = foreignReads(history);
  const objections: string[] = [];
  if (rate < MIN_WRITES_PER_SECOND)
    objections.push(`${rate.toFixed(0)} acknowledged writes a second before the first fault`);
  if (wanted && faults === 0) objections.push('no fault took effect');
  if (foreign < MIN_FOREIGN_READS)
    objections.push(`${(foreign * 100).toFixed(0)} % of the reads saw a value of another process`);
  return { writesPerSecond: rate, foreignReads: foreign, objections };
}
