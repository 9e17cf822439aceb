/** Rules, silences and tests of alerts: one method a route. */
import type { ResponseOf } from '../api/index.ts';
import type { Run } from './kv-client.ts';
import type { CallOptions, PinnedOptions } from './types.ts';

/** Which alerts nobody is told of; what is left out matches everything. */
export interface SilenceCreate {
  readonly rule?: string;
  readonly nodeId?: string;
  readonly severity?: 'critical' | 'warning' | 'info';
  readonly forMs: number;
  readonly reason?: string;
}

export interface AlertTest {
  readonly rule?: string;
  readonly channel?: 'email' | 'slack' | 'pagerduty' | 'webhook';
}

export interface Unacknowledging extends CallOptions {
  /** The one that is meant; the current one unless named. */
  readonly incident?: string | undefined;
  /** Only what this person acknowledged. */
  readonly by?: string;
}

const READ = { kind: 'control', repeat: 'free' } as const;

export class AlertsClient {
  readonly #run: Run;

  constructor(run: Run) {
    this.#run = run;
  }

  /** The rules in force with what they found; the leader knows what is pending. */
  async rules({ node, ...call }: PinnedOptions = {}): Promise<ResponseOf<'alertRules'>> {
    return (await this.#run({ name: 'alertRules', ...READ, ...call }, node)) as ResponseOf<'alertRules'>;
  }

  /** By the name of a rule, or the id of an alert; throws `not_found`. */
  async explain(id: string, { node, ...call }: PinnedOptions = {}): Promise<ResponseOf<'explainAlert'>> {
    const dispatch = { name: 'explainAlert', ...READ, params: { id }, ...call } as const;
    return (await this.#run(dispatch, node)) as ResponseOf<'explainAlert'>;
  }

  /** Sends a marked notification and answers what became of it on each channel. */
  async test(body: AlertTest, call: CallOptions = {}): Promise<ResponseOf<'testAlert'>> {
    const dispatch = { name: 'testAlert', kind: 'control', repeat: 'once', body, ...call } as const;
    return (await this.#run(dispatch)) as ResponseOf<'testAlert'>;
  }

  /** Throws `conflict` where another incident fires, or somebody else than `by` acknowledged it. */
  async unacknowledge(id: string, { incident, by, ...call }: Unacknowledging = {}): Promise<void> {
    const dispatch = { name: 'unacknowledgeAlert', kind: 'control', repeat: 'guarded', ...call } as const;
    await this.#run({ ...dispatch, params: { id }, query: { incident, by } });
  }

  async silences(call: CallOptions = {}): Promise<ResponseOf<'silences'>> {
    return (await this.#run({ name: 'silences', ...READ, ...call })) as ResponseOf<'silences'>;
  }

  /** Not repeated after a lost answer: `outcome_unknown`. */
  async silence(
    { rule, nodeId, severity, forMs, reason }: SilenceCreate,
    call: CallOptions = {},
  ): Promise<ResponseOf<'createSilence'>> {
    const body = { rule, node_id: nodeId, severity, for_ms: forMs, reason };
    const dispatch = { name: 'createSilence', kind: 'control', repeat: 'once', body, ...call } as const;
    return (await this.#run(dispatch)) as ResponseOf<'createSilence'>;
  }

  async unsilence(id: string, call: CallOptions = {}): Promise<void> {
    await this.#run({ name: 'removeSilence', kind: 'control', repeat: 'guarded', params: { id }, ...call });
  }
}
