/**
 * How the picture of the cluster grows: a status replaces, events add, and the few
 * events that change who leads are put into the status at once, so that a new leader
 * is seen when its event comes and not when the next status does.
 */
import { LIMITS } from '../../src/base/index.ts';
import { type Answer, type Question, questionKey } from '../feed/slices.ts';
import type { AlertRow, EventLine, HistoryResponse, StatusResponse, ViewsResponse } from '../feed/wire.ts';
import type { Picture, Wall } from './model.ts';
import { viewGroups } from './selectors.ts';
import { shownStatus } from './shown-status.ts';
import { applyEvent, toldSince } from './who-leads.ts';

type Samples = Picture['samples'];

function addSamples(samples: Samples, status: StatusResponse): Samples {
  const next: Record<string, readonly (number | null)[]> = {};
  for (const node of status.nodes) {
    const list = (samples[node.node_id] ?? []).slice(1 - LIMITS.screenSamples);
    list.push(node.cpu_usage);
    next[node.node_id] = list;
  }
  return next;
}

export function addStatus(picture: Picture, status: StatusResponse, now: Wall): Picture {
  const isLed = status.raft.leader_id !== null;
  const next: Picture = {
    ...picture,
    status: shownStatus(status),
    statusAt: now,
    samples: addSamples(picture.samples, status),
    ledUntil: isLed ? now : picture.ledUntil,
    leaderlessSince: isLed ? null : (picture.leaderlessSince ?? now),
  };
  return { ...next, leaderlessSince: toldSince(next) };
}

export function addAlerts(picture: Picture, alerts: readonly AlertRow[], now: Wall): Picture {
  return { ...picture, alerts, heard: { ...picture.heard, alerts: { at: now, error: null } } };
}

/** What was answered last stays, and says that it is no longer fresh. */
export function unheard(picture: Picture, what: keyof Picture['heard'], error: string): Picture {
  return { ...picture, heard: { ...picture.heard, [what]: { ...picture.heard[what], error } } };
}

/** So long a loaded node may tell of the leader before, after one handed over. */
const HAND_OVER_MS = 3000;

/**
 * Leadership was just handed over in order, and who has not heard of it is one term behind. Only then: a
 * leader that was cut off and replaced has to be told of with the second answer, so that no other change of
 * term is any grace.
 */
function isHandingOver(picture: Picture, now: Wall): boolean {
  const newest = picture.status?.elections.toSorted((a, b) => a.term - b.term).at(-1);
  if (newest === undefined) return false;
  const terms = viewGroups(picture).map((g) => g.term);
  return (
    newest.cause.startsWith('transfer') &&
    Math.abs(now - Date.parse(newest.at)) < HAND_OVER_MS &&
    terms.every((term) => term === newest.term || term === newest.term - 1)
  );
}

/** What each node says of who leads, and how often in a row they did not agree. */
export function addViews(picture: Picture, views: ViewsResponse, now: Wall): Picture {
  const next = { ...picture, views, heard: { ...picture.heard, views: { at: now, error: null } } };
  if (viewGroups(next).length < 2) return { ...next, splits: 0 };
  return { ...next, splits: isHandingOver(next, now) ? 1 : picture.splits + 1 };
}

/** What sparklines show, ms. */
export const SPARK_MS = 60_000;

/** Samples of the last minute, from before this screen was opened, where the picture has none yet. */
export function fillSamples(picture: Picture, history: HistoryResponse): Picture {
  const past: Record<string, (number | null)[]> = {};
  const from = picture.statusAt - SPARK_MS;
  for (const point of history.points) {
    if (Date.parse(point.at) < from) continue;
    past[point.node_id] ??= [];
    past[point.node_id]?.push(point.cpu_usage);
  }
  const samples: Record<string, readonly (number | null)[]> = { ...picture.samples };
  for (const [nodeId, values] of Object.entries(past)) {
    samples[nodeId] = [...values, ...(picture.samples[nodeId] ?? [])].slice(-LIMITS.screenSamples);
  }
  return { ...picture, samples };
}

export function addEvents(picture: Picture, events: readonly EventLine[], now: Wall): Picture {
  const told = events.filter((e) => e.kind !== 'progress');
  if (told.length === 0) return picture;
  // a stream that was resumed on another node may begin with what is known
  const known = new Set(picture.events.slice(-200).map(identity));
  const fresh = told.filter((e) => !known.has(identity(e)));
  const all = [...picture.events, ...fresh].slice(-LIMITS.screenEvents);
  return fresh.reduce<Picture>((p, event) => applyEvent(p, event, now), { ...picture, events: all });
}

/** Equal for the same event, told by whichever node. */
export function identity(event: EventLine): string {
  return `${event.index ?? event.node_id} ${event.at} ${event.kind} ${event.message}`;
}

/** An operation that is known to have ended does not run until the next status says so. */
export function withoutOperation(picture: Picture, id: string): Picture {
  const { status } = picture;
  return status?.operation === id ? { ...picture, status: { ...status, operation: null } } : picture;
}

/** The answer to a question of one view, or the sentence why there is none: then the old one stays. */
export function addAnswer(picture: Picture, question: Question, news: Answer | string): Picture {
  const key = questionKey(question);
  const before = picture.answers[key];
  const answer: Answer =
    typeof news === 'string' ? { value: before?.value ?? null, at: before?.at ?? 0, error: news } : news;
  const others = Object.entries(picture.answers).filter(([k]) => k !== key);
  const kept = others.slice(-(LIMITS.screenAnswers - 1));
  return { ...picture, answers: Object.fromEntries([...kept, [key, answer]]) };
}

/** Without what a node tells of itself: events, audit, its account of alerts, and whom it heard lead. */
export function forgetOwn(picture: Picture): Picture {
  const kept = Object.entries(picture.answers).filter(
    ([key]) => key !== 'audit' && !key.startsWith('explain '),
  );
  return { ...picture, events: [], ledUntil: null, answers: Object.fromEntries(kept) };
}
