/**
 * What every `RaftTransport` must do with messages (src/raft/ports.ts): fire and forget.
 * It may lose, it may reorder; it never throws, changes or invents, whatever a turn holds,
 * and it goes on afterwards. How snapshots travel is told in test/unit/daemon.
 */
import { crc32 } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { LIMITS } from '../../src/base/index.ts';
import type { LogEntry, RaftMessage, RaftTransport } from '../../src/raft/index.ts';

/** A transport from node a to node b, on a network that loses nothing by itself. */
export interface RaftTransportPupil {
  readonly send: RaftTransport['send'];
  /** What b has heard. */
  readonly arrived: readonly RaftMessage[];
  /** Resolves when `done` is true; fails when that takes too long. */
  until(what: string, done: () => boolean): Promise<void>;
  stop(): Promise<void>;
}

type Message<K extends RaftMessage['kind']> = Extract<RaftMessage, { kind: K }>;

const ENDS = { from: 'a', to: 'b', fromInstance: 'a-1', toInstance: 'b-1', term: 3 };

function heartbeat(round: number): Message<'heartbeat'> {
  return { kind: 'heartbeat', ...ENDS, commit: 5, round, session: 1, ranks: ['b', 'c'] };
}

/** An append whose entries, of `bytes` each, begin at `first`. */
function append(first: number, count: number, bytes: number): Message<'append'> {
  const entries = Array.from({ length: count }, (_, n): LogEntry => {
    const index = first + n;
    return { index, term: 3, kind: 'sql', timestamp: index, data: new Uint8Array(bytes).fill(index % 251) };
  });
  return {
    kind: 'append',
    ...ENDS,
    prev: { term: 3, index: first - 1 },
    entries,
    commit: 1,
    round: 2,
    session: 1,
  };
}

/** A message as short text, the same for equal messages: entries by a checksum over all that they say. */
function text(message: RaftMessage): string {
  const fields = new Map<string, unknown>(Object.entries(message));
  if (message.kind === 'append') {
    const lines = message.entries.map((e) => [e.index, e.term, e.kind, e.timestamp, crc32(e.data)].join(' '));
    fields.set('entries', `${lines.length} with ${crc32(lines.join())}`);
  }
  return [...fields.keys()]
    .sort()
    .map((key) => `${key}=${JSON.stringify(fields.get(key))}`)
    .join(' ');
}

/** Registers the suite for one implementation. */
export function describeRaftTransport(name: string, open: () => Promise<RaftTransportPupil>): void {
  describe(`${name} as RaftTransport`, { timeout: 30_000 }, () => {
    async function start(): Promise<RaftTransportPupil> {
      const pupil = await open();
      onTestFinished(() => pupil.stop());
      return pupil;
    }

    it('delivers messages of a turn as they are, later', async () => {
      const { send, arrived, until } = await start();
      const turn: RaftMessage[] = [
        heartbeat(1),
        append(7, 0, 0),
        append(7, 3, 100),
        { kind: 'timeout-now', ...ENDS, expectedLast: { term: 3, index: 9 } },
        { kind: 'read-index-response', ...ENDS, requestId: 4, index: null },
        { kind: 'bye', ...ENDS },
      ];
      send(turn);
      expect(arrived).toEqual([]);
      await until('all of them', () => arrived.length === turn.length);
      expect(arrived.map(text).sort()).toEqual(turn.map(text).sort());
    });

    it('carries the largest entry that there is', async () => {
      const { send, arrived, until } = await start();
      const largest = append(7, 1, LIMITS.maxEntryBytes);
      send([largest]);
      await until('it', () => arrived.length === 1);
      expect(arrived.map(text)).toEqual([text(largest)]);
    });

    it('carries everything that may be in flight to one follower in one turn', async () => {
      const { send, arrived, until } = await start();
      const perAppend = LIMITS.maxAppendBytes / 1024 - 1;
      const turn = Array.from({ length: LIMITS.maxInflightBytes / LIMITS.maxAppendBytes }, (_, n) =>
        append(1 + n * perAppend, perAppend, 1024),
      );
      send(turn);
      await until('all of it', () => arrived.length === turn.length);
      expect(arrived.map(text).sort()).toEqual(turn.map(text).sort());
    });

    it('survives a turn of 28 MiB to one peer, keeps the heartbeats apart, and goes on', async () => {
      const { send, arrived, until } = await start();
      const big = Array.from({ length: 32 }, (_, n) => append(7 + n, 1, LIMITS.maxAppendBytes));
      const larger = Array.from({ length: 3 }, (_, n) => append(100 + n, 1, LIMITS.maxEntryBytes));
      const turn = [...big, heartbeat(1), ...larger, heartbeat(2)];
      const sent = new Set(turn.map(text));
      send(turn);
      const beats = () => arrived.filter((m) => m.kind === 'heartbeat').length;
      await until('the heartbeats', () => beats() === 2);
      // once what fitted is through, there is room again
      await until('some appends', () => arrived.length > 10);
      const last = append(500, 2, 1000);
      const isThrough = () => arrived.some((m) => m.kind === 'append' && m.prev.index === last.prev.index);
      await until('an append behind it', () => {
        if (!isThrough()) send([last]);
        return isThrough();
      });
      sent.add(text(last));
      expect(arrived.map(text).filter((m) => !sent.has(m))).toEqual([]);
    });

    it('drops what is for nobody, and throws nothing', async () => {
      const { send, arrived, until } = await start();
      send([{ ...heartbeat(1), to: 'stranger' }, heartbeat(2)]);
      await until('the other one', () => arrived.length === 1);
      expect(arrived.map(text)).toEqual([text(heartbeat(2))]);
    });
  });
}
