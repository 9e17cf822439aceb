/**
 * LeaderDown is told while it lasts: nobody leads, nothing can be recorded, so the lowest of the live nodes
 * tells of it. The incident is named after the last term that the record knows, so that whoever tells, and
 * the record that the next leader makes, have one key. What was told goes round by gossip until it is on
 * record: whoever hears it says so too, and keeps it over a restart, since its end has to be told.
 */
import type { AlertAction, AlertRule } from '../src/alerts/index.ts';
import { deliveryOf, entryOf, leaderDownTold, silenceOf } from '../src/alerts/index.ts';
import type { Duration, NodeId, Timestamp } from '../src/base/index.ts';
import type { ClusterCommand, ClusterState } from '../src/cluster/index.ts';
import type { ClusterConfig } from '../src/config/index.ts';
import { channelsOf, notificationOf } from './alert-channels.ts';
import type { AlertSink } from './alert-sink.ts';
import { currentAlerts, incidentPlace } from './current-alerts.ts';
import type { MemberFacts } from './node-view.ts';
import type { ToldIncident } from './told.ts';

const RULE = 'LeaderDown';
/** So long after the next election the end of an incident is told: who was cut off for days comes back. */
const TOLD_FOR_MS = 7 * 86_400_000;
/** A channel that gave up is asked again after this: some give up at once. */
const AGAIN_MS = 60_000;
/** What is on record the next leader tells; so long after the last one there may be none. */
const RECORDED_MS = 10_000;

export interface LeaderlessFacts {
  readonly self: NodeId;
  readonly cluster: ClusterState;
  readonly leaderId: NodeId | null;
  readonly leaderlessMs: Duration;
  readonly members: ReadonlyMap<NodeId, MemberFacts>;
  readonly config: Pick<ClusterConfig, 'alerts' | 'notifiers'>;
  readonly now: Timestamp;
  /** By which silences end here (nobody leads, and so nobody takes them out of the record), and old words. */
  readonly sharedTime: Timestamp;
}

/** The live node whose name is lowest, as this node knows it. */
function lowestLive({ self, cluster, members }: LeaderlessFacts): NodeId {
  const live = Object.keys(cluster.nodes).filter(
    (nodeId) => nodeId === self || members.get(nodeId)?.liveness === 'alive',
  );
  return live.sort()[0] ?? self;
}

function isRecorded(cluster: ClusterState, incident: string): boolean {
  const isKnown = cluster.alerts.some((a) => a.id === RULE && a.incident === incident);
  return isKnown || entryOf(cluster.outbox, { alertId: RULE, incident, kind: 'firing' }) !== undefined;
}

/** Whether `a` was later than `b`, by their names. */
function isLater(a: string, b: string): boolean {
  const [left, right] = [incidentPlace(a), incidentPlace(b)];
  return left.term > right.term || (left.term === right.term && left.nth > right.nth);
}

/**
 * Whether its end is not worth telling any more. A node that was away brings back what it knew when it went:
 * long after somebody led again it would call people for a cluster that is well, and where no channel has
 * taken it there is nobody to tell of an end once a later one is on record.
 */
function isPast(cluster: ClusterState, { incident, channels }: ToldIncident, now: Timestamp): boolean {
  const { term } = incidentPlace(incident);
  const next = cluster.elections.find((election) => election.term > term);
  if (next === undefined) return false;
  const shown = cluster.alerts.find((alert) => alert.id === RULE);
  const isFollowed = shown !== undefined && isLater(shown.incident, incident);
  return now - next.at > TOLD_FOR_MS || (channels.length === 0 && isFollowed);
}

/** What a leader records of incidents that were told before there was one, each once. */
export function toldDue(
  cluster: ClusterState,
  told: readonly ToldIncident[],
  { rules, now }: { readonly rules: readonly AlertRule[]; readonly now: Timestamp },
): ClusterCommand[] {
  const open = new Map<string, Set<AlertAction>>();
  for (const { incident, channels } of told)
    open.set(incident, new Set([...(open.get(incident) ?? []), ...channels]));
  return [...open]
    .map(([incident, channels]) => ({ incident, channels: [...channels] }))
    .filter((one) => !isRecorded(cluster, one.incident) && !isPast(cluster, one, now))
    .map(({ incident, channels }) => {
      return { kind: 'alert-transition', alert: leaderDownTold(rules, incident), told: channels };
    });
}

/** What outlives the process. */
export interface ToldMemory {
  recall(): ToldIncident | null;
  keep(told: ToldIncident | null): void;
}

/** What one process has offered, and how long nobody had led then. */
interface Offered {
  readonly key: string;
  readonly incident: string;
  readonly leaderlessMs: Duration;
}

/** Channels that the record does not know to have taken it, or to have given it up. */
function openChannels({ cluster, config }: LeaderlessFacts, incident: string): AlertAction[] {
  return [...new Set(channelsOf(config, RULE))].filter((channel) => {
    const delivery = deliveryOf(cluster.outbox, { alertId: RULE, incident, kind: 'firing', channel });
    return delivery?.state !== 'delivered' && delivery?.state !== 'dead';
  });
}

export class LeaderlessTeller {
  readonly #memory: ToldMemory | null;
  #told: ToldIncident | null;
  /** Who told what this node has only heard of. */
  #by: NodeId | null = null;
  /** A channel gave up, or the process that offered it is gone: it is offered once more. */
  #isAgain: boolean;
  /** What this process has offered for the time without a leader that it saw last. */
  #offered: Offered | null = null;

  constructor(memory: ToldMemory | null = null) {
    this.#memory = memory;
    this.#told = memory?.recall() ?? null;
    this.#isAgain = this.#told !== null;
  }

  /**
   * What this node tells, or has heard of, and the record lacks, with the channels that have taken it; gossip
   * carries it.
   */
  get told(): ToldIncident | null {
    return this.#told;
  }

  /** Nothing is told and nothing offered may wait: while somebody leads there is nothing to look at. */
  get isIdle(): boolean {
    return this.#told === null && this.#offered === null;
  }

  /** A channel has taken it; true when that is news to tell. */
  delivered(incident: string, channel: AlertAction): boolean {
    const told = this.#told;
    if (told?.incident !== incident || told.channels.includes(channel)) return false;
    this.#note({ incident, channels: [...told.channels, channel] });
    return true;
  }

  dead(incident: string): void {
    if (this.#told?.incident === incident) this.#isAgain = true;
  }

  /** Looks whether it is this node's turn to tell; true when it told now. */
  look(facts: LeaderlessFacts, sink: AlertSink): boolean {
    const { self, cluster, leaderId, leaderlessMs, config, now } = facts;
    const isOver = (one: ToldIncident): boolean =>
      isRecorded(cluster, one.incident) || isPast(cluster, one, facts.sharedTime);
    if (this.#told !== null && isOver(this.#told)) this.#note(null);
    if (leaderId !== null) {
      if (leaderId !== self) this.#leave(sink);
      // on record: the duty of this leader has the same parcel on its way
      else if (this.#told === null) this.#offered = null;
      return false;
    }
    const heard = this.#hear(facts, isOver);
    const leadership = { leaderId, leaderlessMs, rules: config.alerts };
    const alert = currentAlerts(cluster, leadership, now).find(({ rule }) => rule === RULE);
    if (alert?.state !== 'firing') return false;
    const { incident } = alert;
    const silences = cluster.silences.filter(({ until }) => until > facts.sharedTime);
    if (lowestLive(facts) !== self || silenceOf(alert, silences) !== undefined) return false;
    const own = this.#told?.incident === incident ? this.#told : null;
    const taken = own?.channels ?? [];
    const channels = openChannels(facts, incident).filter((channel) => !taken.includes(channel));
    const isOnRecord = isRecorded(cluster, incident);
    if ((isOnRecord || own !== null) && channels.length === 0) return false;
    if (!this.#isTurn(facts, incident, heard)) return false;
    if (!isOnRecord) this.#note({ incident, channels: taken });
    this.#isAgain = false;
    this.#by = null;
    const { id: alertId, rule, nodeId, severity, condition, value, firedAt } = alert;
    const subject = { alertId, rule, nodeId, severity, condition, value, by: null };
    const content = { kind: 'firing', ...subject, since: firedAt, at: now } as const;
    const notification = notificationOf(cluster, incident, content);
    this.#offered = { key: notification.key, incident, leaderlessMs };
    for (const channel of channels) sink.offer(notification, channel);
    return true;
  }

  /** Nobody told of it yet, or whoever did can't go on: it died, gave up, or was another process. */
  #isTurn(
    { cluster, members, leaderlessMs }: LeaderlessFacts,
    incident: string,
    heard: readonly ToldIncident[],
  ): boolean {
    // its leader was gone before a channel had it
    if (isRecorded(cluster, incident))
      return leaderlessMs >= RECORDED_MS && this.#offered?.incident !== incident;
    if (this.#told?.incident !== incident) return !heard.some((told) => told.incident === incident);
    if (this.#by !== null) {
      const liveness = members.get(this.#by)?.liveness;
      return liveness !== 'alive' && liveness !== 'suspect';
    }
    const offeredMs = this.#offered?.leaderlessMs ?? Number.POSITIVE_INFINITY;
    const isSoon = leaderlessMs >= offeredMs && leaderlessMs < offeredMs + AGAIN_MS;
    return this.#isAgain && !isSoon;
  }

  /**
   * Another node leads, records what was told and tells the rest: what still waits here would come behind the
   * end. Should nobody lead again before it is on record, it is offered once more.
   */
  #leave(sink: AlertSink): void {
    if (this.#offered === null) return;
    const { key } = this.#offered;
    this.#offered = null;
    this.#isAgain = this.#told !== null;
    sink.withdraw((notification) => notification.key === key && notification.kind === 'firing');
  }

  /** What others say. It becomes this node's word as well: the one who told may not come back. */
  #hear(
    { self, members }: LeaderlessFacts,
    isOver: (told: ToldIncident) => boolean,
  ): readonly ToldIncident[] {
    const heard = [...members].flatMap(([nodeId, m]) => {
      const told = nodeId === self ? null : (m.digest?.told ?? null);
      return told === null || isOver(told) ? [] : [{ nodeId, ...told }];
    });
    const incident = this.#told?.incident ?? heard[0]?.incident;
    const same = heard.filter((told) => told.incident === incident);
    if (incident === undefined || same.length === 0) return heard;
    const own = this.#told?.channels ?? [];
    const channels = [...new Set([...own, ...same.flatMap((told) => told.channels)])];
    // who tells is the lowest; who says it after that one has a higher name
    if (this.#told === null) this.#by = same.map(({ nodeId }) => nodeId).sort()[0] ?? null;
    if (this.#told === null || channels.length > own.length) this.#note({ incident, channels });
    return heard;
  }

  #note(told: ToldIncident | null): void {
    this.#told = told;
    if (told === null) {
      this.#by = null;
      this.#isAgain = false;
    }
    this.#memory?.keep(told);
  }
}
