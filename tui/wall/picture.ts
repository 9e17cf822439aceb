/**
 * What the wallboard shows of one cluster: pure, from the same model as the screen. Each
 * text is harmless and has no markup; series are bounded.
 */
import type { AlertRow } from '../feed/wire.ts';
import { sparkline } from '../format/chart.ts';
import { clean } from '../format/width.ts';
import { age, clockTime, millis, span } from '../format/words.ts';
import { sentence } from '../lines/panes.ts';
import { gapOf } from '../model/election-steps.ts';
import type { Model } from '../model/model.ts';
import { nodeState } from '../model/node-state.ts';
import {
  collapsedEvents,
  heardOf,
  isLeaderDead,
  isStale,
  pictureAge,
  quorumFacts,
  staleWords,
} from '../model/selectors.ts';
import { ratesOf } from '../model/trace.ts';
import { regionWords } from './region-words.ts';
import { type Place, placeOf } from './regions.ts';

/** Samples that a chart shows, one a second. */
export const WALL_SAMPLES = 120;

export interface Sample {
  readonly at: number;
  readonly commitIndex: number;
  /** Entries committed a second since the sample before; null = not known. */
  readonly commitsPerSecond: number | null;
  /** Until a write was committed and applied, the leader's 95th percentile over the last minute. */
  readonly latencyMs: number | null;
}

export type WallTone = 'good' | 'warn' | 'bad';

export interface Marker extends Place {
  readonly nodeId: string;
  readonly tone: WallTone;
  readonly isLeader: boolean;
}

export interface WallPicture {
  readonly title: string;
  readonly tone: WallTone;
  /** Why it is not healthy, the gravest first; none = it is. */
  readonly reasons: readonly string[];
  /** The time, and how old the picture is: a board that stands must be seen to. */
  readonly clock: string;
  /** Each node, what it is and how it is, for where no map shows them. */
  readonly nodes: readonly string[];
  /** Each region and its worst node, for where no map has room. */
  readonly regions: readonly string[];
  readonly markers: readonly Marker[];
  /** Nodes that no map can show: zone or coordinates are not known. */
  readonly unplaced: readonly string[];
  readonly latency: readonly Sample[];
  readonly elections: readonly string[];
  readonly alerts: readonly string[];
  readonly log: readonly string[];
}

/** `samples` and one more, if the model has a newer status than the last of them. */
export function addSample(samples: readonly Sample[], model: Model): readonly Sample[] {
  const { status, statusAt: at } = model.picture;
  const last = samples.at(-1);
  if (status === null || (last !== undefined && at <= last.at)) return samples;
  const leader = status.nodes.find((n) => n.node_id === status.raft.leader_id);
  const commitIndex = status.raft.commit_index;
  const seconds = last === undefined ? 0 : (at - last.at) / 1000;
  // after another node answered, the index may be a little older: that is no negative rate
  const rate = last === undefined ? null : Math.max(0, commitIndex - last.commitIndex) / seconds;
  const sample = {
    at,
    commitIndex,
    commitsPerSecond: rate,
    latencyMs: leader?.commit_latency_p95_ms ?? null,
  };
  return [...samples, sample].slice(-WALL_SAMPLES);
}

/**
 * The seconds before the first sample, as the cluster remembers them: what its leader applied. Latencies it
 * does not remember.
 */
export function withPast(samples: readonly Sample[], { picture, trace, now }: Model): readonly Sample[] {
  const leader = picture.status?.raft.leader_id ?? null;
  const points = leader === null ? [] : (trace[leader] ?? []);
  const [from, until] = [now - WALL_SAMPLES * 1000, samples[0]?.at ?? now];
  const past = ratesOf(points.filter((p) => p.at >= from && p.at < until));
  const before = past.map(({ at, applied }): Sample => {
    return { at, commitIndex: 0, commitsPerSecond: applied, latencyMs: null };
  });
  return [...before, ...samples].slice(-WALL_SAMPLES);
}

/** Why nothing has ever been heard of this cluster; null = something has, or nobody has refused yet. */
function silence({ connection }: Model): string | null {
  return connection.kind === 'connecting' ? connection.error : null;
}

function toneOf(model: Model): WallTone {
  const health = model.picture.status?.cluster.health;
  if (model.connection.kind === 'lost' || health === 'critical' || silence(model) !== null) return 'bad';
  return health === 'healthy' && !isStale(model) ? 'good' : 'warn';
}

function titleOf(model: Model): string {
  const { status } = model.picture;
  if (status === null)
    return `${clean(model.contextName)}  ${silence(model) === null ? 'connecting…' : 'NO ANSWER'}`;
  const facts = quorumFacts(status);
  const leader = status.raft.leader_id;
  const lost = model.connection.kind === 'lost' ? `LOST, picture ${age(pictureAge(model))} old` : null;
  return [
    clean(status.cluster.name),
    lost ?? staleWords(model) ?? status.cluster.health.toUpperCase(),
    leader === null ? 'NO LEADER' : `leader ${clean(leader)}${isLeaderDead(status) ? ' DEAD' : ''}`,
    `term ${status.raft.term}`,
    `quorum ${facts.up}/${facts.voters}${facts.spare < 0 ? ' LOST' : ''}`,
    `alerts ${status.alerts.firing}`,
  ].join('  ');
}

function places(model: Model): Pick<WallPicture, 'markers' | 'unplaced'> {
  const { status } = model.picture;
  const markers: Marker[] = [];
  const unplaced: string[] = [];
  for (const node of status?.nodes ?? []) {
    const place = placeOf(node);
    const nodeId = clean(node.node_id);
    const { kind, isProblem } = nodeState(node);
    const tone: WallTone = kind === 'dead' || kind === 'unhealthy' ? 'bad' : isProblem ? 'warn' : 'good';
    if (place === null) unplaced.push(nodeId);
    else markers.push({ ...place, nodeId, tone, isLeader: node.node_id === status?.raft.leader_id });
  }
  return { markers, unplaced };
}

function nodeWords(model: Model): readonly string[] {
  const { status } = model.picture;
  const nodes = status?.nodes ?? [];
  const cells = Math.max(0, ...nodes.map((n) => clean(n.node_id).length));
  return nodes.map((node) => {
    const part = node.role ?? (node.voter ? 'voter' : 'learner');
    const issues = node.issues.map(clean).join('; ');
    const words = [clean(node.node_id).padEnd(cells), part.padEnd(9), nodeState(node).word, issues];
    return words.join('  ').trimEnd();
  });
}

function clockOf(model: Model): string {
  const time = clockTime(model.now);
  return model.picture.status === null ? time : `${time}  ${age(pictureAge(model))} old`;
}

/** What stands above alerts that nobody has told of, or not lately. */
function alertsUnknown({ picture }: Model): readonly string[] {
  const heard = heardOf(picture, 'alerts');
  if (heard === undefined) return ['asking the cluster…'];
  if (heard.error === null) return [];
  if (heard.value === null) return [`no answer: ${clean(heard.error)}`];
  return [`~ of ${clockTime(heard.at)}, not refreshed: ${clean(heard.error)}`];
}

function alertWords(a: AlertRow, now: number): string {
  const about = a.node_id === null ? '' : ` ${clean(a.node_id)}`;
  const seen = a.acknowledged_by === null ? '' : `  seen by ${clean(a.acknowledged_by)}`;
  const since = age(now - Date.parse(a.since));
  const sign = a.severity === 'critical' ? '!!' : '! ';
  return `${sign} ${clean(a.rule)}${about}  ${since}  ${clean(a.value)}${seen}`;
}

export function wallPicture(model: Model, samples: readonly Sample[]): WallPicture {
  const { status, alerts } = model.picture;
  const firing = alerts.filter((a) => a.state === 'firing');
  const error = model.connection.kind === 'lost' ? model.connection.error : silence(model);
  const lost = error === null ? [] : [clean(error)];
  return {
    title: titleOf(model),
    tone: toneOf(model),
    reasons: [...lost, ...(status?.cluster.reasons ?? []).map(clean)],
    clock: clockOf(model),
    nodes: nodeWords(model),
    regions: regionWords(status?.nodes ?? [], status?.raft.leader_id ?? null),
    ...places(model),
    latency: withPast(samples, model),
    elections: (status?.elections ?? []).toReversed().map((e) => {
      // as NO LEADER in the views: until it was noticed there was none either
      const gap = span(gapOf(e));
      return `${clockTime(e.at)}  t${e.term} ${clean(e.node_id)}  ${gap}  ${clean(e.cause)}`;
    }),
    alerts: [...alertsUnknown(model), ...firing.map((a) => alertWords(a, model.now))],
    log: collapsedEvents(model.picture).map(({ event, times }) => {
      const repeated = times > 1 ? `  (${times} times)` : '';
      return `${clockTime(event.at)}  ${clean(event.node_id)}  ${sentence(event)}${repeated}`;
    }),
  };
}

/** The board of a context that can't be used: it takes its turn, and says why. */
export function unusable(model: Model, error: string): Model {
  return { ...model, connection: { kind: 'connecting', error: `this context can't be used: ${error}` } };
}

/** A series in one line, where no chart fits: its newest value and its course. */
export function seriesLine(title: string, values: readonly (number | null)[], ascii: boolean): string {
  const known = values.filter((v) => v !== null);
  const most = Math.max(1, ...known);
  const course = sparkline(
    values.map((v) => (v === null ? null : v / most)),
    40,
    ascii,
  );
  return `${title} ${millis(known.at(-1) ?? null)}  ${course.trimStart()}`;
}
