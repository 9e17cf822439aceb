/**
 * Three real listeners with certificates, and behind them the smallest cluster that
 * could answer: one shared store, a leader that can be moved. A second implementation
 * of the API for the command line to talk to.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type {
  ElectionRow,
  EventLine,
  KvItem,
  NodeRow,
  OperationView,
  PauseRequest,
  Plan,
  UpdateNodeRequest,
} from '../../src/api/index.ts';
import { SqlccError } from '../../src/base/index.ts';
import type { Answer, Call, Handlers } from '../../src/rpc/index.ts';
import { startApi, type TestApi, VIEWER_TOKEN } from '../unit/rpc/api-fixture.ts';
import { NodeFolders } from '../unit/rpc/node-folders.ts';
import { SmallConfig } from './small-config.ts';
import { SmallControl } from './small-control.ts';

const AT = '2026-01-02T03:04:05.678Z';
const IDS = ['n1', 'n2', 'n3'] as const;

export class SmallCluster {
  readonly folders: NodeFolders;
  readonly #apis = new Map<string, TestApi>();
  readonly #keys = new Map<string, KvItem>();
  readonly events: EventLine[] = [];
  readonly control = new SmallControl();
  operation: OperationView | null = null;
  paused: NodeRow['maintenance'] = null;
  /** Phases that the next operation goes through, one a question. */
  script: string[] = [];
  leader: string | null = 'n1';
  term = 7;
  dead = new Set<string>();
  refusal: string | null = null;
  hostileZone = '';
  readonly elections: ElectionRow[] = [];
  /** So many questions for the status are answered; then there is silence. */
  statusesLeft = Number.POSITIVE_INFINITY;
  /** Called once, between the reading of a node and the next write of it. */
  overtaking: ((nodeId: string) => void) | null = null;
  /** What `updateNode` wrote on nodes. */
  readonly words = new Map<string, { zone?: string; metadata?: Record<string, string> }>();
  readonly config = new SmallConfig();
  #version = 0;

  private constructor(folders: NodeFolders) {
    this.folders = folders;
  }

  static async start(): Promise<SmallCluster> {
    const cluster = new SmallCluster(await NodeFolders.create());
    for (const id of IDS) cluster.#apis.set(id, await startApi(cluster.folders, cluster.#handlers(id)));
    return cluster;
  }

  endpoint(id: string): string {
    return this.#apis.get(id)?.endpoint ?? '';
  }

  /** Writes a context file for the admin, with these nodes as endpoints, and answers its path. */
  async context(ids: readonly string[] = IDS): Promise<string> {
    const { ca, cert, key } = await this.folders.person('admin', 'admin');
    mkdirSync(join(this.folders.dir, 'small'), { recursive: true });
    const files: [string, string][] = [
      ['small/ca.crt', ca],
      ['small/admin.crt', cert],
      ['small/admin.key', key],
      ['viewer.token', VIEWER_TOKEN],
    ];
    for (const [name, text] of files) writeFileSync(join(this.folders.dir, name), text);
    const file = join(this.folders.dir, 'config.yaml');
    const endpoints = JSON.stringify(ids.map((id) => this.endpoint(id)));
    const pem = 'ca: small/ca.crt, cert: small/admin.crt, key: small/admin.key';
    writeFileSync(file, `current: small\ncontexts:\n  small: {endpoints: ${endpoints}, ${pem}}\n`);
    return file;
  }

  async stop(): Promise<void> {
    for (const { server } of this.#apis.values()) await server.stop(20);
    this.folders.remove();
  }

  async kill(id: string): Promise<void> {
    this.dead.add(id);
    if (this.leader === id) this.leader = null;
    await this.#apis.get(id)?.server.stop(0);
  }

  #row(id: string): NodeRow {
    const [host = '', port] = this.endpoint(id).split(':');
    const isDead = this.dead.has(id);
    const isLeader = this.leader === id;
    return {
      ...{
        node_id: id,
        host,
        port: Number(port),
        client_port: 5434,
        voter: true,
        issues: [],
        last_check: AT,
      },
      state: isDead ? null : isLeader ? 'LEADER' : 'FOLLOWER',
      role: isDead ? null : isLeader ? 'leader' : 'follower',
      liveness: isDead ? 'dead' : 'alive',
      health: isDead ? 'UNKNOWN' : 'HEALTHY',
      ...{ maintenance: null, version: '0.1.0', zone: this.hostileZone, metadata: {}, term: this.term },
      ...this.words.get(id),
      ...{ match_index: 40, lag_entries: 0, last_heartbeat_ms: 12, load_factor: 0.5, capacity: 1e9 },
      ...{
        cpu_usage: 0.25,
        memory_usage: 0.5,
        disk_usage: 0.125,
        disk_used_bytes: 1e6,
        active_connections: 3,
      },
      ...{ query_latency_p95_ms: 1.5, rtt_ms: 0.4, uptime_ms: 60_000 },
      ...{ clock_offset_ms: 12, event_loop_lag_ms: 0.7, fsync_ms: 8.2 },
    };
  }

  #read(id: string) {
    return { mode: 'quorum' as const, age_ms: 0, node_id: id, applied_index: 40 };
  }

  #status(id: string): Answer {
    const health = this.leader === null ? 'critical' : this.dead.size > 0 ? 'degraded' : 'healthy';
    const reasons =
      health === 'healthy' ? [] : [this.leader === null ? 'no leader' : `${[...this.dead]} is dead`];
    const body = {
      schemaVersion: 1,
      cluster: { name: 'small', id: 'c0ffee', engine: 'sqlite', health, reasons, read: this.#read(id) },
      raft: {
        ...{ leader_id: this.leader, term: this.term, commit_index: 40, applied_index: 40, voters: [...IDS] },
        ...{ quorum: 2, tolerates: 1, election_timeout_ms: 150, heartbeat_interval_ms: 50 },
      },
      primary: { node_id: this.leader, epoch: this.term },
      ...{ config: { version: 1 }, maintenance: [], operation: null, alerts: { firing: 0 } },
      elections: this.elections,
      nodes: IDS.map((n) => this.#row(n)),
      pause: this.paused,
    };
    return { body };
  }

  #requireLeader(id: string): void {
    if (this.leader === id) return;
    if (this.leader === null) throw new SqlccError('no_leader', 'the cluster has no leader now');
    const [host, port] = this.endpoint(this.leader).split(':');
    const leader = { node_id: this.leader, host, port: Number(port), client_port: 5434 };
    throw new SqlccError('not_leader', `this node follows ${this.leader}`, { details: { leader } });
  }

  #put(call: Call): Answer {
    const key = call.params.key ?? '';
    const wanted = call.headers['if-match'];
    const version = this.#keys.get(key)?.version ?? 0;
    if (wanted !== undefined && wanted !== `"${version}"`) {
      throw new SqlccError('precondition_failed', `key "${key}" has version ${version}`);
    }
    const item = {
      key,
      value: (call.body as { value: string }).value,
      version: ++this.#version,
      term: this.term,
      timestamp: AT,
    };
    this.#keys.set(key, item);
    const { value: _, ...body } = item;
    return { body };
  }

  #plan(to: string | undefined): Plan {
    const target = to ?? IDS.find((id) => id !== this.leader) ?? null;
    return {
      ...{ token: 'plan-1', expires: AT, kind: 'failover', from: this.leader, to: target, term: this.term },
      allowed: this.refusal === null,
      checks: [
        { name: 'quorum', result: 'pass', text: '3 of 3 voters are alive' },
        ...(this.refusal === null ? [] : [{ name: 'target', result: 'fail' as const, text: this.refusal }]),
      ],
      candidates: [
        { node_id: 'n2', eligible: true, reasons: ['caught up'], lag_entries: 0 },
        { node_id: 'n3', eligible: false, reasons: ['lags 90 entries', 'in maintenance'], lag_entries: 90 },
      ],
      ...{ expected_gap_ms: 40, command: `sqlcc cluster failover --to ${target} --yes` },
    };
  }

  /** What is not as the caller believes. */
  #unexpected(call: Call): string | null {
    const { expect_term: term, expect_leader: leader } = call.body as PauseRequest;
    if (term !== undefined && term !== this.term) return `the term moved from ${term} to ${this.term}`;
    return leader === undefined || leader === this.leader ? null : `${this.leader} leads, not ${leader}`;
  }

  #pause(call: Call): Answer {
    const text = this.#unexpected(call);
    if (text !== null) throw new SqlccError('conflict', text);
    const { reason } = call.body as PauseRequest;
    this.paused = { owner: call.identity.id, reason, since: AT, expires: AT };
    return { body: { pause: this.paused } };
  }

  #operate(call: Call): Answer {
    const { to, reason, dry_run: isDry, plan_token: token } = call.body as Record<string, string | boolean>;
    if (isDry === true) {
      const plan = this.#plan(to as string | undefined);
      const text = this.#unexpected(call);
      if (text === null) return { body: { plan } };
      const checks = [{ name: 'term', result: 'fail', text }];
      return { body: { plan: { ...plan, allowed: false, refusal: 'conflict', checks } } };
    }
    if (token !== 'plan-1') throw new SqlccError('failed_precondition', 'the plan is not known');
    this.operation = {
      ...{ id: 'op-1', kind: 'failover', state: 'running', phase: 'starting', phases: [], from: this.leader },
      ...{
        to: String(to),
        actor: call.identity.id,
        reason: String(reason ?? ''),
        error: null,
        candidates: [],
      },
    };
    return { status: 202, body: { operation: this.operation } };
  }

  /** Each question moves the operation one phase on; a script without an end keeps it running. */
  #ask(id: string | undefined): Answer {
    if (this.operation === null || id !== 'op-1') return { body: { operation: this.control.find(id ?? '') } };
    const phase = this.script.shift();
    const { operation } = this;
    if (phase !== undefined) {
      const isEnd = phase === 'done' || phase === 'failed';
      const phases = [...operation.phases, { name: phase, at: AT, elapsed_ms: 5, result: 'ok' }];
      this.operation = { ...operation, phase, phases, state: isEnd ? phase : 'running' };
      if (phase === 'done') this.leader = operation.to;
    }
    return { body: { operation: this.operation } };
  }

  #handlers(id: string): Handlers {
    const leading = (answer: (call: Call) => Answer) => async (call: Call) => {
      this.#requireLeader(id);
      return answer(call);
    };
    const of = (body: object): Answer => ({ body: { schemaVersion: 1, ...body, read: this.#read(id) } });
    return {
      ...this.control.handlers(this.#read(id)),
      status: async () => (this.statusesLeft-- > 0 ? this.#status(id) : new Promise<never>(() => undefined)),
      nodes: async () => of({ nodes: IDS.map((n) => this.#row(n)), pause: this.paused }),
      updateNode: async ({ params, body }) => {
        this.#requireLeader(id);
        const node = params.id ?? '';
        this.overtaking?.(node);
        this.overtaking = null;
        const { expect, ...words } = body as UpdateNodeRequest;
        const { zone, metadata } = this.#row(node);
        if (!isDeepStrictEqual({ zone, metadata, ...expect }, { zone, metadata }))
          throw new SqlccError('conflict', `${JSON.stringify({ zone, metadata })} by now`);
        this.words.set(node, { ...this.words.get(node), ...(words as object) });
        return of({ node: this.#row(node) });
      },
      node: async ({ params }) => of({ node: this.#row(params.id ?? '') }),
      leader: async () => this.#leaderAnswer(id),
      version: async () => ({ body: { schemaVersion: 1, version: '0.1.0', protocol: 1, node_id: id } }),
      putKey: leading((call) => this.#put(call)),
      getKey: async ({ params }) => {
        const item = this.#keys.get(params.key ?? '');
        if (item === undefined) throw new SqlccError('not_found', `no key "${params.key}"`);
        return { body: { ...item, read: this.#read(id) } };
      },
      listKeys: async () => of({ items: [...this.#keys.values()], truncated: false }),
      sql: leading((call) => this.#sql(id, call)),
      runOperation: leading((call) => this.#operate(call)),
      pauseCluster: leading((call) => this.#pause(call)),
      operation: async ({ params }) => this.#ask(params.id),
      ...this.config.handlers(this.#read(id)),
      events: async () => ({ stream: streamOf(this.events) }),
    };
  }

  #leaderAnswer(id: string): Answer {
    const [host, port] = this.leader === null ? [null, null] : this.endpoint(this.leader).split(':');
    const place = {
      host,
      port: port === null ? null : Number(port),
      client_port: host === null ? null : 5434,
    };
    const primary = { node_id: this.leader, epoch: this.term };
    const body = {
      leader_id: this.leader,
      term: this.term,
      ...place,
      since: AT,
      primary,
      read: this.#read(id),
    };
    return { body: { schemaVersion: 1, ...body } };
  }

  #sql(id: string, call: Call): Answer {
    const { statements } = call.body as { statements: { sql: string }[] };
    const bad = statements.findIndex(({ sql }) => sql.includes('SELEC '));
    if (bad >= 0)
      throw new SqlccError('sql_error', 'near "SELEC": syntax error', {
        details: { statement: bad, sqlstate: '42601' },
      });
    const result = {
      columns: ['id', 'name'],
      types: [],
      rows: [
        [1, 'Zürich'],
        [20, null],
      ],
      rows_affected: 0,
      last_insert_id: null,
    };
    return {
      body: { results: statements.map(() => result), index: null, read: this.#read(id), elapsed_ms: 1 },
    };
  }
}

async function* streamOf(lines: readonly EventLine[]): AsyncGenerator<EventLine> {
  yield* lines;
}

export function eventOf(index: number, message: string): EventLine {
  return {
    cursor: `${index}.0.x`,
    index,
    node_id: 'n1',
    at: AT,
    kind: 'leader-elected',
    severity: 'info',
    message,
    data: {},
  };
}
