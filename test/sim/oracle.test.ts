/** An oracle that can't say no proves nothing: each rule is broken once, here or in broken-worlds.ts. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { LogPosition } from '../../src/base/index.ts';
import { encodeMembership, type LogEntry, type RaftMessage } from '../../src/raft/index.ts';
import { BROKEN_WORLDS } from './broken-worlds.ts';
import { disjointQuorums } from './config-safety.ts';
import { History, type Operation } from './history.ts';
import { KvMachine } from './kv-machine.ts';
import { ack, config, ENDS, encoder, entry, membership, Stage } from './oracle-stage.ts';
import { recordOf, unreadable } from './versions.ts';

const NOTHING = { term: 0, index: 0 };

/** n2 tells `to` that it has its vote in term 2. */
function vote(to: string): RaftMessage {
  const ends = { ...ENDS, toInstance: `i-${to}` };
  return { kind: 'vote-response', from: 'n2', to, ...ends, term: 2, granted: true, refusal: null };
}

/** n3 votes for itself and asks n2, whose log holds one entry; then n2 votes for it. */
function askForVote(stage: Stage, last: LogPosition): void {
  const ends = { from: 'n3', fromInstance: 'i-n3', to: 'n2', toInstance: 'i-n2' };
  stage.turn('n2', {});
  stage.write('n3', { hardState: { term: 2, votedFor: 'n3' } });
  stage.oracle.sent({ kind: 'vote', ...ends, term: 2, last, reason: 'timeout' });
  stage.write('n2', { hardState: { term: 2, votedFor: 'n3' } });
}

const BROKEN_BY_ONE: readonly (readonly [string, (stage: Stage) => void])[] = [
  [
    'ElectionSafety',
    ({ oracle }) => {
      const log = { term: () => 1, firstIndex: () => 1, lastIndex: () => 1 };
      oracle.elected('n1', 2, log);
      oracle.elected('n2', 2, log);
    },
  ],
  [
    'ElectedByQuorum',
    (stage) => {
      stage.write('n1', { hardState: { term: 2, votedFor: 'n1' } });
      stage.write('n2', { hardState: { term: 2, votedFor: 'n1' } }, false);
      stage.oracle.chosen('n1', 2, membership('n1', 'n2', 'n3'));
    },
  ],
  ['VoteLog', (stage) => askForVote(stage, NOTHING)],
  [
    'PreVoteLog',
    (stage) => {
      const poll = { ...ENDS, term: 1, campaign: 1 };
      stage.turn('n2', {});
      stage.oracle.sent({
        kind: 'pre-vote',
        from: 'n3',
        to: 'n2',
        ...poll,
        last: NOTHING,
        reason: 'timeout',
      });
      const yes = {
        granted: true,
        refusal: null,
        retryAfterMs: 0,
        silenceMs: null,
        ...poll,
        fromInstance: 'i-n2',
        toInstance: 'i-n2',
      };
      stage.oracle.sent({ kind: 'pre-vote-response', from: 'n2', to: 'n3', ...yes });
    },
  ],
  ['MixedVersions', () => void unreadable('this', recordOf('next'), () => 'whatever it is')],
  [
    'LeaderCompleteness',
    ({ oracle }) =>
      oracle.elected('n2', 2, { term: () => undefined, firstIndex: () => 1, lastIndex: () => 0 }),
  ],
  [
    'LogMatching',
    (stage) => {
      stage.write('n1', { entries: [entry(2, 1, 'one')] });
      stage.write('n2', { entries: [entry(2, 1, 'two')] });
    },
  ],
  ['CommittedImmutable', (stage) => stage.write('n2', { truncateFrom: 1, entries: [entry(1, 2)] })],
  [
    'LeaderAppendOnly',
    (stage) => {
      stage.write('n1', { entries: [entry(2, 1)] });
      stage.turn('n1', {});
      stage.write('n1', { truncateFrom: 2, entries: [entry(2, 1)] });
      stage.turn('n1', {});
    },
  ],
  [
    'LeaderAppendOnly',
    (stage) => {
      stage.write('n1', { entries: [entry(2, 1)] });
      stage.turn('n1', {});
      // in the turn in which it steps down
      stage.write('n1', { truncateFrom: 2, entries: [entry(2, 1)] });
      stage.turn('n1', { role: 'follower' });
    },
  ],
  [
    'CommittedOnQuorum',
    (stage) => {
      stage.write('n1', { entries: [entry(2, 1)] });
      stage.write('n2', { entries: [entry(2, 1)] }, false);
      stage.turn('n1', { commitIndex: 2 });
    },
  ],
  [
    'CommitOwnTerm',
    (stage) => {
      for (const who of ['n1', 'n2']) stage.write(who, { entries: [entry(2, 1)] });
      stage.turn('n1', { term: 2 });
      stage.turn('n1', { term: 2, commitIndex: 2 });
    },
  ],
  [
    'SnapshotCommitted',
    ({ oracle }) => {
      const meta = {
        id: 's',
        index: 1,
        term: 9,
        membership: membership('n1'),
        membershipIndex: 1,
        size: 1,
      };
      oracle.snapshot('n1', meta);
    },
  ],
  ['AckBeforeDurable', ({ oracle }) => oracle.sent(ack(1, 2))],
  ['TermBeforeDurable', ({ oracle }) => oracle.sent(ack(2, 1))],
  [
    'AckOfAnother',
    (stage) => {
      // n1 leads term 2 with 2/2, and n2 claims to hold it though its disk holds 2/1
      stage.write('n2', { entries: [entry(2, 1)] });
      stage.write('n2', { hardState: { term: 2, votedFor: 'n1' } });
      stage.elect('n1', 2);
      stage.write('n1', { entries: [entry(2, 2)] });
      stage.oracle.sent(ack(2, 2));
    },
  ],
  ['VoteBeforeDurable', ({ oracle }) => oracle.sent(vote('n3'))],
  [
    'VoteTwice',
    (stage) => {
      stage.write('n2', { hardState: { term: 3, votedFor: 'n3' } });
      stage.oracle.sent(vote('n1'));
      stage.oracle.sent(vote('n3'));
    },
  ],
  ['MonotonicTerm', (stage) => stage.turn('n1', { term: 0 })],
  ['MonotonicVote', (stage) => stage.turn('n1', { votedFor: 'n2' })],
  ['MonotonicCommit', (stage) => stage.turn('n1', { commitIndex: 0 })],
  [
    'MonotonicApplied',
    (stage) => {
      stage.turn('n1', { applyingIndex: 1, appliedIndex: 1 });
      stage.turn('n1', { applyingIndex: 1, appliedIndex: 0 });
    },
  ],
  ['Order', (stage) => stage.turn('n1', { appliedIndex: 2 })],
  ['Commit', (stage) => stage.turn('n2', { commitIndex: 2, last: { index: 2, term: 1 }, durableIndex: 2 })],
  [
    'Codec',
    (stage) => stage.write('n1', { entries: [{ ...config(2, 1, 'n1'), data: new Uint8Array([9]) }] }),
  ],
  [
    'ConfigSafety',
    (stage) => {
      // no joint step: n1 alone and n2 with n3 could both decide
      stage.write('n1', { entries: [config(2, 1, 'n1')] });
      stage.turn('n1', {});
    },
  ],
  ['AppliedCommitted', ({ oracle }) => void oracle.applies('n2', entry(2, 1))],
  [
    'StateMachineSafety',
    (stage) => {
      stage.oracle.applies('n1', config(1, 1, 'n1', 'n2', 'n3'));
      stage.oracle.applies('n2', config(1, 1, 'n1'));
    },
  ],
];

describe('Oracle', () => {
  it.each(BROKEN_BY_ONE)('%s is a violation', (rule, play) => {
    expect(() => play(new Stage())).toThrow(new RegExp(`^${rule}:`));
  });

  it('a leader with the votes of a majority on disk, and a yes to an equal log, are none', () => {
    const stage = new Stage();
    askForVote(stage, { term: 1, index: 1 });
    // who has voted since has voted all the same
    stage.write('n2', { hardState: { term: 3, votedFor: null } });
    stage.oracle.chosen('n3', 2, membership('n1', 'n2', 'n3'));
    expect(stage.oracle.violation).toBeNull();
  });

  it('a vote that a later one of the same turn overtook counts when it is told, and not before', () => {
    const stage = new Stage();
    const chosen = (): void => stage.oracle.chosen('n1', 2, membership('n1', 'n2', 'n3'));
    stage.write('n1', { hardState: { term: 2, votedFor: 'n1' } });
    // asked in terms 2 and 3 while it stood still: one write says both
    stage.write('n2', { hardState: { term: 3, votedFor: 'n3' } });
    expect(chosen).toThrow(/^ElectedByQuorum: n1 leads 2 by the votes of i-n1 alone/);
    stage.oracle.violation = null;
    stage.oracle.sent(vote('n1'));
    stage.oracle.sent(vote('n1'));
    chosen();
    expect(stage.oracle.violation).toBeNull();
  });

  it('a vote that was overtaken is a violation of VoteLog too where the log of the candidate is older', () => {
    const play = (last: LogPosition): void => {
      const stage = new Stage();
      const ends = { from: 'n1', fromInstance: 'i-n1', to: 'n2', toInstance: 'i-n2' };
      stage.turn('n2', {});
      stage.write('n1', { hardState: { term: 2, votedFor: 'n1' } });
      stage.oracle.sent({ kind: 'vote', ...ends, term: 2, last, reason: 'timeout' });
      stage.write('n2', { hardState: { term: 3, votedFor: 'n3' } });
      stage.turn('n2', { term: 3, votedFor: 'n3' });
      stage.oracle.sent(vote('n1'));
    };
    play({ term: 1, index: 1 });
    expect(() => play(NOTHING)).toThrow(/^VoteLog: n2 votes in 2: its log ends with 1\/1/);
  });

  it('a snapshot of what was not applied is a violation of Order, unless a leader sent it', () => {
    const ahead = { commitIndex: 1, applyingIndex: 0, appliedIndex: 0, snapshotIndex: 1 };
    const meta = { id: 's', index: 1, term: 1, membership: membership('n1'), membershipIndex: 1, size: 1 };
    const made = new Stage();
    made.write('n1', { snapshot: { meta, keepSuffix: true } });
    expect(() => made.turn('n1', ahead)).toThrow(/^Order: n1: snapshot 1 applied 0/);
    const sent = new Stage();
    sent.write('n2', { snapshot: { meta, keepSuffix: false } });
    sent.turn('n2', { ...ahead, applyingIndex: 1 });
  });

  it('an acknowledgement counts for what the leader of its term holds, also of what it inherited', () => {
    const stage = new Stage();
    for (const who of ['n1', 'n2']) {
      stage.write(who, { entries: [entry(2, 1)] });
      stage.write(who, { hardState: { term: 2, votedFor: 'n1' } });
    }
    stage.elect('n1', 2);
    stage.oracle.sent(ack(2, 2));
    stage.write('n2', { entries: [entry(3, 1)] });
    expect(() => stage.oracle.sent(ack(2, 3))).toThrow('AckOfAnother: n2 claims 3/2 in 2');
  });

  it('a configuration on one that is not committed is a violation of ConfigSafety', () => {
    const stage = new Stage();
    const joint = { ...membership('n1', 'n2', 'n3', 'n4'), outgoing: membership('n1', 'n2', 'n3').voters };
    const data = encodeMembership(joint);
    stage.write('n1', { entries: [{ ...config(2, 1), data }, { ...config(3, 1, 'n1', 'n2', 'n3', 'n4') }] });
    expect(() => stage.turn('n1', {})).toThrow('ConfigSafety: configuration 3/1 was appended on 2/1');
  });

  it('a node that ends amid its turn may have known of a commit that the disks of a majority show, of no other', () => {
    const joint = { ...membership('n1', 'n2', 'n3', 'n4'), outgoing: membership('n1', 'n2', 'n3').voters };
    const between = { ...config(2, 1), data: encodeMembership(joint) };
    const play = (...holders: string[]): Stage => {
      const stage = new Stage();
      stage.write('n4', {
        hardState: { term: 1, votedFor: null },
        entries: [config(1, 1, 'n1', 'n2', 'n3')],
      });
      for (const who of holders) stage.write(who, { entries: [between] });
      stage.write('n1', { entries: [between, config(3, 1, 'n1', 'n2', 'n3', 'n4')] }, false);
      return stage;
    };
    expect(() => play('n2').oracle.ended()).toThrow('ConfigSafety: configuration 3/1 was appended on 2/1');
    const known = play('n2', 'n3', 'n4');
    known.oracle.ended();
    known.turn('n2', {});
  });

  it('disjointQuorums finds two majorities without a node in common, through a joint step none', () => {
    const [old, next] = [membership('a', 'b', 'c'), membership('a', 'd', 'e')];
    const joint = { ...next, outgoing: old.voters };
    expect(disjointQuorums(old, next)).not.toBeNull();
    expect(disjointQuorums(old, joint)).toBeNull();
    expect(disjointQuorums(joint, next)).toBeNull();
    expect(disjointQuorums(old, membership('a', 'b', 'c', 'd'))).toBeNull();
  });
});

/** A log of commands, executed by a machine that may lie. */
class Played {
  readonly history = new History((rule, text) => {
    throw new Error(`${rule}: ${text}`);
  });
  readonly machine = new KvMachine();
  #index = 0;

  apply(
    serial: number,
    command: object,
    key?: { session: string; seq: number },
    lie?: (r: object) => object,
  ) {
    const data = encoder.encode(JSON.stringify({ command, actor: String(serial), ...key }));
    const made: LogEntry = { index: ++this.#index, term: 1, kind: 'command', timestamp: 0, data };
    const result = this.machine.apply(made);
    this.history.applied('n1', made, (lie?.(result) ?? result) as typeof result);
    return { made, result };
  }

  put(serial: number, key: string, value: string, once?: { session: string; seq: number }) {
    return this.apply(serial, { kind: 'kv-put', key, value, ifVersion: null }, once);
  }
}

const operation = (serial: number, parts: Partial<Operation> = {}): Operation => ({
  ...{ serial, client: 'c', kind: 'put', key: 'k', floor: 0, minIndex: null },
  ...parts,
});
const OK = { ok: true, value: { key: 'k', version: 1, term: 1, timestamp: 0 } } as const;

const BROKEN_HISTORIES: readonly (readonly [string, (played: Played) => void])[] = [
  [
    'StateMachineSafety',
    (played) => {
      const { made } = played.put(1, 'k', 'v');
      played.history.applied('n2', made, { ok: true, value: 'other' });
    },
  ],
  [
    'Model',
    (played) => {
      played.put(1, 'k', 'v');
      const stale = { kind: 'kv-put', key: 'k', value: 'w', ifVersion: 0 };
      played.apply(2, stale, undefined, () => OK);
    },
  ],
  [
    'ExactlyOnce',
    (played) => {
      const once = { session: 's', seq: 1 };
      played.apply(1, { kind: 'session-open', session: 's' });
      const first = played.put(2, 'k', 'v', once);
      const again = (): object => ({
        ok: true,
        value: { ...(first.result as { value: object }).value, version: 3 },
      });
      played.apply(2, { kind: 'kv-put', key: 'k', value: 'v', ifVersion: null }, once, again);
    },
  ],
  ['AckBeforeApply', ({ history }) => void history.answered(operation(1), OK)],
  [
    'EqualAnswers',
    (played) => {
      played.put(1, 'k', 'v');
      played.history.answered(operation(1), { ok: true, value: 'another' });
    },
  ],
  [
    'Linearizability',
    (played) => {
      const { result } = played.put(1, 'k', 'v');
      played.history.answered(operation(1, { floor: 5 }), result);
    },
  ],
  [
    'MonotonicReads',
    ({ history }) => history.read(operation(1, { kind: 'get', minIndex: 3 }), 2, { value: null, version: 0 }),
  ],
  [
    'PhantomValue',
    ({ history }) => history.read(operation(1, { kind: 'get' }), 1, { value: 'never written', version: 1 }),
  ],
  [
    'Durability',
    (played) => {
      played.put(1, 'k', 'v');
      played.history.finish('n1', new KvMachine());
    },
  ],
];

describe('History', () => {
  it.each(BROKEN_HISTORIES)('%s is a violation', (rule, play) => {
    expect(() => play(new Played())).toThrow(new RegExp(`^${rule}:`));
  });

  it('a stale read is a violation of Linearizability, an old one that was asked for is none', () => {
    const played = new Played();
    const first = played.put(1, 'k', 'one');
    played.history.answered(operation(1), first.result);
    const second = played.put(2, 'k', 'two');
    played.history.answered(operation(2, { floor: 1 }), second.result);
    const old = { value: 'one', version: 1 };
    played.history.read(operation(3, { kind: 'get', floor: 2, minIndex: 1 }), 1, old);
    expect(() => played.history.read(operation(4, { kind: 'get', floor: 2 }), 1, old)).toThrow(
      'Linearizability',
    );
  });

  it('a repeated write with its answer is none, whatever node answers', () => {
    const played = new Played();
    const once = { session: 's', seq: 1 };
    played.apply(1, { kind: 'session-open', session: 's' });
    const first = played.put(2, 'k', 'v', once);
    const again = played.put(2, 'k', 'v', once);
    expect(again.result).toEqual({ ...first.result, index: first.made.index, replayed: true });
    expect(played.history.answered(operation(2), first.result)).toBe(true);
    expect(played.history.answered(operation(2), again.result)).toBe(true);
    expect(played.history.replays).toBe(1);
  });
});

describe('rules', () => {
  /** Every name that the simulation's checks may fail by, as it stands in their text. */
  function rules(): string[] {
    const names: string[] = [];
    for (const file of readdirSync(import.meta.dirname)) {
      if (!file.endsWith('.ts') || file.endsWith('.test.ts')) continue;
      const text = readFileSync(join(import.meta.dirname, file), 'utf8');
      for (const [, name = ''] of text.matchAll(/(?:fail|converge)\(\s*'(\w+)'/g)) names.push(name);
      for (const [, name = ''] of text.matchAll(/Violation\(`(\w+):/g)) names.push(name);
      for (const [, a = '', b = ''] of text.matchAll(/const rule = .*'(\w+)' : '(\w+)'/g)) names.push(a, b);
    }
    return [...new Set(names)].sort();
  }

  it('are each broken once: by a node, by an answer, or by a whole cluster', () => {
    const broken = [...BROKEN_BY_ONE, ...BROKEN_HISTORIES].map(([rule]) => rule);
    const inWorlds = BROKEN_WORLDS.map((w) => w.rule);
    expect(rules()).toEqual([...new Set([...broken, ...inWorlds])].sort());
    expect(rules().length).toBeGreaterThan(35);
  });
});
