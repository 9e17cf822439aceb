/**
 * What broken connections prove about a peer's process. A connection that stood and
 * was hung up, and a refused attempt after it, are said by the peer's kernel: the
 * process is gone (`lost`). Refused again 50 ms later, it was no restart in between
 * (`dead`). Time-outs, TLS failures and goodbyes prove nothing, and neither does a
 * peer that this node never reached.
 *
 *   idle → up → hung-up → lost → dead      any → up by a connection
 *
 * All lines to one peer are one witness (`PeerEvidence`): they end with the same process,
 * so whichever is hung up first asks, and its refusal counts. Not while the probing line
 * stands, the one that carries heartbeats: what resets one connection and refuses another
 * may sit between the two hosts.
 *
 * Everyday picture: a dial tone that says "this number is not in service" is news;
 * a telephone that rings unanswered is not.
 */
import { type Instant, unreachable } from '../base/index.ts';

export type EvidenceState = 'idle' | 'up' | 'hung-up' | 'lost' | 'dead';
/** `inconclusive`: an attempt failed without saying anything about the process. */
export type EvidenceInput = 'connected' | 'hung-up' | 'farewell' | 'refused' | 'inconclusive';
export type EvidenceVerdict = 'lost' | 'dead' | 'restored' | null;

export interface EvidenceStep {
  readonly state: EvidenceState;
  readonly verdict: EvidenceVerdict;
}

/** The next state and what to tell; each verdict is told once a death. */
export function weighEvidence(state: EvidenceState, input: EvidenceInput): EvidenceStep {
  switch (input) {
    case 'connected':
      return { state: 'up', verdict: state === 'lost' || state === 'dead' ? 'restored' : null };
    case 'hung-up':
      return { state: state === 'up' ? 'hung-up' : state, verdict: null };
    case 'farewell':
      return { state: state === 'up' ? 'idle' : state, verdict: null };
    case 'refused':
      if (state === 'hung-up') return { state: 'lost', verdict: 'lost' };
      if (state === 'lost') return { state: 'dead', verdict: 'dead' };
      return { state, verdict: null };
    case 'inconclusive':
      return { state, verdict: null };
    default:
      return unreachable(input);
  }
}

/** A second refusal says more than the first only when a process could have started in between. */
const CONFIRM_MS = 50;

/** What all lines to one peer prove together. `L` names a line. */
export class PeerEvidence<L> {
  readonly #probing: L;
  #state: EvidenceState = 'idle';
  #stands = false;
  /** When one was refused while the probing line stood: it counts if that is hung up soon. */
  #heldAt: Instant = Number.NEGATIVE_INFINITY;
  #lostAt: Instant = Number.NEGATIVE_INFINITY;

  constructor(probing: L) {
    this.#probing = probing;
  }

  /** The peer's process is gone, as far as is known. */
  get isGone(): boolean {
    return this.#state === 'lost' || this.#state === 'dead';
  }

  /** From when on a second refusal counts. */
  get confirmAt(): Instant {
    return this.#lostAt + CONFIRM_MS;
  }

  /** What `line` met; answers what to tell, at most one verdict an input. */
  weigh(line: L, input: EvidenceInput, now: Instant): EvidenceVerdict {
    if (line === this.#probing) this.#stands = input === 'connected';
    if (input === 'refused') {
      if (this.#stands) {
        this.#heldAt = now;
        return null;
      }
      return this.#state === 'lost' && now < this.confirmAt ? null : this.#step('refused', now);
    }
    const told = this.#step(input, now);
    const isHeld = input === 'hung-up' && !this.#stands && now - this.#heldAt < CONFIRM_MS;
    return told ?? (isHeld && !this.isGone ? this.#step('refused', now) : null);
  }

  #step(input: EvidenceInput, now: Instant): EvidenceVerdict {
    const { state, verdict } = weighEvidence(this.#state, input);
    this.#state = state;
    if (verdict === 'lost') this.#lostAt = now;
    return verdict;
  }
}
