/**
 * `GossipFailureDetector`: who is alive, as a function of inputs (SWIM's states and
 * incarnations, Rapid's observers and agreement, Lifeguard's own health; DESIGN.md).
 *
 * `handle(input, now)` is the only way in; it answers with packets to send, events to
 * tell and the instant at which it wants its next tick. No socket, clock or chance is in
 * here. A driver owes one thing: a tick is handed in only after all input that was
 * queued before it.
 */
import {
  assert,
  type Duration,
  type Instant,
  LIMITS,
  NEVER,
  type NodeId,
  unreachable,
} from '../base/index.ts';
import { GossipCore, type GossipOptions } from './core.ts';
import { checkInvariants } from './invariants.ts';
import { sendCorrections } from './merge.ts';
import { nextWake, noticeStall, onTick, spreadNews } from './probe.ts';
import { onDigest, onEvidence, onJoin, onKnown, onLeave, onLink, onPacket, sayGoodbye } from './receive.ts';
import { type GossipStatus, gossipStatus, type MemberView, memberView } from './status.ts';
import { stallMs } from './suspicion.ts';
import type { GossipInput, GossipOutput } from './types.ts';
import { settle } from './verdict.ts';

/** Goodbyes to each neighbour, and the time between them: all said within 200 ms. */
const GOODBYES = 3;
const GOODBYE_MS: Duration = 40;
/** Own health from which people are told. */
const TROUBLED = 3;

export class GossipFailureDetector {
  readonly #core: GossipCore;
  #wakeAt: Instant = NEVER;
  #goodbyes = 0;
  #isTroubled = false;

  constructor(options: GossipOptions) {
    assert(options.bootCounter >= 1, 'a boot counter starts at 1');
    this.#core = new GossipCore(options);
  }

  /** Takes one input at `now`, which never goes back, and says what to do. */
  handle(input: GossipInput, now: Instant): GossipOutput {
    const core = this.#core;
    assert(now >= core.now, `time went back from ${core.now} to ${now}`);
    core.now = now;
    if (this.#wakeAt !== NEVER && !core.isLeaving) noticeStall(core, this.#wakeAt);
    this.#take(input);
    if (core.isLeaving) core.followOverlay();
    else settle(core);
    sendCorrections(core);
    spreadNews(core);
    this.#wakeAt = this.#plan(input.kind === 'tick');
    this.#tellOwnHealth();
    const { packets, events } = core;
    core.packets = [];
    core.events = [];
    return { packets, events, wakeAt: this.#wakeAt };
  }

  #take(input: GossipInput): void {
    const core = this.#core;
    switch (input.kind) {
      case 'packet':
        return onPacket(core, input.from, input.message);
      case 'tick':
        return core.isLeaving ? this.#goodbye() : onTick(core);
      case 'lag':
        if (input.ms > stallMs(core.timing)) core.health.worse('lag', core.now);
        return;
      case 'evidence':
        return onEvidence(core, input.nodeId, input.evidence);
      case 'known':
        return onKnown(core, input.nodes);
      case 'join':
        return onJoin(core, input.seeds);
      case 'link':
        return core.isLeaving ? undefined : onLink(core, input.nodeId);
      case 'digest':
        assert(input.bytes.length <= LIMITS.maxGossipDigestBytes, 'a digest of too many bytes');
        return onDigest(core, input.bytes, input.urgent);
      case 'leave':
        if (!core.isLeaving) onLeave(core);
        return;
      default:
        return unreachable(input);
    }
  }

  /** A hiccup is not worth a word; trouble that lasts is, and its end. */
  #tellOwnHealth(): void {
    const { value } = this.#core.health;
    if (this.#isTroubled ? value > 0 : value < TROUBLED) return;
    this.#isTroubled = !this.#isTroubled;
    this.#core.event({ kind: 'own-health', value });
  }

  #goodbye(): void {
    this.#goodbyes++;
    if (this.#goodbyes < GOODBYES) sayGoodbye(this.#core);
  }

  /** A wake-up asked for earlier stands until its tick has come. */
  #plan(ticked: boolean): Instant {
    const core = this.#core;
    if (core.isLeaving) return this.#goodbyes < GOODBYES ? core.now + GOODBYE_MS : NEVER;
    if (ticked) return nextWake(core);
    const before = this.#wakeAt === NEVER ? core.now : this.#wakeAt;
    return Math.min(before, core.news.wakeAt);
  }

  /** All nodes that are not failed and have not left, this one included, by name (seed: GetAliveNodes). */
  getAliveNodes(): NodeId[] {
    const alive = [...this.#core.members.all()].filter((m) => m.state === 'alive' && m.incarnation.boot > 0);
    const own = this.#core.isLeaving ? [] : [this.#core.self.nodeId];
    return [...own, ...alive.map((m) => m.nodeId)].sort();
  }

  /** All nodes that are failed at this moment, by name (seed: DetectFailures). */
  detectFailures(): NodeId[] {
    return [...this.#core.members.ended]
      .filter((m) => m.state === 'failed')
      .map((m) => m.nodeId)
      .sort();
  }

  /** Whom this node watches and who watches it: connections worth keeping. */
  neighbours(): readonly NodeId[] {
    return this.#core.neighbours();
  }

  /** Who watches this node. */
  observers(): readonly NodeId[] {
    return this.#core.overlay.observers(this.#core.self.nodeId);
  }

  /** Members with news still to pass on. */
  get newsQueued(): number {
    return this.#core.news.size;
  }

  /** What is known of one other node at `now`; undefined for one that nothing is known of. */
  member(nodeId: NodeId, now: Instant): MemberView | undefined {
    const member = this.#core.members.peek(nodeId);
    return member === undefined ? undefined : memberView(this.#core, member, now);
  }

  /** A copy for metrics, API and terminal. */
  status(now: Instant): GossipStatus {
    return gossipStatus(this.#core, now);
  }

  /** Asserts all invariants; for tests and paranoid mode. */
  check(): void {
    checkInvariants(this.#core);
  }
}
