/**
 * The register of views: what each is called, which digit opens it, and what it asks the cluster for beyond
 * status and events. Tabs, keys, palette and the questions of the session all come from here.
 */
import { assert } from '../../src/base/index.ts';

export const VIEW_IDS = [
  'topology',
  'raft',
  'alerts',
  'config',
  'events',
  'log',
  'operations',
  'fleet',
  'node',
] as const;
export type ViewId = (typeof VIEW_IDS)[number];

export interface ViewSpec {
  readonly id: ViewId;
  /** The digit that opens it; null = it is opened from another view. */
  readonly key: string | null;
  readonly title: string;
  /** For narrow tabs. */
  readonly short: string;
}

export const VIEWS: readonly ViewSpec[] = [
  { id: 'topology', key: '1', title: 'Topology', short: 'Topo' },
  { id: 'raft', key: '2', title: 'Raft', short: 'Raft' },
  { id: 'alerts', key: '3', title: 'Alerts', short: 'Alerts' },
  { id: 'config', key: '4', title: 'Config', short: 'Config' },
  { id: 'events', key: '5', title: 'Events', short: 'Events' },
  { id: 'log', key: '6', title: 'Log', short: 'Log' },
  { id: 'operations', key: '7', title: 'Operations', short: 'Ops' },
  { id: 'fleet', key: '8', title: 'Fleet', short: 'Fleet' },
  { id: 'node', key: null, title: 'Node', short: 'Node' },
];

const BY_ID: ReadonlyMap<ViewId, ViewSpec> = new Map(VIEWS.map((v) => [v.id, v]));

export function viewSpec(id: ViewId): ViewSpec {
  const spec = BY_ID.get(id);
  assert(spec !== undefined, `view ${id} is registered`);
  return spec;
}

/** What is said twice in a list; a register with any is a mistake at start-up. */
export function duplicates(names: readonly string[]): string[] {
  return [...new Set(names.filter((name, i) => names.indexOf(name) !== i))];
}

const twice = duplicates([...VIEWS.map((v) => v.id), ...VIEWS.flatMap((v) => v.key ?? [])]);
assert(twice.length === 0, `views registered twice: ${twice.join(' ')}`);
