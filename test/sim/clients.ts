/**
 * Clients of a simulated cluster: they put, compare-and-set, delete and read, in sessions
 * or without, and try again as src/client decides. A write of a session is repeated under
 * its number until it is answered; one without is never sent twice.
 */
import { between, type LogIndex, type NodeId, pick, type Random } from '../../src/base/index.ts';
import { judge, type Repeat } from '../../src/client/retry.ts';
import type { CommandEnvelope, StateCommand } from '../../src/cluster/index.ts';
import type { Answer } from './desk.ts';
import type { History, Operation } from './history.ts';
import type { SimNode } from './node.ts';
import type { SimOptions } from './options.ts';
import type { World } from './world.ts';

export const KEYS = ['a', 'b', 'c', 'd', 'e', 'f'];
/** Reads and plain writes are given up after this long. */
const DEADLINE_MS = 6000;
/** The network between clients and nodes. */
const NEAR_MS = 0.3;

export interface ClientParts {
  readonly world: World;
  readonly random: Random;
  readonly options: SimOptions;
  readonly history: History;
  readonly nodes: readonly SimNode[];
  /** The network loses nothing any more. */
  readonly isCalm: () => boolean;
  /** A number that no operation had before. */
  readonly serial: () => number;
}

/** What clients lived to see. */
export interface ClientCounts {
  answered: number;
  reads: number;
  retries: number;
  unknown: number;
  refused: number;
}

/** An operation under way, through all its attempts. */
interface Quest extends Operation {
  readonly repeat: Repeat;
  readonly data: Uint8Array | null;
  readonly deadline: number;
  attempt: number;
  hops: number;
  isDone: boolean;
}

const encoder = new TextEncoder();

export class SimClient {
  readonly #name: string;
  readonly #parts: ClientParts;
  readonly #counts: ClientCounts;
  /** Versions that it was told last. */
  readonly #versions = new Map<string, LogIndex>();
  readonly #pending = new Set<Quest>();
  #session: string | null = null;
  #seq = 0;
  #seen: LogIndex = 0;
  #leader: NodeId | null = null;
  #isStopped = false;

  constructor(name: string, parts: ClientParts, counts: ClientCounts) {
    this.#name = name;
    this.#parts = parts;
    this.#counts = counts;
  }

  /** Opens its session, then begins to work, several operations at a time. */
  start(): void {
    this.#open();
  }

  /** Nothing new is begun; what is under way is finished. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Operations that wait for their answer. */
  get pending(): number {
    return this.#pending.size;
  }

  /** What waits, for people. */
  get waiting(): string[] {
    return [...this.#pending].map(
      (q) => `${q.client} ${q.kind} ${q.key} (${q.repeat}, operation ${q.serial}, attempt ${q.attempt})`,
    );
  }

  #open(): void {
    const { history, serial } = this.#parts;
    // an open whose answer is lost leaves a session that nobody uses
    const number = serial();
    const session = `${this.#name}-${number}`;
    const command: StateCommand = { kind: 'session-open', session };
    const fixed = { serial: number, client: this.#name, kind: 'open', key: session } as const;
    const data = encode({ command, actor: String(number) });
    this.#begin({ ...fixed, floor: history.floor, minIndex: null }, data, 'once', (isWell) => {
      if (this.#isStopped) return;
      if (!isWell) {
        this.#parts.world.after(20, () => this.#open());
        return;
      }
      this.#session = session;
      for (let n = between(this.#parts.random, 1, 3); n > 0; n--) this.#think();
    });
  }

  #think(): void {
    const { world, random, options } = this.#parts;
    world.after(-Math.log(1 - random.next()) * options.thinkMs, () => this.#act());
  }

  #act(): void {
    if (this.#isStopped) return;
    const { random, history, serial } = this.#parts;
    const key = pick(random, KEYS);
    const draw = random.next();
    const next = (): void => this.#think();
    const fixed = { serial: serial(), client: this.#name, key, floor: history.floor };
    if (draw < 0.25) this.#begin({ ...fixed, kind: 'get', minIndex: null }, null, 'free', next);
    else if (draw < 0.4) this.#begin({ ...fixed, kind: 'get', minIndex: this.#seen }, null, 'free', next);
    else this.#write(fixed, draw > 0.9 ? 'delete' : 'put', next);
  }

  #write(
    fixed: Omit<Operation, 'kind' | 'minIndex'>,
    kind: 'put' | 'delete',
    ended: (isWell: boolean) => void,
  ): void {
    const { random } = this.#parts;
    const { key, serial } = fixed;
    const ifVersion = random.next() < 0.4 ? (this.#versions.get(key) ?? 0) : null;
    const command: StateCommand =
      kind === 'put'
        ? { kind: 'kv-put', key, value: `v${serial}`, ifVersion }
        : { kind: 'kv-delete', key, ifVersion };
    const isKeyed = this.#session !== null && random.next() < 0.8;
    const envelope: CommandEnvelope = isKeyed
      ? { command, actor: String(serial), session: this.#session ?? '', seq: ++this.#seq }
      : { command, actor: String(serial) };
    this.#begin({ ...fixed, kind, minIndex: null }, encode(envelope), isKeyed ? 'keyed' : 'once', ended);
  }

  #begin(
    operation: Operation,
    data: Uint8Array | null,
    repeat: Repeat,
    ended: (isWell: boolean) => void,
  ): void {
    const { world } = this.#parts;
    const deadline = repeat === 'keyed' ? Number.POSITIVE_INFINITY : world.now + DEADLINE_MS;
    const quest: Quest = { ...operation, repeat, data, deadline, attempt: 0, hops: 0, isDone: false };
    this.#pending.add(quest);
    this.#try(quest, (isWell) => {
      quest.isDone = true;
      this.#pending.delete(quest);
      ended(isWell);
    });
  }

  #try(quest: Quest, end: (isWell: boolean) => void): void {
    if (quest.isDone) return;
    const { world, random, nodes, options, isCalm } = this.#parts;
    const attempt = ++quest.attempt;
    if (attempt > 1) this.#counts.retries++;
    const known = random.next() < 0.9 ? nodes.find((n) => n.nodeId === this.#leader) : undefined;
    // a read that may be old goes anywhere
    const node = (quest.minIndex === null ? known : undefined) ?? pick(random, nodes);
    const heard = (answer: Answer): void => this.#hear(quest, { attempt, node, answer }, end);
    const isLost = (): boolean => !isCalm() && options.lossRatio > 0 && random.next() < options.lossRatio;
    const reply = (answer: Answer): void => {
      if (!isLost()) world.after(NEAR_MS, () => heard(answer));
    };
    world.after(between(random, 200, 1500), () => heard({ kind: 'silence' }));
    if (isLost()) return;
    world.after(NEAR_MS, () => {
      if (quest.data === null) node.read(quest.key, quest.minIndex, reply);
      else node.propose(quest.data, reply);
    });
  }

  #hear(
    quest: Quest,
    { attempt, node, answer }: { attempt: number; node: SimNode; answer: Answer },
    end: (isWell: boolean) => void,
  ): void {
    if (answer.kind === 'written' || answer.kind === 'read') {
      const isWell = this.#take(quest, node, answer);
      if (!quest.isDone) end(isWell);
      return;
    }
    if (quest.isDone || attempt !== quest.attempt) return;
    const { world, random } = this.#parts;
    const failure =
      answer.kind === 'silence'
        ? ({ code: 'outcome_unknown', reach: 'silent' } as const)
        : ({ code: answer.code, reach: 'answered' } as const);
    if (answer.kind === 'silence' || failure.code !== 'not_leader') this.#leader = null;
    else this.#leader = node.marks?.leaderId ?? null;
    const trial = { repeat: quest.repeat, attempt, hops: quest.hops, chance: random.next() };
    const verdict = judge(failure, { ...trial, remainingMs: quest.deadline - world.now });
    if (verdict.kind === 'give-up') {
      if (verdict.code === 'outcome_unknown') this.#counts.unknown++;
      else this.#counts.refused++;
      end(false);
      return;
    }
    quest.hops = verdict.kind === 'follow' ? quest.hops + 1 : 0;
    const waitMs = verdict.kind === 'follow' ? 0 : verdict.waitMs;
    world.after(waitMs, () => this.#try(quest, end));
  }

  /** An answer, of whichever attempt: the oracle hears of each. */
  #take(quest: Quest, node: SimNode, answer: Extract<Answer, { kind: 'written' | 'read' }>): boolean {
    const { history } = this.#parts;
    if (answer.kind === 'read') {
      this.#counts.reads++;
      history.read(quest, answer.at, answer.read);
      this.#seen = Math.max(this.#seen, answer.at);
      this.#versions.set(quest.key, answer.read.version);
      return true;
    }
    this.#counts.answered++;
    this.#leader = node.nodeId;
    if (!history.answered(quest, answer.result)) return false;
    const { result } = answer;
    const version = result.ok ? (result.value as { version?: number }).version : result.details?.['version'];
    if (typeof version === 'number') this.#versions.set(quest.key, quest.kind === 'delete' ? 0 : version);
    this.#seen = Math.max(this.#seen, answer.index);
    return true;
  }
}

function encode(envelope: CommandEnvelope): Uint8Array {
  return encoder.encode(JSON.stringify(envelope));
}
