import { describe, expect, it } from 'vitest';
import { bridge } from './bridge.ts';
import { needsNext } from './kv-machine.ts';
import { NodeState } from './node-state.ts';
import { NEXT_COMMAND, recordOf, unknownCommand, unreadable } from './versions.ts';

const entry = (index: number, command: object) => ({
  ...{ index, term: 1, kind: 'command' as const, timestamp: 0 },
  data: new TextEncoder().encode(JSON.stringify({ command })),
});

describe('this version, beside the next one', () => {
  it('reads its own record and refuses the next one’s, in words', () => {
    expect(unreadable('this', recordOf('this'))).toBeNull();
    expect(unreadable('this', recordOf('next'))).toMatch(/has format \d+, this version reads up to \d+/);
    expect(unreadable('next', recordOf('next'))).toBeNull();
    expect(unreadable('next', recordOf('this'))).toBeNull();
  });

  it('stops at a command that it does not know, and applies nothing of it', () => {
    expect(unknownCommand()).toContain(NEXT_COMMAND);
    const state = new NodeState();
    const mark = entry(1, { kind: NEXT_COMMAND });
    expect([needsNext(mark), needsNext(entry(1, { kind: 'session-open', session: 's' }))]).toEqual([
      true,
      false,
    ]);
    expect(state.apply(mark, 'this')).toBeNull();
    expect(state.appliedIndex).toBe(0);
    expect(state.apply(mark, 'next')).toEqual({ ok: true, value: { marks: 1 } });
    expect(state.refusal('this')).toBeNull();
    state.written('next');
    expect(state.refusal('this')).toMatch(/has format/);
    expect(state.copy().refusal('this')).toMatch(/has format/);
  });
});

describe('bridge', () => {
  /** A log that begins at 91, behind a state that holds nothing. */
  const log = (id: string) => {
    const { meta } = new NodeState().capture(id);
    return { firstIndex: () => 91, snapshot: () => ({ ...meta, id, index: 100 }), term: () => 0 } as never;
  };
  const stateWith = (indexes: readonly number[]): NodeState => {
    const state = new NodeState();
    for (const index of indexes) {
      const image = state.capture(`s${index}`);
      state.arrive({ ...image, meta: { ...image.meta, index } });
    }
    return state;
  };
  const rotten = (state: NodeState, id: string): void => {
    const image = state.snapshots.get(id);
    if (image !== undefined) image.isRotten = true;
  };

  it('asks for nothing while the newest snapshot is sound', () => {
    expect(bridge(log('s100'), stateWith([95, 100]))).toEqual({ damage: null, instead: null });
  });

  it('takes the newest sound one that reaches the log, and refuses when there is none', () => {
    const state = stateWith([80, 90, 95, 100]);
    rotten(state, 's100');
    expect(bridge(log('s100'), state)).toEqual({ damage: null, instead: 's95' });
    rotten(state, 's95');
    expect(bridge(log('s100'), state)).toEqual({ damage: null, instead: 's90' });
    rotten(state, 's90');
    expect(bridge(log('s100'), state)).toEqual({ damage: 's100 has rotted', instead: null });
  });
});
