/** What the cluster may do by itself, and what it is to do later: one method a route. */
import type { ResponseOf, ScheduleRow } from '../api/index.ts';
import type { Run } from './kv-client.ts';
import type { CallOptions } from './types.ts';

export interface Pausing extends CallOptions {
  readonly reason: string;
  /** Default one hour, or the longest that is allowed where that is less. */
  readonly forMs?: number;
  /** Throws `conflict` unless this is the term. */
  readonly expectTerm?: number;
  /** Throws `conflict` unless this node leads. */
  readonly expectLeader?: string;
}

/** A failover or switchover at a time. */
export interface Scheduling extends CallOptions {
  readonly kind: 'failover' | 'switchover';
  readonly to?: string;
  readonly expectLeader?: string;
  readonly at: Date;
  readonly reason?: string;
}

export class SteeringClient {
  readonly #run: Run;

  constructor(run: Run) {
    this.#run = run;
  }

  /** The cluster moves neither leadership nor members by itself for a while; throws `conflict`. */
  async pause(wish: Pausing): Promise<ResponseOf<'pauseCluster'>> {
    const { reason, forMs, expectTerm, expectLeader, ...call } = wish;
    const dispatch = { name: 'pauseCluster', kind: 'control', repeat: 'guarded', ...call } as const;
    const body = { reason, for_ms: forMs, expect_term: expectTerm, expect_leader: expectLeader };
    return (await this.#run({ ...dispatch, body })) as ResponseOf<'pauseCluster'>;
  }

  async resume({ reason, ...call }: CallOptions & { readonly reason?: string } = {}): Promise<void> {
    const dispatch = { name: 'resumeCluster', kind: 'control', repeat: 'guarded', ...call } as const;
    await this.#run({ ...dispatch, query: { reason } });
  }

  async schedule(call: CallOptions = {}): Promise<ResponseOf<'schedule'>> {
    const dispatch = { name: 'schedule', kind: 'control', repeat: 'free', ...call } as const;
    return (await this.#run(dispatch)) as ResponseOf<'schedule'>;
  }

  /** Not repeated after a lost answer: `outcome_unknown`. */
  async at({ kind, to, expectLeader, at, reason, ...call }: Scheduling): Promise<ScheduleRow> {
    const body = { kind, to, expect_leader: expectLeader, at: at.toISOString(), reason };
    const dispatch = { name: 'scheduleOperation', kind: 'control', repeat: 'once', body, ...call } as const;
    return ((await this.#run(dispatch)) as ResponseOf<'scheduleOperation'>).entry;
  }

  /** Throws `conflict` once it does not wait any more. */
  async cancel(id: string, call: CallOptions = {}): Promise<ScheduleRow> {
    const dispatch = { name: 'cancelSchedule', kind: 'control', repeat: 'guarded', ...call } as const;
    return ((await this.#run({ ...dispatch, params: { id } })) as ResponseOf<'cancelSchedule'>).entry;
  }
}
