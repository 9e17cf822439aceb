/**
 * Plans and operations as text, and following one to its end; shared by failover, maintenance,
 * leave and op.
 */
import { LIMITS, pauseWords, SqlccError } from '../../base/index.ts';
import type { OperationRequest, OperationView, Plan, SqlccClient } from '../../client/index.ts';
import { askTyped, askYes, isClusterMeant, requireClusterConsent, requireConsent } from '../confirm.ts';
import type { CliContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import type { Printer } from '../output/printer.ts';
import type { Column } from '../output/table.ts';
import { duration, state, time, yes } from '../output/words.ts';

type Candidate = Plan['candidates'][number];
type Check = Plan['checks'][number];
type Phase = OperationView['phases'][number];

const CHECKS: readonly Column<Check>[] = [
  { name: 'CHECK', of: (c) => c.name },
  { name: 'RESULT', of: (c) => state(c.result) },
  { name: 'DETAIL', of: (c) => c.text },
];
export const CANDIDATES: readonly Column<Candidate>[] = [
  { name: 'CANDIDATE', of: (c) => c.node_id },
  {
    name: 'ELIGIBLE',
    of: (c) => (c.eligible ? { text: yes(true), tone: 'good' } : { text: yes(false), tone: 'dim' }),
  },
  { name: 'LAG', of: (c) => c.lag_entries, align: 'right' },
  { name: 'REASONS', of: (c) => c.reasons.join('; ') },
];
const PHASES: readonly Column<Phase>[] = [
  { name: 'PHASE', of: (p) => p.name },
  { name: 'AT', of: (p) => time(p.at) },
  { name: 'TOOK', of: (p) => duration(p.elapsed_ms), align: 'right' },
  { name: 'RESULT', of: (p) => p.result },
];

function showPlan(printer: Printer, plan: Plan): void {
  const { expected_gap_ms: most, measured_gaps_ms: measured = [] } = plan;
  const pause = most === null ? null : pauseWords(most, measured);
  const gap = pause === null ? 'no pause of writes' : `${pause.time} without writes (${pause.from})`;
  printer.facts([
    ['Plan', plan.kind],
    ['From', plan.from],
    ['To', plan.to],
    ['Allowed', plan.allowed ? { text: 'yes', tone: 'good' } : { text: 'no', tone: 'bad' }],
    ['Expected', gap],
    ['Term', plan.term],
    ['Command', plan.command],
  ]);
  printer.line('');
  printer.table(CHECKS, plan.checks);
  if (plan.candidates.length === 0) return;
  printer.line('');
  printer.table(CANDIDATES, plan.candidates);
}

export function showOperation(printer: Printer, operation: OperationView): void {
  const gapMs = operation.write_gap_ms ?? null;
  printer.facts([
    ['Operation', operation.id],
    ['Kind', operation.kind],
    ['State', state(operation.state)],
    ['Phase', operation.phase],
    ['From', operation.from],
    ['To', operation.to],
    ['Actor', operation.actor],
    ['Reason', operation.reason],
    ...(gapMs === null ? [] : ([['Writes paused', duration(gapMs)]] as const)),
    ...(operation.error === null ? [] : ([['Error', { text: operation.error, tone: 'bad' }]] as const)),
  ]);
  if (operation.phases.length > 0) {
    printer.line('');
    printer.table(PHASES, operation.phases);
  }
  if (operation.candidates.length === 0) return;
  printer.line('');
  printer.table(CANDIDATES, operation.candidates);
}

/** What had taken effect before it failed stays: the node is in maintenance, or leads no longer. */
function isInPart({ kind, phases }: OperationView): boolean {
  if (kind === 'maintenance-enable') return phases.some((p) => p.name === 'handing-over');
  const moved = phases.some((p) => p.name === 'handing-over');
  return kind === 'remove-node' && moved && phases.at(-1)?.name === 'leaving-raft';
}

export function exitOfOperation(operation: OperationView): number {
  switch (operation.state) {
    case 'done':
      return EXIT.ok;
    case 'running':
    case 'unknown':
      return EXIT.timedOut;
    case 'failed':
      return isInPart(operation) ? EXIT.partial : EXIT.error;
    case 'cancelled':
      return EXIT.error;
  }
}

/** Why a plan may not run, as the error that the run itself would end with. */
function refusal(plan: Plan): SqlccError {
  const reasons = plan.checks.filter((c) => c.result === 'fail').map((c) => `${c.name}: ${c.text}`);
  return new SqlccError(
    plan.refusal ?? 'failed_precondition',
    `${plan.kind} is refused by ${reasons.length === 1 ? 'a check' : 'checks'}`,
    {
      details: { reasons },
    },
  );
}

function isMove({ kind }: OperationRequest): boolean {
  return kind === 'failover' || kind === 'switchover';
}

export interface ActOptions {
  readonly request: OperationRequest;
  /** For messages: `cluster failover`. */
  readonly verb: string;
  /**
   * `cluster`: can't be undone, the cluster's name must be typed or given; `typed`: the target's name must be
   * typed, or `--yes` given; `none`: y is enough, and scripts may go on without `--yes`.
   */
  readonly consent: 'cluster' | 'typed' | 'none';
  readonly isDryRun: boolean;
  readonly isWait: boolean;
  /** For all of it together, without the time that a person takes to answer. */
  readonly timeoutMs: number | undefined;
}

/**
 * One time-out over several calls: each gets what is left. `--timeout` of a command that takes long is far
 * longer than a call may take, so one that finds nobody must not use it up either.
 */
class Budget {
  #left: number;
  #since = performance.now();

  constructor(timeoutMs: number) {
    this.#left = timeoutMs;
  }

  get leftMs(): number {
    return Math.max(1, this.#left - (performance.now() - this.#since));
  }

  /** Of one call. */
  get call(): { timeoutMs: number } {
    return { timeoutMs: Math.min(this.leftMs, LIMITS.defaultRequestTimeoutMs) };
  }

  /** What passes until the end of this promise is not counted. */
  async without<T>(waiting: Promise<T>): Promise<T> {
    this.#left = this.leftMs;
    try {
      return await waiting;
    } finally {
      this.#since = performance.now();
    }
  }
}

/** Whether the plan was agreed to, on the command line or by the person who was shown it and asked. */
async function agree(
  context: CliContext,
  { plan, request, consent }: Pick<ActOptions, 'request' | 'consent'> & { readonly plan: Plan },
  budget: Budget,
): Promise<boolean> {
  const { terminal, interrupt, canAsk, isYes, yesCluster: given } = context;
  const willAsk = canAsk && (consent === 'cluster' ? given === undefined : !isYes);
  if (willAsk) showPlan(context.printer.aside(), plan);
  // who is not shown the plan hears that it is shorter than usual
  else for (const { name, text } of plan.checks) if (name === 'length') context.printer.note(text);
  if (consent === 'cluster') {
    const client = await context.client();
    const { name } = (await client.status({ stale: true, ...budget.call })).cluster;
    return budget.without(isClusterMeant(terminal, interrupt, { given, name }));
  }
  if (!willAsk) return true;
  const target = plan.to ?? request.node_id ?? plan.kind;
  const asking =
    consent === 'typed' ? askTyped(terminal, target, interrupt) : askYes(terminal, 'run it?', interrupt);
  return budget.without(asking);
}

/** Plan, show, ask, run, follow: the same for everything that takes long. Answers the exit code. */
export async function act(context: CliContext, options: ActOptions): Promise<number> {
  const { printer, canAsk } = context;
  const { request, verb, consent, isDryRun } = options;
  if (!isDryRun && consent === 'cluster') requireClusterConsent(context, verb);
  if (!isDryRun && consent === 'typed') requireConsent(canAsk, context.isYes, verb);
  const client = await context.client();
  const budget = new Budget(options.timeoutMs ?? LIMITS.maxRequestTimeoutMs);
  // the node that is known may be the one that goes: whoever follows to the end knows all of them
  await client.nodes({ stale: true, ...budget.call });
  const plan = await client.planOperation(request, budget.call);
  if (isDryRun) {
    await printer.answer({ plan }, () => showPlan(printer, plan));
    if (plan.allowed) return EXIT.ok;
    return plan.refusal === 'conflict' ? EXIT.conflict : EXIT.refused;
  }
  if (!plan.allowed) {
    if (canAsk) showPlan(printer.aside(), plan);
    throw refusal(plan);
  }
  if (!(await agree(context, { plan, request, consent }, budget))) {
    printer.note('declined: nothing was changed');
    return EXIT.declined;
  }
  const run = {
    ...request,
    ...(plan.to !== null && isMove(request) && { to: plan.to }),
    plan_token: plan.token,
    expect_term: plan.term,
  };
  const started = await client.runOperation(run, budget.call);
  if (!options.isWait) {
    await printer.answer({ operation: started }, () => printer.line(started.id));
    return EXIT.ok;
  }
  return follow(context, client, started.id, budget.leftMs);
}

/**
 * Follows an operation to its end, phases on stderr, the whole on stdout; 7 with the id when
 * it takes too long.
 */
export async function follow(
  context: CliContext,
  client: SqlccClient,
  id: string,
  timeoutMs: number | undefined,
): Promise<number> {
  const { printer, interrupt } = context;
  let told = 0;
  let said: string | null = null;
  const onPhase = ({ phases, state }: OperationView): void => {
    if (!printer.isText) return;
    for (const phase of phases.slice(told)) printer.note(`${id}  ${phase.name}`);
    if (told < phases.length) said = null;
    told = phases.length;
    const { name, result = null } = phases.at(-1) ?? {};
    if (state === 'running' && result !== said && result !== null) printer.note(`${id}  ${name}: ${result}`);
    said = result;
  };
  try {
    const operation = await client.waitOperation(id, {
      onPhase,
      signal: interrupt,
      ...(timeoutMs !== undefined && { timeoutMs }),
    });
    await printer.answer({ operation }, () => showOperation(printer, operation));
    return exitOfOperation(operation);
  } catch (error) {
    const isInterrupted = interrupt.aborted;
    if (!isInterrupted && !(error instanceof SqlccError && error.retry === 'unknown')) throw error;
    await printer.answer({ operation: { id, state: 'running' } }, () => printer.line(id));
    printer.note(`operation ${id} goes on; sqlcc op wait ${id}, sqlcc op cancel ${id}`);
    return isInterrupted ? EXIT.declined : EXIT.timedOut;
  }
}
