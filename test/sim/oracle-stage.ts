/** Three nodes that an oracle looks at, moved by hand: a test has them do what no node may. */
import {
  encodeMembership,
  type LogEntry,
  type PersistRequest,
  type RaftMarks,
  type RaftMessage,
} from '../../src/raft/index.ts';
import { Oracle } from './oracle.ts';

const member = (nodeId: string) => ({ nodeId, instanceId: `i-${nodeId}`, address: `${nodeId}:1` });
export const membership = (...voters: string[]) => ({
  ...{ voters: voters.map(member), outgoing: [], learners: [], learnersNext: [] },
});
export const encoder = new TextEncoder();

export function entry(index: number, term: number, text = `e${index}`): LogEntry {
  return { index, term, kind: 'command', timestamp: 0, data: encoder.encode(text) };
}

export function config(index: number, term: number, ...voters: string[]): LogEntry {
  return { index, term, kind: 'membership', timestamp: 0, data: encodeMembership(membership(...voters)) };
}

export function request(parts: Partial<PersistRequest>): PersistRequest {
  const nothing = { hardState: null, truncateFrom: null, entries: [], snapshot: null, compactTo: null };
  return { token: 1, ...nothing, ...parts };
}

/** Three nodes whose logs begin with the same configuration, held by all and committed by n1, which leads term 1. */
export class Stage {
  readonly oracle = new Oracle();
  readonly logs = new Map<string, LogEntry[]>();
  #token = 0;

  constructor() {
    for (const who of ['n1', 'n2', 'n3']) {
      this.oracle.started(who, 1, { applied: 0, sent: 0 });
      this.write(who, { hardState: { term: 1, votedFor: 'n1' }, entries: [config(1, 1, 'n1', 'n2', 'n3')] });
    }
    this.elect('n1', 1);
    this.turn('n1', { commitIndex: 1 });
  }

  write(who: string, parts: Partial<PersistRequest>, isDurable = true): void {
    const log = this.logs.get(who) ?? [];
    const asked = request({ token: ++this.#token, ...parts });
    this.oracle.written(who, asked, (index) => log[index - 1]?.term ?? (index === 0 ? 0 : undefined));
    this.oracle.shadowOf(`i-${who}`).written(asked);
    if (isDurable) this.oracle.shadowOf(`i-${who}`).acknowledged(asked.token);
    const kept = asked.truncateFrom === null ? log : log.slice(0, asked.truncateFrom - 1);
    this.logs.set(who, [...kept, ...asked.entries]);
  }

  elect(who: string, term: number): void {
    const log = this.logs.get(who) ?? [];
    const view = {
      term: (index: number) => log[index - 1]?.term,
      firstIndex: () => 1,
      lastIndex: () => log.length,
    };
    this.oracle.elected(who, term, view);
  }

  turn(who: string, marks: Partial<RaftMarks>): void {
    const log = this.logs.get(who) ?? [];
    const last = log.at(-1) ?? { index: 0, term: 0 };
    const leads = who === 'n1' ? 'leader' : 'follower';
    const usual = {
      nodeId: who,
      role: leads,
      term: 1,
      votedFor: 'n1',
      leaderId: 'n1',
      firstIndex: 1,
    } as const;
    const indexes = { commitIndex: 1, applyingIndex: 0, appliedIndex: 0, snapshotIndex: 0 };
    const configs = {
      membership: membership('n1', 'n2', 'n3'),
      membershipIndex: 1,
      membershipCommitted: true,
    };
    const all = { ...usual, ...indexes, ...configs, last, durableIndex: last.index, ...marks };
    this.oracle.turned(who, all, (index) => log[index - 1]?.term);
  }
}

export const ENDS = { fromInstance: 'i-n2', toInstance: 'i-n1' };

/** n2 tells n1 that it holds everything up to `index`. */
export function ack(term: number, index: number): RaftMessage {
  const hint = { term: 0, index: 0 };
  const body = { accepted: true, index, hint, appliedIndex: 0, round: 0, session: 1 };
  return { kind: 'append-response', from: 'n2', to: 'n1', ...ENDS, term, ...body };
}
