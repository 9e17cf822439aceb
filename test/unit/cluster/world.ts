/** A small cluster for tests: records, facts and a way to apply commands one after another. */
import { expect } from 'vitest';
import type {
  ApplyPosition,
  ApplyResult,
  ClusterCommand,
  ClusterEvent,
  ClusterState,
  NodeFact,
  NodeRecord,
  PlanFacts,
  TokenRecord,
} from '../../../src/cluster/index.ts';
import { applyCommand } from '../../../src/cluster/index.ts';

export const NOW = 1_700_000_000_000;

export function record(nodeId: string, changes: Partial<NodeRecord> = {}): NodeRecord {
  const n = Number(nodeId.slice(1)) || 9;
  return {
    nodeId,
    instanceId: `i-${nodeId}`,
    keySha256: `key-of-${nodeId}`,
    host: '10.0.0.1',
    port: 5400 + n * 10,
    clientPort: 5401 + n * 10,
    peerPort: 5402 + n * 10,
    metricsPort: 5403 + n * 10,
    zone: '',
    metadata: {},
    version: '0.1.0',
    suffrage: 'voter',
    bootCounter: 0,
    joinedAt: NOW,
    startedAt: null,
    liveness: 'alive',
    livenessSince: NOW,
    ...changes,
  };
}

export function token(id: string, changes: Partial<TokenRecord> = {}): TokenRecord {
  return {
    id,
    kind: 'join',
    role: 'voter',
    hash: 'ab'.repeat(32),
    created: NOW,
    expires: NOW + 3_600_000,
    createdBy: 'admin',
    nodeId: null,
    usedBy: null,
    ...changes,
  };
}

/** Applies commands to a state of its own, counts the index up and remembers everything. */
export class Ledger {
  state: ClusterState | null = null;
  index = 0;
  now = NOW;
  readonly events: ClusterEvent[] = [];

  apply(command: ClusterCommand, at: Partial<ApplyPosition> = {}): ApplyResult {
    this.index++;
    const position = { index: this.index, term: 1, timestamp: this.now, actor: 'ann', ...at };
    const applied = applyCommand(this.state, command, position);
    this.state = applied.state;
    this.events.push(...applied.events);
    return applied.result;
  }

  /** Applies and expects success. */
  done(command: ClusterCommand, at: Partial<ApplyPosition> = {}): unknown {
    const result = this.apply(command, at);
    expect(result).toMatchObject({ ok: true });
    return result.ok ? result.value : undefined;
  }

  /** Applies and expects a refusal with this code. */
  refused(command: ClusterCommand, code: string): string {
    const before = this.state;
    const result = this.apply(command);
    expect(result).toMatchObject({ ok: false, code });
    const { audit: _after, auditAnchor: _anchor, ...rest } = this.cluster;
    expect(before).toMatchObject(rest);
    return result.ok ? '' : result.message;
  }

  get cluster(): ClusterState {
    if (this.state === null) throw new TypeError('no cluster yet');
    return this.state;
  }

  /** Kinds of the events of the last `apply`. */
  kinds(): string[] {
    return this.events.filter((e) => e.index === this.index).map((e) => e.kind);
  }
}

/** A cluster with the nodes n1 … n3, led by n1 in term 1. */
export function threeNodes(): Ledger {
  const ledger = new Ledger();
  ledger.done({
    kind: 'bootstrap',
    clusterId: 'c-1',
    name: 'trial',
    node: record('n1'),
    configText: 'cluster:\n  name: trial\n',
    configHash: 'h1',
    tokens: [token('t2'), token('t3')],
  });
  ledger.done({ kind: 'leader-started', ...campaign('n1', 1) });
  ledger.done({ kind: 'node-admit', node: record('n2'), tokenId: 't2' });
  ledger.done({ kind: 'node-admit', node: record('n3'), tokenId: 't3' });
  return ledger;
}

export function campaign(nodeId: string, term: number) {
  return { nodeId, term, cause: 'hint', silenceMs: 12, electionMs: 8, votes: [nodeId, 'n3'] } as const;
}

export function started(nodeId: string, bootCounter = 1) {
  const { instanceId, host, port, clientPort, peerPort, metricsPort, version } = record(nodeId);
  const steps = [{ name: 'load-config', ms: 3 }];
  return {
    kind: 'node-started',
    ...{ nodeId, instanceId, host, port, clientPort, peerPort, metricsPort, version, bootCounter, steps },
  } as const;
}

export function fact(nodeId: string, changes: Partial<NodeFact> = {}): NodeFact {
  return {
    nodeId,
    liveness: 'alive',
    health: 'HEALTHY',
    lagEntries: 0,
    lagBytes: null,
    rttMs: 1,
    ...changes,
  };
}

/** All well: n1 leads term 4, everybody is alive. */
export function facts(changes: Partial<PlanFacts> = {}, nodes: readonly NodeFact[] = []): PlanFacts {
  const changed = new Map(nodes.map((n) => [n.nodeId, n]));
  return {
    leaderId: 'n1',
    term: 4,
    voters: ['n1', 'n2', 'n3'],
    nodes: ['n1', 'n2', 'n3'].map((id) => changed.get(id) ?? fact(id)),
    transferringTo: null,
    membershipSettled: true,
    lagThresholdBytes: 100_000_000,
    minReplicas: 2,
    ...changes,
  };
}
