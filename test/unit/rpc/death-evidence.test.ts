import { describe, expect, it } from 'vitest';
import {
  type EvidenceInput,
  type EvidenceState,
  PeerEvidence,
  weighEvidence,
} from '../../../src/rpc/death-evidence.ts';

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

/** One word a step: `line input at`. Gives each verdict with the number of its step. */
function told(...steps: string[]): string[] {
  const evidence = new PeerEvidence('control');
  return steps.flatMap((step, i) => {
    const [line, input, at] = step.split(' ') as [string, EvidenceInput, string];
    const verdict = evidence.weigh(line, input, Number(at));
    return verdict === null ? [] : [`${i} ${verdict}`];
  });
}

describe('PeerEvidence', () => {
  const up = ['control connected 0', 'bulk connected 0'];

  it('counts the first refusal, whichever line asked, once the probing line stands no more', () => {
    expect(told(...up, 'bulk hung-up 100', 'control hung-up 101', 'bulk refused 102')).toEqual(['4 lost']);
    expect(told(...up, 'bulk hung-up 100', 'bulk refused 101', 'control hung-up 102')).toEqual(['4 lost']);
    // one whose end is still on its way, or was lost, contradicts nothing
    expect(told(...up, 'control hung-up 100', 'control refused 101', 'bulk hung-up 109')).toEqual(['3 lost']);
  });

  it('nobody is lost while the probing line stands, nor by a refusal of long before its end', () => {
    const contradicted = [...up, 'bulk hung-up 100', 'bulk refused 101', 'bulk refused 190'];
    expect(told(...contradicted)).toEqual([]);
    expect(told(...contradicted, 'control hung-up 240')).toEqual([]);
    expect(told(...contradicted, 'control hung-up 239')).toEqual(['5 lost']);
    expect(told(...contradicted, 'control hung-up 240', 'control refused 241')).toEqual(['6 lost']);
  });

  it('refusals of several lines at once are one: dead needs one 50 ms after lost', () => {
    const lost = [...up, 'bulk hung-up 100', 'control hung-up 100', 'bulk refused 101'];
    expect(told(...lost, 'control refused 102', 'control refused 150')).toEqual(['4 lost']);
    expect(told(...lost, 'control refused 102', 'control refused 151')).toEqual(['4 lost', '6 dead']);
  });

  it('one connection restores, on whichever line', () => {
    const lost = [...up, 'bulk hung-up 100', 'control hung-up 100', 'bulk refused 101'];
    expect(told(...lost, 'control connected 120', 'bulk refused 121')).toEqual(['4 lost', '5 restored']);
  });

  it('a farewell on one line is one of all', () => {
    expect(told(...up, 'control farewell 100', 'bulk hung-up 101', 'bulk refused 102')).toEqual([]);
    expect(told(...up, 'bulk farewell 100', 'control hung-up 101', 'control refused 102')).toEqual([]);
  });
});
