import { describe, expect, it } from 'vitest';
import { type ScheduleFacts, scheduleStep } from '../../../daemon/schedule-step.ts';
import { LIMITS } from '../../../src/base/index.ts';
import type { PlanFacts } from '../../../src/cluster/index.ts';
import { planSwitchover } from '../../../src/cluster/index.ts';
import { fact, facts, type Ledger, NOW, threeNodes } from '../cluster/world.ts';

const AT = NOW + 1000;

function scheduled(expectLeader: string | null = null): Ledger {
  const ledger = threeNodes();
  const entry = { id: 's1', kind: 'switchover', to: 'n2', expectLeader, at: AT, reason: '' } as const;
  ledger.done({ kind: 'schedule-add', entry });
  return ledger;
}

function step(ledger: Ledger, given: PlanFacts = facts(), now = AT) {
  const known: ScheduleFacts = {
    ...{ now, newId: () => 'o1' },
    planOf: ({ to, expectLeader }) =>
      planSwitchover(ledger.cluster, given, { to, expectTerm: null, expectLeader }, now),
  };
  return scheduleStep(ledger.cluster, known);
}

describe('scheduleStep', () => {
  it('does nothing before the time, and begins the operation at it, with its candidates', () => {
    const ledger = scheduled();
    expect(step(ledger, facts(), AT - 1)).toBeNull();
    const command = step(ledger);
    expect(command).toMatchObject({
      kind: 'schedule-start',
      operation: { id: 'o1', from: 'n1', to: 'n2', candidates: [{ nodeId: 'n2' }, { nodeId: 'n3' }] },
    });
    if (command !== null) ledger.done(command);
    expect(step(ledger)).toBeNull();
  });

  it.each<[string, PlanFacts, RegExp]>([
    ['a dead target', facts({}, [fact('n2', { liveness: 'dead' })]), /n2 is dead/],
    ['a voter that is gone', facts({}, [fact('n3', { liveness: 'dead' })]), /not alive: n3/],
  ])('skips it for %s, with the cause', (_what, given, cause) => {
    expect(step(scheduled(), given)).toEqual({
      ...{ kind: 'schedule-skip', id: 's1', cause: expect.stringMatching(cause) },
    });
  });

  it('skips it when another node leads than was expected', () => {
    expect(step(scheduled('n3'))).toEqual({ kind: 'schedule-skip', id: 's1', cause: 'n1 leads, not n3' });
  });

  it('skips it while the cluster is paused, though its target is named', () => {
    const ledger = scheduled();
    ledger.done({ kind: 'cluster-pause', owner: 'ann', reason: 'r', forMs: 60_000 });
    expect(step(ledger)).toEqual({
      kind: 'schedule-skip',
      id: 's1',
      cause: 'the cluster is paused by ann (r)',
    });
  });

  it('lets it wait its turn behind what will be over soon, and skips it when that takes too long', () => {
    const ledger = scheduled();
    const busy = facts({ transferringTo: 'n3', membershipSettled: false });
    expect(step(ledger, busy)).toBeNull();
    expect(step(ledger, busy, AT + LIMITS.scheduleGraceMs)).toBeNull();
    expect(step(ledger, busy, AT + LIMITS.scheduleGraceMs + 1)).toMatchObject({ kind: 'schedule-skip' });
  });
});
