/** The control side of the small cluster: three operations, tokens and metrics that never change by themselves. */
import type { AuditRow, DenialRow, OperationView, TokenRow } from '../../src/api/index.ts';
import { type AuditRecord, endOf, GENESIS, linked } from '../../src/audit/index.ts';
import { SqlccError } from '../../src/base/index.ts';
import type { Answer, Call, Handlers } from '../../src/rpc/index.ts';
import { SmallAlerts } from './small-alerts.ts';

const AT = '2026-01-02T03:04:05.678Z';
const LATER = '2026-02-01T03:04:05.678Z';

function operationOf(id: string, patch: Partial<OperationView>): OperationView {
  return {
    ...{ id, kind: 'failover', state: 'done', phase: 'done', from: 'n1', to: 'n2', actor: 'admin' },
    phases: [
      { name: 'draining', at: AT, elapsed_ms: 12, result: '3 requests ended' },
      { name: 'transferring', at: AT, elapsed_ms: 40.5, result: 'n2 leads term 8' },
    ],
    ...{ reason: 'kernel update', error: null },
    candidates: [
      { node_id: 'n2', eligible: true, reasons: ['log equal'], lag_entries: 0 },
      { node_id: 'n3', eligible: false, reasons: ['in maintenance'], lag_entries: 90 },
    ],
    ...patch,
  };
}

const RUNNING = operationOf('op-3', {
  ...{ kind: 'maintenance-enable', state: 'running', phase: 'draining', to: null, reason: '' },
  phases: [{ name: 'draining', at: AT, elapsed_ms: null, result: null }],
  candidates: [],
});

function auditOf(count: number): AuditRow[] {
  const lines: AuditRecord[] = [];
  for (let n = 1; n <= count; n++) {
    lines.push(
      linked(endOf(GENESIS, lines), {
        ...{ index: n * 10, at: Date.parse(AT) + n, actor: n % 2 ? 'admin' : 'token:t1', from: '10.0.0.9' },
        ...{ credential: 'certificate:ab', action: n === 3 ? 'config-put' : 'node-update', target: `n${n}` },
        ...{ reason: '', before: null, after: `zone "${n}"`, outcome: 'ok' },
      }),
    );
  }
  return lines.map((line) => ({ ...line, at: new Date(line.at).toISOString() }));
}

function denialsOf(who: string): DenialRow {
  const row = { at: Date.parse(AT), who, from: '192.0.2.7', what: 'permission_denied createToken', count: 3 };
  return { ...linked(GENESIS, row), at: AT };
}

export class SmallControl {
  /** Each node's copy of the audit, made when it is first asked for; tests may damage one. */
  level: { readonly level: string; readonly forMs: number } | null = null;
  readonly audits = new Map<string, AuditRow[]>();
  readonly operations = new Map<string, OperationView>([
    ['op-1', operationOf('op-1', {})],
    ['op-2', operationOf('op-2', { state: 'failed', phase: 'failed', error: 'n2 fell behind' })],
    ['op-3', RUNNING],
  ]);
  readonly #tokens = new Map<string, TokenRow>();
  readonly alerts = new SmallAlerts();

  handlers(read: { readonly node_id: string }): Handlers {
    const of = (body: object): Answer => ({ body: { schemaVersion: 1, ...body, read } });
    return {
      operations: async () => of({ operations: [...this.operations.values()] }),
      cancelOperation: async ({ params }) => this.#cancel(params['id'] ?? ''),
      tokens: async () => of({ tokens: [...this.#tokens.values()] }),
      createToken: async (call) => this.#create(call),
      revokeToken: async ({ params }) => this.#revoke(params['id'] ?? ''),
      ...this.alerts.handlers(read),
      setUser: async ({ params, body }) => {
        const { role } = body as { role: string };
        const made = { created: AT, created_by: 'admin', changed: AT, changed_by: 'admin' };
        const user = { name: params['id'] ?? '', role, state: 'active', ...made, tokens: [] };
        return { body: { user } };
      },
      audit: async () => of({ anchor: GENESIS, records: this.auditAt(read.node_id) }),
      denials: async () => {
        const records = [denialsOf(`viewer of ${read.node_id}`)];
        const of = { node_id: read.node_id, total: 3, anchor: GENESIS, damage: null };
        return { body: { schemaVersion: 1, ...of, records } };
      },
      logLevel: async () => this.#logLevel(read.node_id),
      setLogLevel: async ({ body }) => {
        const { level, for_ms } = body as { level: string; for_ms?: number };
        this.level = level === 'default' ? null : { level, forMs: for_ms ?? 600_000 };
        return this.#logLevel(read.node_id);
      },
      metrics: async ({ query }) => metricsOf(read.node_id, query['format']),
    };
  }

  #logLevel(nodeId: string): Answer {
    const until = this.level === null ? null : new Date(Date.parse(AT) + this.level.forMs).toISOString();
    const level = this.level?.level ?? 'INFO';
    return { body: { schemaVersion: 1, node_id: nodeId, level, default: 'INFO', until } };
  }

  auditAt(nodeId: string): AuditRow[] {
    const lines = this.audits.get(nodeId) ?? auditOf(6);
    this.audits.set(nodeId, lines);
    return lines;
  }

  find(id: string): OperationView {
    const found = this.operations.get(id);
    if (found === undefined) throw new SqlccError('not_found', `no operation "${id}"`);
    return found;
  }

  #cancel(id: string): Answer {
    const found = this.find(id);
    if (found.state !== 'running')
      throw new SqlccError('conflict', `operation ${id} has ended: ${found.state}`, {
        hint: 'nothing to cancel',
      });
    const operation = { ...found, state: 'cancelled' as const, error: 'cancelled by admin' };
    this.operations.set(id, operation);
    return { body: { operation } };
  }

  #create({ body, identity }: Call): Answer {
    const { kind, role, node_id } = body as { kind: 'access' | 'join'; role: string; node_id?: string };
    const id = `t${this.#tokens.size + 1}`;
    const row = { id, kind, role, node_id: node_id ?? null, created: AT, expires: LATER };
    this.#tokens.set(id, { ...row, created_by: identity.id, used_by: null, user: null });
    return { status: 201, body: { id, token: `sqlcc1.${id}.secret`, expires: LATER } };
  }

  #revoke(id: string): Answer {
    if (!this.#tokens.delete(id)) throw new SqlccError('not_found', `no token "${id}"`);
    return { body: {} };
  }
}

function metricsOf(nodeId: string, format: string | undefined): Answer {
  if (format !== undefined)
    return { text: `# TYPE sqlcc_term gauge\nsqlcc_term 7\n`, contentType: 'text/plain' };
  const series = [
    { id: 'append_rtt', labels: { peer: 'n2' }, count: 4, sum: 0.002 },
    { id: 'peer_rtt', labels: { peer: 'n2' }, value: 0.0004 },
  ];
  const metrics = { sqlcc_term: 7, sqlcc_commit_index: 1_204_551, sqlcc_query_seconds_p95: 0.0015 };
  return { body: { schemaVersion: 1, node_id: nodeId, at: AT, metrics, series } };
}
