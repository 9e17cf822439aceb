/**
 * What an answer must look like so that the screen can draw it. Only what is read is asked for; more is let
 * through, words may be unknown ones, and what an older node does not say may be missing where `maybe` is.
 */

/** `any`: whatever it is, nobody draws it but as JSON. */
export type Shape =
  | 'text'
  | 'number'
  | 'flag'
  | 'any'
  /** Null or absent too, or one of both. */
  | { readonly maybe: Shape; readonly but?: 'null' | 'absent' }
  | { readonly list: Shape }
  /** An object of any keys. */
  | { readonly each: Shape }
  | { readonly fields: readonly (readonly [string, Shape])[] };

export function fields(of: Readonly<Record<string, Shape>>): Shape {
  return { fields: Object.entries(of) };
}

export function maybe(shape: Shape): Shape {
  return { maybe: shape };
}

export function orNull(shape: Shape): Shape {
  return { maybe: shape, but: 'absent' };
}

export function orAbsent(shape: Shape): Shape {
  return { maybe: shape, but: 'null' };
}

export function list(shape: Shape): Shape {
  return { list: shape };
}

/** The same shape for each of these keys. */
export function all(keys: readonly string[], shape: Shape): Readonly<Record<string, Shape>> {
  return Object.fromEntries(keys.map((key) => [key, shape]));
}

const TYPES = { text: 'string', number: 'number', flag: 'boolean' } as const;

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What is wrong first, e.g. `nodes.3.zone is no text`; null = it has this shape. */
export function misshapen(value: unknown, shape: Shape, path: string): string | null {
  if (shape === 'any') return null;
  if (typeof shape === 'string') {
    const fits = typeof value === TYPES[shape] && !Number.isNaN(value);
    return fits ? null : `${path} is no ${shape}`;
  }
  if ('maybe' in shape) {
    const isFree = value === null ? shape.but !== 'null' : value === undefined && shape.but !== 'absent';
    return isFree ? null : misshapen(value, shape.maybe, path);
  }
  if ('list' in shape) {
    if (!Array.isArray(value)) return `${path} is no list`;
    return firstWrong(value.entries(), () => shape.list, path);
  }
  if (!isObject(value)) return `${path} is no object`;
  if ('each' in shape) return firstWrong(Object.entries(value), () => shape.each, path);
  for (const [key, part] of shape.fields) {
    const wrong = misshapen(value[key], part, path === '' ? key : `${path}.${key}`);
    if (wrong !== null) return wrong;
  }
  return null;
}

function firstWrong(
  entries: Iterable<readonly [string | number, unknown]>,
  shapeOf: () => Shape,
  path: string,
): string | null {
  for (const [key, value] of entries) {
    const wrong = misshapen(value, shapeOf(), `${path}.${key}`);
    if (wrong !== null) return wrong;
  }
  return null;
}
