/**
 * An election before it counts. The code of an election runs once in the life of most processes, and what
 * runs for the first time is compiled first: milliseconds for which everybody waits. So three scratch nodes
 * in memory lose their leader and elect another one, through the same core, turn loop and codec, with a
 * clock of their own. Nothing leaves this file but the time that it takes.
 *
 * Everyday picture: a fire drill, so that nobody reads the signs for the first time in the smoke.
 */
import {
  assert,
  type Bytes,
  type Instant,
  must,
  type NodeId,
  seededRandom,
  type Term,
} from '../base/index.ts';
import { decodeMessages, encodeMessages } from './codec.ts';
import { encodeMembership } from './codec-membership.ts';
import { MemoryStorage } from './memory-storage.ts';
import { TurnLoop } from './turn-loop.ts';
import type { RaftMember, RaftMessage, RaftSettings } from './types.ts';

const NAMES: readonly NodeId[] = ['a', 'b', 'c'];
/** Always the same ones, so that it always ends the same way. */
const SETTINGS: RaftSettings = {
  ...{ heartbeatIntervalMs: 50, electionTimeoutMs: 150, hintStaggerMs: 7, autoPromote: [], avoid: [] },
};
const STEP_MS = 5;
/** Simulated ms by which a leader must stand; many timeouts. */
const PATIENCE_MS = 60_000;

interface Actor {
  readonly loop: TurnLoop;
  readonly storage: MemoryStorage;
  wake: { readonly at: Instant; readonly fn: () => void } | null;
}

class Stage {
  #now: Instant = 0;
  readonly #due: (() => void)[] = [];
  readonly #actors = new Map<NodeId, Actor>();

  constructor() {
    const voters = NAMES.map((nodeId) => ({ nodeId, instanceId: `disk-${nodeId}`, address: `${nodeId}:1` }));
    for (const [i, member] of voters.entries())
      this.#actors.set(member.nodeId, this.#actor(member, { voters, seed: i + 1 }));
    for (const { loop } of this.#actors.values()) loop.start();
  }

  #actor(
    { nodeId, instanceId }: RaftMember,
    scene: { readonly voters: readonly RaftMember[]; readonly seed: number },
  ): Actor {
    const storage = new MemoryStorage();
    const data = encodeMembership({
      voters: [...scene.voters],
      outgoing: [],
      learners: [],
      learnersNext: [],
    });
    const entries = [{ index: 1, term: 1, kind: 'membership', timestamp: 0, data } as const];
    const hardState = { term: 1, votedFor: null };
    storage.write(
      { token: 0, hardState, entries, truncateFrom: null, snapshot: null, compactTo: null },
      () => {},
    );
    storage.flush();
    const schedule = (fn: () => void): void => void this.#due.push(fn);
    const loop = new TurnLoop({
      ...{ nodeId, instanceId, settings: SETTINGS, storage, schedule },
      transport: { send: (messages) => this.#deliver(messages), sendSnapshot: () => {} },
      store: {
        appliedIndex: () => 0,
        apply: (applied, done) => schedule(() => done(must(applied.at(-1), 'an entry').index)),
        restore: (meta, done) => schedule(() => done(meta.index)),
      },
      clock: {
        now: () => this.#now,
        wall: () => 0,
        wakeAt: (at, fn) => {
          const wake = { at, fn };
          actor.wake = wake;
          return () => {
            if (actor.wake === wake) actor.wake = null;
          };
        },
      },
      random: seededRandom(scene.seed),
      listener: {
        proposals: () => {},
        reads: () => {},
        events: () => {},
        fatal: (reason) => assert(false, reason),
      },
    });
    const actor: Actor = { loop, storage, wake: null };
    return actor;
  }

  /** As on the wire: bytes. */
  #deliver(messages: readonly RaftMessage[]): void {
    const decoded = decodeMessages(encodeMessages(messages));
    assert(decoded.ok, 'what was encoded is decoded');
    for (const message of decoded.value)
      this.#due.push(() => this.#actors.get(message.to)?.loop.submit({ kind: 'message', message }));
  }

  /** Everything that is due now, and what follows from it. */
  #settle(): void {
    for (;;) {
      const fn = this.#due.shift();
      if (fn !== undefined) fn();
      else if (!this.#flush()) return;
    }
  }

  #flush(): boolean {
    const waiting = [...this.#actors.values()].filter(({ storage }) => storage.queued > 0);
    for (const { storage } of waiting) storage.flush();
    return waiting.length > 0;
  }

  pass(ms: number): void {
    for (const end = this.#now + ms; this.#now < end; ) {
      this.#settle();
      this.#now += STEP_MS;
      for (const actor of this.#actors.values()) {
        const { wake } = actor;
        if (wake === null || wake.at > this.#now) continue;
        actor.wake = null;
        wake.fn();
      }
    }
    this.#settle();
  }

  /** Lets time pass until somebody leads. */
  leader(): NodeId {
    for (const end = this.#now + PATIENCE_MS; this.#now < end; this.pass(STEP_MS))
      for (const [id, { loop }] of this.#actors) if (loop.marks().role === 'leader') return id;
    assert(false, 'no leader in the rehearsal');
  }

  write(leader: NodeId, bytes: Bytes): void {
    const proposal = { id: 1, kind: 'command', timestamp: 0, data: new Uint8Array(bytes) } as const;
    this.#actors.get(leader)?.loop.submit({ kind: 'propose', proposals: [proposal] });
    this.pass(2 * STEP_MS);
  }

  /** The process of `peer` is gone, and its kernel said so to all others. */
  kill(peer: NodeId): void {
    this.#actors.get(peer)?.loop.stop();
    this.#actors.delete(peer);
    for (const { loop } of this.#actors.values()) loop.insert({ kind: 'peer-hint', peer, status: 'lost' });
  }

  term(id: NodeId): Term {
    return must(this.#actors.get(id), `actor ${id}`).loop.marks().term;
  }
}

/** Plays it once; answers the terms of the first leader and of its successor. */
export function rehearseElection(): readonly [Term, Term] {
  const stage = new Stage();
  const first = stage.leader();
  stage.write(first, 64);
  // heartbeats tell the ranks
  stage.pass(3 * SETTINGS.heartbeatIntervalMs);
  const term = stage.term(first);
  stage.kill(first);
  const next = stage.leader();
  stage.write(next, 64);
  return [term, stage.term(next)];
}
