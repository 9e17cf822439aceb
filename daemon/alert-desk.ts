/**
 * Alerts of one node: the leader's duty, the teller for the time without a leader, and the sink that carries
 * what either says. Wiring and one timer; what is due is decided elsewhere.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { AlertAction, Notification } from '../src/alerts/index.ts';
import type { Logger, NodeId } from '../src/base/index.ts';
import { AlertDuty } from './alert-duty.ts';
import type { SinkListener } from './alert-sink.ts';
import { beats } from './beats.ts';
import { LeaderlessTeller } from './leaderless-teller.ts';
import type { NodeParts } from './node-parts.ts';
import type { MemberFacts, ViewSources } from './node-view.ts';
import { Courier } from './notifiers/courier.ts';
import { Standstill } from './standstill.ts';
import type { ToldIncident } from './told.ts';
import { ToldFile } from './told-file.ts';

const LOOK_MS = 200;
/** Behind a standstill: so long it is asked who leads before nobody seems to. */
const CONFIRM_MS = 2000;

/** What became of a notification on one channel. */
export interface Told {
  readonly channel: AlertAction;
  readonly state: 'delivered' | 'dead' | 'pending';
  readonly note: string;
}

export interface AlertDeskOptions {
  readonly parts: NodeParts;
  readonly metrics: () => Readonly<Record<string, number>>;
  readonly bytesOf: (entries: number | null) => number | null;
  readonly ownFacts: () => MemberFacts;
  /** Gives this node's word to gossip at once. */
  readonly publish: () => void;
  /** Hears of every notification that came to its end on a channel. */
  readonly ended: (channel: AlertAction, result: 'delivered' | 'dead') => void;
  readonly logger: Logger;
}

/** `<cluster>/<alert>/<incident>` */
function incidentOf(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1);
}

export class AlertDesk implements SinkListener {
  readonly duty: AlertDuty;
  readonly sink: Courier;
  readonly teller: LeaderlessTeller;
  readonly #options: AlertDeskOptions;
  readonly #toldFile: ToldFile;
  readonly #standstill: Standstill;
  /** Whoever waits for what becomes of one notification, by key and channel. */
  readonly #waiting = new Map<string, (told: Told) => void>();
  #stopLooking = (): void => {};

  constructor(options: AlertDeskOptions) {
    const { parts, metrics, bytesOf, logger } = options;
    this.#options = options;
    this.#toldFile = new ToldFile(parts.facts.dataDir);
    this.teller = new LeaderlessTeller(this.#toldFile);
    const { inForce } = parts;
    this.duty = new AlertDuty({
      ...{ inForce, sources: () => this.sources(), metrics, bytesOf },
      now: () => performance.now(),
      // a clock that is ahead ends no aftermath of a time without a leader before its time
      wall: () => parts.gossip.clocks.sharedTime(Date.now(), performance.now()),
    });
    this.#standstill = new Standstill({
      now: () => performance.now(),
      confirm: () => this.#confirm(),
      goOn: () => {
        this.#look();
        this.sink.goOn();
      },
    });
    const mayBegin = () => this.#standstill.mayBegin;
    this.sink = new Courier({ config: inForce.config.notifiers, listener: this, logger, mayBegin });
  }

  start(): void {
    this.#stopLooking = beats.every(LOOK_MS, () => this.#look());
  }

  async stop(): Promise<void> {
    this.#stopLooking();
    this.#standstill.stop();
    await this.sink.stop();
    await this.#toldFile.settled();
  }

  /** Incidents that were told of while nobody led, by this node or another. */
  told(): ToldIncident[] {
    const members = [...this.#options.parts.gossip.members().values()];
    return [this.teller.told, ...members.map((m) => m.digest?.told ?? null)].filter((one) => one !== null);
  }

  /** All that this node knows now; null while it knows nothing. */
  sources(): ViewSources | null {
    const { parts, ownFacts } = this.#options;
    const { cluster } = parts.state;
    const raft = parts.consensus.status;
    if (cluster === null || raft === null) return null;
    const { nodeId } = parts.facts;
    const members = new Map<NodeId, MemberFacts>(parts.gossip.members());
    members.set(nodeId, ownFacts());
    const { config } = parts.inForce;
    const { leaderlessMs } = parts.events;
    const { minReplicas } = config.replication;
    return {
      nodeId,
      cluster,
      raft,
      members,
      minReplicas,
      membershipPolicy: config.membership,
      leaderlessMs,
      rules: config.alerts,
      now: Date.now(),
    };
  }

  delivered(notification: Notification, channel: AlertAction, receipt: string): void {
    this.duty.delivered(notification, channel, receipt);
    this.#options.ended(channel, 'delivered');
    const { alertId, kind, key } = notification;
    if (alertId === 'LeaderDown' && kind === 'firing' && this.teller.delivered(incidentOf(key), channel))
      this.#options.publish();
    this.#waiting.get(`${key} ${channel}`)?.({ channel, state: 'delivered', note: receipt });
  }

  dead(notification: Notification, channel: AlertAction, reason: string): void {
    this.duty.dead(notification, channel, reason);
    this.#options.ended(channel, 'dead');
    const { alertId, key } = notification;
    if (alertId === 'LeaderDown') this.teller.dead(incidentOf(key));
    this.#waiting.get(`${key} ${channel}`)?.({ channel, state: 'dead', note: reason });
  }

  /** Offers one notification that is on no record and waits for what becomes of it. */
  async tell(notification: Notification, channel: AlertAction, timeoutMs: number): Promise<Told> {
    const name = `${notification.key} ${channel}`;
    const began = Date.now();
    const told = new Promise<Told>((resolve) => {
      const wait = `no answer yet after ${Math.round(timeoutMs)} ms`;
      const timer = setTimeout(() => {
        const { lastError = null, lastErrorAt } = this.sink.status().find((r) => r.channel === channel) ?? {};
        const why =
          lastError !== null && (lastErrorAt ?? 0) >= began ? `, the last attempt: ${lastError}` : '';
        resolve({ channel, state: 'pending', note: `${wait}${why}; it is tried further` });
      }, timeoutMs);
      this.#waiting.set(name, (result) => {
        clearTimeout(timer);
        resolve(result);
      });
    });
    this.sink.offer(notification, channel);
    return told.finally(() => this.#waiting.delete(name));
  }

  /** A barrier that resolves went through whoever leads, and its news came before. */
  async #confirm(): Promise<boolean> {
    const { consensus } = this.#options.parts;
    try {
      await consensus.readBarrier(CONFIRM_MS);
      return true;
    } catch {
      // a refusal may come at once
      await sleep(LOOK_MS, undefined, { ref: false });
      return consensus.status?.role !== 'leader';
    }
  }

  #look(): void {
    this.#standstill.look();
    const { parts, publish } = this.#options;
    const { status } = parts.consensus;
    if (status?.role !== 'leader') {
      this.duty.leave(this.sink);
      this.duty.watch();
    }
    // five times a second and nearly always in vain: all that is known is put together only when it counts
    if (status !== null && status.leaderId !== null && this.teller.isIdle) return;
    const sources = this.sources();
    if (sources === null) return;
    const { nodeId: self, cluster, members, leaderlessMs, raft, now } = sources;
    const { config } = parts.inForce;
    const sharedTime = parts.gossip.clocks.sharedTime(now, performance.now());
    const who = { self, cluster, leaderId: raft.leaderId, leaderlessMs, members };
    const facts = { ...who, config, now, sharedTime };
    if (this.teller.look(facts, this.sink)) publish();
  }
}
