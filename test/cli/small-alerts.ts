/** Alerts of the small cluster: one dead node, one rule, whatever silences a test makes. */
import type {
  AcknowledgeRequest,
  AlertRow,
  AlertRuleRow,
  SilenceCreateRequest,
  SilenceRow,
} from '../../src/api/index.ts';
import { must, SqlccError } from '../../src/base/index.ts';
import type { Answer, Call, Handlers } from '../../src/rpc/index.ts';

const AT = '2026-01-02T03:04:05.678Z';
const LATER = '2026-01-02T05:04:05.678Z';

const DELIVERY = { at: AT, times: 1 } as const;

const RULE: Omit<AlertRuleRow, 'states'> = {
  ...{ name: 'HighErrorRate', condition: 'error_rate > 0.01', severity: 'critical' },
  ...{ actions: ['email', 'slack'], for_ms: 30_000, fixed: false, error: null },
};

const STATES: AlertRuleRow['states'] = [
  {
    ...{ id: 'HighErrorRate:n1', node_id: 'n1', state: 'pending', holds: true },
    ...{ value: 'error_rate 0.2', pending_ms: 12_000 },
  },
  {
    ...{ id: 'HighErrorRate:n3', node_id: 'n3', state: 'inactive', holds: null },
    ...{ value: 'error_rate unknown', pending_ms: null },
  },
];

const BROKEN: AlertRuleRow = {
  ...{ ...RULE, name: 'Later', condition: 'a_metric_of_tomorrow > 1', actions: [], for_ms: 0 },
  ...{ error: 'there is no metric "a_metric_of_tomorrow"', states: [] },
};

export class SmallAlerts {
  readonly #silences: SilenceRow[] = [];
  readonly #alerts: AlertRow[] = [
    {
      ...{ id: 'NodeDown:n3', rule: 'NodeDown', node_id: 'n3', severity: 'warning', state: 'firing' },
      ...{ since: AT, value: 'dead', acknowledged_by: null, incident: '1767323045678' },
      notifications: [
        { kind: 'firing', channel: 'email', state: 'delivered', note: '250 ok', ...DELIVERY },
        { kind: 'firing', channel: 'slack', state: 'dead', note: 'notifiers.slack is missing', ...DELIVERY },
        {
          ...{ kind: 'firing', channel: 'webhook', state: 'handed', note: '', ...DELIVERY },
          under_way: { attempts: 3, last_error: 'the receiver answered 503', next_in_ms: 12_000 },
        },
      ],
    },
  ];

  handlers(read: { readonly node_id: string }): Handlers {
    const of = (body: object): Answer => ({ body: { schemaVersion: 1, ...body, read } });
    const { node_id } = read;
    return {
      alerts: async () => of({ alerts: this.#alerts }),
      alertRules: async () => of({ node_id, rules: [{ ...RULE, states: STATES }, BROKEN] }),
      explainAlert: async ({ params }) => of({ node_id, ...this.#explain(params['id'] ?? '') }),
      acknowledgeAlert: async ({ params, body, identity }) =>
        this.#acknowledge(params['id'] ?? '', body as AcknowledgeRequest, identity.id),
      unacknowledgeAlert: async ({ params, query }) => this.#takeBack(params['id'] ?? '', query),
      testAlert: async ({ body }) => {
        const { channel } = body as { channel?: string };
        const sent = { channel: 'email', state: 'delivered', note: '250 ok' };
        const lost = { channel: 'slack', state: 'dead', note: 'notifiers.slack is missing' };
        const results = [sent, lost].filter((one) => channel === undefined || one.channel === channel);
        const unsent = channel === undefined ? { unsent: ['pagerduty'] } : {};
        return { body: { schemaVersion: 1, results, ...unsent } };
      },
      silences: async () => of({ silences: this.#silences }),
      createSilence: async ({ body, identity }) => this.#silence(body as SilenceCreateRequest, identity.id),
      removeSilence: async ({ params }) => this.#unsilence(params['id'] ?? ''),
    };
  }

  #explain(id: string): object {
    if (!id.startsWith(RULE.name)) throw new SqlccError('not_found', `no alert rule and no alert "${id}"`);
    const marks = { in_maintenance: false, silenced_by: 's1', inhibited_by: null };
    const parts = [
      { depth: 0, text: RULE.condition, value: 'true' },
      { depth: 1, text: 'error_rate', value: '0.2' },
    ];
    const told = this.#alerts[0]?.notifications ?? [];
    return {
      rule: RULE,
      subjects: [{ ...must(STATES[0], 'a state'), ...marks, notifications: told, parts }],
    };
  }

  #acknowledge(id: string, { incident }: AcknowledgeRequest, who: string): Answer {
    const at = this.#alerts.findIndex((a) => a.id === id);
    if (at < 0) throw new SqlccError('not_found', `no alert "${id}"`);
    if (incident !== this.#alerts[at]?.incident)
      throw new SqlccError('conflict', `alert "${id}" has fired again since: that is another incident`);
    const alert = must(this.#alerts[at], 'the alert');
    const before = alert.acknowledged_by;
    this.#alerts[at] = { ...alert, acknowledged_by: before ?? who };
    return { body: { acknowledged_by: before ?? who, changed: before === null } };
  }

  #takeBack(id: string, { incident, by }: Call['query']): Answer {
    const at = this.#alerts.findIndex((a) => a.id === id);
    const alert = this.#alerts[at];
    if (alert === undefined) throw new SqlccError('not_found', `no alert "${id}"`);
    if (
      (incident ?? alert.incident) !== alert.incident ||
      (by ?? alert.acknowledged_by) !== alert.acknowledged_by
    )
      throw new SqlccError('conflict', `alert "${id}" has fired again since: that is another incident`);
    this.#alerts[at] = { ...alert, acknowledged_by: null };
    return { body: {} };
  }

  #silence({ rule, node_id, severity, reason }: SilenceCreateRequest, by: string): Answer {
    const id = `s${this.#silences.length + 1}`;
    const matchers = { rule: rule ?? null, node_id: node_id ?? null, severity: severity ?? null };
    this.#silences.push({ id, ...matchers, created: AT, until: LATER, by, reason: reason ?? '' });
    return { status: 201, body: { id, until: LATER } };
  }

  #unsilence(id: string): Answer {
    const at = this.#silences.findIndex((s) => s.id === id);
    if (at < 0) throw new SqlccError('not_found', `no silence "${id}"`);
    this.#silences.splice(at, 1);
    return { body: {} };
  }
}
