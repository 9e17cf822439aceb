/**
 * One stream of events for many readers: replicated events (with a log index, the
 * same on every node) and this node's own. A reader resumes by cursor or by index;
 * on another node the index leads to the same place without gap or repetition.
 *
 * Cursor: `<index>.<own>` where `index` is the last replicated index at or before the
 * event and `own` counts the node's own events behind it; the second half means
 * something only on the node that gave it and is ignored elsewhere.
 */

import type { LogIndex, NodeId, Timestamp } from '../src/base/index.ts';
import { LIMITS } from '../src/base/index.ts';
import type { ClusterEvent } from '../src/cluster/index.ts';

export interface StreamEvent extends ClusterEvent {
  readonly cursor: string;
  /** The node that gives the event. */
  readonly origin: NodeId;
}

/**
 * Where to begin: behind `index`, and behind `own` of this node's own events when the cursor is from here.
 */
export interface ResumePoint {
  readonly index: LogIndex;
  /** Own events up to this count were seen; null = the reader comes from elsewhere. */
  readonly own: number | null;
}

type Listener = (event: StreamEvent) => void;

export class EventHub {
  readonly #nodeId: NodeId;
  readonly #bootTag: string;
  readonly #listeners = new Set<Listener>();
  #ring: StreamEvent[] = [];
  #lastIndex: LogIndex = 0;
  #own = 0;

  /** `bootTag` marks cursors of this start, so that own counters of an earlier start are not trusted. */
  constructor(nodeId: NodeId, bootTag: string) {
    this.#nodeId = nodeId;
    this.#bootTag = bootTag;
  }

  get subscribers(): number {
    return this.#listeners.size;
  }

  get lastIndex(): LogIndex {
    return this.#lastIndex;
  }

  /**
   * The oldest replicated index that the ring can still continue from; 0 when it holds everything it ever
   * saw.
   */
  get firstIndex(): LogIndex {
    return this.#ring.find((e) => e.index !== null)?.index ?? this.#lastIndex;
  }

  /** Fills the ring with stored replicated events at start; tells nobody. */
  preload(events: readonly ClusterEvent[], appliedIndex: LogIndex): void {
    for (const event of events) this.#push(event);
    this.#lastIndex = Math.max(this.#lastIndex, appliedIndex);
  }

  /** Replicated events of applied entries, in order, and how far the log was applied. */
  publish(events: readonly ClusterEvent[], appliedIndex: LogIndex): void {
    for (const event of events) this.#tell(this.#push(event));
    this.#lastIndex = Math.max(this.#lastIndex, appliedIndex);
  }

  /** A snapshot replaced the state: the events in between are not known here, and readers are told so. */
  reset(appliedIndex: LogIndex, at: Timestamp): void {
    const from = this.#lastIndex;
    this.#ring = this.#ring.filter((e) => e.index === null);
    this.#lastIndex = Math.max(this.#lastIndex, appliedIndex);
    this.publishOwn({
      kind: 'gap',
      severity: 'info',
      nodeId: this.#nodeId,
      at,
      message: `events from ${from + 1} to ${appliedIndex} are unknown here: a snapshot was taken over`,
      data: { from: from + 1, to: appliedIndex },
    });
  }

  /** An event of this node alone. */
  publishOwn(event: Omit<ClusterEvent, 'index'>): void {
    this.#tell(this.#push({ ...event, index: null }));
  }

  /**
   * `after` from a request: a cursor, an index, or nothing (= only new events). Undefined when it is
   * neither.
   */
  parse(after: string | undefined): ResumePoint | undefined {
    if (after === undefined || after === '') return { index: this.#lastIndex, own: this.#own };
    const match = /^(\d{1,16})(?:\.(\d{1,16})\.([\w-]{1,64}))?$/.exec(after);
    if (!match) return undefined;
    const here = match[3] === this.#bootTag;
    return { index: Number(match[1]), own: here ? Number(match[2]) : null };
  }

  /** Events behind `point` that the ring still holds, oldest first. */
  since(point: ResumePoint): StreamEvent[] {
    return this.#ring.filter((e) => {
      if (e.index !== null) return e.index > point.index;
      const [index, own] = e.cursor.split('.').map(Number);
      return point.own === null ? Number(index) >= point.index : Number(own) > point.own;
    });
  }

  /**
   * Calls `listener` with each new event until the returned function is called. Null when there are too many
   * readers.
   */
  subscribe(listener: Listener): (() => void) | null {
    if (this.#listeners.size >= LIMITS.maxSubscribers) return null;
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A sign of life for idle streams, with the place to resume at. */
  progress(at: Timestamp): StreamEvent {
    return {
      kind: 'progress',
      severity: 'info',
      nodeId: this.#nodeId,
      origin: this.#nodeId,
      at,
      index: null,
      message: 'no news',
      data: { applied_index: this.#lastIndex },
      cursor: this.#cursor(),
    };
  }

  #cursor(): string {
    return `${this.#lastIndex}.${this.#own}.${this.#bootTag}`;
  }

  #push(event: ClusterEvent): StreamEvent {
    if (event.index === null) this.#own++;
    else this.#lastIndex = Math.max(this.#lastIndex, event.index);
    const stored = { ...event, cursor: this.#cursor(), origin: this.#nodeId };
    this.#ring.push(stored);
    if (this.#ring.length > LIMITS.eventHistory * 1.25) this.#ring = this.#ring.slice(-LIMITS.eventHistory);
    return stored;
  }

  #tell(event: StreamEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
