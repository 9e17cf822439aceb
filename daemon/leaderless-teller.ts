/**
 * LeaderDown is told while it lasts: nobody leads, nothing can be recorded, so the lowest of the live nodes
 * tells of it. The incident is named after the last term that the record knows, so that whoever tells, and
 * the record that the next leader makes, have one key. What was told goes round by gossip until it is on
 * record.
 */
import type { AlertAction, AlertRule } from '../src/alerts/index.ts';
import { entryOf, leaderDownTold, silenceOf } from '../src/alerts/index.ts';
import type { Duration, NodeId } from '../src/base/index.ts';
import type { ClusterCommand, ClusterState } from '../src/cluster/index.ts';
import type { ClusterConfig } from '../src/config/index.ts';
import { channelsOf, notificationOf } from './alert-channels.ts';
import type { AlertSink } from './alert-sink.ts';
import { alertTransitions, leaderIncident } from './current-alerts.ts';
import type { MemberFacts } from './node-view.ts';
import type { ToldIncident } from './told.ts';

const RULE = 'LeaderDown';

export interface LeaderlessFacts {
  readonly self: NodeId;
  readonly cluster: ClusterState;
  readonly leaderId: NodeId | null;
  readonly leaderlessMs: Duration;
  readonly members: ReadonlyMap<NodeId, MemberFacts>;
  readonly config: Pick<ClusterConfig, 'alerts' | 'notifiers'>;
  readonly now: number;
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

/** What a leader records of incidents that were told before there was one, each once. */
export function toldDue(
  cluster: ClusterState,
  told: readonly ToldIncident[],
  rules: readonly AlertRule[],
): ClusterCommand[] {
  const open = new Map<string, Set<AlertAction>>();
  for (const { incident, channels } of told)
    open.set(incident, new Set([...(open.get(incident) ?? []), ...channels]));
  return [...open]
    .filter(([incident]) => !isRecorded(cluster, incident))
    .map(([incident, channels]) => {
      const alert = leaderDownTold(rules, incident);
      return { kind: 'alert-transition', alert, told: [...channels] };
    });
}

export class LeaderlessTeller {
  #told: ToldIncident | null = null;
  /** A channel gave up: it is offered once more. */
  #isAgain = false;

  /** What this node tells and the record lacks, with the channels that have taken it; gossip carries it. */
  get told(): ToldIncident | null {
    return this.#told;
  }

  /** A channel has taken it; true when that is news to tell. */
  delivered(incident: string, channel: AlertAction): boolean {
    const told = this.#told;
    if (told?.incident !== incident || told.channels.includes(channel)) return false;
    this.#told = { incident, channels: [...told.channels, channel] };
    return true;
  }

  dead(incident: string): void {
    if (this.#told?.incident === incident) this.#isAgain = true;
  }

  /** Looks whether it is this node's turn to tell; true when it told now. */
  look(facts: LeaderlessFacts, sink: AlertSink): boolean {
    const { self, cluster, leaderId, leaderlessMs, members, config, now } = facts;
    if (this.#told !== null && isRecorded(cluster, this.#told.incident)) this.#told = null;
    if (leaderId !== null) return false;
    const leadership = { leaderId, leaderlessMs, rules: config.alerts };
    const alert = alertTransitions(cluster, leadership).find((transition) => transition.rule === RULE);
    const incident = leaderIncident(cluster);
    if (alert?.state !== 'firing' || isRecorded(cluster, incident)) return false;
    const others = [...members].flatMap(([nodeId, m]) => (nodeId === self ? [] : [m.digest?.told]));
    const own = this.#told?.incident === incident ? this.#told : null;
    const isTold = others.some((told) => told?.incident === incident) || (own !== null && !this.#isAgain);
    if (isTold || lowestLive(facts) !== self || silenceOf(alert, cluster.silences, now) !== undefined)
      return false;
    const taken = own?.channels ?? [];
    const channels = [...new Set(channelsOf(config, RULE))].filter((channel) => !taken.includes(channel));
    this.#told = { incident, channels: taken };
    this.#isAgain = false;
    const { id: alertId, rule, nodeId, severity, condition, value } = alert;
    const subject = { alertId, rule, nodeId, severity, condition, value, by: null };
    const content = { kind: 'firing', ...subject, since: now - leaderlessMs, at: now } as const;
    for (const channel of channels) sink.offer(notificationOf(cluster, incident, content), channel);
    return true;
  }
}
