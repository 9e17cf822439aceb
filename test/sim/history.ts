/**
 * What clients may see. The log's order is the witness: a small model of key-values and
 * sessions, written apart from the production code, executes each entry once, and every
 * node's result must be the model's. Answers must be those results; and whatever was
 * answered before an operation began must lie before it in that order. Together that is
 * linearizability with exactly-once writes, not by search but by construction.
 */
import type { LogIndex } from '../../src/base/index.ts';
import type { ApplyResult, CommandEnvelope, KvCommand } from '../../src/cluster/index.ts';
import type { LogEntry } from '../../src/raft/index.ts';
import { envelopeOf, type KvMachine, type KvRead } from './kv-machine.ts';

/** A client's operation as the oracle knows it. */
export interface Operation {
  readonly serial: number;
  readonly client: string;
  readonly kind: 'open' | 'put' | 'delete' | 'get';
  readonly key: string;
  /** Highest index that had been answered to anybody when it began. */
  readonly floor: LogIndex;
  /** A read that may be old, but not older than this; null = it must be new. */
  readonly minIndex: LogIndex | null;
}

interface Effect {
  readonly index: LogIndex;
  /** The answer that every attempt must bring. */
  readonly text: string;
}

type Fail = (rule: string, text: string) => never;

/** Text of a result, the same whether it was repeated or not. */
function textOf(result: ApplyResult): string {
  return result.ok
    ? JSON.stringify(result.value)
    : JSON.stringify([result.code, result.message, result.details]);
}

const isExpired = (result: ApplyResult): boolean => !result.ok && result.code === 'session_expired';

export class History {
  readonly #fail: Fail;
  /** Every value that a key had: where it began, newest last. */
  readonly #values = new Map<string, { readonly index: LogIndex; readonly read: KvRead }[]>();
  readonly #sessions = new Map<string, Map<number, Effect>>();
  /** What applying each index must answer. */
  readonly #texts: (string | undefined)[] = [];
  /** By the client's serial number: where it took effect. */
  readonly #effects = new Map<number, Effect>();
  readonly #acked = new Set<number>();
  #floor: LogIndex = 0;
  #replays = 0;

  constructor(fail: Fail) {
    this.#fail = fail;
  }

  /** Highest index that was answered to any client. */
  get floor(): LogIndex {
    return this.#floor;
  }

  /** Writes that a client was told are done. */
  get acked(): number {
    return this.#acked.size;
  }

  /** Entries that were recognised as repeated. */
  get replays(): number {
    return this.#replays;
  }

  /** A node applied an entry: what its machine answered is what the model answers. */
  applied(who: string, entry: LogEntry, result: ApplyResult): void {
    const text = (result.ok && result.replayed === true ? 'again ' : '') + textOf(result);
    const known = this.#texts[entry.index];
    if (known === text) return;
    if (known !== undefined) {
      const both = `${who} answers ${text} at ${entry.index}, others ${known}`;
      this.#fail('StateMachineSafety', both);
    }
    this.#texts[entry.index] = text;
    this.#execute(entry, result);
  }

  #execute(entry: LogEntry, result: ApplyResult): void {
    const envelope = entry.kind === 'command' ? envelopeOf(entry) : null;
    if (envelope === null) return;
    const serial = Number(envelope.actor);
    const { session, seq } = envelope;
    if (session === undefined || seq === undefined) {
      this.#effect(serial, entry, this.#command(envelope, entry, result));
      return;
    }
    const replies = this.#sessions.get(session);
    if (replies === undefined) {
      if (!isExpired(result)) this.#differs(entry, result, 'session_expired: it was never opened');
      return;
    }
    const before = replies.get(seq);
    if (before !== undefined) {
      this.#replays++;
      // an answer may be forgotten after a while; it is never given anew
      if (isExpired(result)) return;
      if (!result.ok && result.replayed === true && textOf(result) === before.text) return;
      if (result.ok && result.replayed === true && textOf(result) === before.text) return;
      const text = `write ${seq} of ${session} took effect at ${before.index} and again at ${entry.index}`;
      this.#fail('ExactlyOnce', `${text}: ${before.text}, then ${textOf(result)}`);
    }
    if (isExpired(result) && isBelowFloor(result, seq)) return;
    replies.set(seq, this.#effect(serial, entry, this.#command(envelope, entry, result)));
  }

  /** Executes a command that is new, and compares. */
  #command({ command }: CommandEnvelope, entry: LogEntry, result: ApplyResult): string {
    const text = textOf(result);
    if (command.kind === 'session-open') {
      if (!this.#sessions.has(command.session)) this.#sessions.set(command.session, new Map());
      if (!result.ok) this.#differs(entry, result, 'an open session');
      return text;
    }
    if (command.kind !== 'kv-put' && command.kind !== 'kv-delete') return text;
    const want = this.#write(command, entry);
    const isRight = result.ok ? want.ok && text === want.text : !want.ok && result.code === want.text;
    if (!isRight) this.#differs(entry, result, want.text);
    return text;
  }

  /** The model of key-values: a write to the key if its version is the wanted one. */
  #write(command: KvCommand, { index, term, timestamp }: LogEntry): { ok: boolean; text: string } {
    const { key, ifVersion } = command;
    const now = this.#at(key, index);
    if (ifVersion !== null && ifVersion !== now.version) return { ok: false, text: 'precondition_failed' };
    const stamp = { version: index, term, timestamp };
    const values = this.#values.get(key) ?? [];
    this.#values.set(key, values);
    if (command.kind === 'kv-put') {
      values.push({ index, read: { value: command.value, version: index } });
      return { ok: true, text: JSON.stringify({ key, ...stamp }) };
    }
    values.push({ index, read: { value: null, version: 0 } });
    return { ok: true, text: JSON.stringify({ deleted: now.version > 0, ...stamp }) };
  }

  #at(key: string, index: LogIndex): KvRead {
    const values = this.#values.get(key);
    for (let n = (values?.length ?? 0) - 1; n >= 0; n--) {
      const value = values?.[n];
      if (value !== undefined && value.index <= index) return value.read;
    }
    return { value: null, version: 0 };
  }

  #effect(serial: number, { index }: LogEntry, text: string): Effect {
    const before = this.#effects.get(serial);
    if (before !== undefined)
      this.#fail('ExactlyOnce', `operation ${serial} took effect at ${before.index} and at ${index}`);
    const effect = { index, text };
    this.#effects.set(serial, effect);
    return effect;
  }

  #differs(entry: LogEntry, result: ApplyResult, want: string): never {
    return this.#fail('Model', `entry ${entry.index} answers ${textOf(result)}, the model ${want}`);
  }

  /** A client was told how its write ended. False when that was no answer but a refusal to give one. */
  answered(operation: Operation, result: ApplyResult): boolean {
    if (isExpired(result)) return false;
    const { serial, client, floor } = operation;
    const effect = this.#effects.get(serial);
    const text = textOf(result);
    if (effect === undefined)
      this.#fail('AckBeforeApply', `${client} hears of ${serial}, which took no effect: ${text}`);
    if (effect.text !== text)
      this.#fail('EqualAnswers', `${client} hears ${text} of ${serial}, it was ${effect.text}`);
    if (effect.index <= floor) {
      const lies = `operation ${serial} of ${client} lies at ${effect.index}`;
      this.#fail('Linearizability', `${lies}, ${floor} had been answered before it began`);
    }
    this.#acked.add(serial);
    this.#floor = Math.max(this.#floor, effect.index);
    return true;
  }

  /** A client was told what a key holds, by a node that had applied up to `at`. */
  read(operation: Operation, at: LogIndex, read: KvRead): void {
    const { client, key, floor, minIndex } = operation;
    const least = minIndex ?? floor;
    if (at < least) {
      const rule = minIndex === null ? 'Linearizability' : 'MonotonicReads';
      this.#fail(rule, `${client} reads ${key} at ${at}, it may count on ${least}`);
    }
    const want = this.#at(key, at);
    if (want.version !== read.version || want.value !== read.value) {
      const texts = `${client} reads ${key} at ${at}: ${read.value} of ${read.version}`;
      this.#fail('PhantomValue', `${texts}, it was ${want.value} of ${want.version}`);
    }
    this.#floor = Math.max(this.#floor, at);
  }

  /** At the end: a machine that has applied everything holds what the model holds, acknowledged writes included. */
  finish(who: string, machine: KvMachine): void {
    for (const key of this.#values.keys()) {
      const want = this.#at(key, Number.POSITIVE_INFINITY);
      const read = machine.read(key);
      if (want.version !== read.version || want.value !== read.value)
        this.#fail('Durability', `${who} ends with ${key} ${read.value}, it was set to ${want.value}`);
    }
  }
}

function isBelowFloor(result: ApplyResult, seq: number): boolean {
  if (result.ok) return false;
  const floor = result.details?.['floor'];
  return typeof floor === 'number' && seq <= floor;
}
