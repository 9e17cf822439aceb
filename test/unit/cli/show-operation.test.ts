import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SqlccError } from '../../../src/base/index.ts';
import { act, follow } from '../../../src/cli/commands/show-operation.ts';
import type { CliContext } from '../../../src/cli/context.ts';
import type { CallOptions, OperationView, Plan } from '../../../src/client/index.ts';

const SECOND_MS = 1000;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A cluster whose every call takes as long as it may, at most `slowMs`. */
function slowContext(slowMs: number) {
  const given: [string, number][] = [];
  const take = (what: string, { timeoutMs = Number.POSITIVE_INFINITY }: CallOptions): void => {
    given.push([what, timeoutMs]);
    vi.advanceTimersByTime(Math.min(slowMs, timeoutMs));
  };
  const client = {
    nodes: async (call: CallOptions) => take('nodes', call),
    planOperation: async (_request: unknown, call: CallOptions) => {
      take('plan', call);
      return { allowed: true, to: null, token: 't', term: 3, checks: [], candidates: [] } as unknown as Plan;
    },
    runOperation: async (_request: unknown, call: CallOptions) => {
      take('run', call);
      return { id: 'op1' } as OperationView;
    },
    waitOperation: async (_id: string, call: CallOptions) => {
      given.push(['wait', call.timeoutMs ?? -1]);
      throw new SqlccError('deadline_exceeded', 'still running', { details: { sent: true } });
    },
  };
  const printer = { isText: false, answer: async () => {}, note: () => {}, aside: () => printer };
  const context = {
    ...{ printer, terminal: { canAsk: false }, isYes: true, interrupt: new AbortController().signal },
    client: async () => client,
  } as unknown as CliContext;
  return { context, given };
}

describe('act', () => {
  const options = {
    request: { kind: 'replace-node', node_id: 'n1', to: 'n4' } as const,
    ...({ verb: 'node replace', consent: 'typed', isDryRun: false, isWait: true } as const),
  };

  it('gives all of its calls together no longer than its time-out, and none of them all of it', async () => {
    const { context, given } = slowContext(2 * SECOND_MS);
    await act(context, { ...options, timeoutMs: 20 * SECOND_MS }).catch(() => {});
    expect(given).toEqual([
      ['nodes', 5 * SECOND_MS],
      ['plan', 5 * SECOND_MS],
      ['run', 5 * SECOND_MS],
      ['wait', 14 * SECOND_MS],
    ]);
  });

  it('leaves a late call what is left', async () => {
    const { context, given } = slowContext(4 * SECOND_MS);
    await act(context, { ...options, timeoutMs: 9 * SECOND_MS }).catch(() => {});
    expect(given).toEqual([
      ['nodes', 5 * SECOND_MS],
      ['plan', 5 * SECOND_MS],
      ['run', SECOND_MS],
      ['wait', 1],
    ]);
  });
});

describe('follow', () => {
  const view = (changes: Partial<OperationView>): OperationView => ({
    ...{ id: 'op1', kind: 'remove-node', state: 'running', phase: 'leaving-raft', phases: [] },
    ...{ from: 'n3', to: null, actor: 'ann', reason: '', error: null, candidates: [] },
    ...changes,
  });
  const phase = (name: string, result: string | null, elapsedMs: number | null) => ({
    ...{ name, result, at: '2026-11-30T10:00:00.000Z', elapsed_ms: elapsedMs },
  });

  it('tells each phase once, and what one says of itself while it lasts', async () => {
    const notes: string[] = [];
    const accepted = phase('accepted', 'ok', 5);
    const leaving = (result: string | null) => [accepted, phase('leaving-raft', result, null)];
    const seen = [
      view({ phase: 'accepted', phases: [phase('accepted', null, null)] }),
      view({ phases: leaving(null) }),
      view({ phases: leaving('refused and tried again: not now') }),
      view({ phases: leaving('refused and tried again: not now') }),
      view({ phases: [accepted, phase('leaving-raft', 'done', 9)], state: 'done' }),
    ];
    const printer = { isText: true, answer: async () => {}, note: (text: string) => void notes.push(text) };
    const client = {
      waitOperation: async (_id: string, { onPhase }: { onPhase: (o: OperationView) => void }) => {
        for (const operation of seen) onPhase(operation);
        return seen.at(-1);
      },
    };
    const context = { printer, interrupt: new AbortController().signal } as unknown as CliContext;
    expect(await follow(context, client as never, 'op1', SECOND_MS)).toBe(0);
    expect(notes).toEqual([
      'op1  accepted',
      'op1  leaving-raft',
      'op1  leaving-raft: refused and tried again: not now',
    ]);
  });
});
