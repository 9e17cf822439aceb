/**
 * One key, replayed in the order of revisions: conditions held, and every read saw what
 * the key was at the revision that it names. Unknown writes that nobody saw step in only
 * where nothing else explains what was seen, each once, as early as it may.
 */
import type { Effect } from './effects.ts';
import { describeOp, type Op, type Seen } from './record.ts';
import { countUpTo, type Timeline } from './timeline.ts';

/** What somebody saw of the key in the state of revision `rev`. */
export interface Observation {
  readonly rev: number;
  readonly seen: Seen;
  readonly op: Op;
}

/** The key was `mod` from some revision between `from` and `latest` on: one that nobody saw begins anywhere. */
interface Period {
  readonly from: number;
  readonly latest: number;
  readonly mod: number;
}

export interface KeyHistory {
  readonly k: string;
  readonly effects: readonly Effect[];
  readonly observations: readonly Observation[];
  /** Unknown writes of the key that nobody saw, by call. */
  readonly hidden: readonly Op[];
  /**
   * Revisions of all known writes of all keys. Those that hidden writes need are kept apart for each key:
   * that two keys may want the same one is not asked, so that no good history is called bad.
   */
  readonly owned: ReadonlySet<number>;
}

interface State {
  /** Undefined where nobody saw it. */
  readonly v: string | null | undefined;
  readonly mod: number;
}

const ABSENT: Seen = { v: null, mod: 0 };
/** A value that nobody saw. */
const UNSEEN = -1;

export class Replay {
  readonly findings: string[] = [];
  readonly #timeline: Timeline;
  readonly #periods: Period[] = [{ from: 0, latest: 0, mod: 0 }];
  #begins: readonly number[] | null = null;
  readonly #owned: ReadonlySet<number>;
  readonly #needed = new Set<number>();
  #hidden: Op[];
  #state: State = ABSENT;
  /** The last revision at which the state was known to be what it is. */
  #knownAt = 0;

  constructor(key: KeyHistory, timeline: Timeline) {
    this.#timeline = timeline;
    this.#hidden = [...key.hidden];
    this.#owned = key.owned;
    const items = [
      ...key.effects.map((effect) => ({ rev: effect.rev, effect, observation: null })),
      ...key.observations.map((observation) => ({ rev: observation.rev, effect: null, observation })),
    ];
    // a read at the revision of a write sees the write
    items.sort((a, b) => a.rev - b.rev || (a.effect === null ? 1 : 0) - (b.effect === null ? 1 : 0));
    for (const { effect, observation } of items) {
      if (effect !== null) this.#apply(effect);
      if (observation !== null) this.#observe(observation);
    }
  }

  /** True when unknown writes are left that may have happened anywhere. */
  get hasHidden(): boolean {
    return this.#hidden.length > 0;
  }

  /** The earliest revision from `floor` on at which the key had revision `mod`; null = never. */
  earliest(mod: number, floor: number): number | null {
    this.#begins ??= this.#periods.map((p) => p.from);
    let first = Math.max(0, countUpTo(this.#begins, floor) - 1);
    while (first > 0 && floor < (this.#periods[first] as Period).latest) first--;
    for (let n = first; n < this.#periods.length; n++) {
      const period = this.#periods[n] as Period;
      if (period.mod === mod) return Math.max(period.from, floor);
    }
    return null;
  }

  #apply(effect: Effect): void {
    const { op, rev, kind, k } = effect;
    if (op !== null && op.exp !== undefined && op.exp !== this.#state.mod) {
      const explained = op.exp === 0 && this.#state.mod !== 0 && this.#takeHidden('del', rev);
      if (!explained)
        this.findings.push(`${k} was at ${this.#state.mod}, not ${op.exp}, before ${describeOp(op)}`);
    }
    if (kind === 'del' && this.#state.mod === 0 && !this.#takeHidden('put', rev))
      this.findings.push(`${k} did not exist when ${rev} deleted it`);
    this.#become(kind === 'put' ? { v: effect.v, mod: rev } : ABSENT, rev);
  }

  #observe({ rev, seen, op }: Observation): void {
    const isSame = seen.mod === this.#state.mod && (this.#state.v === undefined || this.#state.v === seen.v);
    const explained = !isSame && seen.mod === 0 && this.#state.mod !== 0 && this.#takeHidden('del', rev);
    if (!isSame && !explained) {
      const { v, mod } = this.#state;
      this.findings.push(`at ${rev} ${op.k} was ${v ?? 'absent'}@${mod}: ${describeOp(op)}`);
    }
    this.#knownAt = rev;
  }

  #become(state: State, from: number, latest: number = from): void {
    this.#state = state;
    this.#periods.push({ from, latest, mod: state.mod });
    this.#knownAt = from;
  }

  /** Lets an unknown write explain what is seen at `rev`; false when none can. */
  #takeHidden(kind: 'put' | 'del', rev: number): boolean {
    // it was seen otherwise up to `knownAt`; every revision that is left has one write, and the later the better
    for (let at = rev; at > this.#knownAt; at--) {
      if (this.#owned.has(at) || this.#needed.has(at)) continue;
      const isRight = (op: Op): boolean => {
        if ((op.f === 'del') !== (kind === 'del')) return false;
        if (op.exp !== undefined && op.exp !== this.#state.mod) return false;
        return op.call <= this.#timeline.firstToldOf(at) && this.#timeline.toldBefore(op.call) < at;
      };
      // one with a condition fits nowhere else
      const op = this.#hidden.find((o) => o.exp !== undefined && isRight(o)) ?? this.#hidden.find(isRight);
      // an earlier place asks for an earlier call of the same, and what was known before is the same or more
      if (op === undefined) return false;
      this.#hidden = this.#hidden.filter((o) => o !== op);
      this.#needed.add(at);
      this.#become(kind === 'put' ? { v: op.v, mod: UNSEEN } : ABSENT, this.#knownAt, at);
      return true;
    }
    return false;
  }
}
