/**
 * One stream of events for many readers: replicated events (with a log index, the
 * same on every node) and this node's own. A reader resumes by cursor or by index;
 * on another node the index leads to the same place without gap or repetition. Where
 * the ring no longer reaches back the reader is told so by an event `gap`.
 *
 * Cursor: `<index>[-<nth>].<own>.<boot>` where `index` is the last replicated index at
 * or before the event, `nth` counts the events of that entry up to this one (without it
 * all of them), and `own` counts the node's own events so far; what follows the first
 * point means something only to the start that gave it and is ignored elsewhere.
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
  /** How many events of the entry at `index` were seen; null = all of them. */
  readonly nth: number | null;
  /** Own events up to this count were seen; null = the reader comes from elsewhere. */
  readonly own: number | null;
}

/** A reader: what it was given last. Nothing is kept for it alone. */
export interface EventPosition {
  readonly point: ResumePoint;
  seq: number;
  index: LogIndex;
}

/** An event in its place of the ring. */
interface Row {
  /** Grows with each event; the order of the stream. */
  readonly seq: number;
  /** Replicated index reached with it. */
  readonly index: LogIndex;
  /** Of the events of its entry this is the nth; an own event has none. */
  readonly nth: number | null;
  /** Own events so far. */
  readonly own: number;
  readonly event: StreamEvent;
}

const isOwn = (row: Row): boolean => row.event.index === null;

function isBehind({ event, index, nth, own }: Row, point: ResumePoint): boolean {
  if (event.index !== null && event.index !== point.index) return event.index > point.index;
  if (nth !== null) return point.nth !== null && nth > point.nth;
  return point.own === null ? index >= point.index : own > point.own;
}

export class EventHub {
  readonly #nodeId: NodeId;
  readonly #bootTag: string;
  readonly #wakes = new Set<() => void>();
  #ring: Row[] = [];
  #seq = 0;
  #own = 0;
  #lastIndex: LogIndex = 0;
  /** Events of the entry at the last index that are here. */
  #nth = 0;
  /** Replicated events at or below this index may be missing from the ring; the last of them had this seq. */
  #floor: { readonly index: LogIndex; readonly seq: number } = { index: 0, seq: 0 };

  /** `bootTag` marks cursors of this start, so that own counters of an earlier start are not trusted. */
  constructor(nodeId: NodeId, bootTag: string) {
    this.#nodeId = nodeId;
    this.#bootTag = bootTag;
  }

  get isFull(): boolean {
    return this.#wakes.size >= LIMITS.maxSubscribers;
  }

  get lastIndex(): LogIndex {
    return this.#lastIndex;
  }

  /** Replicated events behind this index are all here. */
  get floor(): LogIndex {
    return this.#floor.index;
  }

  /**
   * Takes over stored replicated events: at start, and after a snapshot replaced the state. `stored` are the
   * newest, at most LIMITS.eventHistory of them; readers are given what is new, or told that some are gone.
   */
  load(stored: readonly ClusterEvent[], appliedIndex: LogIndex): void {
    const seen = this.#lastIndex;
    const isCut = stored.length >= LIMITS.eventHistory;
    const floor = isCut ? (stored[0]?.index ?? 0) : 0;
    if (floor > seen) {
      this.#ring = this.#ring.filter(isOwn);
      this.#floor = { index: floor, seq: ++this.#seq };
    }
    for (const event of stored) {
      if (event.index !== null && event.index > Math.max(seen, floor)) this.#push(event);
    }
    this.#lastIndex = Math.max(this.#lastIndex, appliedIndex);
    this.#tell();
  }

  /** Replicated events of applied entries, in order, and how far the log was applied. */
  publish(events: readonly ClusterEvent[], appliedIndex: LogIndex): void {
    // what a snapshot's state held is known already
    const seen = this.#lastIndex;
    for (const event of events) if (event.index !== null && event.index > seen) this.#push(event);
    this.#lastIndex = Math.max(this.#lastIndex, appliedIndex);
    if (events.length > 0) this.#tell();
  }

  /** An event of this node alone. */
  publishOwn(event: Omit<ClusterEvent, 'index'>): void {
    this.#push({ ...event, index: null });
    this.#tell();
  }

  /**
   * `after` from a request: a cursor, an index, or nothing (= only new events). Undefined when it is
   * neither.
   */
  parse(after: string | undefined): ResumePoint | undefined {
    if (after === undefined || after === '') {
      return { index: this.#lastIndex, nth: null, own: this.#own };
    }
    const match = /^(\d{1,16})(?:-(\d{1,9}))?(?:\.(\d{1,16})\.([\w-]{1,64}))?$/.exec(after);
    if (!match) return undefined;
    const nth = match[2] === undefined ? null : Number(match[2]);
    const here = match[4] === this.#bootTag;
    return { index: Number(match[1]), nth, own: here ? Number(match[3]) : null };
  }

  /** A reader that begins at `point`. */
  begin(point: ResumePoint): EventPosition {
    return { point, seq: 0, index: point.index };
  }

  /**
   * The next events of the wanted kinds, a page at most; the position moves on. Empty = it has everything. A
   * gap comes first, wanted or not.
   */
  read(position: EventPosition, isWanted: (kind: string) => boolean, at: Timestamp): StreamEvent[] {
    const page: StreamEvent[] = [];
    const { index, seq } = this.#floor;
    const { point } = position;
    const isCut = index > point.index || (index === point.index && point.nth !== null);
    if (seq > position.seq && isCut) {
      page.push(this.#gap(Math.min(position.index + 1, index), at));
      position.index = Math.max(position.index, index);
      position.seq = seq;
    }
    const from = this.#ring.findLastIndex((row) => row.seq <= position.seq) + 1;
    for (let n = from; n < this.#ring.length && page.length < LIMITS.maxSubscriberLines; n++) {
      const row = this.#ring[n] as Row;
      position.seq = row.seq;
      position.index = Math.max(position.index, row.index);
      if (isBehind(row, point) && isWanted(row.event.kind)) page.push(row.event);
    }
    return page;
  }

  /** Calls `wake` after each event until the returned function is called; null = too many readers. */
  subscribe(wake: () => void): (() => void) | null {
    if (this.isFull) return null;
    this.#wakes.add(wake);
    return () => this.#wakes.delete(wake);
  }

  /** A sign of life for idle streams, with the place to resume at. */
  progress(at: Timestamp): StreamEvent {
    const data = { applied_index: this.#lastIndex };
    return this.#mark({ kind: 'progress', at, message: 'no news', data, cursor: this.#cursor() });
  }

  #gap(from: LogIndex, at: Timestamp): StreamEvent {
    const to = this.#floor.index;
    const message = `events from ${from} to ${to} are no longer known here`;
    return this.#mark({ kind: 'gap', at, message, data: { from, to }, cursor: `${to}` });
  }

  #mark(mark: Pick<StreamEvent, 'kind' | 'at' | 'message' | 'data' | 'cursor'>): StreamEvent {
    return { ...mark, severity: 'info', nodeId: this.#nodeId, origin: this.#nodeId, index: null };
  }

  #cursor(nth: number | null = null): string {
    const entry = nth === null ? `${this.#lastIndex}` : `${this.#lastIndex}-${nth}`;
    return `${entry}.${this.#own}.${this.#bootTag}`;
  }

  #push(event: ClusterEvent): void {
    const nth = event.index === null ? null : this.#count(event.index);
    if (nth === null) this.#own++;
    const stored = { ...event, cursor: this.#cursor(nth), origin: this.#nodeId };
    this.#ring.push({ seq: ++this.#seq, index: this.#lastIndex, nth, own: this.#own, event: stored });
    if (this.#ring.length > (LIMITS.eventHistory + LIMITS.ownEventHistory) * 1.25) this.#trim();
  }

  /** Events come in the order of the log: the how manieth of its entry is this one? */
  #count(index: LogIndex): number {
    this.#nth = index === this.#lastIndex ? this.#nth + 1 : 1;
    this.#lastIndex = Math.max(this.#lastIndex, index);
    return this.#nth;
  }

  /** Keeps the newest of either sort: a node that votes all night must not drive out what is replicated. */
  #trim(): void {
    const replicated = this.#ring.filter((row) => !isOwn(row));
    // an entry makes several events: they go together
    const index = replicated.at(-LIMITS.eventHistory - 1)?.index ?? 0;
    const gone = replicated.findLast((row) => row.index <= index);
    if (gone !== undefined) this.#floor = { index, seq: gone.seq };
    const oldestOwn = this.#ring.filter(isOwn).at(-LIMITS.ownEventHistory)?.seq ?? 0;
    this.#ring = this.#ring.filter((row) => (isOwn(row) ? row.seq >= oldestOwn : row.index > index));
  }

  #tell(): void {
    for (const wake of this.#wakes) wake();
  }
}
