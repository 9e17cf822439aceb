/**
 * `NodeManager`: the life of one daemon. It starts the parts in the seed's eight steps,
 * stops them in reverse, and keeps the settings that follow from the replicated record.
 * It decides nothing about the cluster: it opens, wires, waits and closes.
 */
import type { Logger, NodeId } from '../src/base/index.ts';
import { SqlccError } from '../src/base/index.ts';
import type { ClusterState, NodeLifecycle, NodeState } from '../src/cluster/index.ts';
import { nodeState } from '../src/cluster/index.ts';
import { AlertDesk } from './alert-desk.ts';
import { announce, startWords } from './announce.ts';
import { voterAsked } from './ask-voters.ts';
import { AuditLog } from './audit-log.ts';
import { AuditMark } from './audit-mark.ts';
import { checkPki, type NodePki } from './data-files.ts';
import { lockDataDir } from './data-lock.ts';
import { HealthLoop } from './health-loop.ts';
import { type IsolationWatch, watchIsolation } from './isolation-watch.ts';
import { handOver } from './last-duty.ts';
import { LeaderDuties } from './leader-duties.ts';
import { Listeners } from './listeners.ts';
import { MetricsSource } from './metrics-source.ts';
import type { NodeContext } from './node-context.ts';
import {
  advertisedHost,
  makeParts,
  type NodeOptions,
  type NodeParts,
  raftSettings,
  readSeeds,
} from './node-parts.ts';
import { giveSettings, renewalOptions } from './node-settings.ts';
import { isoTime } from './node-view.ts';
import { pkiFollower } from './pki-follow.ts';
import { SILENT_MS } from './plain-answers.ts';
import { RaftTimings } from './raft-timings.ts';
import { Renewal, renewIfDue } from './renewal.ts';
import { type Startable, type StepTime, seedStep, startAll, stopAll } from './startable.ts';
import { toldReadings } from './told.ts';
import { Succession, twinConflict } from './twin.ts';
import { VERSION } from './version.ts';

/** How long a start waits for what others must give before it goes on without. */
const DISCOVER_MS = 1000;
const SYNC_MS = 3000;
const PART_STOP_MS = 1500;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** What runs in one life of the node; null before and after. */
interface Life {
  readonly parts: NodeParts;
  readonly health: HealthLoop;
  readonly alerts: AlertDesk;
  readonly duties: LeaderDuties;
  readonly listeners: Listeners;
  readonly renewal: Renewal;
  readonly watch: IsolationWatch;
}

export class NodeManager {
  readonly #options: NodeOptions;
  readonly #auditLog: AuditLog;
  readonly #logger: Logger;
  readonly #abort = new AbortController();
  readonly #failed: Promise<SqlccError>;
  #fail: (error: SqlccError) => void = () => {};
  readonly #succession = new Succession();
  #lifecycle: NodeLifecycle = 'stopped';
  #life: Life | null = null;
  /** What was started, to be stopped in reverse. */
  #startables: readonly Startable[] = [];
  #starting: Promise<void> = Promise.resolve();
  #unlock: (() => void) | null = null;
  #timings: RaftTimings | null = null;

  constructor(options: NodeOptions) {
    this.#options = options;
    this.#logger = options.logger;
    this.#auditLog = new AuditLog(options.logger, new AuditMark(options.dataDir));
    this.#failed = new Promise((resolve) => {
      this.#fail = resolve;
    });
  }

  /**
   * Starts in the seed's eight steps; rejects with the step's name when one fails, having stopped the
   * others. A `stop` meanwhile calls it off: it resolves, and what was started is the stop's.
   */
  start(): Promise<void> {
    this.#starting = this.#start();
    return this.#starting;
  }

  async #start(): Promise<void> {
    this.#lifecycle = 'starting';
    const parts = this.#steps();
    const { signal } = this.#abort;
    try {
      const onStep = (step: StepTime, n: number): void =>
        this.#logger.log('info', 'start-step', { step: n, name: step.name, ms: step.ms });
      const steps = await startAll(parts, onStep, signal);
      this.#startables = parts.slice(0, steps.length);
      if (signal.aborted) return;
      this.#lifecycle = 'running';
      this.#logger.log('info', 'ready', { node: this.#options.identity.nodeId, version: VERSION });
      this.#announce(steps);
    } catch (error) {
      this.#lifecycle = 'stopped';
      throw error;
    }
  }

  /**
   * Hands leadership over, says goodbye, lets requests end, closes everything in reverse order. While the
   * node starts it waits for the step under way and begins no other.
   */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#starting.catch(() => {}); // it has told whoever called it
    this.#lifecycle = 'draining';
    const consensus = this.#life?.parts.consensus;
    if (consensus !== undefined && consensus.status !== null) {
      this.leave();
      await handOver(consensus, this.#logger);
    }
    this.#lifecycle = 'stopping';
    const late = await stopAll(this.#startables, PART_STOP_MS);
    if (late.length > 0) this.#logger.log('warn', 'stopped-late', { parts: late.join(', ') });
    this.#lifecycle = 'stopped';
    this.#logger.log('info', 'stopped', { node: this.#options.identity.nodeId });
  }

  /**
   * Takes other nodes' addresses and goes looking for them: what `node join` brought, or what an operator
   * names.
   */
  join(seeds: readonly { readonly nodeId: string; readonly host: string; readonly port: number }[]): void {
    this.#need().parts.gossip.setSeeds(seeds);
  }

  /** Tells the others that this node leaves on purpose; the operation remove-node takes its vote away. */
  leave(): void {
    this.#need().parts.gossip.leave();
  }

  /** The seed's six states, and the two answers that they are made of. */
  status(): { readonly lifecycle: NodeLifecycle; readonly state: NodeState } {
    const role = this.#life?.parts.consensus.status?.role ?? 'follower';
    return { lifecycle: this.#lifecycle, state: nodeState(this.#lifecycle, role) };
  }

  /** Takes the configuration of the record over; what can change while running changes at once. */
  update(cluster: ClusterState): void {
    const { live, inForce } = this.#need().parts;
    const changes = live.follow(cluster);
    if (changes.length > 0) this.#logger.log('info', 'config-in-force', { version: inForce.version });
  }

  get nodeId(): NodeId {
    return this.#options.identity.nodeId;
  }

  /** False while the consensus thread has been silent for long; a stall of this thread shows by itself. */
  isResponsive(): boolean {
    const age = this.#life?.parts.consensus.statusAgeMs;
    return age !== undefined && age < SILENT_MS;
  }

  /** Resolves when this node must not go on, e.g. because another disk holds its id. */
  whenFailed(): Promise<SqlccError> {
    return this.#failed;
  }

  #need(): Life {
    if (this.#life === null) throw new SqlccError('unavailable', 'the node is not running');
    return this.#life;
  }

  /** The seed's eight steps; each names what it starts and how that is stopped. */
  #steps(): Startable[] {
    return [
      seedStep(
        1,
        () => this.#open(),
        () => this.#close(),
      ),
      seedStep(
        2,
        () => this.#need().listeners.start(),
        async () => this.#life?.listeners.stop(),
      ),
      seedStep(
        3,
        () => this.#meet(),
        async () => this.#life?.parts.gossip.stop(),
      ),
      seedStep(4, async () => this.#connectSeeds()),
      seedStep(5, () => this.#discover()),
      seedStep(
        6,
        () => this.#joinRaft(),
        () => this.#leaveRaft(),
      ),
      seedStep(7, () => this.#sync()),
      seedStep(
        8,
        () => this.#watch(),
        () => this.#unwatch(),
      ),
    ];
  }

  async #open(): Promise<void> {
    this.#unlock = lockDataDir(this.#options.dataDir);
    checkPki(this.#options.dataDir);
    const renewing = renewalOptions(this.#options);
    await renewIfDue(renewing, Date.now());
    const parts = await makeParts(this.#options);
    const { consensus, state, reads, logger } = { ...parts, logger: this.#logger };
    const { nodeId, dataDir } = parts.facts;
    const renew = () => renewal.now();
    const listeners = new Listeners(parts, () => context);
    const health: HealthLoop = new HealthLoop({
      ...{ parts, connections: () => listeners.connections },
      ...{ readings: () => toldReadings(metrics.values()), told: () => alerts.teller.told },
    });
    const metrics = new MetricsSource(parts, health);
    health.onTick(() => metrics.observe());
    parts.live.listen(() => {
      health.follow();
      alerts.sink.reconfigure(parts.inForce.config.notifiers);
    });
    const ownFacts = () => health.ownFacts();
    const bytesOf = (entries: number | null) => health.bytesOf(entries);
    const alerts = new AlertDesk({
      ...{ parts, logger, metrics: () => metrics.values(), publish: () => health.publish() },
      ...{ bytesOf, ownFacts },
      ended: (channel, result) => metrics.notified(channel, result),
    });
    const duties = new LeaderDuties({ ...parts, nodeId, logger, alerts, ownFacts, bytesOf });
    const context: NodeContext = {
      ...parts,
      get config() {
        return parts.inForce.config;
      },
      logger: this.#logger,
      logThreshold: this.#options.logThreshold,
      logTail: this.#options.logTail,
      version: VERSION,
      sample: () => health.sample,
      healths: () => health.getAllNodeHealths(),
      checkNow: () => health.checkNow(),
      metrics: () => metrics.answer(),
      exposition: (format) => metrics.exposition(format),
      lag: () => health.lag(),
      pokeDuties: () => duties.poke(),
      renewNow: renew,
      ...{ ownFacts, alerts, bytesOf },
      isReady: () => this.#isReady(),
    };
    parts.events.elected = (event, leaderlessMs) => duties.onElected(event, leaderlessMs);
    parts.events.handingOver = (cause) => duties.onHandingOver(cause);
    const asking = { nodeId, http: parts.http, state };
    const renewed = (pki: NodePki): void => {
      listeners.reload(pki);
      parts.gossip.reloadCertificates();
      parts.consensus.reloadCertificates();
      parts.http.reload({ ca: pki.caCert, cert: pki.nodeCert, key: pki.nodeKey });
      metrics.renewed(pki);
    };
    const followPki = pkiFollower({ ...asking, consensus, reads, dataDir, logger, renewed, renew });
    parts.events.clusterChanged = () => {
      this.#followRecord(parts);
      followPki();
    };
    const renewal = new Renewal({ ...renewing, askVoter: voterAsked(asking) }, renewed);
    const watch = watchIsolation(parts, { logger, askWhetherKnown: () => this.#announce([]) });
    this.#life = { parts, health, alerts, duties, listeners, renewal, watch };
  }

  async #close(): Promise<void> {
    const life = this.#life;
    this.#life = null;
    if (life !== null) {
      const { parts } = life;
      parts.threads.expectEnd();
      await parts.readers.stop();
      parts.reader.close();
      parts.denialChain.close();
      parts.availability.close();
      await Promise.race([parts.state.stop(), sleep(PART_STOP_MS)]);
      await parts.threads.end();
      await parts.http.close();
    }
    await this.#auditLog.settled();
    this.#unlock?.();
    this.#unlock = null;
  }

  /** Speaks to nobody while another process speaks in this node's name. */
  async #meet(): Promise<void> {
    const { parts } = this.#need();
    const { facts, bootCounter, startedAt, inForce, http, state } = parts;
    const host = advertisedHost(inForce.config);
    const claimant = {
      ...{ nodeId: facts.nodeId, bootCounter, startedAt: isoTime(startedAt) },
      ...{ host, port: inForce.config.network.port },
    };
    const conflict = await twinConflict(http, claimant, state.cluster?.nodes[facts.nodeId]);
    if (conflict !== null) throw conflict;
    await parts.gossip.start();
  }

  #connectSeeds(): void {
    const { parts } = this.#need();
    const known = Object.values(parts.state.cluster?.nodes ?? {}).filter(
      (n) => n.nodeId !== parts.facts.nodeId,
    );
    this.join(known.length > 0 ? known : readSeeds(this.#options.dataDir));
  }

  /** Waits for a first word of anybody; a node that is alone, or first up, goes on after a while. */
  async #discover(): Promise<void> {
    const { parts } = this.#need();
    const deadline = performance.now() + DISCOVER_MS;
    const others = (): boolean =>
      [...parts.gossip.members().values()].some(
        (m) => m.nodeId !== parts.facts.nodeId && m.silenceMs !== null,
      );
    const expected =
      Object.keys(parts.state.cluster?.nodes ?? {}).length > 1 || readSeeds(this.#options.dataDir).length > 0;
    while (expected && !others() && performance.now() < deadline && !this.#abort.signal.aborted)
      await sleep(10);
  }

  async #joinRaft(): Promise<void> {
    const { parts, duties, health } = this.#need();
    const { dataDir } = parts.options;
    const { config } = parts.inForce;
    const settings = raftSettings(config, [], []);
    const worker = parts.threads.startConsensus({
      facts: parts.facts,
      host: config.network.host,
      peerPort: config.network.peerPort,
      settings,
      snapshotThreshold: config.raft.logCompactionThreshold,
      appliedIndex: parts.state.appliedIndex,
      knownPeers: readSeeds(dataDir).map((s) => ({ nodeId: s.nodeId, address: `${s.host}:${s.peerPort}` })),
    });
    await parts.consensus.whenReady(worker);
    this.#timings = new RaftTimings(settings, {
      settings: (wanted) => parts.consensus.settings(wanted),
      after: (ms, fn) => {
        const timer = setTimeout(fn, ms);
        return () => clearTimeout(timer);
      },
    });
    health.onTick(() => giveSettings(parts, this.#timings));
    this.#followRecord(parts);
    duties.start();
  }

  async #leaveRaft(): Promise<void> {
    const life = this.#life;
    if (life === null) return;
    life.duties.stop();
    this.#timings?.stop();
    life.parts.threads.expectEnd();
    await life.parts.consensus.stop();
  }

  /**
   * Waits until this node knows the cluster and a leader, and has applied what was committed then. Without a
   * majority it goes on and says so.
   */
  async #sync(): Promise<void> {
    const { parts } = this.#need();
    const deadline = performance.now() + SYNC_MS;
    let target: number | null = null;
    while (performance.now() < deadline) {
      if (this.#abort.signal.aborted) return;
      const status = parts.consensus.status;
      if (status !== null && status.leaderId !== null && parts.state.cluster !== null) {
        target ??= status.commitIndex;
        if (parts.state.appliedIndex >= target) return;
      }
      await sleep(5);
    }
    this.#logger.log('warn', 'start-without-quorum', { applied: parts.state.appliedIndex });
  }

  async #watch(): Promise<void> {
    const { health, alerts, renewal, watch } = this.#need();
    watch.start();
    health.start();
    alerts.start();
    renewal.start();
  }

  async #unwatch(): Promise<void> {
    this.#life?.renewal.stop();
    this.#life?.watch.stop();
    await this.#life?.alerts.stop();
    await this.#life?.health.stop();
  }

  #isReady(): boolean {
    const parts = this.#life?.parts;
    if (this.#lifecycle !== 'running' || parts === undefined) return false;
    return parts.state.cluster !== null && (parts.consensus.status?.leaderId ?? null) !== null;
  }

  /** Who may vote and who is to be spared follows from the record; gossip learns who there is. */
  #followRecord(parts: NodeParts): void {
    const { cluster } = parts.state;
    if (cluster === null || this.#life === null) return;
    const { facts, bootCounter } = parts;
    const superseded = this.#succession.look(cluster.nodes[facts.nodeId], { ...facts, bootCounter });
    if (superseded !== null) this.#fail(superseded);
    const others = Object.values(cluster.nodes).filter((n) => n.nodeId !== facts.nodeId);
    parts.gossip.knownNodes(others);
    parts.trial.follow(cluster, performance.now());
    this.#auditLog.follow(cluster);
    this.update(cluster);
    // before the consensus thread runs there is nobody to tell: it starts with what is in force then
    giveSettings(parts, this.#timings);
    parts.live.acknowledge();
  }

  #announce(steps: readonly StepTime[]): void {
    const { parts } = this.#need();
    const { nodeId } = parts.facts;
    const { consensus, reads, http } = parts;
    const told = { nodeId, consensus, reads, http, logger: this.#logger };
    announce(told, startWords(parts, steps), this.#abort.signal).catch((error) => {
      this.#logger.log('error', 'refused-by-cluster', { error: (error as Error).message });
      this.#fail(error as SqlccError);
    });
  }
}
