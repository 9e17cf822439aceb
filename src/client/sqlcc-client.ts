/**
 * The way in for people and programs: one method a route, over the addresses of one
 * cluster. Finding the leader, repeating and resuming happen behind it (dispatcher.ts,
 * feed.ts). Every method throws SqlccError with a code of the one table.
 */
import type {
  EndpointName,
  EventLine,
  KvWatchLine,
  LogLevelRequest,
  OperationRequest,
  OperationView,
  Plan,
  ResponseOf,
  SqlResponse,
  UpdateNodeRequest,
} from '../api/index.ts';
import { LIMITS, must, SqlccError } from '../base/index.ts';
import { AlertsClient } from './alerts-client.ts';
import { ClientSession } from './client-session.ts';
import { type Dispatch, Dispatcher } from './dispatcher.ts';
import { formatEndpoint } from './failure.ts';
import { feed } from './feed.ts';
import { HealthClient } from './health-client.ts';
import { wireOf } from './http-wire.ts';
import { KvClient } from './kv-client.ts';
import { PeopleClient } from './people-client.ts';
import { flag, routeOf } from './routes.ts';
import { heedLeader } from './said-leader.ts';
import { isReadOnly } from './statement.ts';
import { SteeringClient } from './steering-client.ts';
import type {
  CallOptions,
  EventsOptions,
  HistoryOptions,
  PinnedOptions,
  ReadOptions,
  SqlccClientOptions,
  SqlStatement,
  StatusOptions,
  TokenCreate,
  WaitOptions,
  WatchOptions,
} from './types.ts';
import type { Endpoint, Wire } from './wire.ts';
import { pause } from './within.ts';

const READ = { repeat: 'free', kind: 'control' } as const;
const OPERATION_POLL_MS = 100;
/** Rounds over all addresses after which a fail-fast client's feed gives up. */
const FEED_PATIENCE = 2;

/** Bodies of control calls, as in the API's schemas. */
export interface ConfigPut {
  readonly text: string;
  readonly reason?: string;
  readonly dryRun?: boolean;
  readonly ifVersion?: number;
  /** What the text does not name goes back to its default. */
  readonly replace?: boolean;
  /** It is taken back unless `confirmConfig` follows within this time. */
  readonly confirmWithinMs?: number;
}

/** How an old version comes back. */
export type ConfigVersionPut = Pick<ConfigPut, 'reason' | 'ifVersion' | 'confirmWithinMs'>;

export class SqlccClient {
  readonly kv: KvClient;
  /** Rules, silences and tests of alerts. */
  readonly alerting: AlertsClient;
  /** Pause and schedule. */
  readonly steering: SteeringClient;
  /** Users and certificates. */
  readonly people: PeopleClient;
  /** How nodes are. */
  readonly health: HealthClient;
  readonly #wire: Wire;
  readonly #dispatcher: Dispatcher;
  readonly #patience: number;
  readonly #addresses = new Map<string, Endpoint>();

  /** `wire` is HTTP/2 unless something else is given. */
  constructor(options: SqlccClientOptions, wire: Wire = wireOf(options)) {
    if (options.endpoints.length === 0)
      throw new SqlccError('invalid_argument', 'the client needs an endpoint');
    this.#wire = wire;
    this.#patience = options.failFast === true ? FEED_PATIENCE : Number.POSITIVE_INFINITY;
    this.#dispatcher = new Dispatcher({
      wire,
      endpoints: options.endpoints,
      timeoutMs: options.timeoutMs ?? LIMITS.defaultRequestTimeoutMs,
      failFast: options.failFast ?? false,
    });
    this.kv = new KvClient(
      (dispatch, node) => this.#run(dispatch, node),
      (options) => this.#watch(options),
    );
    this.people = new PeopleClient((dispatch, node) => this.#run(dispatch, node));
    this.health = new HealthClient((dispatch, node) => this.#run(dispatch, node));
    this.alerting = new AlertsClient((dispatch, node) => this.#run(dispatch, node));
    this.steering = new SteeringClient((dispatch, node) => this.#run(dispatch, node));
  }

  /** Addresses that the client knows, given and learned. */
  get endpoints(): readonly Endpoint[] {
    return this.#dispatcher.tracker.endpoints;
  }

  async close(): Promise<void> {
    this.#dispatcher.close();
    await this.#wire.close();
  }

  /** Without `node` from the leader, once one is known: what a follower knows of the others is old. */
  async status({ stale, node, ...call }: StatusOptions = {}): Promise<ResponseOf<'status'>> {
    const answer = await this.#read('status', { query: { stale: flag(stale) }, ...call }, node);
    this.#learn(answer.nodes);
    if (node === undefined) heedLeader(answer, this.#addresses, this.#dispatcher.tracker);
    return answer;
  }

  async nodes({ stale, node, ...call }: StatusOptions = {}): Promise<ResponseOf<'nodes'>> {
    const answer = await this.#read('nodes', { query: { stale: flag(stale) }, ...call }, node);
    this.#learn(answer.nodes);
    return answer;
  }

  node(id: string, { stale, node, ...call }: StatusOptions = {}): Promise<ResponseOf<'node'>> {
    return this.#read('node', { params: { id }, query: { stale: flag(stale) }, ...call }, node);
  }

  leader({ stale, node, ...call }: StatusOptions = {}): Promise<ResponseOf<'leader'>> {
    return this.#read('leader', { query: { stale: flag(stale) }, ...call }, node);
  }

  /** Each node's own word on leader and term. */
  views({ node, ...call }: PinnedOptions = {}): Promise<ResponseOf<'views'>> {
    return this.#read('views', call, node);
  }

  version({ node, ...call }: PinnedOptions = {}): Promise<ResponseOf<'version'>> {
    return this.#read('version', call, node);
  }

  stateHash(node?: string, call: CallOptions = {}): Promise<ResponseOf<'stateHash'>> {
    return this.#read('stateHash', call, node);
  }

  /** Samples of the last `seconds`, one each `stepMs`; an older node gives all that it keeps. */
  history(seconds: number, { node, stepMs, ...call }: HistoryOptions = {}): Promise<ResponseOf<'history'>> {
    return this.#read('history', { query: { seconds, step_ms: stepMs }, ...call }, node);
  }

  metrics({ node, ...call }: PinnedOptions = {}): Promise<ResponseOf<'metrics'>> {
    return this.#read('metrics', call, node);
  }

  /** The same as the text that scrapers read, with labels, help and the histogram of latencies. */
  async metricsText(
    format: 'prometheus' | 'openmetrics',
    { node, ...call }: PinnedOptions = {},
  ): Promise<string> {
    return String(await this.#run({ name: 'metrics', ...READ, query: { format }, ...call }, node));
  }

  /**
   * Sets zone and metadata of a node; with `expect` only where it has still what was read before, else it
   * throws `conflict` with both. Not repeated after a lost answer (`outcome_unknown`): somebody else's
   * newer words must not be overwritten by an old request.
   */
  updateNode(id: string, change: UpdateNodeRequest, call: CallOptions = {}) {
    return this.#write('updateNode', { repeat: 'once', params: { id }, body: change, ...call });
  }

  /** Takes a node out of the cluster for good. */
  removeNode(id: string, { reason, ...call }: CallOptions & { readonly reason?: string } = {}) {
    return this.#write('removeNode', { repeat: 'guarded', params: { id }, query: { reason }, ...call });
  }

  operations(call: CallOptions = {}): Promise<ResponseOf<'operations'>> {
    return this.#read('operations', call);
  }

  async operation(id: string, call: CallOptions = {}): Promise<OperationView> {
    return must(
      (await this.#read('operation', { params: { id }, ...call })).operation,
      'operation in the answer',
    );
  }

  /** What would happen, with checks and candidates; changes nothing. */
  async planOperation(request: OperationRequest, call: CallOptions = {}): Promise<Plan> {
    const body = { ...request, dry_run: true };
    return must(
      (await this.#write('runOperation', { repeat: 'free', body, ...call })).plan,
      'plan in the answer',
    );
  }

  /** Starts an operation; it goes on by itself. A `plan_token` makes repeating harmless. */
  async runOperation(request: OperationRequest, call: CallOptions = {}): Promise<OperationView> {
    const body = { ...request, dry_run: false };
    const answer = await this.#write('runOperation', { repeat: 'once', body, ...call });
    return must(answer.operation, 'operation in the answer');
  }

  async cancelOperation(id: string, call: CallOptions = {}): Promise<OperationView> {
    const answer = await this.#write('cancelOperation', {
      repeat: 'guarded',
      params: { id },
      body: {},
      ...call,
    });
    return must(answer.operation, 'operation in the answer');
  }

  /**
   * The operation once it has ended; throws `deadline_exceeded` with `details.operation_id` when
   * it still runs.
   */
  async waitOperation(id: string, { timeoutMs, onPhase, signal }: WaitOptions = {}): Promise<OperationView> {
    const deadline = performance.now() + (timeoutMs ?? LIMITS.maxRequestTimeoutMs);
    let seen = '';
    for (;;) {
      const left = deadline - performance.now();
      const call = {
        timeoutMs: Math.max(1, Math.min(left, LIMITS.defaultRequestTimeoutMs)),
        ...(signal && { signal }),
      };
      const operation = await this.operation(id, call).catch((error: unknown) => {
        // the cluster may be between two leaders because of this very operation
        if (error instanceof SqlccError && error.retry !== 'no' && deadline > performance.now()) return null;
        throw error;
      });
      if (operation !== null) {
        const now = JSON.stringify([operation.state, operation.phase, operation.phases.at(-1)]);
        if (now !== seen) onPhase?.(operation);
        seen = now;
        if (operation.state !== 'running') return operation;
      }
      if (deadline - performance.now() <= OPERATION_POLL_MS) {
        const details = { operation_id: id };
        throw new SqlccError('deadline_exceeded', `operation ${id} is still running`, { details });
      }
      await pause(OPERATION_POLL_MS, signal);
    }
  }

  config(version?: number, call: CallOptions = {}): Promise<ResponseOf<'config'>> {
    return this.#read('config', { query: { version }, ...call });
  }

  configVersions(call: CallOptions = {}): Promise<ResponseOf<'configVersions'>> {
    return this.#read('configVersions', call);
  }

  /**
   * Validates and replicates a configuration. Always bound to a version, `ifVersion` or the one that is
   * active when it is called, so that repeating it can't undo what somebody else did in between: `conflict`
   * when the version has moved on, `outcome_unknown` when it may have been this very call that moved it.
   */
  async putConfig(
    { text, reason, dryRun, ifVersion, replace, confirmWithinMs }: ConfigPut,
    { timeoutMs, signal }: CallOptions = {},
  ): Promise<ResponseOf<'putConfig'>> {
    const deadline = performance.now() + (timeoutMs ?? this.#dispatcher.timeoutMs);
    const call = () => ({ timeoutMs: deadline - performance.now(), ...(signal && { signal }) });
    const pinned =
      ifVersion ?? (dryRun === true ? undefined : (await this.config(undefined, call())).version.version);
    const flags = { replace, confirm_within_ms: confirmWithinMs };
    const body = { text, reason, dry_run: dryRun, if_version: pinned, ...flags };
    return this.#write('putConfig', { repeat: dryRun === true ? 'free' : 'guarded', body, ...call() });
  }

  /** What differs between two versions; `to` is the active one unless given, `from` the one before it. */
  configDiff(versions: { from?: number; to?: number }, call: CallOptions = {}) {
    return this.#read('configDiff', { query: versions, ...call });
  }

  /** What waits for a restart, node by node. */
  configPending(call: CallOptions = {}): Promise<ResponseOf<'configPending'>> {
    return this.#read('configPending', call);
  }

  /** A new version that equals an old one; bound to the active version as `putConfig` is. */
  rollbackConfig(version: number, put: ConfigVersionPut = {}, call: CallOptions = {}) {
    return this.#moveTo('rollbackConfig', version, put, call);
  }

  /** The same, but no complaint when it is in force; confirms a version that is on trial. */
  activateConfig(version: number, put: ConfigVersionPut = {}, call: CallOptions = {}) {
    return this.#moveTo('activateConfig', version, put, call);
  }

  /** The configuration on trial stays; without `version` whichever that is. */
  confirmConfig(version?: number, call: CallOptions = {}): Promise<ResponseOf<'confirmConfig'>> {
    return this.#write('confirmConfig', { repeat: 'guarded', body: { version }, ...call });
  }

  tokens(call: CallOptions = {}): Promise<ResponseOf<'tokens'>> {
    return this.#read('tokens', call);
  }

  createToken({ kind, role, ttlMs, nodeId, user }: TokenCreate, call: CallOptions = {}) {
    const body = { kind, role, ttl_ms: ttlMs, node_id: nodeId, user };
    return this.#write('createToken', { repeat: 'once', body, ...call });
  }

  async revokeToken(id: string, call: CallOptions = {}): Promise<void> {
    await this.#write('revokeToken', { repeat: 'free', params: { id }, ...call });
  }

  alerts({ node, ...call }: PinnedOptions = {}): Promise<ResponseOf<'alerts'>> {
    return this.#read('alerts', call, node);
  }

  /** `incident`: the one that was seen, as `alerts` says it; refused when it is over or another one fires. */
  async acknowledgeAlert(
    id: string,
    { incident, ...call }: CallOptions & { readonly incident?: string | undefined } = {},
  ): Promise<ResponseOf<'acknowledgeAlert'>> {
    return this.#write('acknowledgeAlert', { repeat: 'free', params: { id }, body: { incident }, ...call });
  }

  /** Control operations; with `node` and `stale` the copy that this node holds. */
  audit({ stale, node, ...call }: StatusOptions = {}): Promise<ResponseOf<'audit'>> {
    return this.#read('audit', { query: { stale: flag(stale) }, ...call }, node);
  }

  /** From which level on one node writes its log. */
  logLevel({ node, ...call }: PinnedOptions = {}): Promise<ResponseOf<'logLevel'>> {
    return this.#read('logLevel', call, node);
  }

  /** Changes it on one node for a while (default 10 minutes); `default` takes it back at once. */
  setLogLevel(
    level: LogLevelRequest['level'],
    { node, forMs, ...call }: PinnedOptions & { readonly forMs?: number } = {},
  ): Promise<ResponseOf<'setLogLevel'>> {
    return this.#read('setLogLevel', { body: { level, for_ms: forMs }, ...call }, node);
  }

  /** What one node refused. */
  denials({ node, ...call }: PinnedOptions = {}): Promise<ResponseOf<'denials'>> {
    return this.#read('denials', call, node);
  }

  /**
   * Runs statements as one transaction. Statements that only read are sent again after a
   * lost answer; others end as `outcome_unknown` (a session's are repeated by number).
   */
  async sql(statements: readonly SqlStatement[], options: ReadOptions = {}): Promise<SqlResponse> {
    const { node, level, minIndex, ...call } = options;
    const repeat = isReadOnly(statements) ? 'free' : 'once';
    const body = { statements, level, min_index: minIndex };
    return (await this.#run({ name: 'sql', kind: 'data', repeat, body, ...call }, node)) as SqlResponse;
  }

  /** A session for exactly-once writes. */
  async openSession(call: CallOptions = {}): Promise<ClientSession> {
    const opened = this.#run({ name: 'openSession', kind: 'data', repeat: 'free', body: {}, ...call });
    // a session lives through failovers: it is worth knowing the other nodes
    void this.nodes({ stale: true }).then(
      () => this.#dispatcher.warm(),
      () => {}, // then they are learned by redirects
    );
    return new ClientSession(this.#dispatcher, ((await opened) as ResponseOf<'openSession'>).session);
  }

  /**
   * Events behind `after` (`0` = all that are stored; without it only new ones), then new ones as they come.
   * Idle streams carry `progress` lines. Ends when `signal` aborts or, with
   * `follow: false`, after the newest event.
   */
  events({ after, follow = true, types, signal, node }: EventsOptions = {}): AsyncIterable<EventLine> {
    const query = { follow: follow ? undefined : 0, types: types?.join(',') };
    return feed<EventLine>({
      ...{ wire: this.#wire, tracker: this.#dispatcher.tracker, patience: this.#patience },
      request: (cursor) => ({ ...routeOf('events', {}, { after: cursor ?? after, ...query }), headers: {} }),
      positionOf: (line) => line.cursor,
      endless: follow,
      signal,
      ...(node === undefined ? {} : { pinned: () => this.#addressOf(node, { signal }) }),
    });
  }

  #watch({ key, prefix, after, signal }: WatchOptions): AsyncIterable<KvWatchLine> {
    const route = (version: string | undefined) =>
      key === undefined
        ? routeOf('watchKeys', {}, { prefix, after: version })
        : routeOf('watchKey', { key }, { after: version });
    return feed<KvWatchLine>({
      ...{ wire: this.#wire, tracker: this.#dispatcher.tracker, patience: this.#patience },
      request: (version) => ({ ...route(version ?? after?.toString()), headers: {} }),
      positionOf: (line) => `${line.version}`,
      endless: true,
      signal,
    });
  }

  async #read<N extends EndpointName>(
    name: N,
    call: Partial<Dispatch>,
    node?: string,
  ): Promise<ResponseOf<N>> {
    return (await this.#run({ name, ...READ, ...call }, node)) as ResponseOf<N>;
  }

  async #write<N extends EndpointName>(
    name: N,
    call: Partial<Dispatch> & Pick<Dispatch, 'repeat'>,
  ): Promise<ResponseOf<N>> {
    return (await this.#run({ name, kind: 'control', ...call })) as ResponseOf<N>;
  }

  async #run(dispatch: Dispatch, node?: string): Promise<unknown> {
    if (node === undefined) return this.#dispatcher.call(dispatch);
    const deadline = performance.now() + (dispatch.timeoutMs ?? this.#dispatcher.timeoutMs);
    const pinned = await this.#addressOf(node, dispatch);
    return this.#dispatcher.call({ ...dispatch, pinned, timeoutMs: deadline - performance.now() });
  }

  async #addressOf(node: string, { timeoutMs, signal }: Partial<Dispatch> = {}): Promise<Endpoint> {
    const call = { ...(timeoutMs !== undefined && { timeoutMs }), ...(signal && { signal }) };
    if (!this.#addresses.has(node)) await this.nodes({ stale: true, ...call });
    const found = this.#addresses.get(node);
    if (found === undefined) throw new SqlccError('not_found', `the cluster has no node "${node}"`);
    return found;
  }

  async #moveTo(
    name: 'rollbackConfig' | 'activateConfig',
    version: number,
    { reason, ifVersion, confirmWithinMs }: ConfigVersionPut,
    { timeoutMs, signal }: CallOptions,
  ): Promise<ResponseOf<'putConfig'>> {
    const deadline = performance.now() + (timeoutMs ?? this.#dispatcher.timeoutMs);
    const call = () => ({ timeoutMs: deadline - performance.now(), ...(signal && { signal }) });
    const pinned = ifVersion ?? (await this.config(undefined, call())).version.version;
    const body = { reason, if_version: pinned, confirm_within_ms: confirmWithinMs };
    const params = { version: String(version) };
    return this.#write(name, { repeat: 'guarded', params, body, ...call() });
  }

  #learn(rows: readonly { readonly node_id: string; readonly host: string; readonly port: number }[]): void {
    for (const row of rows) this.#addresses.set(row.node_id, formatEndpoint(row.host, row.port));
    this.#dispatcher.tracker.learn([...this.#addresses.values()], LIMITS.maxClientEndpoints);
  }
}
