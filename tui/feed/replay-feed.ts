/**
 * The feed of a recorded session: NDJSON, one thing a line, each with its time `at`.
 * At speed 1 lines come due as they were recorded, and at the end the clock stands; at speed 0 all are due
 * at once and the clock stands at the last one, so that the same file always gives the same screen.
 *
 * Lines: `{at, status}` `{at, event}` `{at, alerts}` `{at, views}` `{at, history}`
 * `{at, lost}` (the next status fails with this sentence), and answers that wait to be
 * asked for: `{at, plan}` `{at, operation}` `{at, refusal: {code, message}}` (for a run), and the answers
 * of single views and changes (replay-desk.ts).
 */

import type { ErrorCode } from '../../src/base/index.ts';
import { LIMITS, must, SqlccError } from '../../src/base/index.ts';
import {
  checkAlerts,
  checkHistory,
  checkOperation,
  checkPlan,
  checkStatus,
  checkViews,
  isEvent,
} from './check.ts';
import type { Feed, Replay } from './feed.ts';
import { linesOf, type RawLine, type Read } from './recording-text.ts';
import type { DeskLine } from './replay-desk.ts';
import type {
  AlertRow,
  EventLine,
  HistoryResponse,
  OperationView,
  Plan,
  StatusResponse,
  ViewsResponse,
} from './wire.ts';

export interface ReplayLine extends DeskLine {
  readonly at: string;
  readonly status?: StatusResponse;
  /** A status that is not held but read when it is asked for; no key of a file. */
  readonly picture?: () => StatusResponse;
  readonly event?: EventLine;
  readonly alerts?: readonly AlertRow[];
  readonly views?: ViewsResponse;
  readonly history?: HistoryResponse;
  readonly lost?: string;
  readonly plan?: Plan;
  readonly operation?: OperationView;
  readonly refusal?: { readonly code: ErrorCode; readonly message: string };
}

interface Due {
  readonly at: number;
  readonly line: ReplayLine;
}

function unreadable(line: number, why: string): SqlccError {
  return new SqlccError('invalid_argument', `line ${line} of the recording ${why}`, {
    hint: 'give a file that top --record wrote',
  });
}

function checkLine(value: unknown, line: number): ReplayLine {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw unreadable(line, 'is no object');
  const { at, status, event } = value as Partial<ReplayLine>;
  if (typeof at !== 'string' || !Number.isFinite(Date.parse(at))) throw unreadable(line, 'has no time "at"');
  if (event !== undefined && !isEvent(event)) throw unreadable(line, 'has an event that is none');
  const { alerts, views, history, plan, operation } = value as Partial<ReplayLine>;
  if ((status ?? alerts ?? views ?? history ?? plan ?? operation) !== undefined) {
    try {
      if (status !== undefined) checkStatus(status);
      if (alerts !== undefined) checkAlerts(alerts);
      if (views !== undefined) checkViews(views);
      if (history !== undefined) checkHistory(history);
      if (plan !== undefined) checkPlan(plan);
      if (operation !== undefined) checkOperation(operation);
    } catch (error) {
      throw unreadable(line, `can't be shown: ${(error as Error).message}`);
    }
  }
  return value as ReplayLine;
}

/** Null for a last line that was cut off, as when the disk was full or the process died. */
function parseLine({ text, number, isWhole }: RawLine): ReplayLine | null {
  try {
    return checkLine(JSON.parse(text), number);
  } catch (error) {
    if (error instanceof SqlccError) throw error;
    if (!isWhole && number > 1) return null;
    throw unreadable(number, 'is no JSON');
  }
}

/** Pictures are most of a recording and shown one after the other: it is read again when it is due. */
function lighter(line: ReplayLine, { number, again }: RawLine): ReplayLine {
  if (line.status === undefined) return line;
  const { status: _status, ...rest } = line;
  const { at } = line;
  // it names no text of the line: what a function names it holds
  return { ...rest, picture: () => pictureIn(again(), at, number) };
}

/** It was checked when the recording was opened; a file that was written over since then is not read on. */
function pictureIn(text: string, at: string, number: number): StatusResponse {
  const changed = (): SqlccError => unreadable(number, 'is another one now: the file was written over');
  // `JSON.parse` alone: a thousand nodes are half a megabyte a second, and checking costs more than reading
  if (!text.includes(`"${at}"`)) throw changed();
  try {
    return must((JSON.parse(text) as ReplayLine).status, 'a picture');
  } catch {
    throw changed();
  }
}

export interface ReadWish {
  /** Other lines are not even parsed. */
  readonly isWanted?: (text: string) => boolean;
  /** Rows of nodes in the pictures that are held. */
  readonly mostRows?: number;
}

/**
 * All lines of a recording, every one of them checked. As many of its first pictures are held as the screen
 * keeps of the past: what is shown goes from here to there, so that both are never more than one of them.
 */
export function readReplay(read: Read, wish: ReadWish = {}): ReplayLine[] {
  const { isWanted = () => true, mostRows = LIMITS.screenRecordRows } = wish;
  const lines: ReplayLine[] = [];
  let rows = 0;
  for (const raw of linesOf(read)) {
    const line = isWanted(raw.text) ? parseLine(raw) : null;
    if (line === null) continue;
    rows += line.status?.nodes.length ?? 0;
    lines.push(rows <= mostRows ? line : lighter(line, raw));
  }
  return lines;
}

class Recording {
  /** Without pictures, which are most of it: whoever has shown one need not keep it. */
  readonly #lines: readonly Due[];
  readonly #pictures: Due[];
  readonly #speed: number;
  readonly #began = performance.now();
  readonly #first: number;
  readonly #last: number;
  #standsAt: number;
  /** The picture that is given: its time is its own, however late a machine that stood still gives it. */
  #given: number;

  constructor(lines: readonly ReplayLine[], speed: number) {
    const all = lines.map((line): Due => ({ at: Date.parse(line.at), line }));
    const isPicture = ({ line }: Due): boolean => (line.status ?? line.picture ?? line.lost) !== undefined;
    this.#pictures = all.filter(isPicture);
    this.#lines = all.flatMap((due) => {
      if (!isPicture(due)) return [due];
      const { status: _status, picture: _picture, ...rest } = due.line;
      return Object.keys(rest).length > 1 ? [{ at: due.at, line: rest }] : [];
    });
    this.#speed = speed;
    this.#first = all[0]?.at ?? 0;
    this.#last = all.at(-1)?.at ?? 0;
    this.#standsAt = this.#last;
    this.#given = this.#pictures[0]?.at ?? this.#last;
  }

  /** At speed 0: the clock stands at this picture. */
  stand(at: number): void {
    this.#standsAt = at;
  }

  wall(): number {
    if (this.#speed === 0) return this.#standsAt;
    // behind its last line nothing is known: the clock stands there
    return Math.min(this.#last, this.#given, this.#first + (performance.now() - this.#began) * this.#speed);
  }

  async due(at: number): Promise<void> {
    if (this.#speed === 0) return;
    // a timer knows whole milliseconds, each of them seconds of a quick recording: never before its time
    for (let wait = this.#until(at); wait > 0; wait = this.#until(at))
      await new Promise((resolve) => setTimeout(resolve, Math.ceil(wait)));
  }

  #until(at: number): number {
    return (Math.min(at, this.#last) - this.wall()) / this.#speed;
  }

  /** All values of one kind, in order, with their times. */
  of<K extends keyof ReplayLine>(kind: K): { at: number; value: NonNullable<ReplayLine[K]> }[] {
    return this.#lines.flatMap(({ at, line }) => {
      const value = line[kind];
      return value === undefined || value === null
        ? []
        : [{ at, value: value as NonNullable<ReplayLine[K]> }];
    });
  }

  /** Takes the next status or loss. */
  next(): Due | undefined {
    const due = this.#pictures.shift();
    // who was told of a loss waits before the next question: the loss grows older meanwhile
    const given = due?.line.lost === undefined ? due : this.#pictures[0];
    this.#given = Math.max(this.#given, given?.at ?? this.#last);
    return due;
  }

  get isEnded(): boolean {
    return this.#pictures.length === 0;
  }
}

function missing(what: string): never {
  throw new SqlccError('not_found', `the recording has no ${what}`);
}

const never = new Promise<never>(() => undefined);

function newest<T>(recording: Recording, values: readonly { at: number; value: T }[]): T | undefined {
  return values.findLast((v) => v.at <= recording.wall())?.value;
}

function answers(recording: Recording): Pick<Feed, 'plan' | 'run' | 'operation'> {
  const plans = recording.of('plan').map((p) => p.value);
  const operations = recording.of('operation').map((o) => o.value);
  const refusals = recording.of('refusal').map((r) => r.value);
  const asked = new Map<string, number>();
  const next = (id: string): OperationView => {
    const steps = operations.filter((o) => o.id === id);
    const at = asked.get(id) ?? 0;
    asked.set(id, at + 1);
    const step = steps[Math.min(at, steps.length - 1)];
    if (step === undefined) throw new SqlccError('not_found', `no operation ${id} in the recording`);
    return step;
  };
  return {
    plan: async (request) => {
      const fit = plans.filter((p) => p.kind === request.kind);
      const exact = fit.findIndex((p) => p.to === (request.to ?? p.to));
      // a plan is used once while there are others, so that asking again can give a new one
      const found = fit[Math.max(0, exact)];
      if (found === undefined) throw new SqlccError('failed_precondition', 'the recording has no such plan');
      if (fit.length > 1) plans.splice(plans.indexOf(found), 1);
      return found;
    },
    run: async (request) => {
      const refused = refusals.shift();
      if (refused !== undefined) throw new SqlccError(refused.code, refused.message);
      const first = operations.find((o) => o.kind.startsWith(request.kind));
      if (first === undefined)
        throw new SqlccError('failed_precondition', 'the recording has no such operation');
      return next(first.id);
    },
    operation: async (id) => next(id),
  };
}

/** Of a minute in fine steps and an hour in longer ones, what was asked for. */
function historyOf(recording: Recording, stepMs = 0): HistoryResponse | undefined {
  const all = recording.of('history').map(({ value }) => value);
  const isLater = (a: HistoryResponse, b: HistoryResponse) => a.step_ms - b.step_ms;
  return all.sort(isLater).find((h) => h.step_ms >= stepMs) ?? all.at(-1);
}

/** What a screen says of a recording: it plays, or at speed 0 it stands. */
function replayOf(lines: readonly ReplayLine[], speed: number): { readonly replay: Replay } {
  const acts = lines.some((l) => (l.plan ?? l.preflight ?? l.acted ?? l.operation) !== undefined);
  const until = Date.parse(lines.at(-1)?.at ?? '') || 0;
  const tells = lines.some((l) => l.event !== undefined);
  return { replay: { until, acts, tells, ...(speed === 0 ? { stands: true } : {}) } };
}

/** `stepping`: at speed 0 the clock stands at the picture given last, not at the end of the recording. */
export function replayFeed(lines: readonly ReplayLine[], speed: number, stepping = false): Feed {
  const recording = new Recording(lines, speed);
  return {
    pushes: true,
    ...replayOf(lines, speed),
    wall: () => recording.wall(),
    status: async () => {
      const next = recording.next();
      if (next === undefined) return never;
      await recording.due(next.at);
      if (stepping) recording.stand(next.at);
      const status = next.line.status ?? next.line.picture?.();
      if (status !== undefined) return status;
      throw new SqlccError('unavailable', next.line.lost ?? 'connection lost');
    },
    alerts: async () => newest(recording, recording.of('alerts')) ?? [],
    views: async () => newest(recording, recording.of('views')) ?? missing('views'),
    history: async (_, stepMs) => historyOf(recording, stepMs) ?? missing('history'),
    async *events(after, signal) {
      for (const { at, value } of recording.of('event')) {
        if (after !== undefined && value.cursor <= after) continue;
        await recording.due(at);
        if (signal.aborted) return;
        yield value;
      }
      await never;
    },
    async *kept() {
      yield* recording.of('event').map(({ value }) => value);
    },
    ...answers(recording),
    ended: () => recording.isEnded,
  };
}
