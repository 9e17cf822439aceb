/**
 * `sqlcc node check`: one node and the quorum around it as an exit code, for people
 * (0, 3, 4) and, with `-o nagios`, for monitoring systems that read plugins (0, 1, 2, 3
 * and one line with performance data).
 */
import { plural, SqlccError } from '../../base/index.ts';
import type { NodeRow, StatusResponse } from '../../client/index.ts';
import type { CliContext, Invocation, Run } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { safe } from '../output/width.ts';
import { state, yes } from '../output/words.ts';
import { nodeOf } from './node-changes.ts';
import { checkAll, checkAllNow, checkNow } from './node-check-now.ts';
import { pauseBanner } from './pause-banner.ts';

const WARN_LAG = 1000;
const CRITICAL_LAG = 10_000;

export interface LagLimits {
  readonly warn: number;
  readonly critical: number;
}

export interface Verdict {
  readonly level: 'ok' | 'warning' | 'critical';
  /** Why it is not ok; empty when it is. */
  readonly reasons: readonly string[];
}

type Finding = readonly [level: Verdict['level'], reason: string];

function findingsOfNode({ liveness, health, issues, maintenance, drain }: NodeRow): Finding[] {
  const found: Finding[] = [];
  if (liveness === 'suspect') found.push(['warning', 'it is suspected']);
  else if (liveness !== 'alive') found.push(['critical', `it is ${liveness}`]);
  const why = issues.length === 0 ? health : issues.join('; ');
  if (health === 'UNHEALTHY') found.push(['critical', why]);
  else if (health !== 'HEALTHY' && liveness === 'alive') found.push(['warning', why]);
  if (maintenance !== null) found.push(['warning', `in maintenance: ${maintenance.reason}`]);
  if (drain != null) found.push(['warning', `drained: ${drain.reason}`]);
  return found;
}

function aliveVoters(nodes: readonly NodeRow[]): number {
  return nodes.filter((n) => n.voter && n.liveness === 'alive').length;
}

function findingsOfQuorum({ raft, nodes }: StatusResponse): Finding[] {
  const alive = aliveVoters(nodes);
  const text = `${alive} of ${raft.voters.length} voters are alive, ${raft.quorum} needed`;
  if (alive < raft.quorum) return [['critical', `no quorum: ${text}`]];
  if (raft.leader_id === null) return [['critical', 'the cluster has no leader']];
  // one or two voters tolerate nothing by design; more must have one to spare
  return raft.tolerates > 0 && alive === raft.quorum ? [['warning', `no voter to spare: ${text}`]] : [];
}

/** The node by itself, how far it lags, and whether the cluster around it can write. */
export function judge(status: StatusResponse, node: NodeRow, lag: LagLimits): Verdict {
  const found = [...findingsOfNode(node), ...findingsOfQuorum(status)];
  const behind = node.lag_entries ?? 0;
  if (behind > lag.critical) found.push(['critical', `${plural(behind, 'entry', 'entries')} behind`]);
  else if (behind > lag.warn) found.push(['warning', `${plural(behind, 'entry', 'entries')} behind`]);
  const level = found.some(([l]) => l === 'critical') ? 'critical' : found.length > 0 ? 'warning' : 'ok';
  return { level, reasons: found.map(([, reason]) => reason) };
}

const ONE_NODE = 'such a plugin tells of one node, as it is known; name it, or leave -o nagios out';
const NAGIOS = { ok: 0, warning: 1, critical: 2, unknown: 3 } as const;
const CODES = { ok: EXIT.ok, warning: EXIT.degraded, critical: EXIT.critical } as const;

/** A value with its unit; `U` where it is not known. */
function figure(label: string, value: number | null, unit = '', bounds = ''): string {
  return `${label}=${value === null ? 'U' : `${value}${unit}`}${bounds}`;
}

function percent(ratio: number | null): number | null {
  return ratio === null ? null : Math.round(ratio * 1000) / 10;
}

/** `'label'=value[unit];warn;critical;min;max`, as the plugin guidelines have it. */
function performance(status: StatusResponse, node: NodeRow, lag: LagLimits): string {
  const { raft, nodes } = status;
  return [
    figure('lag_entries', node.lag_entries, '', `;${lag.warn};${lag.critical};0`),
    figure('voters_alive', aliveVoters(nodes), '', `;;;0;${raft.voters.length}`),
    figure('term', raft.term, 'c'),
    figure('heartbeat_age', node.last_heartbeat_ms, 'ms', ';;;0'),
    figure('query_p95', node.query_latency_p95_ms, 'ms', ';;;0'),
    figure('connections', node.active_connections, '', ';;;0'),
    figure('cpu', percent(node.cpu_usage), '%', ';;;0;100'),
    figure('memory', percent(node.memory_usage), '%', ';;;0;100'),
    figure('disk', percent(node.disk_usage), '%', ';;;0;100'),
  ].join(' ');
}

/** One line; a bar would begin the performance data. */
function nagiosLine(level: keyof typeof NAGIOS, text: string, data = ''): string {
  const words = safe(text).replaceAll('|', '/');
  return `SQLCC ${level.toUpperCase()} - ${words}${data === '' ? '' : ` | ${data}`}`;
}

interface Looked {
  readonly status: StatusResponse;
  readonly node: NodeRow;
  readonly lag: LagLimits;
  readonly verdict: Verdict;
}

async function look(context: CliContext, { args, flags }: Invocation): Promise<Looked> {
  const lag = {
    warn: flags.integer('warnLag') ?? WARN_LAG,
    critical: flags.integer('criticalLag') ?? CRITICAL_LAG,
  };
  const id = await nodeOf(context, flags, args[0]);
  const client = await context.client();
  const status = await client.status();
  const node = status.nodes.find((n) => n.node_id === id);
  if (node === undefined) {
    const hint = `the nodes are ${status.nodes.map((n) => n.node_id).join(', ')}`;
    throw new SqlccError('not_found', `no node "${id}"`, { hint });
  }
  return { status, node, lag, verdict: judge(status, node, lag) };
}

async function nagios(context: CliContext, invocation: Invocation): Promise<number> {
  const { flags } = invocation;
  try {
    if (flags.is('all') || flags.is('now'))
      throw new SqlccError('invalid_argument', `-o nagios goes with neither --all nor --now: ${ONE_NODE}`);
    const { status, node, lag, verdict } = await look(context, invocation);
    const fine = `${node.node_id} is ${node.role ?? 'there'}, term ${status.raft.term}`;
    const text = verdict.level === 'ok' ? fine : `${node.node_id}: ${verdict.reasons.join('; ')}`;
    context.printer.line(nagiosLine(verdict.level, text, performance(status, node, lag)));
    return NAGIOS[verdict.level];
  } catch (error) {
    if (!(error instanceof SqlccError)) throw error;
    // nobody answers: that is what is watched for; all else means that nothing could be found out
    const level =
      error.exitCode === EXIT.unreachable || error.exitCode === EXIT.critical ? 'critical' : 'unknown';
    context.printer.line(nagiosLine(level, `${error.code}: ${error.message}`));
    return NAGIOS[level];
  }
}

export const nodeCheck: Run = async (context, invocation) => {
  const { printer } = context;
  const { args, flags } = invocation;
  if (printer.format === 'nagios') return nagios(context, invocation);
  if (flags.is('all')) return flags.is('now') ? checkAllNow(context) : checkAll(context);
  if (flags.is('now')) return checkNow(context, await nodeOf(context, flags, args[0]));
  const { status, node, verdict } = await look(context, invocation);
  const code = CODES[verdict.level];
  const { node_id, liveness, health, issues, maintenance, lag_entries } = node;
  const quorum = {
    alive: aliveVoters(status.nodes),
    needed: status.raft.quorum,
    voters: status.raft.voters.length,
  };
  const document = {
    ...{ node_id, exit: code, reasons: verdict.reasons, liveness, health, issues, maintenance },
    ...{ lag_entries, quorum, read: status.cluster.read },
  };
  await printer.answer(document, () => {
    pauseBanner(printer, status.pause);
    printer.table<null>(
      [
        { name: 'NAME', of: () => node_id },
        { name: 'LIVENESS', of: () => state(liveness) },
        { name: 'HEALTH', of: () => state(health) },
        { name: 'LAG', of: () => lag_entries, align: 'right' },
        { name: 'QUORUM', of: () => `${quorum.alive}/${quorum.voters}, ${quorum.needed} needed` },
        { name: 'MAINTENANCE', of: () => yes(maintenance !== null) },
        { name: 'WHY', of: () => verdict.reasons.join('; ') },
      ],
      [null],
    );
  });
  return code;
};
