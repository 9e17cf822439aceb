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
  it('sample tells how long the disk is silent now, and the longest silence also when it is over', () => {
    const storage = new MemoryStorage();
    const surroundings = new Surroundings(150);
    const timed = surroundings.timed(storage);
    expect(surroundings.sample()).toMatchObject({ syncMs: 0, slowestSyncMs: 0 });
    timed.write(request(1), () => {});
    vi.advanceTimersByTime(800);
    expect(surroundings.sample()).toMatchObject({ syncMs: 800, slowestSyncMs: 800 });
    vi.advanceTimersByTime(700);
    storage.flush();
    timed.write(request(2), () => {});
    vi.advanceTimersByTime(300);
    expect(surroundings.sample()).toMatchObject({ syncMs: 300, slowestSyncMs: 1500 });
    storage.flush();
    vi.advanceTimersByTime(1000);
    expect(surroundings.sample()).toMatchObject({ syncMs: 0, slowestSyncMs: 300 });
    expect(surroundings.sample()).toMatchObject({ syncMs: 0, slowestSyncMs: 0 });
  });

  it('sample does not call a disk slow that goes on, however long a write waits for its turn', () => {
    const storage = new MemoryStorage();
    const surroundings = new Surroundings(150);
    const timed = surroundings.timed(storage);
    for (let token = 1; token <= 8; token++) timed.write(request(token), () => {});
    for (let sync = 1; sync <= 7; sync++) {
      vi.advanceTimersByTime(400);
      storage.flush(1);
    }
    vi.advanceTimersByTime(100);
    expect(surroundings.sample()).toMatchObject({ syncMs: 100, slowestSyncMs: 400 });
    vi.advanceTimersByTime(2000);
    expect(surroundings.sample()).toMatchObject({ syncMs: 2100, slowestSyncMs: 2100 });
  });
});
