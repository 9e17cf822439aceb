import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SqlccError } from '../../../src/base/index.ts';
import { act } from '../../../src/cli/commands/show-operation.ts';
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
