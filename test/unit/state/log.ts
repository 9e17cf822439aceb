/** A log writer for tests of the state machine, and a cluster machine as small as possible. */
import type { ClusterEvent, ClusterState, SqlParam, StateCommand } from '../../../src/cluster/index.ts';
import type { EntryKind, LogEntry } from '../../../src/raft/index.ts';
import type { ApplyCluster, StateStoreOptions } from '../../../src/state/index.ts';

type Key = { readonly session: string; readonly seq: number };
type Statement = string | readonly [string, ...SqlParam[]];

export const BEGAN = Date.UTC(2024, 1, 29, 12, 0, 0);

/** Numbers entries from 1; each is a second and a half later than the one before. */
export class LogWriter {
  #index = 0;

  sql(statements: readonly Statement[], key?: Key): LogEntry {
    const list = statements.map((s) =>
      typeof s === 'string' ? { sql: s } : { sql: s[0], params: s.slice(1) },
    );
    return this.#entry('sql', { statements: list, seed: this.#index * 7919, ...key });
  }

  command(command: StateCommand, key?: Key): LogEntry {
    return this.#entry('command', { command, actor: 'ada', ...key });
  }

  put(key: string, value: string, ifVersion: number | null = null, session?: Key): LogEntry {
    return this.command({ kind: 'kv-put', key, value, ifVersion }, session);
  }

  remove(key: string, ifVersion: number | null = null): LogEntry {
    return this.command({ kind: 'kv-delete', key, ifVersion });
  }

  openSession(session: string): LogEntry {
    return this.command({ kind: 'session-open', session });
  }

  raw(kind: EntryKind, data: Uint8Array): LogEntry {
    this.#index++;
    return { index: this.#index, term: 1, kind, timestamp: BEGAN + this.#index * 1500, data };
  }

  #entry(kind: EntryKind, envelope: object): LogEntry {
    return this.raw(kind, Buffer.from(JSON.stringify(envelope)));
  }
}

/** Counts the cluster commands it saw in the name, and tells each as an event. */
const countCommands: ApplyCluster = (state, command, at) => {
  if (command.kind === 'token-revoke')
    return { state, events: [], result: { ok: false, code: 'not_found', message: 'no such token' } };
  const seen = Number(state?.name ?? 0) + 1;
  const event = {
    kind: 'node-updated',
    index: at.index,
    at: at.timestamp,
    message: command.kind,
  } as unknown as ClusterEvent;
  const next = { name: String(seen) } as ClusterState;
  return { state: next, events: [event], result: { ok: true, value: { seen, actor: at.actor } } };
};

export function optionsIn(dir: string): StateStoreOptions {
  return {
    dir,
    applyCluster: countCommands,
    noteMembership: (state) => state,
    encodeCluster: (state) => Buffer.from(JSON.stringify(state)),
    decodeCluster: (bytes) => JSON.parse(Buffer.from(bytes).toString()) as ClusterState,
  };
}
