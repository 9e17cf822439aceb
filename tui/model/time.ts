/**
 * Looking back: the picture of an earlier second. Pictures of the last hour are kept as they were seen;
 * before them, and between them, what carries a time of its own (events, elections, alerts, figures) is
 * wound back, so that every view tells of the same second.
 */
import { LIMITS } from '../../src/base/index.ts';
import type {
  AlertRow,
  ConfigVersionRow,
  EventLine,
  NodeRow,
  OperationView,
  StatusResponse,
} from '../feed/wire.ts';
import { firingsOf } from './firings.ts';
import type { Model, Past, Picture, Wall } from './model.ts';
import { addEvents, identity, SPARK_MS } from './picture.ts';
import { freshFor } from './selectors.ts';
import { holdMs, pointAt } from './trace.ts';
import { isLostBy, lossIn } from './who-leads.ts';

const HOUR_MS = 3_600_000;
/** Pictures of an hour of many nodes: one a minute. */
const PICTURES_LEAST = 60;

/** The record with this picture, thinned so that an hour of it stays within the limit. */
export function addToRecord(record: readonly Past[], picture: Picture, now: Wall): readonly Past[] {
  const stepMs = stepOf(picture);
  const last = record.at(-1);
  // a little early counts: refreshes tremble
  if (last !== undefined && now - last.at < stepMs * 0.9) return record;
  const first = record.findIndex((p) => p.at >= now - HOUR_MS);
  // the minute behind each picture is in the trace: kept here too it would be a third of all that is kept
  const kept = { at: now, picture: { ...picture, samples: {} } };
  return [...record.slice(first === -1 ? record.length : first), kept];
}

/** Time between two pictures of the record: longer where there are many nodes. */
function stepOf(picture: Picture): number {
  const rows = Math.max(1, picture.status?.nodes.length ?? 1);
  const most = Math.max(LIMITS.screenRecordRows, Math.min(LIMITS.maxScreenRecordRows, PICTURES_LEAST * rows));
  return Math.max(1000, (HOUR_MS * rows) / most);
}

/** The seconds that can be looked at. */
export function reach(model: Model): { readonly from: Wall; readonly to: Wall } {
  const events = model.picture.events[0];
  const points = Object.values(model.trace).flatMap((list) => list[0]?.at ?? []);
  const elections = model.picture.status?.elections[0];
  const known = [
    model.record[0]?.at,
    events === undefined ? undefined : Date.parse(events.at),
    elections === undefined ? undefined : Date.parse(elections.at),
    ...points.slice(0, 1),
  ].filter((t): t is number => t !== undefined);
  // nobody knows who led before the first election that is remembered
  const first = elections === undefined ? 0 : Date.parse(elections.at);
  return { from: Math.max(model.now - HOUR_MS, first, Math.min(model.now, ...known)), to: model.now };
}

/** `model` at the second `at`; at the newest one it is live again. */
export function travel(model: Model, at: Wall): Model {
  const { from, to } = reach(model);
  if (at >= to) return { ...model, past: null };
  const second = Math.max(from, at);
  return { ...model, past: { at: second, picture: pictureAt(model, second) } };
}

/**
 * The picture at `at`: the newest one recorded until then and what was told since; before the record, the
 * oldest one wound back. Where nothing was seen for longer than pictures are apart, figures are left out.
 */
function pictureAt(model: Model, at: Wall): Picture {
  const index = model.record.findLastIndex((p) => p.at <= at);
  const recorded = model.record[index];
  const told = toldAround(model, index);
  if (recorded === undefined) return woundBack(model, told, at);
  const events = eventsUntil(told, at);
  const since = events.filter((e) => Date.parse(e.at) > recorded.at);
  const base = addEvents(recorded.picture, since, at);
  const isSeen = at - recorded.at <= seenFor(model, recorded.picture);
  const status =
    base.status === null ? null : statusSince(model, base.status, { at, recorded, since, isSeen });
  const isLed = status?.raft.leader_id !== null;
  return {
    ...base,
    status,
    statusAt: recorded.at,
    events,
    alerts: alertsAt(model, recorded, at),
    answers: answersAt(model.picture.answers, at),
    leaderlessSince: isLed ? null : (base.leaderlessSince ?? lossIn(events) ?? at),
    views: isSeen ? base.views : null,
    heard: heardThen(model, base),
    samples: samplesAt(model, at),
  };
}

/** A picture stands for so long a time behind it, ms. */
function seenFor(model: Model, picture: Picture): number {
  return Math.max(freshFor(model), 1.5 * stepOf(picture));
}

/** The seconds around the one looked back at of which no picture is left; null = one is near, or live. */
export function unseen(model: Model): { readonly from: Wall; readonly to: Wall } | null {
  const { past, record } = model;
  if (past === null) return null;
  const index = record.findLastIndex((p) => p.at <= past.at);
  const before = record[index];
  if (before === undefined || past.at - before.at <= freshFor(model)) return null;
  return { from: before.at, to: record[index + 1]?.at ?? model.now };
}

/** Pictures behind the one at that time, which may have heard late of what was then. */
const LATER_PICTURES = 3;

/** What was told around a picture of the record and is known, oldest first; -1 = before the record. */
function toldAround({ record, picture }: Model, index: number): readonly EventLine[] {
  // the first pictures are older than the first events
  const first = index >= 0 ? index : record.findIndex((p) => p.picture.events.length > 0);
  const near = first < 0 ? [] : record.slice(first, first + 1 + LATER_PICTURES).map((p) => p.picture.events);
  const known = new Map<string, EventLine>();
  for (const event of new Set([...near, picture.events].flat()))
    if (!known.has(identity(event))) known.set(identity(event), event);
  return [...known.values()].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

/** The newest events of then, which are not those of now. */
function eventsUntil(told: readonly EventLine[], at: Wall): readonly EventLine[] {
  return told.filter((e) => Date.parse(e.at) <= at).slice(-LIMITS.screenEvents);
}

/** A second from before the record. */
function woundBack(model: Model, told: readonly EventLine[], at: Wall): Picture {
  const base = model.record[0]?.picture ?? model.picture;
  const events = eventsUntil(told, at);
  const then = { at, told, seenAt: base.statusAt };
  const status = base.status === null ? null : earlierStatus(model, base.status, then);
  return {
    ...base,
    status,
    statusAt: at,
    events,
    alerts: alertsAt(model, undefined, at),
    answers: answersAt(model.picture.answers, at),
    leaderlessSince: status?.raft.leader_id === null ? (lossIn(events) ?? at) : null,
    views: null,
    heard: heardThen(model, base),
    samples: samplesAt(model, at),
  };
}

function samplesAt(model: Model, at: Wall): Picture['samples'] {
  return Object.fromEntries(
    Object.entries(model.trace).map(([node, points]) => [
      node,
      points
        .filter((p) => p.at <= at && p.at > at - SPARK_MS)
        .slice(-LIMITS.screenSamples)
        .map((p) => p.cpu),
    ]),
  );
}

/** Who led at `at`: the winner of the newest election, unless its loss was told after that. */
function leaderAt(
  model: Model,
  { at, told }: Told,
): { readonly leader: string | null; readonly term: number } | null {
  const won = (model.picture.status?.elections ?? []).findLast((e) => Date.parse(e.at) <= at);
  if (won === undefined) return null;
  const after = told.filter((e) => Date.parse(e.at) <= at && Date.parse(e.at) > Date.parse(won.at));
  const lost = isLostBy(after, won.term);
  return { leader: lost ? null : won.node_id, term: won.term };
}

/** A second before the record, what was told before and after it, and when the oldest picture was seen. */
interface Told {
  readonly at: Wall;
  readonly told: readonly EventLine[];
  readonly seenAt: Wall;
}

function earlierStatus(model: Model, base: StatusResponse, then: Told): StatusResponse {
  const { at, seenAt, told } = then;
  const led = leaderAt(model, then);
  const leader = led === null ? base.raft.leader_id : led.leader;
  const term = led?.term ?? base.raft.term;
  const life = (row: NodeRow) => livenessAt(told, row, at);
  const hold = holdMs(model.trace);
  const moment = { at, leader, term, isSeen: false, seenAt, life, hold };
  const nodes = base.nodes.map((row) => rowAt(model, row, moment));
  return {
    ...base,
    raft: { ...base.raft, leader_id: leader, term, commit_index: commitAt(nodes, leader) },
    // the epoch stays that of who won last, also while nobody leads
    primary: led === null ? base.primary : { ...base.primary, node_id: led.leader, epoch: term },
    elections: base.elections.filter((e) => Date.parse(e.at) <= at),
    nodes,
    ...earlierCluster(model, { ...base, nodes }, { at, leader }),
  };
}

/**
 * What the leader had committed; where its row does not tell, `seen`: NaN = nobody recorded it, and no figure
 * of another time stands for it.
 */
function commitAt(nodes: readonly NodeRow[], leader: string | null, seen = Number.NaN): number {
  return nodes.find((n) => n.node_id === leader)?.match_index ?? seen;
}

interface Since {
  readonly at: Wall;
  readonly recorded: Past;
  /** Told between the recorded picture and `at`. */
  readonly since: readonly EventLine[];
  readonly isSeen: boolean;
}

/** A recorded status, with who was elected and who died between it and `at`. */
function statusSince(model: Model, base: StatusResponse, then: Since): StatusResponse {
  const { at, recorded, since, isSeen } = then;
  const held = (model.picture.status?.elections ?? []).filter(
    (e) => Date.parse(e.at) > recorded.at && Date.parse(e.at) <= at,
  );
  const won = held.findLast((e) => e.term > base.raft.term);
  const after = won === undefined ? [] : since.filter((e) => Date.parse(e.at) > Date.parse(won.at));
  const isLost = isLostBy(after, won?.term ?? 0);
  const leader = won === undefined ? base.raft.leader_id : isLost ? null : won.node_id;
  const term = won?.term ?? base.raft.term;
  const life = (row: NodeRow) => lifeSince(row, since);
  const hold = holdMs(model.trace);
  const moment = { at, leader, term, isSeen, seenAt: recorded.at, life, hold };
  const nodes = base.nodes.map((row) => rowAt(model, row, moment));
  const commit = commitAt(nodes, leader, isSeen ? base.raft.commit_index : undefined);
  const fresh = held.filter((e) => !base.elections.some((b) => b.term === e.term));
  return {
    ...base,
    raft: { ...base.raft, leader_id: leader, term, commit_index: commit },
    ...(won === undefined ? {} : { primary: { ...base.primary, node_id: leader, epoch: won.term } }),
    elections: [...base.elections, ...fresh],
    nodes,
    ...(isSeen ? {} : earlierCluster(model, { ...base, nodes }, { at, leader })),
  };
}

/** What the oldest picture says of a time before it: what is known to have been, and nothing of later. */
function earlierCluster(
  model: Model,
  base: StatusResponse,
  { at, leader }: Pick<Moment, 'at' | 'leader'>,
): Partial<StatusResponse> {
  const operations = answersAt(model.picture.answers, at)['operations']?.value as
    | readonly OperationView[]
    | null
    | undefined;
  const versions = model.picture.answers['versions']?.value as readonly ConfigVersionRow[] | null | undefined;
  const known = (versions ?? []).filter((v) => Date.parse(v.create_time) <= at).map((v) => v.version);
  const { pause } = base;
  const isAnyDead = base.nodes.some((n) => n.voter && n.liveness !== 'alive');
  return {
    // nobody recorded why, so nothing is said of it
    cluster: {
      ...base.cluster,
      health: leader === null ? 'critical' : isAnyDead ? 'degraded' : 'healthy',
      reasons: [],
    },
    config: { version: known.length === 0 ? base.config.version : Math.max(...known), tentative: null },
    operation: (operations ?? []).find((o) => o.state === 'running')?.id ?? null,
    ...(pause == null ? {} : { pause: Date.parse(pause.since) <= at ? pause : null }),
  };
}

/** When the last phase that is known of it was over. */
function endOf(operation: OperationView): Wall {
  return Math.max(...operation.phases.map((p) => Date.parse(p.at) + (p.elapsed_ms ?? 0)));
}

/** An operation as it was: running until its last phase was over, with the phases that had begun. */
function operationAt(operation: OperationView, at: Wall): OperationView[] {
  const begun = operation.phases.filter((p) => Date.parse(p.at) <= at);
  if (begun.length === 0) return [];
  if (operation.state === 'running' && begun.length === operation.phases.length) return [operation];
  if (operation.state !== 'running' && endOf(operation) <= at) return [operation];
  const phases = begun.map((p) =>
    Date.parse(p.at) + (p.elapsed_ms ?? 0) <= at && p.elapsed_ms !== null
      ? p
      : { ...p, elapsed_ms: null, result: null },
  );
  return [
    { ...operation, state: 'running', phase: phases.at(-1)?.name ?? operation.phase, error: null, phases },
  ];
}

/** The second with answers that came later. */
export function withAnswers({ at, picture }: Past, answers: Picture['answers']): Past {
  return { at, picture: { ...picture, answers: answersAt(answers, at) } };
}

/** Answers of now, and operations as of then; views mark the rest as of now or leave it out. */
function answersAt(answers: Picture['answers'], at: Wall): Picture['answers'] {
  const { operations } = answers;
  if (operations?.value == null) return answers;
  const value = (operations.value as readonly OperationView[]).flatMap((o) => operationAt(o, at));
  return { ...answers, operations: { ...operations, value } };
}

interface Moment {
  readonly at: Wall;
  readonly leader: string | null;
  readonly term: number;
  /** The base was seen at that time, neither later nor long before. */
  readonly isSeen: boolean;
  readonly seenAt: Wall;
  readonly life: (row: NodeRow) => NodeRow['liveness'];
  /** For how long a figure stands, ms. */
  readonly hold: number;
}

function rowAt(model: Model, row: NodeRow, moment: Moment): NodeRow {
  const { at, leader, term, isSeen, seenAt, hold } = moment;
  const liveness = moment.life(row);
  const point = pointAt(model.trace[row.node_id] ?? [], at, hold);
  const isLeader = row.node_id === leader;
  const role = isLeader ? ('leader' as const) : row.role === 'leader' ? ('follower' as const) : row.role;
  return {
    ...row,
    role,
    // who is dead heard of no later term
    term: isSeen ? row.term : liveness === 'alive' ? term : null,
    liveness,
    // what nobody recorded is a dash, not the figure of another time
    cpu_usage: point === null ? (isSeen ? row.cpu_usage : null) : point.cpu,
    lag_entries: point === null ? (isSeen ? row.lag_entries : null) : point.lag,
    match_index: point === null ? (isSeen ? row.match_index : null) : point.applied,
    ...(isSeen ? {} : earlier({ ...row, liveness }, at, seenAt)),
  };
}

/** What a row still says of another time than it was seen at, and dashes for the rest. */
function earlier(row: NodeRow, at: Wall, seenAt: Wall): Partial<NodeRow> {
  const { maintenance, last_heartbeat_ms: heard } = row;
  // whoever lived was heard again since
  const isHeard = heard === null || (at > seenAt && row.liveness === 'alive');
  const silent = isHeard ? null : heard - (seenAt - at);
  return {
    rtt_ms: null,
    ...{ rtt_p50_ms: null, rtt_p99_ms: null },
    memory_usage: null,
    disk_usage: null,
    active_connections: null,
    clock_offset_ms: null,
    event_loop_lag_ms: null,
    fsync_ms: null,
    commit_latency_p95_ms: null,
    uptime_ms: null,
    ...{ query_latency_p95_ms: null, queries_per_second: null, error_rate: null },
    issues: [],
    health: 'UNKNOWN',
    ...(row.drain == null || Date.parse(row.drain.since) <= at ? {} : { drain: null }),
    last_heartbeat_ms: silent !== null && silent >= 0 ? silent : null,
    maintenance: maintenance !== null && Date.parse(maintenance.since) <= at ? maintenance : null,
  };
}

const ALIVE = new Set(['node-alive', 'member-alive', 'node-started']);
const DEAD = new Set(['node-dead', 'member-failed']);

function isOfLife(row: NodeRow, event: EventLine): boolean {
  return event.node_id === row.node_id && (ALIVE.has(event.kind) || DEAD.has(event.kind));
}

/** As it was recorded, unless something was told of it since. */
function lifeSince(row: NodeRow, since: readonly EventLine[]): NodeRow['liveness'] {
  const last = since.findLast((e) => isOfLife(row, e));
  return last === undefined ? row.liveness : DEAD.has(last.kind) ? 'dead' : 'alive';
}

/** From the nearest event before it, else from the first one after it: who dies later lived until then. */
function livenessAt(told: readonly EventLine[], row: NodeRow, at: Wall): NodeRow['liveness'] {
  const own = told.filter((e) => isOfLife(row, e));
  const before = own.findLast((e) => Date.parse(e.at) <= at);
  if (before !== undefined) return DEAD.has(before.kind) ? 'dead' : 'alive';
  const after = own.find((e) => Date.parse(e.at) > at);
  if (after === undefined) return row.liveness;
  if (DEAD.has(after.kind)) return 'alive';
  // `node-alive` is said of who was dead; being heard for the first time says nothing of before
  return after.kind === 'node-alive' ? 'dead' : 'unknown';
}

/** Alerts as they were recorded at that time, with those that fired since that picture; else wound back. */
function alertsAt(model: Model, recorded: Past | undefined, at: Wall): readonly AlertRow[] {
  const now = model.picture.alerts;
  // the first pictures come before the first answer about alerts
  if (recorded === undefined || recorded.picture.heard.alerts.at === null)
    return now.flatMap((a) => alertAt(model, a, at));
  const fired = now.filter((a) =>
    firingsOf(model.picture, a).some((f) => f.from > recorded.at && f.from <= at),
  );
  const over = (a: AlertRow) =>
    now.find((b) => b.id === a.id && b.state === 'resolved' && Date.parse(b.since) <= at);
  const kept = recorded.picture.alerts
    .filter((a) => !fired.some((b) => b.id === a.id))
    .map((a) => (a.state === 'firing' ? (over(a) ?? a) : a));
  return [...kept, ...fired.flatMap((a) => alertAt(model, a, at))];
}

/** Where alerts are those of now, wound back, so is what is known of them. */
function heardThen({ picture }: Model, base: Picture): Picture['heard'] {
  return base.heard.alerts.at === null ? { ...base.heard, alerts: picture.heard.alerts } : base.heard;
}

/**
 * An alert as it was: not there before it fired first, firing until it was resolved, each time. Who had
 * acknowledged or silenced it by then is not known, and is left out.
 */
function alertAt(model: Model, alert: AlertRow, at: Wall): AlertRow[] {
  const was = firingsOf(model.picture, alert).find((f) => f.from <= at);
  if (was === undefined) return [];
  const { from, to, value } = was;
  const isOver = to !== null && to <= at;
  // the record's value is of now, or of its end; an event's is of that firing
  const isRecord = from === Date.parse(alert.fired_at ?? alert.since);
  const told = isRecord && !isOver ? '—' : value;
  const unknown = { acknowledged_by: null, silenced_by: null, inhibited_by: null };
  const times = {
    since: new Date(isOver ? to : from).toISOString(),
    fired_at: new Date(from).toISOString(),
  };
  return [{ ...alert, ...unknown, ...times, value: told, state: isOver ? 'resolved' : 'firing' }];
}

/** One event earlier or later than the second that is looked at. */
export function stepEvent(model: Model, by: 1 | -1): Model {
  const now = model.past?.at ?? model.now;
  const around = toldAround(
    model,
    model.record.findLastIndex((p) => p.at <= now),
  );
  const times = around.map((e) => Date.parse(e.at));
  const next = by < 0 ? times.findLast((t) => t < now) : times.find((t) => t > now);
  return next === undefined ? (by > 0 ? { ...model, past: null } : model) : travel(model, next);
}
