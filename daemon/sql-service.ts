/**
 * One SQL request: a read goes to a killable reader behind its barrier; a write is
 * checked, tried in a reader when it may run away, and only then enters the log.
 */
import { randomInt } from 'node:crypto';
import type { SqlRequest, SqlResponse, SqlResult } from '../src/api/index.ts';
import { allows } from '../src/auth/index.ts';
import type { ErrorCode } from '../src/base/index.ts';
import { LIMITS, SqlccError } from '../src/base/index.ts';
import type { SqlStatement } from '../src/cluster/index.ts';
import type { Call } from '../src/rpc/index.ts';
import { resultOf } from './applied.ts';
import { type NodeContext, requireSpace } from './node-context.ts';
import { encodeSql, readWish, sessionKeyOf } from './requests.ts';

function checkStatements(statements: readonly SqlStatement[]): void {
  if (statements.length > LIMITS.maxSqlStatements) {
    const text = `a request has at most ${LIMITS.maxSqlStatements} statements, this one ${statements.length}`;
    throw new SqlccError('invalid_argument', text);
  }
  for (const [n, statement] of statements.entries()) {
    if (statement.sql.length > LIMITS.maxSqlBytes) {
      const details = { statement: n, sqlstate: '54000' };
      throw new SqlccError('sql_error', `statement ${n} is longer than ${LIMITS.maxSqlBytes} bytes`, {
        details,
      });
    }
  }
}

/** The service failed, not the request. */
const FAULTS: ReadonlySet<ErrorCode> = new Set([
  ...(['no_leader', 'no_quorum', 'unavailable', 'overloaded'] as const),
  ...(['outcome_unknown', 'deadline_exceeded', 'storage_failed', 'internal'] as const),
]);
/** Classes of SQLSTATE: too little of something, ended from outside, the system, a bug. */
const FAULT_CLASSES: ReadonlySet<string> = new Set(['53', '57', '58', 'XX']);

/**
 * Whether an error counts in `error_rate`: a redirect, a missing right, a statement that is wrong or breaks a
 * constraint is an answer, and nobody is to be woken for it.
 */
export function isFault(error: unknown): boolean {
  if (!(error instanceof SqlccError)) return true;
  if (error.code !== 'sql_error') return FAULTS.has(error.code);
  return FAULT_CLASSES.has(String(error.details['sqlstate'] ?? '').slice(0, 2));
}

/**
 * Runs the request and answers as `/v1/sql` does; throws sql_error with the statement's number and SQLSTATE.
 */
export async function runSql(context: NodeContext, call: Call, request: SqlRequest): Promise<SqlResponse> {
  const began = performance.now();
  const statements = request.statements as readonly SqlStatement[];
  checkStatements(statements);
  let hasFailed = false;
  try {
    const kind = context.reader.classify(statements);
    const answer =
      kind === 'read' ? await query(context, call, request) : await execute(context, call, request);
    return { ...answer, elapsed_ms: Math.round((performance.now() - began) * 1000) / 1000 };
  } catch (error) {
    hasFailed = isFault(error);
    throw error;
  } finally {
    context.latencies.record(performance.now() - began, hasFailed);
  }
}

async function query(
  context: NodeContext,
  call: Call,
  request: SqlRequest,
): Promise<Omit<SqlResponse, 'elapsed_ms'>> {
  const read = await context.reads.prepare(readWish(request.level, request.min_index), call.remainingMs());
  const timeoutMs = Math.min(call.remainingMs(), LIMITS.sqlReadTimeoutMs);
  const answer = await context.readers.query(request.statements as readonly SqlStatement[], timeoutMs);
  return {
    results: answer.results as SqlResult[],
    index: null,
    read: { ...read, applied_index: answer.appliedIndex },
  };
}

async function execute(
  context: NodeContext,
  call: Call,
  request: SqlRequest,
): Promise<Omit<SqlResponse, 'elapsed_ms'>> {
  if (!allows(call.identity.role, 'write-data')) {
    throw new SqlccError('permission_denied', `role ${call.identity.role} may read data, not write it`);
  }
  const statements = request.statements as readonly SqlStatement[];
  const key = sessionKeyOf(request, call);
  if (!context.reads.isLeader) await context.reads.requireLeader(call.remainingMs());
  requireSpace(context, 'data');
  if (context.reader.mayRunAway(statements))
    await context.readers.trial(statements, LIMITS.sqlTrialTimeoutMs);
  const data = encodeSql({ statements, seed: randomInt(0, 2 ** 32), ...key });
  const applied = await context.consensus.proposals.propose('sql', data, call.remainingMs());
  const results = resultOf(applied.result) as SqlResult[];
  const answer = {
    results,
    // of the write itself, not of its repetition
    index: applied.result.index ?? applied.index,
    read: { ...context.reads.info('quorum'), applied_index: applied.index },
  };
  return applied.result.replayed ? { ...answer, replayed: true } : answer;
}
