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

type Part = 'asks' | 'votes' | 'leads' | 'follows';

/** What the event says of `to` on its way to lead; null = nothing. */
function partOf({ kind, node_id, data }: EventLine, to: string): Part | null {
  if (kind === 'campaign-started' && node_id === to && data['campaign'] === 'transfer') return 'asks';
  if (kind === 'vote' && data['candidate'] === to && data['granted'] === true) return 'votes';
  if (kind === 'leader-elected' && node_id === to) return 'leads';
  if (kind !== 'role-changed') return null;
  if (data['role'] === 'leader' && node_id === to) return 'leads';
  return data['leader_id'] === to ? 'follows' : null;
}

const termOf = ({ data }: EventLine): number => (typeof data['term'] === 'number' ? data['term'] : -1);

function names(events: readonly EventLine[]): string {
  return [...new Set(events.map((e) => e.node_id))].sort(compareNames).join(' ');
}

/** Who voted: by the record of the election when it has come, else who was heard to. */
function voteStep(voted: readonly EventLine[], led: readonly EventLine[], voters: number): MoveStep[] {
  const record = led.find((e) => Array.isArray(e.data['votes']));
  const told = record?.data['votes'] as readonly string[] | undefined;
  const last = voted.at(-1) ?? led[0];
  if (last === undefined || (told === undefined && voted.length === 0)) return [];
  const list = told ?? names(voted).split(' ');
  const words = `votes ${list.length}/${voters}: ${[...list].sort(compareNames).join(' ')}`;
  return [{ at: Date.parse(last.at), words }];
}

/** Oldest first; nothing where the operation moves no leadership, or nobody told of it. */
export function moveSteps(operation: OperationView, { events, status }: Picture): readonly MoveStep[] {
  const { to } = operation;
  if (to === null) return [];
  const told = during(operation, events)
    .filter((e) => partOf(e, to) !== null)
    .sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
  const term = Math.max(-1, ...told.map(termOf));
  const own = (part: Part) => told.filter((e) => partOf(e, to) === part && termOf(e) === term);
  const [asked] = own('asks');
  const [voted, led, followed] = [own('votes'), own('leads'), own('follows')];
  const step = (event: EventLine | undefined, words: string): MoveStep[] =>
    event === undefined ? [] : [{ at: Date.parse(event.at), words }];
  return [
    ...step(asked, `${to} asks for votes, term ${term}`),
    ...voteStep(voted, led, status?.raft.voters.length ?? 0),
    ...step(led[0], `${to} leads term ${term}`),
    ...step(followed.at(-1), `followed by ${names(followed)}`),
  ];
}
