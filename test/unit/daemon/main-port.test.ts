/** What the consensus thread tells a main thread that takes nothing; the test is that thread. */
import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MainPort } from '../../../daemon/main-port.ts';
import type { ConsensusToMain } from '../../../daemon/protocol.ts';
import { LIMITS } from '../../../src/base/index.ts';

let main: MessagePort;
let port: MainPort;
let commitIndex = 0;

beforeEach(() => {
  const channel = new MessageChannel();
  main = channel.port1;
  commitIndex = 0;
  port = new MainPort(channel.port2, () => {
    const status = { commitIndex, peers: [], ranks: [] };
    return { kind: 'status', status, links: [], diskLatencyMs: 0 } as unknown as Status;
  });
});
afterEach(() => main.close());

type Status = Extract<ConsensusToMain, { kind: 'status' }>;

/** All that waits in the port. */
function taken(): ConsensusToMain[] {
  const messages: ConsensusToMain[] = [];
  for (;;) {
    const next = receiveMessageOnPort(main);
    if (next === undefined) return messages;
    messages.push(next.message);
  }
}

const vote = (term: number) => {
  const event = { kind: 'vote', term, candidate: 'n2', granted: false, refusal: null } as const;
  return { kind: 'events', events: [{ at: term, event }] } as const;
};

/** Log lines until no more are posted. */
function fill(): void {
  const text = 'x'.repeat(4096);
  for (let n = 0; n * text.length < 2 * LIMITS.maxUnheardWordBytes; n++) port.log('info', 'line', { text });
}

function hear(messages: readonly ConsensusToMain[]): void {
  const asked = messages.findLast((m) => m.kind === 'hear');
  port.heard(asked?.upTo ?? 0);
}

describe('MainPort', () => {
  it('posts log lines up to a number of bytes, and says later how many are lost', () => {
    fill();
    const messages = taken();
    const lines = messages.filter((m) => m.kind === 'log').length;
    expect(lines * 4096).toBeLessThanOrEqual(LIMITS.maxUnheardWordBytes);
    expect(lines * 4096).toBeGreaterThan(LIMITS.maxUnheardWordBytes / 2);
    hear(messages);
    const lost = Math.ceil((2 * LIMITS.maxUnheardWordBytes) / 4096) - lines;
    expect(taken()).toMatchObject([
      { kind: 'log', level: 'warn', event: 'main-thread-behind', fields: { lines: lost, events: 0 } },
    ]);
    // once
    hear(messages);
    expect(taken()).toEqual([]);
  });

  it('keeps one status, the newest, and the last word of each peer', () => {
    fill();
    const before = taken();
    for (commitIndex = 1; commitIndex < 50; commitIndex++) port.status();
    for (const status of ['lost', 'dead', 'restored'] as const)
      port.post({ kind: 'peer', peer: 'n2', status });
    port.post({ kind: 'peer', peer: 'n3', status: 'lost' });
    port.post({ kind: 'peer', peer: 'n3', status: 'dead' });
    expect(taken()).toEqual([]);
    hear(before);
    expect(taken().filter((m) => m.kind !== 'log')).toMatchObject([
      { kind: 'peer', peer: 'n2', status: 'restored' },
      { kind: 'peer', peer: 'n3', status: 'dead' },
      { kind: 'status', status: { commitIndex: 50 } },
    ]);
    commitIndex = 51;
    port.status();
    expect(taken()).toMatchObject([{ kind: 'status', status: { commitIndex: 51 } }]);
  });

  it('keeps the newest events in order, and counts those that are lost', () => {
    fill();
    const before = taken();
    const many = LIMITS.maxHeldRaftEvents + 7;
    for (let term = 1; term <= many; term++) port.post(vote(term));
    expect(taken()).toEqual([]);
    hear(before);
    const after = taken();
    expect(after.find((m) => m.kind === 'log')).toMatchObject({ fields: { events: 7 } });
    const terms = after.flatMap((m) => (m.kind === 'events' ? m.events.map(({ at }) => at) : []));
    expect(terms).toEqual(Array.from({ length: LIMITS.maxHeldRaftEvents }, (_, n) => n + 8));
  });

  it('posts answers always: main has asked for each of them', () => {
    fill();
    taken();
    port.post({ kind: 'reads', results: [{ id: 1, index: 5 }] });
    port.post({ kind: 'overwritten', ids: [3] });
    expect(taken().map(({ kind }) => kind)).toEqual(['reads', 'overwritten']);
  });

  it('knows how long main has taken nothing', () => {
    expect(port.silentMs(1000)).toBe(0);
    expect(port.silentMs(2000)).toBe(1000);
    expect(port.silentMs(61_000)).toBe(60_000);
    // one question is enough, however often it is looked
    const asked = taken().filter((m) => m.kind === 'hear');
    expect(asked).toHaveLength(1);
    hear(asked);
    expect(port.silentMs(62_000)).toBe(0);
    expect(port.silentMs(63_000)).toBe(1000);
  });
});
