/** What a watcher was given against what happened: in order, once, without a gap, nothing else. */
import type { Effect } from './effects.ts';
import type { WatchEvent } from './record.ts';

export interface WatchReport {
  readonly findings: readonly string[];
  readonly events: number;
  /** How often a watcher was told that older changes are gone. */
  readonly compacted: number;
}

class Watcher {
  readonly findings: string[] = [];
  compacted = 0;
  events = 0;
  readonly #name: string;
  readonly #effects: readonly Effect[];
  #next = 0;
  #position: number;

  /** `effects`: changes of the watched prefix by revision. */
  constructor({ w, rev, k = '' }: WatchEvent, effects: readonly Effect[]) {
    this.#name = `watch ${w} of ${k}*`;
    this.#effects = effects;
    this.#position = rev;
    this.#skipTo(rev);
  }

  take(event: WatchEvent): void {
    const { type, rev } = event;
    if (type === 'put' || type === 'delete') this.#change(event);
    else if (rev < this.#position) this.#say(`${type} ${rev} after ${this.#position}`);
    else if (type === 'compacted') {
      this.compacted++;
      this.#skipTo(rev);
      this.#position = rev;
    } else {
      this.#missingUpTo(rev, type);
      this.#position = rev;
    }
  }

  #change({ type, k, v, rev }: WatchEvent): void {
    this.events++;
    if (rev <= this.#position) {
      this.#say(`${type} ${k} ${rev} after ${this.#position}: again or out of order`);
      return;
    }
    this.#missingUpTo(rev - 1, type);
    this.#position = rev;
    const effect = this.#effects[this.#next];
    if (effect?.rev !== rev) {
      this.#say(`${type} ${k} ${rev} is no change that happened`);
      return;
    }
    this.#next++;
    const isSame =
      effect.k === k &&
      (effect.kind === 'del') === (type === 'delete') &&
      (type === 'delete' || effect.v === v);
    if (!isSame)
      this.#say(`${type} ${k}=${v} at ${rev}, where ${effect.kind} ${effect.k}=${effect.v} happened`);
  }

  #missingUpTo(rev: number, before: string): void {
    for (; (this.#effects[this.#next]?.rev ?? Number.POSITIVE_INFINITY) <= rev; this.#next++) {
      const effect = this.#effects[this.#next] as Effect;
      this.#say(`${effect.kind} ${effect.k} ${effect.rev} is missing before ${before} ${rev}`);
    }
  }

  #skipTo(rev: number): void {
    while ((this.#effects[this.#next]?.rev ?? Number.POSITIVE_INFINITY) <= rev) this.#next++;
  }

  #say(text: string): void {
    this.findings.push(`${this.#name}: ${text}`);
  }
}

/** Checks every watcher; `effects` are all changes by revision, `watches` in the order in which they came. */
export function checkWatches(watches: readonly WatchEvent[], effects: readonly Effect[]): WatchReport {
  const watchers = new Map<number, Watcher>();
  const findings: string[] = [];
  for (const event of watches) {
    if (event.type === 'start') {
      const mine = effects.filter((e) => e.k.startsWith(event.k ?? ''));
      watchers.set(event.w, new Watcher(event, mine));
    } else {
      const watcher = watchers.get(event.w);
      if (watcher === undefined) findings.push(`watch ${event.w} has no start`);
      else watcher.take(event);
    }
  }
  const all = [...watchers.values()];
  const sum = (of: (w: Watcher) => number): number => all.reduce((n, w) => n + of(w), 0);
  return {
    findings: [...findings, ...all.flatMap((w) => w.findings)],
    events: sum((w) => w.events),
    compacted: sum((w) => w.compacted),
  };
}
