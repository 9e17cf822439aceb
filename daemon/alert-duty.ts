/**
 * The leader's duty towards alerts: evaluate the rules, record what changed, and see that people are told:
 * what is due goes into the replicated outbox, then to its channel, and what the channel answers goes into
 * the outbox again. Each step is a command in the log; a leader that dies leaves nothing but the record.
 */
import type {
  AlertAction,
  AlertRule,
  AlertTransition,
  DeliveryRef,
  DeliveryStep,
  Evaluation,
  Notification,
  OutboxEntry,
  RuleState,
} from '../src/alerts/index.ts';
import { AlertEngine, deliveriesToHand, inhibitionEndsIn, notificationsDue } from '../src/alerts/index.ts';
import type { Duration, Instant, Term, Timestamp } from '../src/base/index.ts';
import { LIMITS, NEVER } from '../src/base/index.ts';
import type { ClusterCommand, ClusterState } from '../src/cluster/index.ts';
import type { DistributedConfig } from '../src/config/index.ts';
import { channelsOf, notificationOf } from './alert-channels.ts';
import { clusterReading, nodeReadings } from './alert-readings.ts';
import type { AlertSink, SinkListener } from './alert-sink.ts';
import type { ViewSources } from './node-view.ts';
import type { AppliedResult } from './protocol.ts';

/** Looks so often in one sample interval: a reading waits a quarter of it at most. */
const LOOKS_A_SAMPLE = 4;
/** Evaluation rests this many times as long as it took: at most 5 % of the thread. */
const REST_FACTOR = 19;
/** Who has not looked at the rules for so many samples begins their `for` anew. */
const UNSEEN_SAMPLES = 3;
/** After the outbox refused what is due (it is full) it is asked again only then. */
const FULL_RETRY_MS = 10_000;

export interface AlertDutyParts {
  readonly inForce: DistributedConfig;
  /** All that this node knows now; null while it knows nothing. */
  readonly sources: () => ViewSources | null;
  /** Metrics of this node, under the seed's names. */
  readonly metrics: () => Readonly<Record<string, number>>;
  readonly bytesOf: (entries: number | null) => number | null;
  readonly now: () => Instant;
  readonly wall: () => Timestamp;
}

/** Puts a command into the log and waits until this node has applied it. */
export type Propose = (command: ClusterCommand) => Promise<AppliedResult>;

function refText({ alertId, incident, kind, channel }: DeliveryRef): string {
  return JSON.stringify([alertId, incident, kind, channel]);
}

function parcelText({ key, kind }: Notification, channel: AlertAction): string {
  return JSON.stringify([key, kind, channel]);
}

interface Answer {
  readonly notification: Notification;
  readonly channel: AlertAction;
  readonly state: 'delivered' | 'dead';
  readonly note: string;
}

export class AlertDuty implements SinkListener {
  readonly #parts: AlertDutyParts;
  readonly #engine = new AlertEngine();
  /** What channels have answered and the record does not know yet. */
  #answers: Answer[] = [];
  /** Deliveries that this leader has given to the sink in its term. */
  #given = new Set<string>();
  /** Of all terms, what the sink has not ended. */
  readonly #onTheWay = new Set<string>();
  #states: readonly RuleState[] = [];
  #term: Term = 0;
  #nextLookAt: Instant = 0;
  #fullUntil: Instant = 0;
  /** The record of which all has been told; a silence that ends, or a rule that changes, makes another. */
  #told: ClusterState | null = null;
  /** When that record has more to tell by the passing of time. */
  #tellAgainAt: Instant = NEVER;
  /** Called when a channel has answered; set once by whoever runs the duties. */
  answered: () => void = () => {};

  constructor(parts: AlertDutyParts) {
    this.#parts = parts;
  }

  /** What the newest evaluation found; empty on a node that does not lead. */
  get states(): readonly RuleState[] {
    return this.#states;
  }

  delivered(notification: Notification, channel: AlertAction, receipt: string): void {
    this.#answer({ notification, channel, state: 'delivered', note: receipt });
  }

  dead(notification: Notification, channel: AlertAction, reason: string): void {
    this.#answer({ notification, channel, state: 'dead', note: reason });
  }

  #answer(answer: Answer): void {
    this.#onTheWay.delete(parcelText(answer.notification, answer.channel));
    const note = answer.note.slice(0, MAX_NOTE);
    this.#answers = [...this.#answers, { ...answer, note }].slice(-LIMITS.alertOutbox);
    this.answered();
  }

  /**
   * What is on its way ends with the term; how long conditions have held before this node's own eyes does
   * not. Answers of channels stay: should this node lead again, they spare a repetition.
   */
  enter(term: Term): void {
    if (term === this.#term) return;
    this.#term = term;
    this.#forgetUnseen();
    this.#given = new Set();
    this.#states = [];
    this.#told = null;
    // what nodes tell of themselves is of the time before for one sample more
    this.#nextLookAt = this.#parts.now() + this.#parts.inForce.config.monitoring.sampleIntervalMs;
  }

  /**
   * This node leads no more: what still waits for a channel is told by whoever leads next, which has it on
   * record. From here it would come once more, a begin perhaps behind its end.
   */
  leave(sink: AlertSink): void {
    if (this.#onTheWay.size === 0) return;
    sink.withdraw((notification, channel) => this.#onTheWay.has(parcelText(notification, channel)));
    this.#onTheWay.clear();
  }

  /**
   * This node does not lead: it shows no findings, but looks once a sample at rules that wait, so that their
   * `for` does not begin anew should it lead.
   */
  watch(): void {
    this.#states = [];
    const { inForce, sources, now } = this.#parts;
    const { alerts, monitoring } = inForce.config;
    const rules = alerts.filter((rule) => rule.forMs > 0);
    if (rules.length === 0 || now() < this.#nextLookAt) return;
    this.#forgetUnseen();
    const known = sources();
    if (known !== null) this.#judge(rules, known, monitoring.sampleIntervalMs);
  }

  /** Who has not looked for some samples does not know that a condition held all along. */
  #forgetUnseen(): void {
    const { inForce, now } = this.#parts;
    const mostMs = UNSEEN_SAMPLES * inForce.config.monitoring.sampleIntervalMs;
    if (now() > this.#nextLookAt + mostMs) this.#engine.reset();
  }

  /**
   * Sees that people are told of what is on record. Comes before anything that may end an incident: what a
   * former leader recorded last is told first.
   */
  async tell(cluster: () => ClusterState | null, propose: Propose, sink: AlertSink): Promise<void> {
    const isTold = cluster() === this.#told && this.#parts.now() < this.#tellAgainAt;
    if (isTold && this.#answers.length === 0) return;
    await this.#steps(this.#answerSteps(cluster()), cluster, propose);
    await this.#steps(this.#due(cluster()), cluster, propose);
    await this.#steps(deliveriesToHand(cluster()?.outbox ?? [], this.#term), cluster, propose);
    const record = cluster();
    this.#give(record, sink);
    this.#noteTold(record);
  }

  #noteTold(record: ClusterState | null): void {
    const { now, wall } = this.#parts;
    if (now() < this.#fullUntil) return;
    this.#told = record;
    const waitMs = record === null ? null : inhibitionEndsIn(record.alerts, wall());
    this.#tellAgainAt = waitMs === null ? NEVER : now() + waitMs;
  }

  /** Looks at the rules when it is time to, records what changed and tells of it. */
  async look(cluster: () => ClusterState | null, propose: Propose, sink: AlertSink): Promise<void> {
    const transitions = this.#evaluate(cluster());
    for (const alert of transitions) await propose({ kind: 'alert-transition', alert });
    if (transitions.length > 0) await this.tell(cluster, propose, sink);
  }

  /** Nothing while it is not time to look. */
  #evaluate(record: ClusterState | null): readonly AlertTransition[] {
    const { inForce, sources, now } = this.#parts;
    const begin = now();
    const known = sources();
    if (known === null || record === null || begin < this.#nextLookAt) return [];
    const { alerts, monitoring } = inForce.config;
    const facts = { ...known, cluster: record };
    const { transitions, states } = this.#judge(alerts, facts, monitoring.sampleIntervalMs / LOOKS_A_SAMPLE);
    this.#states = states;
    return transitions;
  }

  /** Looks at `rules` now; the next time after `pauseMs` at the earliest. */
  #judge(rules: readonly AlertRule[], known: ViewSources, pauseMs: Duration): Evaluation {
    const { metrics, bytesOf, now } = this.#parts;
    const begin = now();
    const evaluation = this.#engine.evaluate({
      rules,
      nodes: nodeReadings(known, bytesOf),
      readingOf: clusterReading(known, metrics()),
      records: known.cluster.alerts,
      now: begin,
    });
    this.#nextLookAt = begin + Math.max(pauseMs, (now() - begin) * REST_FACTOR);
    return evaluation;
  }

  async #steps(
    steps: readonly DeliveryStep[],
    cluster: () => ClusterState | null,
    propose: Propose,
  ): Promise<void> {
    for (let n = 0; n < steps.length; n += LIMITS.maxDeliverySteps) {
      const chunk = steps.slice(n, n + LIMITS.maxDeliverySteps);
      const { result } = await propose({ kind: 'notification-steps', steps: chunk });
      const changed = result.ok ? (result.value as { changed: number }).changed : 0;
      const isDue = chunk[0]?.state === 'due';
      // no room: in the log once, not each tick. Without a change for another reason (a former leader's step
      // was applied in between) nothing waits: an incident may be over before it was told
      const isFull = (cluster()?.outbox.length ?? 0) >= LIMITS.alertOutbox;
      if (isDue && changed === 0 && isFull) this.#fullUntil = this.#parts.now() + FULL_RETRY_MS;
    }
  }

  #answerSteps(cluster: ClusterState | null): DeliveryStep[] {
    if (cluster === null) return [];
    const open = openDeliveries(cluster.outbox);
    const told = this.#answers.flatMap(({ notification, channel, state, note }): DeliveryStep[] => {
      const { alertId, kind, key } = notification;
      const incident = key.slice(key.lastIndexOf('/') + 1);
      const ref = { alertId, incident, kind, channel };
      return open.has(refText(ref)) ? [{ ...ref, state, note }] : [];
    });
    // whatever is not open is recorded already, or was never of the record (a test)
    this.#answers = this.#answers.filter(({ notification: { alertId, kind, key }, channel }) => {
      return open.has(refText({ alertId, incident: key.slice(key.lastIndexOf('/') + 1), kind, channel }));
    });
    return told;
  }

  #due(cluster: ClusterState | null): DeliveryStep[] {
    if (cluster === null || this.#parts.now() < this.#fullUntil) return [];
    const { config } = this.#parts.inForce;
    return notificationsDue({
      ...{ alerts: cluster.alerts, outbox: cluster.outbox, silences: cluster.silences },
      channelsOf: (rule) => channelsOf(config, rule),
      now: this.#parts.wall(),
    });
  }

  /** Only what the record says was handed in this term: so nothing is on its way that nobody knows of. */
  #give(cluster: ClusterState | null, sink: AlertSink): void {
    if (cluster === null) return;
    for (const { incident, content, deliveries } of cluster.outbox) {
      for (const { channel, state, term } of deliveries) {
        const ref = refText({ alertId: content.alertId, incident, kind: content.kind, channel });
        if (state !== 'handed' || term !== this.#term || this.#given.has(ref)) continue;
        this.#given.add(ref);
        const notification = notificationOf(cluster, incident, content);
        this.#onTheWay.add(parcelText(notification, channel));
        sink.offer(notification, channel);
      }
    }
  }
}

/** A receipt or a reason in the record; the log of the node has all of it. */
const MAX_NOTE = 200;

function openDeliveries(outbox: readonly OutboxEntry[]): Set<string> {
  return new Set(
    outbox.flatMap(({ incident, content, deliveries }) =>
      deliveries
        .filter(({ state }) => state === 'due' || state === 'handed')
        .map(({ channel }) => refText({ alertId: content.alertId, incident, kind: content.kind, channel })),
    ),
  );
}
