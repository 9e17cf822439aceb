/** For those who look into what happened: the audit, refusals, and how much this node writes into its log. */
import type { LogLevelRequest, LogLevelResponse, LogResponse } from '../../src/api/index.ts';
import type { LogLevel } from '../../src/base/index.ts';
import type { Answer, Call } from '../../src/rpc/index.ts';
import { tellAudit } from '../audit-notes.ts';
import { readDenials } from '../denial-chain.ts';
import { type NodeContext, requireCluster } from '../node-context.ts';
import { isoTime } from '../node-view.ts';
import { isSet } from '../requests.ts';
import { auditView } from '../views.ts';

const LOG_LEVEL_MS = 600_000;

export async function audit(context: NodeContext, call: Call): Promise<Answer> {
  const read = await context.reads.bestEffort(isSet(call.query['stale']));
  const { audit, auditAnchor } = requireCluster(context);
  return { body: { schemaVersion: 1, anchor: auditAnchor, records: audit.map(auditView), read } };
}

export async function denials(context: NodeContext): Promise<Answer> {
  const { nodeId, dataDir } = context.facts;
  const { anchor, records, damage } = readDenials(dataDir);
  const where = damage === null ? null : `${damage.file}:${damage.line}`;
  const rows = records.map((r) => ({ ...r, at: isoTime(r.at) }));
  const { total } = context.denials;
  return { body: { schemaVersion: 1, node_id: nodeId, total, anchor, records: rows, damage: where } };
}

export async function log(context: NodeContext): Promise<Answer> {
  const lines = context.logTail.lines().map(({ at, level, event, fields }) => ({
    at: isoTime(at),
    level: wordOf(level),
    event,
    // what is undefined is not written either
    fields: Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)),
  })) as LogResponse['lines'];
  const body: LogResponse = { schemaVersion: 1, node_id: context.facts.nodeId, lines };
  return { body };
}

type LevelWord = LogLevelResponse['level'];

const wordOf = (level: LogLevel): LevelWord => level.toUpperCase() as LevelWord;

export async function logLevel(context: NodeContext): Promise<Answer> {
  const { current, base, until } = context.logThreshold;
  const body: LogLevelResponse = {
    schemaVersion: 1,
    node_id: context.facts.nodeId,
    level: wordOf(current),
    default: wordOf(base),
    until: until === null ? null : isoTime(until),
  };
  return { body };
}

/** This node alone, without the log of the cluster: it must work while there is no leader. */
export async function setLogLevel(context: NodeContext, call: Call): Promise<Answer> {
  const { level, for_ms: forMs = LOG_LEVEL_MS } = call.body as LogLevelRequest;
  const { logThreshold, logger } = context;
  const told = (by: string): void => {
    // whatever is written now, this is
    const line = logThreshold.current === 'error' ? 'error' : 'warn';
    logger.log(line, 'log-level', { to: logThreshold.current, by, until: logThreshold.until });
  };
  if (level === 'default') logThreshold.reset();
  else logThreshold.change(level.toLowerCase() as LogLevel, forMs, Date.now(), () => told('time'));
  told(call.identity.id);
  const after = `${wordOf(logThreshold.current)}${level === 'default' ? '' : ` for ${forMs} ms`}`;
  void tellAudit(context, call, { action: 'log-level', target: context.facts.nodeId, reason: '', after });
  return logLevel(context);
}
