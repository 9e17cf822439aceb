/** A turn loop whose time, disk and scheduler are turned by hand. */
import { expect } from 'vitest';
import { bootstrapRequest } from '../../../src/raft/bootstrap.ts';
import { encodeMembership } from '../../../src/raft/codec-membership.ts';
import { MemoryStorage } from '../../../src/raft/memory-storage.ts';
import { TurnLoop } from '../../../src/raft/turn-loop.ts';
import type {
  LogEntry,
  ProposalResult,
  RaftEvent,
  RaftMember,
  RaftMessage,
} from '../../../src/raft/types.ts';

const member = (nodeId: string): RaftMember => ({
  nodeId,
  instanceId: `i-${nodeId}`,
  address: `${nodeId}:1`,
});

/** One loop with hand-turned time, disk and scheduler. */
export class Stage {
  readonly storage = new MemoryStorage();
  readonly sent: RaftMessage[] = [];
  readonly applied: LogEntry[] = [];
  readonly events: RaftEvent[] = [];
  readonly fatal: string[] = [];
  readonly answers: ProposalResult[] = [];
  readonly loop: TurnLoop;
  now = 0;
  #soon: (() => void)[] = [];
  #wakes: { readonly at: number; readonly fn: () => void }[] = [];

  constructor(voters: readonly string[]) {
    const membership = { voters: voters.map(member), outgoing: [], learners: [], learnersNext: [] };
    const first = { ...bootstrapRequest(member('a'), 0) };
    const entry = { ...(first.entries[0] as LogEntry), data: encodeMembership(membership) };
    this.storage.write({ ...first, entries: [entry] }, () => {});
    this.storage.flush();
    this.loop = new TurnLoop({
      nodeId: 'a',
      instanceId: 'i-a',
      settings: {
        heartbeatIntervalMs: 50,
        electionTimeoutMs: 150,
        hintStaggerMs: 7,
        autoPromote: [],
        avoid: [],
      },
      storage: this.storage,
      transport: { send: (messages) => void this.sent.push(...messages), sendSnapshot: () => {} },
      store: {
        appliedIndex: () => 0,
        apply: (entries, done) => {
          this.applied.push(...entries);
          this.#soon.push(() => done(entries.at(-1)?.index ?? 0));
        },
        restore: () => {},
      },
      clock: {
        now: () => this.now,
        wall: () => 0,
        wakeAt: (at, fn) => {
          const wake = { at, fn };
          this.#wakes.push(wake);
          return () => {
            this.#wakes = this.#wakes.filter((w) => w !== wake);
          };
        },
      },
      random: { next: () => 0.5 },
      schedule: (fn) => void this.#soon.push(fn),
      listener: {
        proposals: (results) => void this.answers.push(...results),
        reads: () => {},
        events: (events) => void this.events.push(...events),
        fatal: (reason) => void this.fatal.push(reason),
      },
    });
    this.loop.start();
    this.settle();
  }

  /** One round of what was scheduled. */
  round(): void {
    for (const fn of this.#soon.splice(0)) fn();
  }

  get isAtRest(): boolean {
    return this.#soon.length === 0;
  }

  settle(): void {
    while (this.#soon.length > 0) this.round();
  }

  /** Time passes and due wake-ups fire; nothing scheduled runs yet. */
  advance(ms: number): void {
    this.now += ms;
    const due = this.#wakes.filter((w) => w.at <= this.now);
    this.#wakes = this.#wakes.filter((w) => w.at > this.now);
    for (const { fn } of due) fn();
  }

  receive(from: string, body: Record<string, unknown>): void {
    const envelope = { from, to: 'a', fromInstance: `i-${from}`, toInstance: 'i-a' };
    const message = { ...envelope, ...body } as unknown as RaftMessage;
    this.loop.submit({ kind: 'message', message });
  }

  /** Ids of the proposals that were answered since it was asked last. */
  answered(): number[] {
    return this.answers.splice(0).map((r) => r.id);
  }

  /** Each heartbeat that was sent since it was asked last is answered. */
  answerBeats(): void {
    for (const m of this.sent.splice(0)) {
      if (m.kind !== 'heartbeat') continue;
      const { term, round, session } = m;
      const figures = { appliedIndex: 0, loopLagMs: 0, diskLatencyMs: 0 };
      this.receive(m.to, { kind: 'heartbeat-response', term, round, session, ...figures });
    }
  }

  kinds(): string[] {
    return this.sent.splice(0).map((m) => `${m.kind} ${m.to}`);
  }
}

export const heartbeat = (term: number) => ({
  kind: 'heartbeat',
  term,
  commit: 0,
  round: 0,
  session: 1,
  ranks: [],
});
export const vote = (term: number) => ({
  kind: 'vote',
  term,
  last: { index: 1, term: 1 },
  reason: 'timeout',
});

/** One of three, elected, with its first entry committed. */
export function leading(): Stage {
  const stage = new Stage(['a', 'b', 'c']);
  stage.advance(225);
  stage.settle();
  const asked = stage.sent.filter((m) => m.kind === 'pre-vote');
  for (const { to, term, campaign } of asked) {
    const yes = { kind: 'pre-vote-response', granted: true, refusal: null, retryAfterMs: 0, silenceMs: null };
    stage.receive(to, { ...yes, term, campaign });
  }
  stage.settle();
  stage.storage.flush();
  stage.settle();
  stage.receive('b', { kind: 'vote-response', term: 2, granted: true, refusal: null });
  stage.settle();
  stage.storage.flush();
  stage.settle();
  expect(stage.loop.status().role).toBe('leader');
  return stage;
}
