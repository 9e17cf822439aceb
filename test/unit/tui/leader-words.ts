/**
 * What the leader of the recorded cluster says when it is asked: the plans of the real core on the recorded
 * nodes, so that no dialog is drawn with words that no daemon has.
 */
import { boundCommand } from '../../../daemon/operations.ts';
import type { ClusterState, Election, Operation, PlanFacts, Planned } from '../../../src/cluster/index.ts';
import {
  planDrain,
  planFailover,
  planMaintenance,
  planRemoval,
  planReplacement,
  planSwitchover,
} from '../../../src/cluster/index.ts';
import type { NodeRow, OperationRequest, OperationView, Plan } from '../../../tui/feed/wire.ts';
import { doneOperations } from '../../tui/answers.ts';
import { at, plan, START, sixNodes, status } from '../../tui/recording.ts';
import { Ledger, record, token } from '../cluster/world.ts';

const HOUR_MS = 3_600_000;
/** Of this cluster a mean entry has 20 kB, and who is a long way behind may catch up in peace. */
const ENTRY_BYTES = 20_000;
export const LAG_THRESHOLD_BYTES = 5_000_000_000;
export const bytesOf = (entries: number | null) => (entries === null ? null : entries * ENTRY_BYTES);
const { leader_id: LEADER, term: TERM, voters: VOTERS } = status().raft;

function operationOf(view: OperationView): Operation {
  const phases = view.phases.map(({ name, at: began, elapsed_ms: elapsedMs, result }) => {
    return { name, at: Date.parse(began), elapsedMs, result };
  });
  const { id, state, phase, from, to, actor, reason, error } = view;
  const kind = view.kind as Operation['kind'];
  const startedAt = phases[0]?.at ?? START;
  const last = phases.at(-1);
  return {
    ...{ id, kind, state, phase, phases, from, to, actor, reason, error, startedAt },
    ...{ endedAt: (last?.at ?? startedAt) + (last?.elapsedMs ?? 0), forMs: null, candidates: [] },
  };
}

/** The election by which the leadership moved, where it did. */
function electionsOf({ phases, to, write_gap_ms: gapMs }: OperationView, term: number): Election[] {
  const moved = phases.find((p) => p.name === 'transferring');
  if (moved === undefined || to === null || gapMs == null) return [];
  const at = Date.parse(moved.at) + gapMs;
  const times = { at, silenceMs: null, electionMs: 20 };
  return [{ term, nodeId: to, index: term, cause: 'transfer', ...times, votes: ['n1', 'n2', 'n3'] }];
}

/** The record behind the recording: its nodes, who is in maintenance, and what was done before. */
export function recordedState(): ClusterState {
  const ledger = new Ledger();
  const tokens = sixNodes().map(({ node_id: id, voter }) =>
    token(`t-${id}`, { role: voter ? 'voter' : 'observer' }),
  );
  const made = { clusterId: 'c-1', configText: 'cluster:\n  name: prod-eu\n', configHash: 'h1', tokens };
  ledger.done({ kind: 'bootstrap', name: status().cluster.name, node: record('n1'), ...made });
  for (const { node_id: id, voter } of sixNodes().slice(1)) {
    const node = record(id, { suffrage: voter ? 'voter' : 'observer' });
    ledger.done({ kind: 'node-admit', node, tokenId: `t-${id}` });
  }
  const maintenance = Object.fromEntries(
    sixNodes().flatMap(({ node_id: id, maintenance: m }) => {
      if (m === null) return [];
      return [[id, { ...m, since: Date.parse(m.since), expires: Date.parse(m.expires) }]];
    }),
  );
  const done = doneOperations();
  const elections = done.flatMap(electionsOf);
  return { ...ledger.cluster, maintenance, elections, operations: done.map(operationOf) };
}

function factOf(n: NodeRow): PlanFacts['nodes'][number] {
  return {
    ...{ nodeId: n.node_id, liveness: n.liveness, health: n.health, rttMs: n.rtt_ms, term: n.term },
    ...{ lagEntries: n.lag_entries, lagBytes: bytesOf(n.lag_entries), connections: n.active_connections },
    clockOffsetMs: n.clock_offset_ms ?? null,
  };
}

function factsOf(nodes: readonly NodeRow[]): PlanFacts {
  return {
    ...{ leaderId: LEADER, term: TERM, voters: VOTERS, nodes: nodes.map(factOf) },
    ...{
      transferringTo: null,
      membershipSettled: true,
      lagThresholdBytes: LAG_THRESHOLD_BYTES,
      minReplicas: 2,
    },
    writesWaiting: 37,
  };
}

function drawn(request: OperationRequest): Planned {
  const [state, facts] = [recordedState(), factsOf(sixNodes())];
  const nodeId = request.node_id ?? '';
  const to = request.to ?? null;
  const length = { enable: request.enable ?? true, forMs: request.for_ms ?? HOUR_MS, owner: 'anna' };
  switch (request.kind) {
    case 'failover':
      return planFailover(state, facts, { to }, START);
    case 'switchover':
      return planSwitchover(state, facts, { to }, START);
    case 'maintenance': {
      const allowSwitchover = request.allow_switchover === true;
      return planMaintenance(state, facts, { nodeId, ...length, allowSwitchover }, START);
    }
    case 'drain':
      return planDrain(state, facts, { nodeId, ...length }, START);
    case 'remove-node':
      return planRemoval(state, facts, { nodeId }, START);
    case 'replace-node':
      return planReplacement(state, facts, { nodeId, by: to ?? '', stays: request.keep ?? false }, START);
    default:
      throw new TypeError(`no dialog asks for ${request.kind}`);
  }
}

/** The plan as the leader answers it. */
export function plannedBy(request: OperationRequest): Plan {
  const { plan: made, kind } = drawn(request);
  return plan({
    ...{ kind: request.kind, from: made.from, to: made.to, allowed: kind === 'ready' },
    checks: made.checks.map((c) => ({ ...c })),
    candidates: made.candidates.map((c) => ({
      ...{ node_id: c.nodeId, eligible: c.eligible, reasons: [...c.reasons], lag_entries: c.lagEntries },
    })),
    ...{ expected_gap_ms: made.expectedGapMs, measured_gaps_ms: [...made.measuredGapsMs] },
    command: boundCommand(made, TERM),
    create_time: at(0),
  });
}
