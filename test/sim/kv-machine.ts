/**
 * The simulated state machine: key-values with compare-and-set, and sessions that make
 * writes exactly once, by the production code of both (src/state), on maps instead of a
 * database. Only the way of an entry to them is written again here, as in
 * src/state/state-store.ts; test/sim/kv-machine.test.ts holds the two against each other.
 */
import type { InstanceId, LogIndex, LogPosition } from '../../src/base/index.ts';
import type { ApplyResult, CommandEnvelope } from '../../src/cluster/index.ts';
import type { LogEntry, Membership } from '../../src/raft/index.ts';
import { decodeMembership } from '../../src/raft/index.ts';
import { KeyValues } from '../../src/state/kv.ts';
import { Sessions } from '../../src/state/sessions.ts';
import { MapTables } from './map-tables.ts';
import { NEXT_COMMAND } from './versions.ts';

const decoder = new TextDecoder();
const DONE: ApplyResult = { ok: true, value: null };
const NO_ENVELOPE: ApplyResult = { ok: false, code: 'invalid_argument', message: 'the entry is no envelope' };
const NOBODY: Membership = { voters: [], outgoing: [], learners: [], learnersNext: [] };

/** Envelopes that were read last, by the low bits of their index: all nodes of a seed read the same, again and again. */
const recent: { readonly data: Uint8Array; readonly envelope: CommandEnvelope | null }[] = [];
const RECENT = 1024;

export function envelopeOf({ index, data }: LogEntry): CommandEnvelope | null {
  const known = recent[index % RECENT];
  if (known !== undefined && isSameData(known.data, data)) return known.envelope;
  const envelope = read(data);
  recent[index % RECENT] = { data, envelope };
  return envelope;
}

function read(data: Uint8Array): CommandEnvelope | null {
  try {
    const envelope = JSON.parse(decoder.decode(data)) as CommandEnvelope | null;
    return typeof envelope?.command?.kind === 'string' ? envelope : null;
  } catch {
    return null;
  }
}

function isSameData(a: Uint8Array, b: Uint8Array): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** A command that only the next version knows. */
function isOfNext({ kind }: { readonly kind: string }): boolean {
  return kind === NEXT_COMMAND;
}

/** Whether applying it needs the next version. */
export function needsNext(entry: LogEntry): boolean {
  return entry.kind === 'command' && isOfNext(envelopeOf(entry)?.command ?? { kind: '' });
}

/** What a client reads of a key; version 0 = it is not there. */
export interface KvRead {
  readonly value: string | null;
  readonly version: LogIndex;
}

const ABSENT: KvRead = { value: null, version: 0 };

export class KvMachine {
  readonly #tables: MapTables;
  /** Made when the first command comes: most machines are copies that never get one. */
  #kv: KeyValues | null = null;
  #sessions: Sessions | null = null;
  #applied: LogPosition = { term: 0, index: 0 };
  /** In force at the applied index, and the entry that brought it. */
  membership: Membership = NOBODY;
  membershipIndex: LogIndex = 0;
  /** Commands of the next version that were applied (versions.ts). */
  marks = 0;
  /** The record of the cluster, as far as it matters here: the latest start of each disk. */
  readonly starts = new Map<InstanceId, number>();

  constructor(tables = new MapTables()) {
    this.#tables = tables;
  }

  get applied(): LogPosition {
    return this.#applied;
  }

  apply(entry: LogEntry): ApplyResult {
    const { index, term } = entry;
    this.#applied = { index, term };
    if (entry.kind === 'noop') return DONE;
    if (entry.kind === 'membership') {
      const decoded = decodeMembership(entry.data);
      if (decoded.ok) this.membership = decoded.value;
      this.membershipIndex = index;
      return DONE;
    }
    const envelope = envelopeOf(entry);
    return envelope === null ? NO_ENVELOPE : this.#onceOnly(envelope, entry);
  }

  read(key: string): KvRead {
    const cells = this.#tables.kv.get(key);
    return cells === undefined ? ABSENT : { value: cells.value, version: Number(cells.version) };
  }

  /** An independent copy: what a snapshot holds. */
  copy(): KvMachine {
    const copy = new KvMachine(this.#tables.copy());
    copy.#applied = this.#applied;
    copy.membership = this.membership;
    copy.membershipIndex = this.membershipIndex;
    copy.marks = this.marks;
    for (const [instanceId, boot] of this.starts) copy.starts.set(instanceId, boot);
    return copy;
  }

  /** All of it as text, equal for equal states. */
  text(): string {
    const sorted = (rows: Iterable<readonly [string, unknown]>) =>
      [...rows].sort(([a], [b]) => (a < b ? -1 : 1));
    const record = [this.marks, sorted(this.starts)];
    return JSON.stringify([this.#applied, ...this.#tables.all().map(sorted), record]);
  }

  #onceOnly(envelope: CommandEnvelope, entry: LogEntry): ApplyResult {
    const { session, seq } = envelope;
    if (session === undefined || seq === undefined) return this.#command(envelope, entry);
    const key = { session, seq };
    this.#sessions ??= new Sessions(this.#tables);
    const answered = this.#sessions.answered(key, entry.index);
    if (answered !== null) return answered;
    const result = this.#command(envelope, entry);
    this.#sessions.store(key, result, entry.index);
    return result;
  }

  #command({ command, actor = '' }: CommandEnvelope, entry: LogEntry): ApplyResult {
    const { index, term, timestamp } = entry;
    if (command.kind === 'kv-put' || command.kind === 'kv-delete') {
      this.#kv ??= new KeyValues(this.#tables);
      const { result } = this.#kv.apply(command, { index, term, timestamp, actor });
      // a group of one: whoever reads, copies or snapshots this machine finds all of it in its tables
      this.#kv.flush();
      return result;
    }
    if (command.kind === 'session-open') {
      this.#sessions ??= new Sessions(this.#tables);
      return this.#sessions.open(command.session, index);
    }
    if (command.kind === 'node-started') return this.#started(command.instanceId, command.bootCounter);
    if (isOfNext(command)) return { ok: true, value: { marks: ++this.marks } };
    throw new TypeError(`the simulated state machine has no ${command.kind}`);
  }

  /** As `startedNode` of src/cluster, for nodes that keep their address. */
  #started(instanceId: InstanceId, boot: number): ApplyResult {
    const known = this.starts.get(instanceId) ?? 0;
    if (boot < known) {
      const message = `start ${boot} of ${instanceId}, start ${known} was here already`;
      return { ok: false, code: 'conflict', message };
    }
    this.starts.set(instanceId, boot);
    return { ok: true, value: { repeated: boot === known } };
  }
}
