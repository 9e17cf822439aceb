/**
 * Once a second the consensus thread looks at how it fares: its disk, its loop, its state machine, its
 * followers. The core gets the figures, main gets the measures; a leader in distress gives leadership away,
 * and a node that hangs stops.
 */
import type { Bytes } from '../src/base/index.ts';
import type { RaftInput, TurnLoop } from '../src/raft/index.ts';
import type { PeerTransport } from '../src/rpc/index.ts';
import { distressOf, hangOf, Progress, runawayOf } from './distress.ts';
import { failStop } from './fail-stop.ts';
import { HandOvers, type Restraint } from './hand-overs.ts';
import type { MainPort } from './main-port.ts';
import { MainStall } from './main-stall.ts';
import type { Measures } from './measures.ts';
import type { Surroundings } from './surroundings.ts';
import { systemClock } from './system-clock.ts';

/** No caller waits for it; unlike a transfer in distress it costs no leadership when nobody takes over. */
const OFFERED_TRANSFER = -1;

export interface VitalParts {
  readonly surroundings: Surroundings;
  readonly measures: Measures;
  readonly peers: Pick<PeerTransport, 'rttP99Ms' | 'clockWords'>;
  readonly loop: Pick<TurnLoop, 'status'>;
  readonly main: Pick<MainPort, 'post' | 'silentMs' | 'log'>;
  readonly submit: (input: RaftInput) => void;
}

export class VitalSigns {
  readonly #parts: VitalParts;
  readonly #applying = new Progress();
  readonly #committing = new Progress();
  readonly #handOvers = new HandOvers();
  /** What the process took when main was last known to take messages. */
  #residentAtWord: Bytes = Number.POSITIVE_INFINITY;

  readonly #stall: MainStall;

  constructor(parts: VitalParts) {
    this.#parts = parts;
    this.#stall = new MainStall(parts.main);
  }

  /** What keeps automatic hand-overs back, by the record. */
  restrain(restraint: Restraint): void {
    this.#handOvers.restrain(restraint);
  }

  /** `isRestoring`: a snapshot is loading, and nothing can be applied meanwhile. */
  look(isLeading: boolean, isRestoring: boolean): void {
    const { surroundings, measures, peers, loop, main, submit } = this.#parts;
    const { electionTimeoutMs } = surroundings;
    const now = surroundings.sample();
    submit({
      kind: 'environment',
      rttP99Ms: peers.rttP99Ms(),
      loopLagP99Ms: now.loopLagP99Ms,
      diskLatencyMs: now.diskLatencyMs,
      wallOffsetMs: Date.now() - systemClock.now(),
    });
    const { appliedIndex, commitIndex, last, ranks, peers: followers, membership } = loop.status();
    const others = followers.filter(
      (p) => ranks.includes(p.nodeId) && p.silenceMs < electionTimeoutMs && p.state === 'replicate',
    );
    const at = systemClock.now();
    const applyStalledMs = this.#applying.observe(appliedIndex, commitIndex, at);
    const commitStalledMs = this.#committing.observe(commitIndex, isLeading ? last.index : 0, at);
    const mainSilentMs = main.silentMs(at);
    const resident = process.memoryUsage.rss();
    if (mainSilentMs === 0) this.#residentAtWord = resident;
    const vitals = {
      ...{ mainSilentMs, grownBytes: resident - this.#residentAtWord },
      syncMs: now.syncMs,
      slowestSyncMs: now.slowestSyncMs,
      quickestOtherMs: others.length === 0 ? null : Math.min(...others.map((p) => p.diskLatencyMs)),
      applyStalledMs: isRestoring ? 0 : applyStalledMs,
      commitStalledMs,
      isLagging: now.lagging,
      electionTimeoutMs,
    };
    const hang = hangOf(vitals);
    if (hang !== null) failStop('consensus', hang);
    this.#stall.observe(mainSilentMs, runawayOf(vitals));
    const distress = distressOf(vitals);
    measures.look(loop.status(), at);
    const { fsync, loopLag } = surroundings;
    const own = { fsync: fsync.snapshot(), loopLag: loopLag.histogram, clocks: peers.clockWords() };
    main.post({ kind: 'measures', report: measures.report(at, own) });
    const leads = isLeading && membership.voters.length > 1;
    const facts = { distress, isLeading: leads, diskLatencyMs: now.diskLatencyMs, others };
    const handOver = this.#handOvers.decide({ ...facts, now: at, wall: systemClock.wall() });
    if (handOver === null) return;
    main.post({ kind: 'hand-over', handOver });
    const { kind, cause: reason } = handOver;
    if (kind === 'give-up') submit({ kind: 'distress', reason });
    if (kind === 'offer') submit({ kind: 'transfer', id: OFFERED_TRANSFER, to: handOver.to });
  }
}
