/** What screens may see of the model: the shown picture, sorted rows, ages, quorum arithmetic. */
import { compareText } from '../../src/base/index.ts';
import type { NodeRow, StatusResponse, ViewsResponse } from '../feed/wire.ts';
import { age } from '../format/words.ts';
import { parseFilter } from './filter.ts';
import { NODE_FIELDS } from './filter-fields.ts';
import type { Model, Picture, SortKey, Wall } from './model.ts';
import { type NodeStateWord, nodeState } from './node-state.ts';

/** The picture of the second that is looked back at, else the frozen one, else the living one. */
export function shown(model: Model): Picture {
  return model.past?.picture ?? model.frozen?.picture ?? model.picture;
}

/** The moment of `shown`: ages of what is drawn of the past, or stands, are counted to then. */
export function momentOf({ past, frozen, now }: Model): Wall {
  return past?.at ?? frozen?.at ?? now;
}

/** Up to when anybody was heard: what time did behind it nobody knows. */
export function seenTo(model: Model): Wall {
  const moment = momentOf(model);
  const isHeard = model.past !== null || model.connection.kind !== 'lost';
  return isHeard ? moment : Math.min(moment, shown(model).statusAt);
}

const STATE_RANK = [
  'dead',
  'unhealthy',
  'suspect',
  'unknown',
  'degraded',
  'lagging',
  'catch-up',
  'maint',
  'starting',
  'left',
  'ok',
];

function roleRank(row: NodeRow): number {
  if (row.role === 'leader') return 0;
  return row.voter ? 1 : 2;
}

const ORDERS: Readonly<Record<SortKey, (a: NodeRow, b: NodeRow) => number>> = {
  role: (a, b) => roleRank(a) - roleRank(b),
  name: () => 0,
  state: (a, b) => stateRank(a) - stateRank(b),
  lag: (a, b) => (b.lag_entries ?? -1) - (a.lag_entries ?? -1),
  cpu: (a, b) => (b.cpu_usage ?? -1) - (a.cpu_usage ?? -1),
  disk: (a, b) => (b.disk_usage ?? -1) - (a.disk_usage ?? -1),
  zone: (a, b) => compareText(a.zone, b.zone),
};

let collator: Intl.Collator | undefined;

/** Letters, then digits: with the same letters they need no tables of the language (8 ms) for their order. */
const NUMBERED = /^([a-z-]{1,63}?)(\d{1,9})$/;

/** `n2` before `n10`: digits count as a number. */
export function compareNames(a: string, b: string): number {
  const [, letters, digits] = NUMBERED.exec(a) ?? [];
  const [, otherLetters, otherDigits] = NUMBERED.exec(b) ?? [];
  if (letters !== undefined && letters === otherLetters) return Number(digits) - Number(otherDigits);
  collator ??= new Intl.Collator('en', { numeric: true });
  return collator.compare(a, b);
}

interface Sorted {
  readonly from: readonly NodeRow[];
  readonly filter: string;
  readonly sort: Model['sort'];
  readonly rows: readonly NodeRow[];
}
/** The last answer: one frame asks several times, and most frames change neither rows nor filter. */
let lastSorted: Sorted | null = null;

const NO_ROWS: readonly NodeRow[] = [];

/** Of more nodes than a screen shows at a glance those in trouble stand first, behind the leader alone. */
const MANY_NODES = 20;

/** The lower the worse. */
export function stateRank(row: NodeRow): number {
  return STATE_RANK.indexOf(nodeState(row).kind);
}

/** By trouble where nodes are many; few stay where they are, whatever becomes of them. */
function byTrouble(rows: readonly NodeRow[]): (a: NodeRow, b: NodeRow) => number {
  if (rows.length <= MANY_NODES) return () => 0;
  const ranks = new Map(rows.map((row) => [row, row.role === 'leader' ? -1 : stateRank(row)]));
  return (a, b) => (ranks.get(a) ?? 0) - (ranks.get(b) ?? 0);
}

/** Rows that pass the filter, in the chosen order, among roles by trouble where many; equal ones by name. */
export function visibleNodes(model: Model): readonly NodeRow[] {
  const from = shown(model).status?.nodes ?? NO_ROWS;
  const { sort } = model;
  const filter = model.filter.text;
  if (lastSorted?.from === from && lastSorted.filter === filter && lastSorted.sort === sort)
    return lastSorted.rows;
  const { test: matches } = parseFilter(filter, NODE_FIELDS);
  const direction = sort.reverse ? -1 : 1;
  const trouble = sort.key === 'role' ? byTrouble(from) : () => 0;
  const rows = from
    .filter(matches)
    .sort(
      (a, b) => direction * (trouble(a, b) || ORDERS[sort.key](a, b) || compareNames(a.node_id, b.node_id)),
    );
  lastSorted = { from, filter, sort, rows };
  return rows;
}

/** The state of a node of the picture: a death told of before the connection was lost grows older. */
export function stateIn(model: Model, row: NodeRow): NodeStateWord {
  const { statusAt } = shown(model);
  return nodeState(row, momentOf(model), statusAt);
}

let lastCounts: { readonly from: readonly NodeRow[]; readonly words: readonly string[] } | null = null;

/** How many nodes are in each state, the worst first, e.g. `2 dead`, `997 ok`. */
export function stateCounts(picture: Picture): readonly string[] {
  const from = picture.status?.nodes ?? NO_ROWS;
  if (lastCounts?.from === from) return lastCounts.words;
  const counts = new Map<string, number>();
  for (const row of from) {
    const { kind } = nodeState(row);
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  const words = STATE_RANK.flatMap((kind) => (counts.has(kind) ? [`${counts.get(kind)} ${kind}`] : []));
  lastCounts = { from, words };
  return words;
}

/** The row under the bar, if the filter shows it. */
export function selectedNode(model: Model): NodeRow | undefined {
  const rows = visibleNodes(model);
  return rows.find((r) => r.node_id === model.selected) ?? rows[0];
}

/** Nodes that follow without a vote and could take a voter's place. */
export function spares(model: Model): readonly string[] {
  const nodes = model.picture.status?.nodes ?? [];
  return nodes.filter((n) => !n.voter && n.liveness === 'alive').map((n) => n.node_id);
}

/** Age of what is shown, ms: since it arrived, plus how old the node said its own copy was. */
export function pictureAge(model: Model): number {
  const picture = shown(model);
  if (picture.status === null) return Number.POSITIVE_INFINITY;
  return Math.max(0, (model.past?.at ?? model.now) - picture.statusAt) + picture.status.cluster.read.age_ms;
}

/** Values older than three refreshes carry `~`, ms. */
export function freshFor({ refreshMs }: Pick<Model, 'refreshMs'>): number {
  return 3 * Math.max(refreshMs, 1000);
}

/** What was seen of the nodes is old: nobody has answered for so long, or of the second looked back at. */
export function isUnseen(model: Model): boolean {
  const picture = shown(model);
  return picture.status === null || pictureAge(model) - readAge(picture) > freshFor(model);
}

/** Who leads and who is up was so when a node answered last: nobody does now, or has for too long. */
export function isOfBefore(model: Model): boolean {
  return model.past === null && (model.connection.kind === 'lost' || isUnseen(model));
}

/** How old the copy of the node that answers was by its own word, ms. */
function readAge({ status }: Picture): number {
  return status?.cluster.read.age_ms ?? 0;
}

/** A node answers each second, and no majority has confirmed for long what all share. */
export function isUnconfirmed(model: Model): boolean {
  const picture = shown(model);
  const isLeaderless = picture.status?.raft.leader_id === null;
  return isLeaderless && !isUnseen(model) && readAge(picture) > freshFor(model);
}

/** Why it is not of now, and for how long; null = it is. */
export function staleWords(model: Model): string | null {
  if (!isStale(model)) return null;
  return `${isUnconfirmed(model) ? 'NO QUORUM' : 'STALE'} ${age(pictureAge(model))}`;
}

/** The whole picture is old: no action may be started on it. */
export function isStale(model: Model): boolean {
  return pictureAge(model) > freshFor(model);
}

/** An answer as views draw it: undefined = nobody has answered or refused yet. */
export function heardOf(
  picture: Picture,
  what: 'alerts' | 'views',
): { readonly value: object | null; readonly at: number; readonly error: string | null } | undefined {
  const { at, error } = picture.heard[what];
  if (at === null && error === null) return undefined;
  return { value: at === null ? null : picture[what], at: at ?? 0, error };
}

/** Alerts that need a look: nobody has acknowledged or silenced them. */
export function openAlerts({ alerts }: Pick<Picture, 'alerts'>): Picture['alerts'] {
  return alerts.filter(
    (a) => a.state === 'firing' && a.acknowledged_by === null && (a.silenced_by ?? null) === null,
  );
}

/** The node that is named as the leader is held for dead already: its followers have not missed it yet. */
export function isLeaderDead({ raft, nodes }: StatusResponse): boolean {
  return nodes.some((n) => n.node_id === raft.leader_id && n.liveness === 'dead');
}

interface ViewGroup {
  readonly leader: string;
  readonly term: number;
  readonly nodes: string[];
}

/**
 * Nodes by the leader and term that they name, the fewest first: they are what is out of the ordinary.
 * Those that were not heard or know of none are left out.
 */
export function viewGroups(picture: Picture): readonly ViewGroup[] {
  const groups: ViewGroup[] = [];
  for (const view of picture.views?.views ?? []) {
    const { leader_id: leader, term } = view;
    if (view.error !== null || leader === null || term === null) continue;
    const own = groups.find((g) => g.leader === leader && g.term === term);
    if (own === undefined) groups.push({ leader, term, nodes: [view.node_id] });
    else own.nodes.push(view.node_id);
  }
  return groups.sort((a, b) => a.nodes.length - b.nodes.length);
}

/** One answer may have been asked for in the middle of an election: only the second in a row is said. */
export function viewsDisagree(picture: Picture): boolean {
  return picture.splits > 1;
}

/**
 * What nodes said of who leads is older than what is known of it now, by the word of the node that answers:
 * it named then whom it does not follow any more.
 */
export function viewsAreOlder({ status, views }: Picture): boolean {
  if (status === null || views === null) return false;
  const { leader_id: leader, term } = status.raft;
  const own = views.views.find((v) => v.node_id === status.cluster.read.node_id && v.error === null);
  const told = own === undefined ? views.views.filter((v) => v.leader_id !== null) : [own];
  const isOlder = ({ leader_id: named, term: then }: ViewsResponse['views'][number]): boolean =>
    leader === null ? named !== null && (then ?? term) <= term : (then ?? term) < term;
  return told.length > 0 && told.every(isOlder);
}

export interface QuorumFacts {
  readonly voters: number;
  readonly need: number;
  readonly up: number;
  /** Voters that may still be lost; negative = there is no quorum. */
  readonly spare: number;
  /** Zones whose loss would take the quorum away. */
  readonly fatalZones: readonly string[];
  readonly zones: readonly { readonly zone: string; readonly nodes: readonly NodeRow[] }[];
}

/** Whoever is cut off counts whom it reaches: the others are only not known to be dead. */
function isUp(row: NodeRow, status: StatusResponse): boolean {
  const reached = status.isolation?.reached;
  if (reached !== undefined)
    return row.node_id === status.cluster.read.node_id || reached.includes(row.node_id);
  // nobody leads: who is silent now may be why
  return row.liveness === 'alive' || (row.liveness === 'suspect' && status.raft.leader_id !== null);
}

/** Voters that are not counted as up, by name. */
export function missingVoters(status: StatusResponse): readonly string[] {
  const missing = status.nodes.filter((n) => n.voter && !isUp(n, status));
  return missing.map((n) => n.node_id).sort(compareNames);
}

/** What is to be waited for where nobody leads: an election, or voters. */
export function vacancyWords(status: StatusResponse): string {
  const { spare, up, voters, need } = quorumFacts(status);
  return spare >= 0 ? 'electing' : `no majority: ${up} of ${voters} voters up, ${need} needed`;
}

export function quorumFacts(status: StatusResponse): QuorumFacts {
  const voting = status.nodes.filter((n) => n.voter);
  const living = voting.filter((n) => isUp(n, status));
  const need = status.raft.quorum;
  const names = [...new Set(status.nodes.map((n) => n.zone))].sort();
  const zones = names.map((zone) => ({
    zone,
    nodes: status.nodes
      .filter((n) => n.zone === zone)
      .sort((a, b) => roleRank(a) - roleRank(b) || compareNames(a.node_id, b.node_id)),
  }));
  const fatal = names.filter(
    (zone) => living.length >= need && living.filter((n) => n.zone !== zone).length < need,
  );
  return {
    voters: voting.length,
    need,
    up: living.length,
    spare: living.length - need,
    // with one zone only, or none named, everything is fatal and saying so is noise
    fatalZones: names.length > 1 ? fatal : [],
    zones,
  };
}

export interface ShownEvent {
  readonly event: Picture['events'][number];
  /** How many equal ones in a row this line stands for. */
  readonly times: number;
}

/** By their times, for nodes tell of one thing in turns; of the same ms the last that came is first. */
export function newestFirst({ events }: Picture): Picture['events'] {
  return events.toReversed().sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0));
}

/** Newest first; the same sentence of the same node in a row becomes one line with a count. */
export function collapsedEvents(picture: Picture): readonly ShownEvent[] {
  const out: { event: Picture['events'][number]; times: number }[] = [];
  for (const event of newestFirst(picture)) {
    const last = out.at(-1);
    const same =
      last !== undefined &&
      last.event.kind === event.kind &&
      last.event.node_id === event.node_id &&
      last.event.message === event.message;
    if (same) last.times++;
    else out.push({ event, times: 1 });
  }
  return out;
}

/** What a picture that stands does not show: what is only recorded meanwhile. */
const BEHIND: ReadonlySet<string> = new Set(['picture', 'record', 'trace', 'now', 'mono']);

/** Nothing to paint: the picture stands, and neither a toast, nor a dialog, nor the connection changed. */
export function looksSame(before: Model, after: Model): boolean {
  if (after.frozen === null || after.past !== null || after.overlay !== null) return false;
  return Object.keys(after).every(
    (key) => BEHIND.has(key) || before[key as keyof Model] === after[key as keyof Model],
  );
}

/** Something on the screen counts in parts of a second. */
export function isCounting({ overlay, picture }: Model): boolean {
  return picture.leaderlessSince !== null || (overlay?.kind === 'action' && overlay.step.kind === 'running');
}
