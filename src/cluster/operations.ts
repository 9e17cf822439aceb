/**
 * Long actions as replicated state: begun, moved from phase to phase, ended. One runs
 * at a time. If the leader dies between two steps, the next one reads the phase here
 * and goes on or says how it ended: there is no script in anyone's memory.
 */
import { LIMITS } from '../base/index.ts';
import { advanceAuthority, beginAuthority, endAuthority } from './authorities.ts';
import type {
  ClusterState,
  Operation,
  OperationKind,
  OperationPhase,
  OperationState,
} from './cluster-state.ts';
import type { ClusterCommand } from './command.ts';
import type { ApplyPosition, EventDraft, Outcome } from './outcome.ts';
import { done, refused, ring } from './outcome.ts';

type CommandOf<K extends ClusterCommand['kind']> = Extract<ClusterCommand, { kind: K }>;

/** What may follow what; an ended operation stays as it ended. */
export const OPERATION_TRANSITIONS: Readonly<Record<OperationState, readonly OperationState[]>> = {
  running: ['running', 'done', 'failed', 'cancelled', 'unknown'],
  done: [],
  failed: [],
  cancelled: [],
  unknown: [],
};

/** The phases of each kind in order; a leader that takes over goes on at the one in the record. */
export const OPERATION_PHASES: Readonly<Record<OperationKind, readonly string[]>> = {
  failover: ['accepted', 'transferring'],
  switchover: ['accepted', 'catching-up', 'transferring'],
  'hand-over': ['transferring'],
  'maintenance-enable': ['accepted', 'handing-over'],
  'maintenance-disable': ['accepted'],
  'drain-enable': ['accepted', 'handing-over'],
  'drain-disable': ['accepted'],
  'remove-node': ['accepted', 'handing-over', 'leaving-raft'],
  'replace-node': ['catching-up', 'handing-over', 'swapping', 'removing'],
  'replace-voter': ['catching-up', 'handing-over', 'swapping'],
  'config-update': ['accepted'],
  'rotate-ca': ['trusting', 'issuing'],
  'retire-ca': ['retiring'],
};

/** Phases in which nothing has begun that would go on by itself: an operation can be called back there. */
const CANCELLABLE_PHASES: ReadonlySet<string> = new Set(['accepted', 'catching-up', 'trusting']);

/** Kinds whose `from` is who leads; of the others it is the node that they are about. */
const MOVES: ReadonlySet<OperationKind> = new Set(['failover', 'switchover', 'hand-over']);

/** The operation that runs now, if any. */
export function runningOperation(state: ClusterState): Operation | undefined {
  return state.operations.find((o) => o.state === 'running');
}

function replace(state: ClusterState, operation: Operation): ClusterState {
  return { ...state, operations: state.operations.map((o) => (o.id === operation.id ? operation : o)) };
}

/** `phases` with the last one closed. */
function closed(phases: readonly OperationPhase[], at: ApplyPosition, result: string): OperationPhase[] {
  const last = phases.at(-1);
  if (last === undefined || last.elapsedMs !== null) return [...phases];
  return [...phases.slice(0, -1), { ...last, elapsedMs: Math.max(0, at.timestamp - last.at), result }];
}

export function beginOperation(
  state: ClusterState,
  { operation, authority }: CommandOf<'operation-begin'>,
  at: ApplyPosition,
): Outcome {
  const { id, kind, from, to, reason, candidates, phase, forMs, graceMs } = operation;
  if (state.operations.some((o) => o.id === id)) return refused('conflict', `operation ${id} exists already`);
  const running = runningOperation(state);
  if (running !== undefined) {
    const text = `operation ${running.id} (${running.kind}) is running: wait for it or cancel it`;
    return refused('conflict', text, { operation: running.id });
  }
  const ready = beginAuthority(state, kind, authority);
  if ('ok' in ready) return ready;
  const begun: Operation = {
    ...{ id, kind, from, to, reason, candidates, phase, forMs },
    ...(graceMs !== undefined && { graceMs }),
    state: 'running',
    phases: [{ name: phase, at: at.timestamp, elapsedMs: null, result: null }],
    actor: at.actor,
    error: null,
    startedAt: at.timestamp,
    endedAt: null,
  };
  // what is done to one node leads from nowhere to nowhere
  const isOfOne = to === null && !MOVES.has(kind);
  const whence = from === null ? '' : ` ${isOfOne ? 'of' : 'from'} ${from}`;
  const way = `${whence}${to === null ? '' : ` to ${to}`}`;
  const event: EventDraft = {
    kind: 'operation-started',
    nodeId: to ?? from,
    message: `${kind}${way} started by ${at.actor}${reason === '' ? '' : `: ${reason}`}`,
    data: { operation: id, kind, from, to, actor: at.actor, reason, phase, candidates },
  };
  const operations = ring(state.operations, begun, LIMITS.operationHistory);
  return done({ ...ready, operations }, [event], { id });
}

/** The operation to change, or why it can't be. */
function changeable(state: ClusterState, id: string, next: OperationState): Operation | Outcome {
  const operation = state.operations.find((o) => o.id === id);
  if (operation === undefined) return refused('not_found', `no operation ${id}`);
  if (OPERATION_TRANSITIONS[operation.state].includes(next)) return operation;
  return refused('failed_precondition', `operation ${id} has ended: ${operation.state}`, {
    state: operation.state,
  });
}

/** The phase that is under way says `result` of itself, until it ends. */
function noted(state: ClusterState, operation: Operation, result: string | null): Outcome {
  const last = operation.phases.at(-1);
  if (last === undefined || result === null || last.result === result)
    return done(state, [], { repeated: true });
  const phases = [...operation.phases.slice(0, -1), { ...last, result }];
  return done(replace(state, { ...operation, phases }), [], { repeated: true });
}

/** Enters the next phase; `result` says how the one before it went, or how the phase that it is in goes. */
export function advanceOperation(
  state: ClusterState,
  command: CommandOf<'operation-phase'>,
  at: ApplyPosition,
): Outcome {
  const found = changeable(state, command.id, 'running');
  if ('ok' in found) return found;
  if (found.phase === command.phase) return noted(state, found, command.result);
  const phases = ring(
    closed(found.phases, at, command.result ?? 'ok'),
    { name: command.phase, at: at.timestamp, elapsedMs: null, result: null },
    LIMITS.operationPhases,
  );
  const event: EventDraft = {
    kind: 'operation-phase',
    nodeId: found.to ?? found.from,
    message: `${found.kind}: ${command.phase}`,
    data: { operation: found.id, kind: found.kind, phase: command.phase, result: command.result },
  };
  const moved = advanceAuthority(state, found.kind, command.phase);
  return done(replace(moved, { ...found, phase: command.phase, phases }), [event], { repeated: false });
}

/**
 * Ends an operation. It is cancelled only while nothing of it has begun: what is under way (leadership, the
 * membership) would go on behind a record that says it does not. Decided here, where the phase is entered
 * too, so that the two can't pass each other.
 */
export function endOperation(
  state: ClusterState,
  command: CommandOf<'operation-end'>,
  at: ApplyPosition,
): Outcome {
  const found = changeable(state, command.id, command.state);
  if ('ok' in found) return found;
  if (command.state === 'cancelled' && !CANCELLABLE_PHASES.has(found.phase)) {
    return refused('conflict', `operation ${found.id} can't be called back any more: ${found.phase}`, {
      phase: found.phase,
    });
  }
  const ended: Operation = {
    ...found,
    state: command.state,
    phases: closed(found.phases, at, command.error ?? command.state),
    error: command.error,
    endedAt: at.timestamp,
  };
  const elapsedMs = Math.max(0, at.timestamp - found.startedAt);
  const why = command.error === null ? '' : `: ${command.error}`;
  const event: EventDraft = {
    kind: 'operation-ended',
    nodeId: found.to ?? found.from,
    severity: command.state === 'done' || command.state === 'cancelled' ? 'info' : 'warning',
    message: `${found.kind} ${command.state} after ${elapsedMs} ms${why}`,
    data: {
      operation: found.id,
      kind: found.kind,
      state: command.state,
      error: command.error,
      elapsed_ms: elapsedMs,
      from: found.from,
      to: found.to,
    },
  };
  return done(replace(endAuthority(state, found, command.state), ended), [event]);
}
