import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Surroundings } from '../../../daemon/surroundings.ts';
import { MemoryStorage, type PersistRequest } from '../../../src/raft/index.ts';

const request = (token: number): PersistRequest => ({
  ...{ token, hardState: { term: token, votedFor: null }, truncateFrom: null },
  ...{ entries: [], snapshot: null, compactTo: null },
});

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('Surroundings', () => {
  it('sample tells the oldest write that waits, and the slowest one also when it has come back', () => {
    const storage = new MemoryStorage();
    const surroundings = new Surroundings(150);
    const timed = surroundings.timed(storage);
    expect(surroundings.sample()).toMatchObject({ oldestWriteMs: 0, slowestWriteMs: 0 });
    timed.write(request(1), () => {});
    vi.advanceTimersByTime(800);
    expect(surroundings.sample()).toMatchObject({ oldestWriteMs: 800, slowestWriteMs: 800 });
    vi.advanceTimersByTime(700);
    storage.flush();
    timed.write(request(2), () => {});
    vi.advanceTimersByTime(300);
    expect(surroundings.sample()).toMatchObject({ oldestWriteMs: 300, slowestWriteMs: 1500 });
    storage.flush();
    vi.advanceTimersByTime(1000);
    expect(surroundings.sample()).toMatchObject({ oldestWriteMs: 0, slowestWriteMs: 300 });
    expect(surroundings.sample()).toMatchObject({ oldestWriteMs: 0, slowestWriteMs: 0 });
  });
});
