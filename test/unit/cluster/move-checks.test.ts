/** What a plan that moves leadership says of votes, clocks and work, also where nobody knows it. */
import { describe, expect, it } from 'vitest';
import { type NodeFact, type PlanFacts, planFailover, planSwitchover } from '../../../src/cluster/index.ts';
import { fact, facts, NOW, threeNodes } from './world.ts';

const TOLD = { term: 4, connections: 12, clockOffsetMs: 3 };

/** Three nodes that told everything, but for what is named. */
function told(
  changes: Readonly<Record<string, Partial<NodeFact>>>,
  more: Partial<PlanFacts> = {},
): PlanFacts {
  const nodes = ['n1', 'n2', 'n3'].map((id) => fact(id, { ...TOLD, ...changes[id] }));
  return facts({ writesWaiting: 0, ...more }, nodes);
}

function said(given: PlanFacts, name: string): string {
  const { kind, plan } = planFailover(threeNodes().cluster, given, { to: 'n2' }, NOW);
  const found = plan.checks.find((c) => c.name === name);
  return `${kind} ${found?.result}: ${found?.text}`;
}

describe('the plan of a failover says', () => {
  it('on whose votes the target can count', () => {
    expect(said(told({}), 'votes')).toBe('ready pass: n2 can count on 3 of 3 votes, 2 needed');
    expect(said(told({ n3: { liveness: 'dead' } }), 'votes')).toBe(
      'ready pass: n2 can count on 2 of 3 votes, 2 needed',
    );
    expect(said(told({ n3: { term: null } }), 'votes')).toBe(
      'ready pass: n2 can count on 2 of 3 votes, 2 needed; not known of n3',
    );
    expect(said(told({ n1: { liveness: 'suspect' }, n3: { term: 7 } }), 'votes')).toBe(
      'ready warn: n2 can count on 1 of 3 votes, 2 needed; n3 is in term 7',
    );
  });

  it('how far wall clocks differ, and of whom it is not known', () => {
    expect(said(told({ n3: { clockOffsetMs: 41 } }), 'clocks')).toBe('ready pass: wall clocks agree to 41ms');
    expect(said(told({ n3: { clockOffsetMs: null } }), 'clocks')).toBe(
      'ready pass: wall clocks agree to 3ms; not known of n3',
    );
    expect(said(told({ n3: { clockOffsetMs: 2100 } }), 'clocks')).toBe(
      'ready warn: the wall clock of n3 is 2.1s off the nearest other',
    );
    expect(said(facts({ writesWaiting: 0 }), 'clocks')).toBe(
      'ready warn: how far the wall clocks agree is not known',
    );
    // whoever is gone does not lead, nor is asked
    expect(said(told({ n3: { liveness: 'dead', clockOffsetMs: 90_000 } }), 'clocks')).toContain('pass');
  });

  it('whose work is under way at the leader', () => {
    expect(said(told({}), 'work')).toBe('ready pass: no write waits on n1 (12 connections)');
    expect(said(told({ n1: { connections: 1 } }, { writesWaiting: 37 }), 'work')).toBe(
      'ready warn: 37 writes under way on n1 may need repeating (1 connection)',
    );
    expect(said(facts(), 'work')).toBe(
      'ready warn: how many writes wait on n1 is not known (connections not known)',
    );
  });

  it('nothing of it where leadership stays, and the same of a switchover', () => {
    const names = (given: PlanFacts, to: string) =>
      planSwitchover(threeNodes().cluster, given, { to }, NOW).plan.checks.map((c) => c.name);
    expect(names(told({}), 'n1')).not.toContain('votes');
    expect(names(told({}, { leaderId: null }), 'n2')).not.toContain('votes');
    expect(names(told({}), 'n2')).toEqual(expect.arrayContaining(['votes', 'clocks', 'work']));
  });
});
