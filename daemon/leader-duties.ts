/**
 * What runs only while this node leads: it makes the replicated record follow what is
 * the case (who leads, who is dead, whose maintenance ran out, who belongs into the
 * Raft group) and goes on with operations that a former leader left. One small step at
 * a time, each a command in the log; a step that fails is tried again at the next tick.
 */
import type { Duration, Instant, Logger, NodeId, Term, Timestamp } from '../src/base/index.ts';
import { LIMITS, SqlccError, unreachable } from '../src/base/index.ts';
import type { CandidateRow, ClusterCommand, ClusterState, Operation } from '../src/cluster/index.ts';
import { planFailover, planSwitchover, replacementDue } from '../src/cluster/index.ts';
import type { DistributedConfig } from '../src/config/index.ts';
import type { RaftStatus } from '../src/raft/index.ts';
import type { HttpClient } from '../src/rpc/index.ts';
import type { AlertDesk } from './alert-desk.ts';
import { beats } from './beats.ts';
import type { ConfigTrial } from './config-trial.ts';
import type { ConsensusLink } from './consensus-link.ts';
import { alertTransitions, type Leadership } from './current-alerts.ts';
import { shortId } from './data-dir.ts';
import {
  drainsDue,
  livenessDue,
  maintenanceDue,
  pauseDue,
  revertCommand,
  silencesDue,
} from './due-commands.ts';
import { standingRows, type WonElection } from './election-watch.ts';
import { FullDisk, freeBytes } from './full-disk.ts';
import type { GossipDriver } from './gossip-driver.ts';
import { HandOverReporter } from './hand-over-report.ts';
import { toldDue } from './leaderless-teller.ts';
import { nextMemberStep } from './member-step.ts';
import type { NodeEvents } from './node-events.ts';
import type { MemberFacts } from './node-view.ts';
import { givingUp, isRefusal, OperationRefusals } from './operation-refusals.ts';
import { nextStep } from './operation-steps.ts';
import { PhaseClock } from './phase-clock.ts';
import { candidatesNow, type LagScale, planFacts } from './plan-facts.ts';
import type { AppliedResult } from './protocol.ts';
import type { Reads } from './reads.ts';
import { replacementCommand, replacementFacts } from './replacement-duty.ts';
import { encodeCommand } from './requests.ts';
import { scheduleStep } from './schedule-step.ts';
import { knowsTime } from './shared-time.ts';
import type { StateLink } from './state-link.ts';

const TICK_MS = 100;
const PROPOSE_TIMEOUT_MS = 2000;
const TRANSFER_TIMEOUT_MS = 3000;
/** Steps of operations that one tick may take; each one changes the record or ends the tick. */
const STEPS_A_TICK = 8;
const ACTOR = 'system';

export interface DutyParts {
  readonly nodeId: NodeId;
  readonly consensus: ConsensusLink;
  readonly state: StateLink;
  readonly gossip: GossipDriver;
  readonly inForce: DistributedConfig;
  readonly alerts: Pick<AlertDesk, 'duty' | 'sink' | 'told' | 'sources'>;
  readonly logger: Logger;
  readonly events: Pick<NodeEvents, 'onStepRefused'>;
  /** This node as it sees itself. */
  readonly ownFacts: () => MemberFacts;
  readonly trial: ConfigTrial;
  readonly reads: Reads;
  readonly http: HttpClient;
  readonly bytesOf: (entries: number | null) => number | null;
}

export class LeaderDuties {
  readonly #parts: DutyParts;
  readonly #reporter: HandOverReporter;
  readonly #disk = new FullDisk();
  readonly #refusals = new OperationRefusals();
  readonly #phase = new PhaseClock();
  /** Nobody knows what became of the last change of the group. */
  #isUnsure = false;
  #stopTicking = (): void => {};
  #elected: (WonElection & { readonly leaderlessMs: Duration }) | null = null;
  #announced: Term = 0;
  #leads: Term = 0;
  #leadsSince: Instant = 0;
  #busy = false;
  #isPoked = false;
  #stopped = false;

  constructor(parts: DutyParts) {
    this.#parts = parts;
    parts.alerts.duty.answered = () => this.poke();
    this.#reporter = new HandOverReporter({ ...parts, candidates: () => this.#candidates() });
  }

  start(): void {
    this.#stopTicking = beats.every(TICK_MS, () => void this.#tick());
  }

  stop(): void {
    this.#stopped = true;
    this.#stopTicking();
  }

  /** This node won an election: the first duty is to say so. */
  onElected(event: WonElection, leaderlessMs: Duration): void {
    this.#elected = { ...event, leaderlessMs };
    this.poke();
  }

  /** This node begins to give leadership away by itself: whoever leads next is told why. */
  onHandingOver(cause: string): void {
    this.#reporter.begun(cause);
  }

  /** Something is due: look now instead of at the next tick. */
  poke(): void {
    this.#isPoked = true;
    setImmediate(() => void this.#tick());
  }

  async #tick(): Promise<void> {
    const status = this.#parts.consensus.status;
    if (this.#busy || this.#stopped || status?.role !== 'leader') return;
    this.#busy = true;
    this.#isPoked = false;
    try {
      if (this.#leads !== status.term) this.#leadsSince = performance.now();
      this.#leads = status.term;
      this.#parts.alerts.duty.enter(status.term);
      // before all that is written: a full disk takes none of it
      await this.#attempt(() => this.#leaveFullDisk());
      await this.#announce(status);
      await this.#tell('tell');
      const cluster = this.#parts.state.cluster;
      if (cluster === null) return;
      for (const command of this.#due(cluster)) await this.#propose(command);
      // a change of the membership that fails again and again keeps no alert from being seen, nor the reverse
      await this.#attempt(() => this.#schedule());
      await this.#attempt(() => this.#operations());
      await this.#attempt(() => this.#membership());
      await this.#attempt(() => this.#tell('look'));
    } catch (error) {
      this.#report(error);
    } finally {
      this.#busy = false;
      if (this.#isPoked) this.poke();
    }
  }

  async #attempt(duty: () => Promise<void>): Promise<void> {
    await duty().catch((error: unknown) => this.#report(error));
  }

  #report(error: unknown): void {
    this.#parts.logger.log('debug', 'duty-failed', { error: (error as Error).message });
  }

  #scale(): LagScale {
    const { inForce, bytesOf } = this.#parts;
    return { replicaLagThresholdBytes: inForce.config.replication.replicaLagThresholdBytes, bytesOf };
  }

  #candidates(): readonly CandidateRow[] {
    const sources = this.#parts.alerts.sources();
    return sources === null ? [] : candidatesNow({ ...sources, now: this.#sharedTime() }, this.#scale());
  }

  #sharedTime(): Timestamp {
    return this.#parts.gossip.clocks.sharedTime(Date.now(), performance.now());
  }

  /** A scheduled operation whose time has come begins here, or is skipped. */
  async #schedule(): Promise<void> {
    const { state, alerts } = this.#parts;
    if (state.cluster === null) return;
    const now = Date.now();
    const command = scheduleStep(state.cluster, {
      ...{ now, newId: shortId },
      planOf: ({ kind, to, expectLeader }) => {
        const sources = alerts.sources();
        if (sources === null) return null;
        const plan = kind === 'failover' ? planFailover : planSwitchover;
        const wish = { to, expectTerm: null, expectLeader };
        return plan(sources.cluster, planFacts(sources, this.#scale()), wish, this.#sharedTime());
      },
    });
    if (command !== null) await this.#propose(command);
  }

  /** Takes the running operation forward, step by step, as long as each step changes the record. */
  async #operations(): Promise<void> {
    const { consensus, state } = this.#parts;
    // a change whose outcome is unknown may still wait before the consensus thread: a read goes behind it,
    // so that the status is one of after it
    if (this.#isUnsure) await consensus.readBarrier(PROPOSE_TIMEOUT_MS);
    this.#isUnsure = false;
    for (let n = 0; n < STEPS_A_TICK; n++) {
      const operation = state.cluster?.operations.find((o) => o.state === 'running');
      const status = consensus.status;
      if (operation === undefined || state.cluster === null || status?.role !== 'leader') return;
      const { id, phase } = operation;
      const inPhaseMs = this.#phase.inPhaseMs({ id, phase, term: status.term }, performance.now());
      const step = nextStep(operation, state.cluster, status, inPhaseMs);
      if (step.kind !== 'change-members') this.#refusals.broken();
      switch (step.kind) {
        case 'wait':
          return;
        case 'propose': {
          const { result } = await this.#propose(step.command);
          if (result.ok) break;
          // a step that the record refuses will be refused again: the operation ends with that reason
          await this.#fail(operation, result.message);
          break;
        }
        case 'change-members': {
          const expected = status.membershipIndex;
          const change = consensus.changeMembership(step.change, expected, PROPOSE_TIMEOUT_MS);
          const error = await change.then(
            () => null,
            (thrown: Error) => thrown,
          );
          if (error !== null && isRefusal(error)) {
            return this.#refused(operation, status.term, error.message);
          }
          this.#refusals.broken();
          if (error === null) break;
          this.#isUnsure = true;
          throw error;
        }
        case 'transfer': {
          const outcome = await consensus.transfer(step.to, TRANSFER_TIMEOUT_MS);
          this.#parts.logger.log('info', 'transfer', {
            to: step.to ?? 'best',
            ok: outcome.ok,
            reason: outcome.reason,
          });
          if (outcome.ok || consensus.status?.role !== 'leader') return;
          await this.#fail(operation, `leadership was not handed over: ${outcome.reason}`);
          break;
        }
        default:
          return unreachable(step);
      }
    }
  }

  /** A refused change of the group is tried again at the next tick, for a while. */
  async #refused(operation: Operation, term: Term, reason: string): Promise<void> {
    const { events, state, consensus } = this.#parts;
    const { id, phase } = operation;
    const { isNew, isOver } = this.#refusals.refused({ id, phase, term }, reason, performance.now());
    if (isNew) events.onStepRefused(operation, reason);
    const result = `refused and tried again: ${reason}`;
    const said = operation.phases.at(-1)?.result ?? null;
    // every node shows it then; a first word that got lost is said again
    if (said === null || (isNew && said !== result))
      await this.#propose({ kind: 'operation-phase', id, phase, result });
    const raft = consensus.status;
    if (!isOver || state.cluster === null || raft === null) return;
    const ending = givingUp(operation, { cluster: state.cluster, raft }, reason);
    for (const command of ending) await this.#propose(command);
    if (ending.length > 0) this.#refusals.broken();
  }

  async #leaveFullDisk(): Promise<void> {
    const { consensus, gossip, ownFacts, logger } = this.#parts;
    const elsewhere = this.#disk.observe({
      ownFreeBytes: () => freeBytes(ownFacts().digest),
      others: () => this.#candidates(),
      freeBytesOf: (nodeId) => freeBytes(gossip.member(nodeId)?.digest),
      now: performance.now(),
    });
    if (elsewhere === null) return;
    logger.log('info', 'hand-over', { kind: 'offer', ...elsewhere });
    this.onHandingOver(elsewhere.cause);
    await consensus.transfer(elsewhere.to, TRANSFER_TIMEOUT_MS);
  }

  #fail(operation: Operation, error: string): Promise<AppliedResult> {
    return this.#propose({ kind: 'operation-end', id: operation.id, state: 'failed', error });
  }

  async #announce(status: RaftStatus): Promise<void> {
    const won = this.#elected;
    if (won === null || won.term !== status.term || this.#announced === won.term) return;
    // first, while the record still knows the leader that was lost: the incident is named after its term
    await this.#recordPause(won.leaderlessMs);
    await this.#propose({
      kind: 'leader-started',
      nodeId: this.#parts.nodeId,
      term: won.term,
      cause: won.campaign,
      silenceMs: won.silenceMs === null ? null : Math.round(won.silenceMs * 10) / 10,
      electionMs: Math.round(won.electionMs * 10) / 10,
      votes: won.votes,
      why: won.standing.why,
      candidates: standingRows(won.standing, this.#candidates(), this.#parts.nodeId),
    });
    // only now: an announcement that got lost is made again
    this.#announced = won.term;
  }

  /** While nobody led nothing could be recorded: an alert of that time is, now, before it is resolved. */
  async #recordPause(leaderlessMs: Duration): Promise<void> {
    const { state, inForce } = this.#parts;
    for (const command of this.#toldDue()) await this.#propose(command);
    if (state.cluster === null) return;
    const leadership = { leaderId: null, leaderlessMs, rules: inForce.config.alerts };
    for (const command of this.#alertsDue(state.cluster, leadership)) await this.#propose(command);
  }

  /** What another node told of while nobody led; its word may come later than the election. */
  #toldDue(): ClusterCommand[] {
    const { alerts, state, inForce } = this.#parts;
    const by = { rules: inForce.config.alerts, now: this.#sharedTime() };
    return state.cluster === null ? [] : toldDue(state.cluster, alerts.told(), by);
  }

  async #tell(what: 'tell' | 'look'): Promise<void> {
    const { alerts, state } = this.#parts;
    await alerts.duty[what](
      () => state.cluster,
      (command) => this.#propose(command),
      alerts.sink,
    );
  }

  /** Commands that bring the record in line with the facts, in the order in which they matter. */
  #due(cluster: ClusterState): ClusterCommand[] {
    const rules = this.#parts.inForce.config.alerts;
    return [
      ...livenessDue(cluster, this.#parts.nodeId, (nodeId) => this.#parts.gossip.member(nodeId)),
      ...this.#endsDue(cluster),
      ...this.#trialDue(cluster),
      ...this.#replacementDue(cluster),
      ...this.#toldDue(),
      ...this.#alertsDue(cluster, {
        leaderId: this.#parts.nodeId,
        leaderlessMs: 0,
        rules,
      }),
    ];
  }

  /** What ends by itself; nothing while too few clocks were compared with this one. */
  #endsDue(cluster: ClusterState): ClusterCommand[] {
    const { consensus, gossip, nodeId } = this.#parts;
    const { voters } = consensus.status?.membership ?? { voters: [] };
    const others = voters.map((v) => v.nodeId).filter((id) => id !== nodeId);
    const instant = performance.now();
    const known = gossip.clocks.aheadMs(instant, others).length;
    if (!knowsTime(voters.length, known, instant - this.#leadsSince)) return [];
    const now = gossip.clocks.sharedTime(Date.now(), instant, others);
    return [
      ...maintenanceDue(cluster, now),
      ...pauseDue(cluster, now),
      ...drainsDue(cluster, now),
      ...silencesDue(cluster, now),
    ];
  }

  /** The policy of the configuration about voters that stay dead. */
  #replacementDue(cluster: ClusterState): ClusterCommand[] {
    const { nodeId, consensus, gossip, ownFacts, inForce } = this.#parts;
    const policy = inForce.config.membership;
    const raft = consensus.status;
    if (policy.replaceDeadVoterAfterMs === 0 || raft === null) return [];
    const memberOf = (id: NodeId) => (id === nodeId ? ownFacts() : gossip.member(id));
    const verdict = replacementDue(cluster, policy, replacementFacts({ raft, memberOf }), this.#sharedTime());
    return replacementCommand(verdict, { cluster, policy, id: shortId() });
  }

  /** A configuration on trial that was not confirmed in time, or that the cluster does not bear. */
  #trialDue(cluster: ClusterState): ClusterCommand[] {
    const { nodeId, consensus, gossip, inForce, ownFacts, trial } = this.#parts;
    const cause = trial.due(cluster, {
      now: performance.now(),
      memberOf: (id) => (id === nodeId ? ownFacts() : gossip.member(id)),
      elected: this.#elected,
      electionTimeoutMs: consensus.status?.electionTimeoutMs ?? 0,
      voters: (consensus.status?.membership.voters ?? []).map((v) => v.nodeId),
      minReplicas: inForce.config.replication.minReplicas,
    });
    return cause === null ? [] : [revertCommand(cluster, nodeId, cause)].filter((c) => c !== null);
  }

  /** Differences between the alerts of the record and what the fixed rules say. */
  #alertsDue(cluster: ClusterState, leadership: Leadership): ClusterCommand[] {
    return alertTransitions(cluster, leadership).map((alert) => ({ kind: 'alert-transition', alert }));
  }

  /** Looks at what is true now: the steps before may have changed the record and the group. */
  async #membership(): Promise<void> {
    const { consensus, state } = this.#parts;
    const { cluster } = state;
    const { status } = consensus;
    if (cluster === null || status?.role !== 'leader' || !status.membershipCommitted) return;
    const change = nextMemberStep(cluster, status);
    if (change === null) return;
    await consensus.changeMembership(change, status.membershipIndex, PROPOSE_TIMEOUT_MS);
  }

  /** What the cluster does by itself is little: it goes on when callers may not write, for a while. */
  async #propose(command: ClusterCommand): Promise<AppliedResult> {
    const free = freeBytes(this.#parts.ownFacts().digest);
    if (free !== null && free < LIMITS.minFreeOwnBytes)
      throw new SqlccError('storage_failed', 'the data disk is full');
    return this.#parts.consensus.proposals.propose(
      'command',
      encodeCommand(command, ACTOR),
      PROPOSE_TIMEOUT_MS,
    );
  }
}
