/**
 * A cluster in memory behind the port `Wire`: nodes with one shared, ordered store that
 * remembers sessions. It can kill the leader at the worst moment: after a write took
 * effect and before its answer left.
 */
import { SqlccError } from '../../../src/base/index.ts';
import type { Lane, StreamOptions, Wire, WireAnswer, WireRequest } from '../../../src/client/index.ts';

interface Open {
  readonly endpoint: string;
  readonly isMovable: boolean;
  readonly end: (error: SqlccError) => void;
}

interface SqlBody {
  readonly statements: readonly { readonly sql: string }[];
  readonly session?: string;
  readonly seq?: number;
}

interface ConfigBody {
  readonly text: string;
  readonly if_version?: number;
}

export class MemoryCluster implements Wire {
  readonly endpoints: readonly string[];
  readonly down = new Set<string>();
  leader: string | null;
  term = 1;
  /** Writes that took effect, in order. */
  readonly log: string[] = [];
  /** Every request that reached a node: `endpoint METHOD path`. */
  readonly seen: string[] = [];
  /** Questions who leads beside somebody: `endpoint beside endpoint`. They are answered when somebody does. */
  readonly waiting: string[] = [];
  /** Called after a write took effect; throwing the leader away here loses the answer. */
  afterWrite: (() => void) | null = null;
  /** Answers instead of the node, for one kind of request. */
  script: ((endpoint: string, request: WireRequest) => WireAnswer | undefined) | null = null;
  /** Nodes that take no call stream and refuse none: dialling them hangs. */
  readonly frozen = new Set<string>();
  /** Nodes that have taken no connection yet. */
  readonly late = new Set<string>();
  /** Nodes that take calls and never answer one, as behind a pulled cable. */
  readonly mute = new Set<string>();
  /** How long ago followers heard the leader, ms. */
  heardMs = 0;
  config = { version: 1, text: 'one' };
  /** What followers still believe, when it differs. */
  belief: string | null = null;
  readonly #replies = new Map<string, number>();
  readonly #open = new Set<Open>();
  /** What mute nodes would do now. */
  readonly #held = new Map<string, (() => void)[]>();
  #sessions = 0;

  constructor(count: number) {
    this.endpoints = Array.from({ length: count }, (_, i) => `10.0.0.${i + 1}:5433`);
    this.leader = this.endpoints[0] ?? null;
  }

  kill(endpoint: string): void {
    this.down.add(endpoint);
    if (this.leader === endpoint) this.leader = null;
    for (const open of this.#open) {
      if (open.endpoint === endpoint) open.end(new SqlccError('outcome_unknown', 'the connection closed'));
    }
  }

  elect(endpoint: string): void {
    this.leader = endpoint;
    this.belief = null;
    this.term++;
  }

  /** A mute node answers what it was asked, in the end. */
  speak(endpoint: string): void {
    this.mute.delete(endpoint);
    for (const look of this.#held.get(endpoint) ?? []) look();
    this.#held.delete(endpoint);
  }

  async request(endpoint: string, request: WireRequest): Promise<WireAnswer> {
    return this.#during(endpoint, request, () => this.#answer(endpoint, request));
  }

  async *stream(endpoint: string, request: WireRequest, options: StreamOptions): AsyncIterable<unknown> {
    this.#requireUp(endpoint);
    this.seen.push(`${endpoint} ${request.method} ${request.path}`);
    const after = Number(new URL(request.path, 'http://x').searchParams.get('after') ?? 0);
    const isFollow = !request.path.includes('follow=0');
    for (let at = after; !options.signal.aborted; at++) {
      if (at >= this.log.length) {
        if (!isFollow) return;
        await new Promise((resolve) => setImmediate(resolve));
        at--;
      } else yield { cursor: `${at + 1}`, index: at + 1, kind: 'write', message: this.log[at] };
      if (this.down.has(endpoint)) throw new SqlccError('outcome_unknown', 'the connection closed');
    }
  }

  async openLane(endpoint: string): Promise<Lane> {
    this.#requireUp(endpoint);
    if (this.frozen.has(endpoint)) return new Promise(() => {});
    const down = this.down;
    let isClosed = false;
    return {
      get isOpen() {
        return !isClosed && !down.has(endpoint);
      },
      call: (request) => {
        const { pathname, searchParams } = new URL(request.path, 'http://x');
        const beside = pathname === '/v1/leader' ? searchParams.get('beside') : null;
        if (beside !== null) this.waiting.push(`${endpoint} beside ${beside}`);
        const isEarly = () => beside !== null && [beside, null].includes(this.#believed(endpoint));
        return this.#during(endpoint, request, () => this.#answer(endpoint, request), isEarly);
      },
      leave: async (reason) => {
        isClosed = true;
        const left = new SqlccError('outcome_unknown', reason);
        for (const open of [...this.#open]) if (open.endpoint === endpoint && open.isMovable) open.end(left);
      },
      close: () => {
        isClosed = true;
        const closed = new SqlccError('outcome_unknown', 'the client was closed');
        for (const open of [...this.#open]) if (open.endpoint === endpoint) open.end(closed);
      },
    };
  }

  async close(): Promise<void> {}

  #requireUp(endpoint: string): void {
    if (this.down.has(endpoint)) throw new SqlccError('unavailable', `${endpoint} refused the connection`);
    if (!this.late.has(endpoint)) return;
    throw new SqlccError('unavailable', 'not yet', { details: { endpoint, sent: false, late: true } });
  }

  /** The answer one turn later, or the end of the connection if it comes first. */
  async #during(
    endpoint: string,
    { isMovable = false }: WireRequest,
    work: () => WireAnswer,
    isEarly: () => boolean = () => false,
  ): Promise<WireAnswer> {
    this.#requireUp(endpoint);
    return new Promise((resolve, reject) => {
      const open: Open = { endpoint, isMovable, end: (error) => settle(() => reject(error)) };
      const settle = (how: () => void): void => {
        this.#open.delete(open);
        how();
      };
      this.#open.add(open);
      const look = (): void => {
        if (this.mute.has(endpoint)) {
          this.#held.set(endpoint, [...(this.#held.get(endpoint) ?? []), look]);
          return;
        }
        if (!this.#open.has(open)) return;
        if (isEarly()) return void setImmediate(look);
        const answer = work();
        if (this.#open.has(open)) settle(() => resolve(answer));
      };
      setImmediate(look);
    });
  }

  #answer(endpoint: string, request: WireRequest): WireAnswer {
    this.seen.push(`${endpoint} ${request.method} ${request.path}`);
    const scripted = this.script?.(endpoint, request);
    if (scripted !== undefined) return scripted;
    const [path = ''] = request.path.split('?');
    if (path === '/v1/leader') return ok(this.#view(endpoint));
    if (path === '/v1/nodes') return ok({ nodes: this.#rows() });
    if (path === '/v1/status') return ok(this.#status(endpoint));
    if (path === '/v1/config' && request.method === 'GET')
      return ok({ version: { version: this.config.version }, text: this.config.text });
    if (endpoint !== this.leader) return this.#redirect();
    if (path === '/v1/config') return this.#putConfig(request.body as ConfigBody);
    if (path.startsWith('/v1/nodes/')) {
      this.log.push(`${request.method} ${path}`);
      this.afterWrite?.();
    }
    if (path === '/v1/sessions') return ok({ session: `s${++this.#sessions}`, index: 1 });
    if (path === '/v1/sql') return this.#sql(request.body as SqlBody);
    return ok({});
  }

  #sql(body: SqlBody): WireAnswer {
    const key = body.session === undefined ? null : `${body.session}/${body.seq}`;
    const stored = key === null ? undefined : this.#replies.get(key);
    if (stored !== undefined) return ok({ index: stored, results: [], replayed: true });
    for (const { sql } of body.statements) if (!/^select/i.test(sql)) this.log.push(sql);
    if (key !== null) this.#replies.set(key, this.log.length);
    const { length } = this.log;
    this.afterWrite?.();
    return ok({ index: length, results: [] });
  }

  /** As the daemon does it: without a version it is bound to the one that is active when it arrives. */
  #putConfig({ text, if_version: wanted }: ConfigBody): WireAnswer {
    if (wanted !== undefined && wanted !== this.config.version)
      return refuse(409, 'conflict', { version: this.config.version });
    this.config = { version: this.config.version + 1, text };
    this.afterWrite?.();
    return ok({ version: this.config.version, changes: [], notes: [], applied: true });
  }

  #believed(endpoint: string): string | null {
    return endpoint === this.leader ? endpoint : (this.belief ?? this.leader);
  }

  #view(endpoint: string): object {
    const leader = this.#believed(endpoint);
    if (leader === null) return { leader_id: null, host: null, port: null, term: this.term };
    const [host, port] = leader.split(':');
    const read = { age_ms: endpoint === this.leader ? 0 : this.heardMs };
    return { leader_id: leader, host, port: Number(port), term: this.term, read };
  }

  #status(endpoint: string): object {
    const idOf = (e: string | null) => (e === null ? null : `n${this.endpoints.indexOf(e) + 1}`);
    const raft = { leader_id: idOf(this.#believed(endpoint)), term: this.term };
    return { nodes: this.#rows(), raft, cluster: { read: { node_id: idOf(endpoint) } } };
  }

  #rows(): object[] {
    return this.endpoints.map((e, i) => ({
      node_id: `n${i + 1}`,
      host: e.split(':')[0],
      port: Number(e.split(':')[1]),
    }));
  }

  #redirect(): WireAnswer {
    const leader = this.belief ?? this.leader;
    if (leader === null) return refuse(503, 'no_leader', {});
    const [host, port] = leader.split(':');
    return refuse(307, 'not_leader', { leader: { node_id: leader, host, port: Number(port) } });
  }
}

export function ok(body: unknown): WireAnswer {
  return { status: 200, headers: {}, body };
}

export function refuse(status: number, code: string, details: object = {}): WireAnswer {
  return {
    status,
    headers: {},
    body: { code, message: `it is ${code}`, hint: 'a hint', details, retryable: false },
  };
}
