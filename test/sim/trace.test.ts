import { describe, expect, it } from 'vitest';
import type { PersistRequest, RaftMessage } from '../../src/raft/index.ts';
import { ByteTrace } from './trace.ts';

function message(requestId: number): RaftMessage {
  const ends = { from: 'a', to: 'b', fromInstance: 'i-a', toInstance: 'i-b' };
  return { kind: 'read-index', ...ends, term: 1, requestId };
}

function request(text: string, timestamp: number): PersistRequest {
  const data = new TextEncoder().encode(text);
  const entries = [{ index: 1, term: 1, kind: 'command', timestamp, data }] as const;
  return { token: 1, hardState: null, truncateFrom: null, entries, snapshot: null, compactTo: null };
}

/** The hash of one message and one write at an instant. */
function hash(requestId: number, text: string, timestamp = 0, at = 1): string {
  const trace = new ByteTrace();
  trace.sent(at, 'a', [message(requestId)]);
  trace.written(at, 'a', request(text, timestamp));
  expect(trace.count).toBe(2);
  return trace.digest();
}

describe('ByteTrace', () => {
  it('differs by anything in a message, in a write, or by an instant', () => {
    const all = [hash(1, 'x'), hash(2, 'x'), hash(1, 'y'), hash(1, 'x', 1), hash(1, 'x', 0, 2)];
    expect(new Set(all).size).toBe(5);
    expect(hash(1, 'x')).toBe(all[0]);
  });
});
