/**
 * Values between JSON and SQLite. Exact in both directions, or refused with a reason; never rounded in
 * silence.
 */
import type { SqlParam } from '../../cluster/index.ts';
import type { SqlValue } from '../sql-store.ts';
import type { ParamLayout } from './statement-shape.ts';

/** What SQLite takes as a parameter. */
type Bound = null | bigint | number | string | Uint8Array;

/** Arguments of a prepared statement: named ones in a record first, the others behind it. */
export type Binding =
  | { readonly ok: true; readonly args: readonly (Bound | Record<string, Bound>)[] }
  | { readonly ok: false; readonly sqlstate: string; readonly message: string };

const INTEGER = /^[+-]?\d{1,19}$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * Undefined when `param` is none that JSON may carry. An integral number is an integer, as the user
 * wrote it.
 */
function bound(param: SqlParam | undefined): Bound | undefined {
  if (param === null || typeof param === 'string') return param;
  if (typeof param === 'boolean') return param ? 1n : 0n;
  if (typeof param === 'number') {
    if (Number.isSafeInteger(param)) return BigInt(param);
    return Number.isFinite(param) ? param : undefined;
  }
  if (typeof param !== 'object') return undefined;
  const { base64, integer } = param as { base64?: unknown; integer?: unknown };
  if (typeof base64 === 'string' && integer === undefined && BASE64.test(base64))
    return Buffer.from(base64, 'base64');
  if (typeof integer !== 'string' || base64 !== undefined || !INTEGER.test(integer)) return undefined;
  const value = BigInt(integer);
  return BigInt.asIntN(64, value) === value ? value : undefined;
}

/** The list index that feeds a place: `$2` and `:2` mean the second parameter, other names their order. */
function sourceOf(name: string | null, place: number): number {
  const number = name === null ? undefined : /^[:@$](\d+)$/.exec(name)?.[1];
  return number === undefined ? place : Number(number) - 1;
}

/** Fits the request's parameters to the statement's places. */
export function bind(layout: ParamLayout, params: readonly SqlParam[]): Binding {
  const wanted = layout.reduce((most, name, place) => Math.max(most, sourceOf(name, place) + 1), 0);
  if (wanted !== params.length) {
    const message = `the statement has ${wanted} parameters, the request gives ${params.length}`;
    return { ok: false, sqlstate: '07001', message };
  }
  const named: Record<string, Bound> = {};
  const args: (Bound | Record<string, Bound>)[] = [];
  for (const [place, name] of layout.entries()) {
    const source = sourceOf(name, place);
    const value = bound(params[source]);
    if (value === undefined) {
      return { ok: false, sqlstate: '22023', message: `parameter ${source + 1} is no value of SQL` };
    }
    if (name === null) args.push(value);
    else named[name] = value;
  }
  return { ok: true, args: Object.keys(named).length > 0 ? [named, ...args] : args };
}

/** A value of a row as JSON carries it. */
export function toJson(value: unknown): SqlValue {
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : String(value);
  }
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (value instanceof Uint8Array) {
    return { base64: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64') };
  }
  return value as string | null;
}

/** About the bytes that a value takes in an answer. */
export function sizeOf(value: SqlValue): number {
  if (typeof value === 'string') return value.length + 3;
  return value === null || typeof value === 'number' ? 8 : value.base64.length + 14;
}
