/**
 * Who leads, and since when nobody does, by what events tell of it. A node tells its history first: only what
 * is younger than the status can say something else than the status does.
 */
import type { EventLine } from '../feed/wire.ts';
import type { Picture, Wall } from './model.ts';
import { withLeader } from './shown-status.ts';

/** Who leads by this event; a node's own word comes before the entry that all apply. Null = nothing of it. */
function leaderIn({ kind, node_id, data }: EventLine): string | null {
  if (kind === 'leader-elected') return node_id;
  if (kind !== 'role-changed') return null;
  if (data['role'] === 'leader') return node_id;
  return typeof data['leader_id'] === 'string' ? data['leader_id'] : null;
}

function isOfLeader(event: EventLine): boolean {
  return event.kind === 'leader-lost' || leaderIn(event) !== null;
}

/**
 * Whether the newest word of who leads in `term` or later is that nobody does. One node may have missed the
 * leader for a moment, and says so when it hears it again.
 */
export function isLostBy(events: readonly EventLine[], term: number): boolean {
  const isNews = (e: EventLine): boolean => {
    const told = e.data['term'];
    return isOfLeader(e) && (typeof told !== 'number' || told >= term);
  };
  return events.findLast(isNews)?.kind === 'leader-lost';
}

/** When the vacancy that `events` end with was told first, behind the last word of a leader; null = never. */
export function lossIn(events: readonly EventLine[]): Wall | null {
  const led = events.findLastIndex((e) => leaderIn(e) !== null);
  const lost = events.slice(led + 1).find((e) => e.kind === 'leader-lost');
  const at = lost === undefined ? Number.NaN : Date.parse(lost.at);
  return Number.isFinite(at) ? at : null;
}

/** A leader that was seen to lead was lost later than that: bounds what a wrong clock of a node would say. */
const SEEN_MS = 1000;

/**
 * What the status knew already: told before it by more than clocks differ, or of an election that it lists.
 * A node whose clock is further behind is not believed here; the next status says the same, and is asked for
 * at once.
 */
function isHistory({ status, statusAt }: Picture, event: EventLine): boolean {
  const { kind, data } = event;
  if (kind === 'leader-elected' && status?.raft.leader_id === null)
    if (status.elections.some((e) => e.term === data['term'])) return true;
  return Date.parse(event.at) < statusAt - SEEN_MS;
}

/** The picture with what one event says of who leads. */
export function applyEvent(picture: Picture, event: EventLine, now: Wall): Picture {
  const { status } = picture;
  if (status === null || !isOfLeader(event)) return picture;
  if (isHistory(picture, event)) return { ...picture, leaderlessSince: sinceBy(picture, event) };
  const term = typeof event.data['term'] === 'number' ? event.data['term'] : null;
  if (event.kind === 'leader-lost' && (term === null || term >= status.raft.term)) {
    const known = picture.leaderlessSince ?? now;
    return {
      ...picture,
      leaderlessSince: earlier(picture, known, Date.parse(event.at)),
      status: withLeader(status, null, term),
    };
  }
  const leader = leaderIn(event);
  if (leader !== null && term !== null && term >= status.raft.term) {
    return {
      ...picture,
      ...{ ledUntil: now, leaderlessSince: null, status: withLeader(status, leader, term) },
    };
  }
  return picture;
}

/** History comes line by line: a vacancy that somebody ended is not the one of now. */
function sinceBy(picture: Picture, event: EventLine): Wall | null {
  const { leaderlessSince: known, statusAt } = picture;
  const isOver = known !== null && leaderIn(event) !== null && Date.parse(event.at) > known;
  return toldSince(isOver ? { ...picture, leaderlessSince: statusAt } : picture);
}

/** As its node tells it, because a screen may hear of it late; not before a leader was seen. */
function earlier({ ledUntil }: Picture, known: Wall, told: Wall): Wall {
  const earliest = ledUntil === null ? Number.NEGATIVE_INFINITY : ledUntil - SEEN_MS;
  return Number.isFinite(told) ? Math.min(known, Math.max(told, earliest)) : known;
}

/**
 * Since when nobody leads, by all that is told of it: whoever reaches no majority has measured it, without
 * anybody's wall clock; else the loss among the events, if there is one. Null = somebody leads.
 */
export function toldSince(picture: Picture): Wall | null {
  const { events, leaderlessSince: known, status, statusAt } = picture;
  if (known === null) return null;
  const { isolation } = status ?? {};
  if (isolation != null) return Math.min(known, statusAt - isolation.since_ms);
  const lost = lossIn(events);
  return lost === null ? known : earlier(picture, known, lost);
}
