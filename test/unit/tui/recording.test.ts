/** The recording of the tests and the pictures of the documentation say what daemons say. */
import { describe, expect, it } from 'vitest';
import { clusterHealth } from '../../../daemon/cluster-health.ts';
import { ownEvent } from '../../../daemon/raft-events.ts';
import { DEFAULT_ALERT_RULES, FIXED_RULES } from '../../../src/alerts/index.ts';
import { electionCause, OPERATION_PHASES } from '../../../src/cluster/index.ts';
import type { Slices } from '../../../tui/feed/slices.ts';
import type { EventLine, OperationView, StatusResponse } from '../../../tui/feed/wire.ts';
import { answers, doneOperations, runningOperation } from '../../tui/answers.ts';
import { at, calm, endedOperation, operation, type plan, START, status } from '../../tui/recording.ts';
import { Ledger } from '../cluster/world.ts';
import { plannedBy, recordedState } from './leader-words.ts';

const wordsOf = ({
  checks,
  candidates,
  command,
  expected_gap_ms,
  measured_gaps_ms,
}: ReturnType<typeof plan>) => ({
  ...{ checks, candidates, command, expected_gap_ms, measured_gaps_ms },
});

describe('a plan of the recording', () => {
  it('is that of the leader for these nodes', () => {
    const recorded = calm().flatMap((line) => line.plan ?? []);
    expect(recorded.map((p) => p.kind)).toEqual(['failover', 'maintenance']);
    for (const { kind, from, to, ...rest } of recorded) {
      const node = kind === 'maintenance' && from !== null ? { node_id: from } : {};
      const asked = plannedBy({ kind, ...node });
      expect(wordsOf({ kind, from, to, ...rest })).toEqual(wordsOf(asked));
      expect({ from, to, allowed: rest.allowed }).toEqual({
        ...{ from: asked.from, to: asked.to, allowed: asked.allowed },
      });
    }
  });
});

describe('an operation of the recording', () => {
  const all: readonly OperationView[] = [
    ...[operation(), endedOperation(), runningOperation()],
    ...doneOperations(),
  ];

  it('is of a kind that daemons have, in phases of that kind, and ends in one of them', () => {
    for (const { id, kind, phase, phases, state } of all) {
      const known = OPERATION_PHASES[kind as keyof typeof OPERATION_PHASES] ?? [];
      const names = phases.map((p) => p.name);
      expect(known.slice(0, names.length), id).toEqual(names);
      expect(phase, id).toBe(names.at(-1));
      const results = phases.map((p) => p.result);
      const last = state === 'running' ? null : 'done';
      expect(results, id).toEqual([...results.slice(1).map(() => 'ok'), last]);
    }
  });

  it('goes from phase to phase without a gap', () => {
    for (const { id, phases } of all)
      for (const [n, { at, elapsed_ms: ms }] of phases.slice(0, -1).entries())
        expect(Date.parse(phases[n + 1]?.at ?? ''), id).toBe(Date.parse(at) + (ms ?? 0));
  });
});

/** The record behind the elections: who led before, and how each one was won. */
function elected() {
  const ledger = new Ledger();
  ledger.state = { ...recordedState(), elections: [] };
  const votes = ['n1', 'n2', 'n3', 'n6'];
  const campaigns = [
    { term: 6, nodeId: 'n3', cause: 'timeout', silenceMs: null, electionMs: 90 },
    ...status().elections.map(({ term, node_id: nodeId, detect_ms: silenceMs, election_ms: electionMs }) => ({
      ...{ term, nodeId, silenceMs, electionMs },
      cause: term === 8 ? 'transfer' : term === 7 ? 'hint' : 'timeout',
    })),
  ];
  for (const campaign of campaigns) {
    const timestamp = Date.parse(status().elections.find((e) => e.term === campaign.term)?.at ?? at(-9e6));
    ledger.done({ kind: 'leader-started', ...campaign, votes }, { timestamp, term: campaign.term });
  }
  return ledger;
}

describe('what the recording tells', () => {
  const told = calm().flatMap((line) => line.event ?? []);
  const of = (kind: string, id: string) => told.filter((e) => e.kind === kind && e.node_id === id);

  it('names alerts by rules that daemons have', () => {
    const lines = [...calm(), ...answers()];
    const rows = lines.flatMap((line) => line.alerts ?? []).map((a) => a.rule);
    const asked = lines.flatMap(({ answer }) => (answer === undefined ? [] : [answer]));
    const silenced = asked.flatMap(({ to, value }) =>
      to === 'silences' ? (value as Slices['silences']).map((s) => s.rule ?? '') : [],
    );
    const explained = asked.flatMap(({ to }) => (to.startsWith('explain ') ? [to.slice(8)] : []));
    const fired = told.flatMap((e) => (e.kind === 'alert-fired' ? [e.message.split(' ', 1)[0] ?? ''] : []));
    const reasons = status().cluster.reasons.flatMap((r) => /^alert (\S+)/.exec(r)?.[1] ?? []);
    const names = [rows, silenced, explained, fired, reasons];
    expect(names.map((some) => some.length > 0)).toEqual(names.map(() => true));
    const known = [...DEFAULT_ALERT_RULES, ...FIXED_RULES].map((rule): string => rule.name);
    expect(names.flat().filter((name) => !known.includes(name))).toEqual([]);
  });

  it('has the causes of the record', () => {
    const { cluster } = elected();
    const causes = cluster.elections.slice(1).map((e) => electionCause(cluster, e));
    expect(status().elections.map((e) => e.cause)).toEqual(causes);
  });

  it('says of the last election what the record and the winner say', () => {
    const won = elected().events.findLast((e) => e.kind === 'leader-elected');
    expect(of('leader-elected', 'n1').map((e) => e.message)).toEqual([won?.message]);
    const own = [
      { kind: 'campaign-started', campaign: 'timeout', term: 8, silenceMs: 181 },
      { kind: 'leader-changed', leaderId: null, term: 8 },
      { kind: 'role-changed', role: 'candidate', term: 9 },
      { kind: 'role-changed', role: 'leader', term: 9 },
    ] as const;
    const words = own.map((e) => ownEvent('n1', START, e));
    const heard = told.filter((e) => e.node_id === 'n1' && e.kind !== 'leader-elected');
    const pick = ({
      kind,
      severity,
      message,
      data,
    }: Pick<EventLine, 'kind' | 'severity' | 'message' | 'data'>) => ({
      ...{ kind, severity, message, data },
    });
    expect(heard.map(pick)).toEqual(words.map((w) => w && pick(w)));
  });

  it('says of a dead node and of an alert what the record says', () => {
    const ledger = elected();
    const cause = 'silent for too long';
    ledger.done({ kind: 'node-liveness', nodeId: 'n5', liveness: 'dead', by: ['n1'], cause });
    for (const alert of calm().flatMap((line) => line.alerts ?? [])) {
      const { id, rule, node_id: nodeId, severity, value, condition = '' } = alert;
      const state = 'firing' as const;
      ledger.done({
        kind: 'alert-transition',
        alert: { id, rule, nodeId, severity, value, condition, state },
      });
    }
    const said = ledger.events.map((e) => `${e.severity} ${e.kind} ${e.message}`);
    const record = told.filter((e) => e.kind === 'node-dead' || e.kind === 'alert-fired');
    expect(record).toHaveLength(2);
    for (const e of record) expect(said).toContain(`${e.severity} ${e.kind} ${e.message}`);
  });
});

it('other clusters of the fleet are ill of what their nodes are', () => {
  for (const { answer } of answers()) {
    if (answer === undefined || !/^fleet (dr-site|prod-us)$/.test(answer.to)) continue;
    const { nodes: rows, raft, cluster } = answer.value as StatusResponse;
    const none = { isolated: null, replacement: null, alerts: [] };
    const told = clusterHealth({ rows, leaderId: raft.leader_id, minReplicas: 2, ...none });
    expect({ health: cluster.health, reasons: cluster.reasons }, answer.to).toEqual(told);
  }
});
