/**
 * What the events tell of a change of leadership while its operation runs: its own phases are two, and
 * between them somebody asks for votes, gets them, leads and is followed. A screen hears the entries that all
 * apply and what its own node says: what it does not hear is not there.
 */
import type { EventLine, OperationView } from '../feed/wire.ts';
import type { Picture, Wall } from './model.ts';
import { compareNames } from './selectors.ts';

/** Phases in which the leader takes no write because another one is to lead. */
export const MOVES: ReadonlySet<string> = new Set(['transferring', 'handing-over', 'transfer']);

export interface MoveStep {
  readonly at: Wall;
  readonly words: string;
}

/** Clocks of two nodes differ by less, and so long after its end the last follower has heard of it. */
const BEFORE_MS = 200;
const AFTER_MS = 1000;

function during({ phases }: OperationView, events: readonly EventLine[]): readonly EventLine[] {
  const phase = phases.find((p) => MOVES.has(p.name));
  if (phase === undefined) return [];
  const from = Date.parse(phase.at) - BEFORE_MS;
  const to = phase.elapsed_ms === null ? Number.POSITIVE_INFINITY : from + phase.elapsed_ms + AFTER_MS;
  return events.filter((e) => Date.parse(e.at) >= from && Date.parse(e.at) <= to);
}

type Part = 'asks' | 'votes' | 'leads' | 'follows' | 'applied';

/** What the event says of `to` on its way to lead; null = nothing. */
function partOf({ kind, node_id, data }: EventLine, to: string): Part | null {
  if (kind === 'campaign-started' && node_id === to && data['campaign'] === 'transfer') return 'asks';
  if (kind === 'vote' && data['candidate'] === to && data['granted'] === true) return 'votes';
  if (kind === 'leader-elected' && node_id === to) return 'applied';
  if (kind !== 'role-changed') return null;
  if (data['role'] === 'leader' && node_id === to) return 'leads';
  return data['leader_id'] === to ? 'follows' : null;
}

const termOf = ({ data }: EventLine): number => (typeof data['term'] === 'number' ? data['term'] : -1);

function names(ids: Iterable<string>): string {
  return [...new Set(ids)].sort(compareNames).join(' ');
}

const idsOf = (events: readonly EventLine[]): string[] => events.map((e) => e.node_id);

/** Who voted: who was heard to, and whom the record of the election names: it counts until it has enough. */
function voteStep(voted: readonly EventLine[], record: EventLine | undefined, voters: number): MoveStep[] {
  const counted = record?.data['votes'];
  const ids = [...idsOf(voted), ...(Array.isArray(counted) ? counted.map(String) : [])];
  const last = voted.at(-1) ?? record;
  if (last === undefined || ids.length === 0) return [];
  return [{ at: Date.parse(last.at), words: `votes ${new Set(ids).size}/${voters}: ${names(ids)}` }];
}

/** Oldest first; nothing where the operation moves no leadership, or nobody told of it. */
export function moveSteps(operation: OperationView, { events, status }: Picture): readonly MoveStep[] {
  const { to } = operation;
  if (to === null) return [];
  const told = during(operation, events)
    .filter((e) => partOf(e, to) !== null)
    .sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
  const term = Math.max(-1, ...told.map(termOf));
  const own = (...parts: readonly Part[]) =>
    told.filter((e) => parts.some((part) => partOf(e, to) === part) && termOf(e) === term);
  const [followed, [record]] = [own('follows'), own('applied')];
  const step = (event: EventLine | undefined, words: string): MoveStep[] =>
    event === undefined ? [] : [{ at: Date.parse(event.at), words }];
  return [
    ...step(own('asks')[0], `${to} asks for votes, term ${term}`),
    ...voteStep(own('votes'), record, status?.raft.voters.length ?? 0),
    // whoever follows it knows that it leads, also where its own word is not heard
    ...step(own('leads', 'follows', 'applied')[0], `${to} leads term ${term}`),
    ...step(followed.at(-1), `followed by ${names(idsOf(followed))}`),
    ...step(record, 'its first entry is applied: writes go on'),
  ].sort((a, b) => a.at - b.at);
}
