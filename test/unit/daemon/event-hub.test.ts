import { describe, expect, it } from 'vitest';
import {
  EventHub,
  type EventPosition,
  type ResumePoint,
  type StreamEvent,
} from '../../../daemon/event-hub.ts';
import { LIMITS } from '../../../src/base/index.ts';
import type { ClusterEvent } from '../../../src/cluster/index.ts';

const replicated = (index: number, kind: ClusterEvent['kind'] = 'node-updated'): ClusterEvent => ({
  ...{ kind, severity: 'info', nodeId: 'n1', at: index, index, message: `e${index}`, data: {} },
});
const own = (message: string) => ({ ...replicated(0, 'vote'), message });
const names = (events: readonly StreamEvent[]): string[] => events.map((e) => e.message);

const many = (count: number, from = 1) => Array.from({ length: count }, (_, n) => replicated(from + n));

function hubWith(...indexes: number[]): EventHub {
  const hub = new EventHub('n1', 'boot-a');
  for (const i of indexes) hub.publish([replicated(i)], i);
  return hub;
}

/** Everything that a reader is given who asks for `after`. */
function readAll(hub: EventHub, after: string, kinds: readonly string[] = []): StreamEvent[] {
  const position = hub.begin(hub.parse(after) ?? { index: -1, nth: null, own: null });
  return readOn(hub, position, kinds);
}

function readOn(hub: EventHub, position: EventPosition, kinds: readonly string[] = []): StreamEvent[] {
  const isWanted = (kind: string): boolean => kinds.length === 0 || kinds.includes(kind);
  const all: StreamEvent[] = [];
  for (let page = hub.read(position, isWanted, 0); page.length > 0; page = hub.read(position, isWanted, 0)) {
    expect(page.length).toBeLessThanOrEqual(LIMITS.maxSubscriberLines + 1);
    all.push(...page);
  }
  return all;
}

describe('EventHub', () => {
  it('resumes behind an index without gap or repetition', () => {
    expect(names(readAll(hubWith(3, 5, 9), '5'))).toEqual(['e9']);
  });

  it('resumes behind a cursor of its own with own events in their place', () => {
    const hub = hubWith(3);
    hub.publishOwn(own('first'));
    const cursor = readAll(hub, '0').at(-1)?.cursor ?? '';
    hub.publishOwn(own('second'));
    hub.publish([replicated(4)], 4);
    expect(names(readAll(hub, cursor))).toEqual(['second', 'e4']);
  });

  it('takes a cursor of another node: replicated events go on, old own events do not come again', () => {
    const hub = hubWith(3);
    hub.publishOwn(own('mine, at 3'));
    hub.publish([replicated(7), replicated(8)], 8);
    hub.publishOwn(own('mine, at 8'));
    expect(names(readAll(hub, '7.12.boot-b'))).toEqual(['e8', 'mine, at 8']);
  });

  it('goes on within an entry that made several events, here and on another node', () => {
    const hubs = ['boot-a', 'boot-b'].map((tag) => new EventHub('n1', tag));
    const nine = [1, 2, 3].map((n) => ({ ...replicated(9), message: `9/${n}` }));
    for (const hub of hubs) {
      hub.publish([replicated(4)], 4);
      hub.publish(nine, 9);
      hub.publishOwn(own('mine'));
      hub.publish([replicated(10)], 12);
    }
    const [here, there] = hubs as [EventHub, EventHub];
    const all = readAll(here, '0');
    expect(names(all)).toEqual(['e4', '9/1', '9/2', '9/3', 'mine', 'e10']);
    for (const [n, event] of all.entries()) {
      const rest = all.slice(n + 1);
      expect(names(readAll(here, event.cursor))).toEqual(names(rest));
      const behind = rest.filter((e) => e.index !== null);
      expect(names(readAll(there, event.cursor).filter((e) => e.index !== null))).toEqual(names(behind));
    }
    expect(names(readAll(there, '9'))).toEqual(['mine', 'e10']);
    expect(readAll(here, here.progress(0).cursor)).toEqual([]);
  });

  it('without a cursor begins with what is new', () => {
    const hub = hubWith(1, 2);
    const position = hub.begin(hub.parse(undefined) as ResumePoint);
    expect(readOn(hub, position)).toEqual([]);
    hub.publish([replicated(3)], 3);
    expect(names(readOn(hub, position))).toEqual(['e3']);
  });

  it.each(['x', '1.2', '1.2.', '-1', '1-', '1-x', `${'9'.repeat(17)}`])(
    'refuses "%s" as a cursor',
    (text) => {
      expect(hubWith(1).parse(text)).toBeUndefined();
    },
  );

  it('wakes every reader until it leaves', () => {
    const hub = hubWith();
    let woken = 0;
    const stop = hub.subscribe(() => woken++);
    hub.publish([replicated(1), replicated(2)], 2);
    hub.publishOwn(own('mine'));
    stop?.();
    hub.publish([replicated(3)], 3);
    expect(woken).toBe(2);
  });

  it('gives a long history in pages, each event once, wanted kinds only', () => {
    const hub = hubWith();
    const events = many(1000).map((e, n) => (n % 10 === 0 ? { ...e, kind: 'node-dead' as const } : e));
    hub.publish(events, 1000);
    expect(readAll(hub, '0')).toHaveLength(1000);
    expect(readAll(hub, '500', ['node-dead']).map((e) => e.index)).toEqual(
      Array.from({ length: 50 }, (_, n) => 501 + n * 10),
    );
  });

  it('says that the ring no longer reaches back, to new readers and to slow ones', () => {
    const hub = hubWith(1);
    const slow = hub.begin({ index: 0, nth: null, own: null });
    expect(names(readOn(hub, slow))).toEqual(['e1']);
    hub.publish(many(40_000, 2), 40_001);
    const { floor } = hub;
    expect(floor).toBeGreaterThan(20_000);
    const [gap, ...rest] = readOn(hub, slow, ['node-updated']);
    expect(gap).toMatchObject({ kind: 'gap', index: null, data: { from: 2, to: floor } });
    expect(rest.map((e) => e.index)).toEqual(many(40_001 - floor, floor + 1).map((e) => e.index));
    expect(readAll(hub, '5')[0]).toMatchObject({ kind: 'gap', data: { from: 6, to: floor } });
    expect(readAll(hub, `${gap?.cursor}`)[0]).toMatchObject({ index: floor + 1 });
    expect(readAll(hub, `${floor}-1`)[0]).toMatchObject({ kind: 'gap', data: { from: floor, to: floor } });
    expect(readAll(hub, `${floor}`)[0]).toMatchObject({ index: floor + 1 });
  });

  it('cuts between entries, so that no entry is told in part', () => {
    const hub = hubWith();
    for (let n = 1; n <= 4000; n++)
      hub.publish(
        many(8, 0).map(() => replicated(n)),
        n,
      );
    const counts = Map.groupBy(readAll(hub, `${hub.floor}`), (e) => e.index);
    expect([...counts.values()].every((list) => list.length === 8)).toBe(true);
    expect(counts.has(hub.floor + 1)).toBe(true);
  });

  it('does not let own events drive out replicated ones', () => {
    const hub = hubWith(1, 2);
    for (let n = 0; n < 30_000; n++) hub.publishOwn(own(`vote ${n}`));
    const seen = readAll(hub, '0');
    expect(seen.filter((e) => e.index !== null)).toHaveLength(2);
    expect(seen.length).toBeLessThanOrEqual(2 + (LIMITS.eventHistory + LIMITS.ownEventHistory) * 1.25);
  });

  it('goes on behind a snapshot with the events that the snapshot holds: no gap', () => {
    const hub = hubWith(1, 2);
    const reader = hub.begin({ index: 0, nth: null, own: null });
    expect(readOn(hub, reader)).toHaveLength(2);
    hub.load(many(50), 60);
    expect(readOn(hub, reader).map((e) => e.index)).toEqual(many(48, 3).map((e) => e.index));
    // what was on its way while the snapshot was taken over does not come twice
    hub.publish([replicated(50), replicated(60), replicated(61)], 61);
    expect(readOn(hub, reader).map((e) => e.index)).toEqual([61]);
    expect(readAll(hub, '0').map((e) => e.index)).toEqual([...many(50).map((e) => e.index), 61]);
  });

  it('tells of the gap where the events of a snapshot begin behind what was seen', () => {
    const hub = hubWith(1, 2);
    hub.publishOwn(own('mine'));
    const reader = hub.begin({ index: 2, nth: null, own: 1 });
    hub.load(many(LIMITS.eventHistory, 5000), 20_000);
    const [gap, first] = readOn(hub, reader);
    expect(gap).toMatchObject({ kind: 'gap', data: { from: 3, to: 5000 } });
    expect(first).toMatchObject({ index: 5001 });
    expect(hub.lastIndex).toBe(20_000);
    expect(readAll(hub, '0')[0]).toMatchObject({ kind: 'gap', data: { from: 1, to: 5000 } });
  });

  it('starts with all stored events, and says when there were more', () => {
    const whole = new EventHub('n1', 'boot-a');
    whole.load(many(9000), 9500);
    expect(readAll(whole, '0')).toHaveLength(9000);
    const cut = new EventHub('n1', 'boot-a');
    cut.load(many(LIMITS.eventHistory, 100), 12_000);
    expect(readAll(cut, '0')[0]).toMatchObject({ kind: 'gap', data: { from: 1, to: 100 } });
    expect(readAll(cut, '100')[0]).toMatchObject({ index: 101 });
  });
});
