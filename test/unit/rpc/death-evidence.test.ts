import { describe, expect, it } from 'vitest';
import { type EvidenceInput, type EvidenceState, weighEvidence } from '../../../src/rpc/death-evidence.ts';

/** Feeds the inputs and gives each verdict with the number of the input that brought it. */
function verdicts(...inputs: EvidenceInput[]): string[] {
  let state: EvidenceState = 'idle';
  const told: string[] = [];
  for (const [i, input] of inputs.entries()) {
    const step = weighEvidence(state, input);
    state = step.state;
    if (step.verdict !== null) told.push(`${i} ${step.verdict}`);
  }
  return told;
}

describe('weighEvidence', () => {
  it('hung up, refused, refused again: lost, then dead, each once', () => {
    expect(verdicts('connected', 'hung-up', 'refused', 'refused', 'refused')).toEqual(['2 lost', '3 dead']);
  });

  it('a connection after lost or dead restores, and a new death is told again', () => {
    expect(verdicts('connected', 'hung-up', 'refused', 'connected')).toEqual(['2 lost', '3 restored']);
    const again = verdicts('connected', 'hung-up', 'refused', 'refused', 'connected', 'hung-up', 'refused');
    expect(again).toEqual(['2 lost', '3 dead', '4 restored', '6 lost']);
  });

  it('a flap without a refusal says nothing', () => {
    expect(verdicts('connected', 'hung-up', 'connected', 'hung-up', 'connected')).toEqual([]);
  });

  it('a peer that was never reached, or said farewell, is not accused', () => {
    expect(verdicts('refused', 'refused', 'refused')).toEqual([]);
    expect(verdicts('connected', 'farewell', 'refused', 'refused')).toEqual([]);
  });

  it('time-outs and TLS failures neither accuse nor acquit', () => {
    expect(verdicts('connected', 'hung-up', 'inconclusive', 'inconclusive')).toEqual([]);
    expect(verdicts('connected', 'hung-up', 'inconclusive', 'refused')).toEqual(['3 lost']);
    expect(verdicts('connected', 'hung-up', 'refused', 'inconclusive', 'refused')).toEqual([
      '2 lost',
      '4 dead',
    ]);
  });
});
