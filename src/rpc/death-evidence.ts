/**
 * What broken connections prove about a peer's process. A connection that stood and
 * was hung up, and a refused attempt after it, are said by the peer's kernel: the
 * process is gone (`lost`). Refused again 50 ms later, it was no restart in between
 * (`dead`). Time-outs, TLS failures and goodbyes prove nothing, and neither does a
 * peer that this node never reached.
 *
 *   idle → up → hung-up → lost → dead      any → up by a connection
 *
 * Everyday picture: a dial tone that says "this number is not in service" is news;
 * a telephone that rings unanswered is not.
 */
import { unreachable } from '../base/index.ts';

export type EvidenceState = 'idle' | 'up' | 'hung-up' | 'lost' | 'dead';
/** `inconclusive`: an attempt failed without saying anything about the process. */
export type EvidenceInput = 'connected' | 'hung-up' | 'farewell' | 'refused' | 'inconclusive';
type EvidenceVerdict = 'lost' | 'dead' | 'restored' | null;

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
