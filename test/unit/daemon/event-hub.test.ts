import { describe, expect, it } from 'vitest';
import { EventHub, type StreamEvent } from '../../../daemon/event-hub.ts';
import type { ClusterEvent } from '../../../src/cluster/index.ts';

const replicated = (index: number, kind: ClusterEvent['kind'] = 'node-updated'): ClusterEvent => ({
  ...{ kind, severity: 'info', nodeId: 'n1', at: index, index, message: `e${index}`, data: {} },
});
const own = (message: string) => ({ ...replicated(0, 'vote'), message });
const names = (events: readonly StreamEvent[]): string[] => events.map((e) => e.message);

function hubWith(...indexes: number[]): EventHub {
  const hub = new EventHub('n1', 'boot-a');
  for (const i of indexes) hub.publish([replicated(i)], i);
  return hub;
}

describe('EventHub', () => {
  it('resumes behind an index without gap or repetition', () => {
    const hub = hubWith(3, 5, 9);
    const point = hub.parse('5');
    expect(point && names(hub.since(point))).toEqual(['e9']);
  });

  it('resumes behind a cursor of its own with own events in their place', () => {
    const hub = hubWith(3);
    hub.publishOwn(own('first'));
    const cursor = hub.since({ index: 0, own: 0 }).at(-1)?.cursor;
    hub.publishOwn(own('second'));
    hub.publish([replicated(4)], 4);
    const point = hub.parse(cursor);
    expect(point && names(hub.since(point))).toEqual(['second', 'e4']);
  });

  it('takes a cursor of another node: replicated events go on, old own events do not come again', () => {
    const hub = hubWith(3);
    hub.publishOwn(own('mine, at 3'));
    hub.publish([replicated(7), replicated(8)], 8);
    hub.publishOwn(own('mine, at 8'));
    const point = hub.parse('7.12.boot-b');
    expect(point && names(hub.since(point))).toEqual(['e8', 'mine, at 8']);
  });

  it('without a cursor begins with what is new', () => {
    const hub = hubWith(1, 2);
    const point = hub.parse(undefined);
    expect(point && hub.since(point)).toEqual([]);
  });

  it.each(['x', '1.2', '1.2.', '-1', `${'9'.repeat(17)}`])('refuses "%s" as a cursor', (text) => {
    expect(hubWith(1).parse(text)).toBeUndefined();
  });

  it('tells every subscriber in order until it leaves', () => {
    const hub = hubWith();
    const heard: string[] = [];
    const stop = hub.subscribe((e) => heard.push(e.message));
    hub.publish([replicated(1), replicated(2)], 2);
    stop?.();
    hub.publish([replicated(3)], 3);
    expect(heard).toEqual(['e1', 'e2']);
  });

  it('says that a snapshot left a gap', () => {
    const hub = hubWith(1);
    hub.reset(50, 123);
    const [gap] = hub.since({ index: 1, own: 0 });
    expect(gap).toMatchObject({ kind: 'gap', data: { from: 2, to: 50 } });
    expect(hub.lastIndex).toBe(50);
  });
});
