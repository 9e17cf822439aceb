/**
 * One direction of one TCP connection on a bad path: nothing is lost, everything is late.
 *
 * What of TCP matters to a detector: order (a lost segment holds back all behind it), a
 * window that falls to one segment at a time-out and grows by what is acknowledged, a
 * probe for a lost tail, time-outs that double until something new is acknowledged, and
 * repair by a later segment's acknowledgement (RACK/SACK). Left out: round trips as a
 * part of the time-outs, which are above them.
 *
 * Measured against Linux 6.18 (docs/detector.md): 30 % loss each way, a line each 500 ms:
 * late by 0.2 / 6.5 / 39 s there (p50, p90, p99).
 */
import type { Random } from '../../src/base/index.ts';
import type { Agenda } from './agenda.ts';

/** Acknowledgements of one-way streams are delayed by 40 ms; twice that, and 200 ms more for a lone segment. */
const CROWD_PROBE_MS = 80;
const LONE_PROBE_MS = 280;
const TIME_OUT_MS = 240;
const TIME_OUT_MAX_MS = 120_000;
const FIRST_WINDOW = 10;
const NOT_SENT = Number.NEGATIVE_INFINITY;

export interface Path {
  /** Chance that a segment is lost now; 1 = cut. */
  forwardLoss(): number;
  backwardLoss(): number;
  delayMs(): number;
}

export interface FlowPort {
  readonly agenda: Agenda;
  readonly random: Random;
  now(): number;
  /** A segment with `bytes` of payload goes out, or an acknowledgement comes back (0). */
  sent(bytes: number): void;
}

interface Segment {
  readonly bytes: number;
  readonly deliver: () => void;
  /** At the other end, and known here to be there. */
  arrived: boolean;
  acked: boolean;
  /** Last transmission; minus infinity: it waits, or is taken for lost. */
  sentAt: number;
}

export class TcpFlow {
  readonly #path: Path;
  readonly #port: FlowPort;
  #segments: Segment[] = [];
  /** Segments of the front that the application at the other end has. */
  #delivered = 0;
  #window = FIRST_WINDOW;
  #backoff = 0;
  #isProbed = false;
  #isClosed = false;
  #timer = 0;

  constructor(path: Path, port: FlowPort) {
    this.#path = path;
    this.#port = port;
  }

  /** Nothing is on its way. */
  get isIdle(): boolean {
    return this.#segments.length === 0;
  }

  /** What is on its way is lost; nothing comes any more. */
  close(): void {
    this.#isClosed = true;
    this.#segments = [];
  }

  send(bytes: number, deliver: () => void): void {
    this.#segments.push({ bytes, deliver, arrived: false, acked: false, sentAt: NOT_SENT });
    const isAlone = this.#segments.length === 1;
    // a probe that waits is put off by new data; a time-out is not
    if (this.#fill() > 0 && (isAlone || !this.#isProbed)) this.#arm();
  }

  /** Sends what waits, first the oldest, as far as the window goes; how many. */
  #fill(): number {
    let flying = this.#segments.filter((s) => s.sentAt !== NOT_SENT && !s.acked).length;
    let sent = 0;
    for (const segment of this.#segments) {
      if (flying >= this.#window) break;
      if (segment.acked || segment.sentAt !== NOT_SENT) continue;
      this.#transmit(segment);
      flying++;
      sent++;
    }
    return sent;
  }

  #transmit(segment: Segment): void {
    const { agenda, random } = this.#port;
    const now = this.#port.now();
    segment.sentAt = now;
    this.#port.sent(segment.bytes);
    if (random.next() < this.#path.forwardLoss()) return;
    agenda.add(now + this.#path.delayMs(), () => this.#onArrival(segment));
  }

  #onArrival(segment: Segment): void {
    if (this.#isClosed) return;
    segment.arrived = true;
    while (this.#delivered < this.#segments.length && this.#segments[this.#delivered]?.arrived === true) {
      (this.#segments[this.#delivered++] as Segment).deliver();
      if (this.#isClosed) return;
    }
    const { agenda, random } = this.#port;
    this.#port.sent(0);
    if (random.next() < this.#path.backwardLoss()) return;
    const known = this.#segments.filter((s) => s.arrived);
    agenda.add(this.#port.now() + this.#path.delayMs(), () => this.#onAck(known));
  }

  /** An acknowledgement of all that had arrived when it was written. */
  #onAck(known: readonly Segment[]): void {
    const fresh = known.filter((s) => !s.acked);
    if (this.#isClosed || fresh.length === 0) return;
    for (const segment of fresh) segment.acked = true;
    let done = 0;
    while (this.#segments[done]?.acked === true) done++;
    this.#segments.splice(0, done);
    this.#delivered -= done;
    this.#window = Math.min(FIRST_WINDOW, this.#window + fresh.length);
    // what was sent before something that is known to have arrived is lost
    const newest = Math.max(...known.map((s) => s.sentAt));
    for (const segment of this.#segments) {
      if (!segment.acked && segment.sentAt < newest) segment.sentAt = NOT_SENT;
    }
    this.#backoff = 0;
    this.#isProbed = false;
    this.#fill();
    this.#arm();
  }

  #arm(): void {
    const timer = ++this.#timer;
    if (this.#segments.length === 0) return;
    const probeMs = this.#segments.length > 1 ? CROWD_PROBE_MS : LONE_PROBE_MS;
    const wait = this.#isProbed ? Math.min(TIME_OUT_MAX_MS, TIME_OUT_MS * 2 ** this.#backoff) : probeMs;
    this.#port.agenda.add(this.#port.now() + wait, () => {
      if (timer === this.#timer && !this.#isClosed) this.#onTimeOut();
    });
  }

  #onTimeOut(): void {
    if (this.#isProbed) {
      this.#backoff++;
      this.#window = 1;
      for (const segment of this.#segments) segment.sentAt = NOT_SENT;
      this.#fill();
    } else {
      // the probe repeats the newest that was sent and changes nothing else
      this.#isProbed = true;
      const newest = this.#segments.findLast((s) => s.sentAt !== NOT_SENT && !s.acked);
      if (newest !== undefined) this.#transmit(newest);
    }
    this.#arm();
  }
}
