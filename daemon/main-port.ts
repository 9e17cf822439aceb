/**
 * What the consensus thread tells the main thread. The port between them holds any number of messages, so
 * that a main thread without a processor would leave all of them there, status after status. Above
 * LIMITS.maxUnheardWordBytes only what main has asked for is posted. The rest waits where waiting has a
 * bound: the newest status, the last word of each peer, the newest events. Log lines are lost, and counted.
 */
import type { MessagePort } from 'node:worker_threads';
import {
  BoundedQueue,
  type Bytes,
  type Duration,
  type Instant,
  LIMITS,
  type LogLevel,
  type NodeId,
} from '../src/base/index.ts';
import type { ConsensusToMain } from './protocol.ts';
import { Unheard } from './unheard.ts';

type Kind<K extends ConsensusToMain['kind']> = Extract<ConsensusToMain, { kind: K }>;
type Told = Exclude<ConsensusToMain, { kind: 'hear' | 'heard' | 'status' | 'log' }>;

/** What a message costs beside what it says. */
const MESSAGE_BYTES: Bytes = 128;
/** A result of a read, a refused proposal, an id. */
const ANSWER_BYTES: Bytes = 64;

function sizeOf(message: ConsensusToMain): Bytes {
  if (message.kind === 'reads' || message.kind === 'refusals')
    return MESSAGE_BYTES + ANSWER_BYTES * message.results.length;
  return MESSAGE_BYTES + JSON.stringify(message).length;
}

export class MainPort {
  readonly #port: Pick<MessagePort, 'postMessage'>;
  readonly #statusNow: () => Kind<'status'>;
  readonly #unheard = new Unheard(LIMITS.maxUnheardWordBytes);
  #isStatusDue = false;
  readonly #peers = new Map<NodeId, Kind<'peer'>>();
  readonly #events = new BoundedQueue<Kind<'events'>['events'][number]>(
    LIMITS.maxHeldRaftEvents,
    'drop-oldest',
  );
  #handOver: Kind<'hand-over'> | null = null;
  /** Since when main owes a word that it was asked for; null = it owes none. */
  #askedAt: Instant | null = null;
  #lostLines = 0;
  #toldLostEvents = 0;

  /** `statusNow` is asked when a status may leave. */
  constructor(port: Pick<MessagePort, 'postMessage'>, statusNow: () => Kind<'status'>) {
    this.#port = port;
    this.#statusNow = statusNow;
  }

  post(message: Told): void {
    if (this.#unheard.isTooMuch) this.#hold(message);
    else this.#send(message);
  }

  /** Tells how consensus stands now, or when main takes something again. */
  status(): void {
    this.#isStatusDue = this.#unheard.isTooMuch;
    if (!this.#isStatusDue) this.#send(this.#statusNow());
  }

  log(level: LogLevel, event: string, fields: Kind<'log'>['fields'] = {}): void {
    if (this.#unheard.isTooMuch) this.#lostLines++;
    else this.#send({ kind: 'log', level, event, fields });
  }

  /** How long main has taken nothing, ms; asks it for a word, so this is called again and again. */
  silentMs(now: Instant): Duration {
    if (this.#askedAt !== null) return now - this.#askedAt;
    this.#askedAt = now;
    this.#port.postMessage({ kind: 'hear', upTo: this.#unheard.ask() } satisfies ConsensusToMain);
    return 0;
  }

  /** Main has taken everything up to there. */
  heard(upTo: number): void {
    this.#askedAt = null;
    this.#unheard.heard(upTo);
    if (!this.#unheard.isTooMuch) this.#release();
  }

  #hold(message: Told): void {
    switch (message.kind) {
      case 'events':
        for (const event of message.events) this.#events.push(event);
        return;
      case 'peer':
        this.#peers.delete(message.peer);
        this.#peers.set(message.peer, message);
        return;
      case 'hand-over':
        this.#handOver = message;
        return;
      case 'measures':
        return; // the next ones come within a second
      default:
        // an answer: main has asked for it, and asks no more while it does not run
        this.#send(message);
    }
  }

  #release(): void {
    const lostEvents = this.#events.dropped - this.#toldLostEvents;
    if (this.#lostLines + lostEvents > 0)
      this.log('warn', 'main-thread-behind', { lines: this.#lostLines, events: lostEvents });
    this.#lostLines = 0;
    this.#toldLostEvents = this.#events.dropped;
    for (const message of this.#peers.values()) this.#send(message);
    this.#peers.clear();
    if (this.#handOver !== null) this.#send(this.#handOver);
    this.#handOver = null;
    if (this.#events.size > 0) this.#send({ kind: 'events', events: this.#events.drain() });
    if (this.#isStatusDue) this.status();
  }

  #send(message: ConsensusToMain): void {
    const upTo = this.#unheard.posted(sizeOf(message));
    this.#port.postMessage(message);
    if (upTo !== null) this.#port.postMessage({ kind: 'hear', upTo } satisfies ConsensusToMain);
  }
}
