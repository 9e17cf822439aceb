/**
 * Operations from the side of the caller: make a plan from what is known now, check a
 * plan that was shown before, and put the beginning into the log. What follows is done
 * by whoever leads, step by step (operation-steps.ts): no script lives in the memory
 * of the node that was asked.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { OperationRequest, Plan } from '../src/api/index.ts';
import type { Identity } from '../src/auth/index.ts';
import { type Duration, formatDuration, SqlccError, shellWord, unreachable } from '../src/base/index.ts';
import type {
  Check,
  ClusterState,
  NewAuthority,
  Operation,
  OperationKind,
  Planned,
} from '../src/cluster/index.ts';
import {
  OPERATION_PHASES,
  planDrain,
  planFailover,
  planMaintenance,
  planRemoval,
  planReplacement,
  planRotation,
  planSwitchover,
  refusalCode,
} from '../src/cluster/index.ts';
import type { Call } from '../src/rpc/index.ts';
import { resultOf } from './applied.ts';
import { shortId } from './data-dir.ts';
import { type NodeContext, proposeCommand, requireCluster, viewSources } from './node-context.ts';
import { candidateView, isoTime } from './node-view.ts';
import { DEFAULT_MAINTENANCE_MS } from './operation-steps.ts';
import { planFacts } from './plan-facts.ts';
import { freshAuthority, oldHolders, oneRotation } from './rotation.ts';
import { unknownNode } from './routes/cluster.ts';

/** A plan that was shown is good for this long, as long as term, leader and configuration stay. */
const PLAN_TTL_MS = 30_000;
/** They move leadership, or may, to the node that `to` names. */
const MOVES: ReadonlySet<string> = new Set([
  ...['failover', 'switchover', 'maintenance', 'drain', 'remove-node'],
]);
/** Signs plans of this process; after a restart or on another leader a plan is made anew. */
const PLAN_KEY = randomBytes(32);

interface Binding {
  readonly kind: string;
  readonly to: string | null;
  readonly node: string | null;
  /** Into maintenance or out of it, and for how long; null for the other kinds. */
  readonly enable: boolean | null;
  readonly forMs: number | null;
  readonly term: number;
  readonly config: number;
  readonly expires: number;
}

function sign(binding: Binding): string {
  const body = Buffer.from(JSON.stringify(binding)).toString('base64url');
  const mac = createHmac('sha256', PLAN_KEY).update(body).digest('base64url');
  return `${body}.${mac}`;
}

function readBinding(token: string): Binding | null {
  const [body, mac] = token.split('.');
  if (body === undefined || mac === undefined) return null;
  const want = createHmac('sha256', PLAN_KEY).update(body).digest();
  const got = Buffer.from(mac, 'base64url');
  if (got.length !== want.length || !timingSafeEqual(got, want)) return null;
  return JSON.parse(Buffer.from(body, 'base64url').toString()) as Binding;
}

function drawPlan(
  context: NodeContext,
  request: OperationRequest,
  asker: { caller: Identity; now: number },
): Planned {
  const cluster = requireCluster(context);
  const { replicaLagThresholdBytes } = context.config.replication;
  const scale = { replicaLagThresholdBytes, bytesOf: context.bytesOf };
  const facts = planFacts(viewSources(context), scale, context.consensus.proposals.size);
  const nodeId = request.node_id ?? '';
  const isMove = request.kind === 'failover' || request.kind === 'switchover';
  const isOfCa = request.kind === 'rotate-ca' || request.kind === 'retire-ca';
  const target = MOVES.has(request.kind) ? request.to : undefined;
  if (!isOfCa) requireNodes(cluster, [target, isMove ? undefined : nodeId, request.expect_leader]);
  const { caller, now } = asker;
  const owner = caller.id;
  const expected = expectedOf(request);
  const successor = request.to ?? null;
  switch (request.kind) {
    case 'failover':
    case 'switchover': {
      const wish = { to: request.to ?? null, ...expected };
      return (request.kind === 'failover' ? planFailover : planSwitchover)(cluster, facts, wish, now);
    }
    case 'maintenance': {
      const allowed = {
        allowSwitchover: request.allow_switchover === true,
        acceptQuorumRisk: request.accept_quorum_risk === true,
      };
      const wish = { nodeId, successor, ...lengthOf(context, request), ...allowed, owner, ...expected };
      return planMaintenance(cluster, facts, wish, now);
    }
    case 'drain': {
      const wish = {
        ...{ nodeId, successor, owner, ...expected },
        ...lengthOf(context, request),
        ...graceOf(request),
      };
      return planDrain(cluster, facts, wish, now);
    }
    case 'remove-node':
      return planRemoval(cluster, facts, { nodeId, successor, ...expected }, now);
    case 'replace-node': {
      const swap = { nodeId, by: request.to ?? '', stays: request.keep ?? false, ...expected };
      return planReplacement(cluster, facts, swap, now);
    }
    case 'rotate-ca':
    case 'retire-ca':
      return planRotation(cluster, facts, {
        kind: request.kind,
        ...expected,
        ...oldHolders(context, caller),
      });
    default:
      return unreachable(request.kind);
  }
}

/** What the caller believes of term and leader. */
export function expectedOf(request: Pick<OperationRequest, 'expect_term' | 'expect_leader'>) {
  return { expectTerm: request.expect_term ?? null, expectLeader: request.expect_leader ?? null };
}

/** Throws `not_found` for the first that is no node. */
export function requireNodes(cluster: ClusterState, named: readonly (string | undefined)[]): void {
  const unknown = named.find((id) => id !== undefined && !Object.hasOwn(cluster.nodes, id));
  if (unknown !== undefined) throw unknownNode(unknown, Object.keys(cluster.nodes));
}

function hasLength({ kind }: OperationRequest): boolean {
  return kind === 'maintenance' || kind === 'drain';
}

/** As much of a node as says how long maintenance may last. */
export interface MaintenanceConfig {
  readonly config: { readonly membership: { readonly maxMaintenanceMs: Duration } };
}

/** What a request for maintenance means where it is silent: an hour, or less where less is allowed. */
export function lengthOf(
  { config }: MaintenanceConfig,
  request: Pick<OperationRequest, 'enable' | 'for_ms'>,
): { enable: boolean; forMs: number } {
  const forMs = request.for_ms ?? usualLengthMs(config.membership.maxMaintenanceMs);
  return { enable: request.enable ?? true, forMs };
}

/** An hour, or the longest that is allowed where that is less; where nothing is, the hour is refused. */
export function usualLengthMs(mostMs: Duration): Duration {
  return mostMs === 0 ? DEFAULT_MAINTENANCE_MS : Math.min(DEFAULT_MAINTENANCE_MS, mostMs);
}

/** What is said where the usual length is cut: nobody asked for that one. */
export function shortenedChecks(context: MaintenanceConfig, request: OperationRequest): Check[] {
  const { enable, forMs } = lengthOf(context, request);
  const isUsual = !hasLength(request) || !enable || request.for_ms !== undefined;
  if (isUsual || forMs >= DEFAULT_MAINTENANCE_MS) return [];
  const text = `for ${formatDuration(forMs)}: membership.max_maintenance allows no more`;
  return [{ name: 'length', result: 'warn', text }];
}

/** The longest that the configuration allows, and the key that says so. */
export interface LongestAllowed {
  readonly mostMs: Duration;
  readonly key: 'membership.max_pause' | 'membership.max_maintenance';
}

/** Throws invalid_argument, with `longest_ms`, for `what` that would last longer than is allowed. */
export function requireLength(what: string, forMs: Duration, { mostMs, key }: LongestAllowed): void {
  if (forMs <= mostMs) return;
  const text = `${what} lasts up to ${formatDuration(mostMs)} here, not ${formatDuration(forMs)}`;
  const hint = `${key} of the configuration says so; it may be extended while it lasts`;
  throw new SqlccError('invalid_argument', text, { hint, details: { longest_ms: mostMs } });
}

function requireAllowedLength(context: NodeContext, request: OperationRequest): void {
  const { enable, forMs } = lengthOf(context, request);
  if (!hasLength(request) || !enable) return;
  const { maxMaintenanceMs: mostMs } = context.config.membership;
  const what = request.kind === 'drain' ? 'a drain' : 'maintenance';
  requireLength(what, forMs, { mostMs, key: 'membership.max_maintenance' });
}

function graceOf({ kind, grace_ms: graceMs }: OperationRequest): { graceMs?: number } {
  return kind === 'drain' && graceMs !== undefined ? { graceMs } : {};
}

function bindingOf(
  context: NodeContext,
  request: OperationRequest,
  at: Pick<Binding, 'to' | 'term' | 'config' | 'expires'>,
): Binding {
  const none = { enable: null, forMs: null };
  const wish = hasLength(request) ? lengthOf(context, request) : none;
  return {
    kind: request.keep === true ? 'replace-voter' : request.kind,
    node: request.node_id ?? null,
    ...wish,
    ...at,
  };
}

/**
 * The plan's command as scripts may keep it: run later it is refused where there was another election, or one
 * that moves leadership where somebody else leads. An authority that is rotated asks for neither.
 */
export function boundCommand(
  { kind, command, from }: Pick<Planned['plan'], 'kind' | 'command' | 'from'>,
  term: number,
  reason = '',
): string {
  const isMove = kind === 'failover' || kind === 'switchover';
  const leader = isMove && from !== null ? ` --expect-leader ${shellWord(from)}` : '';
  const bound = kind === 'rotate-ca' || kind === 'retire-ca' ? '' : `${leader} --expect-term ${term}`;
  return `${command}${bound}${reason === '' ? '' : ` --reason ${shellWord(reason)}`}`;
}

/** What would happen, with a token that binds a later run to this very picture. */
export function planOperation(context: NodeContext, request: OperationRequest, caller: Identity): Plan {
  requireAllowedLength(context, request);
  const now = Date.now();
  const judgedAt = context.gossip.clocks.sharedTime(now, performance.now());
  const drawn = drawPlan(context, request, { caller, now: judgedAt });
  const { plan } = drawn;
  const term = context.consensus.status?.term ?? 0;
  const config = requireCluster(context).configs.findLast((c) => c.isActive)?.version ?? 0;
  const expires = now + PLAN_TTL_MS;
  return {
    token: sign(bindingOf(context, request, { to: plan.to, term, config, expires })),
    create_time: isoTime(now),
    expires: isoTime(expires),
    kind: request.kind,
    from: plan.from,
    to: plan.to,
    allowed: drawn.kind === 'ready',
    refusal: drawn.kind === 'ready' ? null : refusalCode(plan.checks.filter((c) => c.result === 'fail')),
    checks: [...plan.checks, ...shortenedChecks(context, request)].map((c) => ({ ...c })),
    candidates: plan.candidates.map(candidateView),
    expected_gap_ms: plan.expectedGapMs,
    measured_gaps_ms: [...plan.measuredGapsMs],
    command: boundCommand(plan, term, request.reason),
    term,
  };
}

/**
 * The leadership goes to whom the plan named: who is best may change with each heartbeat while one reads. Of
 * a node that is put aside or taken out it does so where that one still can take over.
 */
function withShownTarget(request: OperationRequest): OperationRequest {
  if (!MOVES.has(request.kind) || request.to !== undefined || request.plan_token === undefined)
    return request;
  const to = readBinding(request.plan_token)?.to ?? null;
  return to === null ? request : { ...request, to };
}

/** A run that carries a plan's token is refused when the picture of that plan is no longer true. */
function checkToken(request: OperationRequest, fresh: Plan): void {
  if (request.plan_token === undefined) return;
  const shown = readBinding(request.plan_token);
  const current = readBinding(fresh.token) as Binding;
  const changes: string[] = [];
  if (shown === null) changes.push('the plan was made by another leader');
  else {
    if (shown.expires < Date.now()) changes.push('the plan is older than 30 s');
    if (shown.term !== current.term) changes.push(`the term moved from ${shown.term} to ${current.term}`);
    if (shown.config !== current.config) changes.push('the configuration changed');
    if (shown.to !== current.to)
      changes.push(`the target is ${current.to ?? 'nobody'} instead of ${shown.to ?? 'nobody'}`);
    if (shown.kind !== current.kind || shown.node !== current.node || shown.enable !== current.enable)
      changes.push('the plan was for something else');
    else if (current.enable === true && shown.forMs !== current.forMs)
      changes.push(`the length is ${current.forMs} ms instead of ${shown.forMs} ms`);
  }
  if (changes.length > 0) {
    const details = { changes };
    throw new SqlccError('conflict', `the plan no longer holds: ${changes.join('; ')}`, {
      details,
      hint: 'look at a fresh plan',
    });
  }
}

/** The plan of a request that may run now; a refusal is put into the audit, in the caller's name. */
function judged(context: NodeContext, call: Call, request: OperationRequest): Plan {
  try {
    const plan = planOperation(context, withShownTarget(request), call.identity);
    checkToken(request, plan);
    if (plan.allowed) return plan;
    const failed = plan.checks.filter((c) => c.result === 'fail');
    const reasons = failed.map((c) => c.text);
    const details = { reasons, checks: plan.checks, candidates: plan.candidates };
    throw new SqlccError(refusalCode(failed), `refused: ${reasons.join('; ')}`, { details });
  } catch (error) {
    if (error instanceof SqlccError) noteRefusal(context, call, { request, error });
    throw error;
  }
}

/** The caller is answered at once: who waits for the log to say "refused" may wait for a majority. */
function noteRefusal(
  context: NodeContext,
  call: Call,
  { request, error }: { readonly request: OperationRequest; readonly error: SqlccError },
): void {
  const { node_id: nodeId, to, reason = '' } = request;
  const target = [operationKind(request), nodeId, to === undefined ? undefined : `→ ${to}`];
  const note = {
    kind: 'audit-note',
    ...{ action: 'operation-refused', target: target.filter((word) => word !== undefined).join(' ') },
    ...{ reason, after: null, outcome: `${error.code}: ${error.message}` },
  } as const;
  proposeCommand(context, note, call).catch((cause: Error) => {
    context.logger.log('warn', 'refusal-not-audited', { target: note.target, error: cause.message });
  });
}

/** Begins the operation; answers its record as it stands when the beginning is committed. */
export async function runOperation(
  context: NodeContext,
  call: Call,
  request: OperationRequest,
): Promise<Operation> {
  const plan = judged(context, call, request);
  if (request.kind !== 'rotate-ca') return begin(context, call, { request, plan });
  return oneRotation(async () => {
    const authority = await freshAuthority(context);
    return begin(context, call, { request, plan, ...(authority !== undefined && { authority }) });
  });
}

interface Beginning {
  readonly request: OperationRequest;
  readonly plan: Plan;
  readonly authority?: NewAuthority;
}

async function begin(
  context: NodeContext,
  call: Call,
  { request, plan, authority }: Beginning,
): Promise<Operation> {
  const id = shortId();
  const command = {
    kind: 'operation-begin',
    ...(authority !== undefined && { authority }),
    operation: {
      id,
      kind: operationKind(request),
      from: plan.from,
      to: plan.to,
      reason: request.reason ?? '',
      phase: firstPhase(context, operationKind(request)),
      forMs: hasLength(request) ? lengthOf(context, request).forMs : null,
      ...graceOf(request),
      candidates: plan.candidates.map((c) => ({
        nodeId: c.node_id,
        eligible: c.eligible,
        reasons: c.reasons,
        lagEntries: c.lag_entries,
      })),
    },
  } as const;
  resultOf((await proposeCommand(context, command, call)).result);
  context.pokeDuties();
  const record = requireCluster(context).operations.find((o) => o.id === id);
  if (record === undefined)
    throw new SqlccError('outcome_unknown', `operation ${id} was committed and is not to be seen here yet`);
  return record;
}

/** A rotation that stopped while nodes took their certificates goes on there. */
function firstPhase(context: NodeContext, kind: OperationKind): string {
  const isGoingOn = requireCluster(context).authorities?.stage === 'issuing';
  if (kind === 'rotate-ca' && isGoingOn) return 'issuing';
  return OPERATION_PHASES[kind][0] ?? 'accepted';
}

function operationKind(request: OperationRequest) {
  if (request.kind === 'replace-node') return request.keep === true ? 'replace-voter' : 'replace-node';
  if (request.kind === 'drain') return request.enable === false ? 'drain-disable' : 'drain-enable';
  if (request.kind !== 'maintenance') return request.kind;
  return request.enable === false ? 'maintenance-disable' : 'maintenance-enable';
}
