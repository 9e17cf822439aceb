/**
 * The endpoint table compiled for looking up: method and path → endpoint and its
 * decoded parameters. A fixed segment wins over a parameter; `?watch` at the end of a
 * path asks for that query parameter.
 */
import type { Endpoint, EndpointName } from '../api/index.ts';

/** A fixed text, or a parameter's name. */
interface Segment {
  readonly text: string;
  readonly parameter: boolean;
}

interface Route {
  readonly name: EndpointName;
  readonly method: string;
  readonly segments: readonly Segment[];
  /** A query parameter that must be given and not be off. */
  readonly needs: string | null;
  /** Parameters, fewest first; then routes that need a query parameter. */
  readonly weight: number;
}

export type Query = Readonly<Record<string, string | undefined>>;

export type RouteMatch =
  | {
      readonly kind: 'found';
      readonly name: EndpointName;
      readonly params: Readonly<Record<string, string>>;
      readonly query: Query;
    }
  | { readonly kind: 'not-found' }
  | { readonly kind: 'wrong-method'; readonly allowed: readonly string[] }
  | { readonly kind: 'malformed'; readonly reason: string };

const NO_PARAMS: Readonly<Record<string, string>> = Object.freeze(Object.create(null));

export class RouteTable {
  readonly #routes = new Map<number, Route[]>();

  constructor(endpoints: readonly (readonly [EndpointName, Endpoint])[]) {
    for (const [name, endpoint] of endpoints) {
      const route = compile(name, endpoint);
      const sameLength = this.#routes.get(route.segments.length) ?? [];
      sameLength.push(route);
      sameLength.sort((a, b) => a.weight - b.weight);
      this.#routes.set(route.segments.length, sameLength);
    }
  }

  /** `target` is the path with its query, as sent. HEAD counts as GET. */
  match(method: string, target: string): RouteMatch {
    const mark = target.indexOf('?');
    const path = mark < 0 ? target : target.slice(0, mark);
    const query = parseQuery(mark < 0 ? '' : target.slice(mark + 1));
    const wanted = method === 'HEAD' ? 'GET' : method;
    const parts = path.split('/');
    parts.shift();
    const candidates = this.#routes.get(parts.length) ?? [];
    for (const route of candidates) {
      if (route.method !== wanted || !fits(route, parts, query)) continue;
      const params = decode(route, parts);
      if (params === null) return { kind: 'malformed', reason: 'the path is not percent-encoded UTF-8' };
      return { kind: 'found', name: route.name, params, query };
    }
    const allowed = new Set(candidates.filter((r) => fits(r, parts, query)).map((r) => r.method));
    return allowed.size === 0 ? { kind: 'not-found' } : { kind: 'wrong-method', allowed: [...allowed] };
  }
}

function compile(name: EndpointName, endpoint: Endpoint): Route {
  const [path = '', needs] = endpoint.path.split('?');
  const segments = path
    .split('/')
    .slice(1)
    .map((text) => {
      const parameter = text.startsWith('{') && text.endsWith('}');
      return { text: parameter ? text.slice(1, -1) : text, parameter };
    });
  const parameters = segments.filter((segment) => segment.parameter).length;
  return {
    name,
    method: endpoint.method,
    segments,
    needs: needs ?? null,
    weight: parameters * 2 + (needs === undefined ? 1 : 0),
  };
}

function fits(route: Route, parts: readonly string[], query: Query): boolean {
  if (route.needs !== null) {
    const given = query[route.needs];
    if (given === undefined || given === '0' || given === 'false') return false;
  }
  for (let i = 0; i < route.segments.length; i++) {
    const segment = route.segments[i] as Segment;
    if (segment.parameter ? parts[i] === '' : segment.text !== parts[i]) return false;
  }
  return true;
}

function decode(route: Route, parts: readonly string[]): Readonly<Record<string, string>> | null {
  let params: Record<string, string> | null = null;
  for (let i = 0; i < route.segments.length; i++) {
    const segment = route.segments[i] as Segment;
    if (!segment.parameter) continue;
    params ??= Object.create(null) as Record<string, string>;
    const part = parts[i] as string;
    try {
      params[segment.text] = part.includes('%') ? decodeURIComponent(part) : part;
    } catch {
      return null; // a lone % or bytes that are no UTF-8
    }
  }
  return params ?? NO_PARAMS;
}

function parseQuery(text: string): Query {
  if (text === '') return NO_PARAMS;
  const query = Object.create(null) as Record<string, string>;
  for (const [name, value] of new URLSearchParams(text)) query[name] ??= value;
  return query;
}
