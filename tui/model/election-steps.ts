/** An election step by step: which events belong to it, in order of time, and from when it counts. */
import type { ElectionRow, EventLine } from '../feed/wire.ts';
import type { Model, Picture, Wall } from './model.ts';
import { seenTo, shown } from './selectors.ts';
import { lossIn } from './who-leads.ts';

export interface Step {
  readonly event: EventLine;
  /** Since the leader's last word, ms; below 0 = before it was lost. */
  readonly offsetMs: number;
}

const KINDS: ReadonlySet<string> = new Set([
  ...['leader-lost', 'campaign-started', 'pre-vote', 'vote', 'role-changed', 'leader-elected'],
  ...['member-suspect', 'member-failed'],
]);
/** Clocks of nodes differ by less, and so long before its end a leader may have been missed by one. */
const BEFORE_MS = 1000;
/** In which the others say whom they follow. */
const AFTER_MS = 500;

const timeOf = (event: EventLine): Wall => Date.parse(event.at);

/** Nodes are heard one after the other: their events come in another order than they happened. */
function inOrder(events: readonly EventLine[]): EventLine[] {
  return events.toSorted((a, b) => timeOf(a) - timeOf(b));
}

/** From detection to victory: for so long nobody led. */
export function gapOf({ election_ms: took, detect_ms: noticed }: ElectionRow): number {
  return took + (noticed ?? 0);
}

function stepsBetween(events: readonly EventLine[], base: Wall, [from, to]: readonly [Wall, Wall]): Step[] {
  const within = events.filter((e) => KINDS.has(e.kind) && timeOf(e) >= from && timeOf(e) <= to);
  // an older node says of itself that it follows itself
  const told = within.filter((e) => e.kind !== 'role-changed' || e.data['leader_id'] !== e.node_id);
  return told.map((event) => ({ event, offsetMs: timeOf(event) - base }));
}

/** The winner's own word that it leads; its entry in the log is applied later. */
function wordOf(events: readonly EventLine[], { node_id: winner, term }: ElectionRow): EventLine | undefined {
  return events.find(
    ({ kind, node_id, data }) =>
      kind === 'role-changed' && node_id === winner && data['role'] === 'leader' && data['term'] === term,
  );
}

/**
 * When the winner asked first, of which its measured times tell; null = that is not known. Its word that it
 * leads is written down late under load (47 ms were seen), the question before is not.
 */
function askedAt(events: readonly EventLine[], election: ElectionRow, won: Wall): Wall | null {
  const { node_id: winner, election_ms: took } = election;
  const apart = (event: EventLine): number => Math.abs(timeOf(event) - (won - took));
  const [nearest] = events
    .filter((e) => e.node_id === winner && typeof e.data['silence_ms'] === 'number')
    .filter((e) => e.kind === 'campaign-started' && apart(e) < BEFORE_MS)
    .toSorted((a, b) => apart(a) - apart(b));
  return nearest === undefined ? null : timeOf(nearest);
}

/** What the steps of an election are counted from. */
export function countedFrom({ cause, detect_ms: noticed }: ElectionRow): string {
  if (cause.startsWith('transfer')) return 'since leadership was given away';
  return noticed === null ? 'since it began' : 'after the last heartbeat';
}

/**
 * Of an election that is over: counted from the leader's last word before the winner asked, and it leads at
 * the end of the time for which nobody led, which it measured itself.
 */
export function stepsOf({ events }: Picture, election: ElectionRow): Step[] {
  const sorted = inOrder(events);
  const word = wordOf(sorted, election);
  const won = word === undefined ? Date.parse(election.at) : timeOf(word);
  const gap = gapOf(election);
  const { detect_ms: noticed } = election;
  // who elected may have heard the leader after the winner had asked: then nothing was noticed before
  const asked = noticed === null || noticed === 0 ? null : askedAt(sorted, election, won);
  const base = asked === null ? won - gap : asked - (noticed ?? 0);
  // where nobody who elected had heard a leader the vacancy is older than the count
  const before = noticed === null ? sorted.filter((e) => timeOf(e) < base) : [];
  const lost = lossIn(before) ?? base;
  const until = Math.max(won, Date.parse(election.at)) + AFTER_MS;
  const steps = stepsBetween(sorted, base, [Math.min(base - BEFORE_MS, lost), until]);
  return steps
    .map((step) => (step.event === word ? { ...step, offsetMs: gap } : step))
    .toSorted((a, b) => a.offsetMs - b.offsetMs);
}

/**
 * Since when nobody leads: the leader's last word to any of those who ask for votes, as it will be counted
 * when somebody has won; before anybody asks, since its loss was told. Null = somebody leads.
 */
export function vacantSince({ leaderlessSince, events }: Picture): Wall | null {
  if (leaderlessSince === null) return null;
  const asked = new Map<string, Wall>();
  for (const event of events) {
    const silence = event.data['silence_ms'];
    if (event.kind !== 'campaign-started' || typeof silence !== 'number') continue;
    // who asks again tells of the silence before its first question
    if (timeOf(event) >= leaderlessSince - BEFORE_MS && !asked.has(event.node_id))
      asked.set(event.node_id, timeOf(event) - silence);
  }
  return Math.min(leaderlessSince, ...(asked.size === 0 ? [] : [Math.max(...asked.values())]));
}

/** For how long nobody leads at the moment that is shown, or was seen last, ms; null = somebody does. */
export function vacantFor(model: Model): number | null {
  const since = vacantSince(shown(model));
  // a wrong clock of a node is no time before the loss
  return since === null ? null : Math.max(0, seenTo(model) - since);
}

/** Of the election under way; none while somebody leads. */
export function liveSteps(picture: Picture): Step[] {
  const since = vacantSince(picture);
  if (since === null) return [];
  return stepsBetween(inOrder(picture.events), since, [since - BEFORE_MS, Number.POSITIVE_INFINITY]);
}
