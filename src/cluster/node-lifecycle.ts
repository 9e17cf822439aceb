/**
 * The replicated record of a node through its life: admitted, started, updated, stopped, found dead,
 * removed.
 */
import type { NodeId } from '../base/index.ts';
import { LIMITS } from '../base/index.ts';
import type { ClusterState, NodeRecord, TokenRecord } from './cluster-state.ts';
import type { ClusterCommand, NodeWords } from './command.ts';
import { SEED_START_STEPS } from './node-state.ts';
import type { ApplyPosition, EventDraft, Outcome } from './outcome.ts';
import { done, own, refused, without } from './outcome.ts';
import { readmission, seatOf } from './seats.ts';

type CommandOf<K extends ClusterCommand['kind']> = Extract<ClusterCommand, { kind: K }>;

function addressOf(node: Pick<NodeRecord, 'host' | 'port'>): string {
  return `${node.host}:${node.port}`;
}

/** `state` with `changes` made to the record of a known node. */
export function withNode(state: ClusterState, record: NodeRecord): ClusterState {
  return { ...state, nodes: { ...state.nodes, [record.nodeId]: record } };
}

function unknownNode(nodeId: NodeId): Outcome {
  return refused('not_found', `no node "${nodeId}" in this cluster`);
}

/** Why the token does not admit this node, or null. */
function tokenRefusal(token: TokenRecord, node: NodeRecord, at: ApplyPosition): Outcome | null {
  if (token.kind !== 'join') return refused('permission_denied', 'this token does not admit nodes');
  if (token.usedBy !== null) {
    return refused('permission_denied', `the join token was used by ${token.usedBy}`);
  }
  if (token.expires <= at.timestamp) return refused('permission_denied', 'the join token has expired');
  if (token.nodeId !== null && token.nodeId !== node.nodeId) {
    return refused('permission_denied', `the join token is for ${token.nodeId}, not for ${node.nodeId}`);
  }
  if (token.role !== node.suffrage) {
    return refused('permission_denied', `the join token admits a ${token.role}, not a ${node.suffrage}`);
  }
  return null;
}

/** Instance and key together: the first can be read in the log, the second has to be proved. */
function isSameDisk(holder: DiskFacts, claimant: DiskFacts): boolean {
  return holder.instanceId === claimant.instanceId && holder.keySha256 === claimant.keySha256;
}

type DiskFacts = Pick<NodeRecord, 'instanceId' | 'keySha256'>;

/** Why the id or the address can't be given to this instance, or null. */
function placeRefusal(state: ClusterState, node: NodeRecord): Outcome | null {
  const records = Object.values(state.nodes);
  const holder = own(state.nodes, node.nodeId);
  if (holder !== undefined && !isSameDisk(holder, node)) {
    const text = `node id "${node.nodeId}" is in use by the node at ${addressOf(holder)}; the one at`;
    return refused('conflict', `${text} ${addressOf(node)} needs another`, {
      node_id: node.nodeId,
      holder: addressOf(holder),
      claimant: addressOf(node),
    });
  }
  const neighbour = records.find((n) => n.nodeId !== node.nodeId && addressOf(n) === addressOf(node));
  if (neighbour !== undefined) {
    return refused('conflict', `${addressOf(node)} is the address of ${neighbour.nodeId}`);
  }
  if (state.removed.some((r) => r.nodeId === node.nodeId && r.instanceId === node.instanceId)) {
    const text = `this instance of ${node.nodeId} was removed from the cluster: empty its data folder first`;
    return refused('failed_precondition', text);
  }
  const others = records.filter((n) => n.nodeId !== node.nodeId);
  if (others.length >= LIMITS.maxMembers) {
    return refused('failed_precondition', `a cluster has at most ${LIMITS.maxMembers} nodes`);
  }
  const voters = others.filter((n) => seatOf(n) === 'voter').length;
  if (node.suffrage === 'voter' && voters >= LIMITS.maxVoters) {
    const text = `a cluster has at most ${LIMITS.maxVoters} voters: join ${node.nodeId} as observer`;
    return refused('failed_precondition', text);
  }
  return null;
}

/** Admission spends the token in the same step: of two nodes with one token exactly one gets in. */
export function admitNode(state: ClusterState, command: CommandOf<'node-admit'>, at: ApplyPosition): Outcome {
  const { node, tokenId } = command;
  const holder = own(state.nodes, node.nodeId);
  const token = tokenId === null ? null : own(state.tokens, tokenId);
  if (token === undefined) return refused('permission_denied', 'the join token is unknown or was revoked');
  if (token?.usedBy === node.nodeId && holder !== undefined && isSameDisk(holder, node)) {
    // the answer to the first try was lost: the same disk may ask again
    return done(state, [], { nodeId: node.nodeId, suffrage: holder.suffrage, repeated: true });
  }
  const why = placeRefusal(state, node) ?? (token === null ? null : tokenRefusal(token, node, at));
  if (why !== null) return why;
  const record: NodeRecord = {
    ...node,
    joinedAt: holder?.joinedAt ?? at.timestamp,
    liveness: 'alive',
    livenessSince: at.timestamp,
  };
  const admitted = withNode(state, record);
  const tokens =
    token === null ? state.tokens : { ...state.tokens, [token.id]: { ...token, usedBy: node.nodeId } };
  const event: EventDraft = {
    kind: 'node-admitted',
    nodeId: node.nodeId,
    message: `${node.nodeId} (${addressOf(node)}) was admitted as ${node.suffrage}`,
    data: { host: node.host, port: node.port, suffrage: node.suffrage, zone: node.zone },
  };
  const value = { nodeId: node.nodeId, suffrage: node.suffrage, repeated: false };
  return done({ ...admitted, tokens }, [event], value);
}

function stepEvents({ nodeId, steps }: CommandOf<'node-started'>): EventDraft[] {
  const total = SEED_START_STEPS.length;
  return steps.slice(0, total).map(({ name, ms }, n) => ({
    kind: 'node-start-step',
    nodeId,
    message: `${nodeId} start step ${n + 1}/${total} ${name}: ${ms} ms`,
    data: { step: n + 1, steps: total, name, ms },
  }));
}

export function startedNode(
  state: ClusterState,
  command: CommandOf<'node-started'>,
  at: ApplyPosition,
): Outcome {
  const { nodeId, instanceId, bootCounter, host, port, clientPort, peerPort, metricsPort, version } = command;
  const record = own(state.nodes, nodeId);
  if (record === undefined) return unknownNode(nodeId);
  if (record.instanceId !== instanceId) {
    const text = `node id "${nodeId}" belongs to the instance at ${addressOf(record)}, not to the one at`;
    return refused('conflict', `${text} ${addressOf(command)}`, {
      node_id: nodeId,
      holder: addressOf(record),
      claimant: addressOf(command),
    });
  }
  if (bootCounter < record.bootCounter) {
    const text = `${nodeId} says it is start ${bootCounter}, start ${record.bootCounter} was here already`;
    return refused('conflict', `${text}: its data folder is an old copy`);
  }
  if (bootCounter === record.bootCounter && record.startedAt !== null) {
    if (addressOf(record) === addressOf(command)) return done(state, [], { repeated: true });
    // a start has one address: the folder was copied while nobody ran it, and both copies were started
    const text = `start ${bootCounter} of ${nodeId} runs at ${addressOf(record)}, the one at`;
    return refused('conflict', `${text} ${addressOf(command)} uses a copy of its data folder`, {
      node_id: nodeId,
      holder: addressOf(record),
      claimant: addressOf(command),
    });
  }
  const neighbour = Object.values(state.nodes).find(
    (n) => n.nodeId !== nodeId && addressOf(n) === addressOf(command),
  );
  if (neighbour !== undefined) {
    return refused('conflict', `${addressOf(command)} is the address of ${neighbour.nodeId}`);
  }
  const started: NodeRecord = {
    ...record,
    ...{ host, port, clientPort, peerPort, metricsPort, version, bootCounter },
    startedAt: at.timestamp,
    liveness: 'alive',
    livenessSince: record.liveness === 'alive' ? record.livenessSince : at.timestamp,
  };
  const event: EventDraft = {
    kind: 'node-started',
    nodeId,
    message: `${nodeId} started (${addressOf(command)}, version ${version}, start ${bootCounter})`,
    data: { host, port, version, boot_counter: bootCounter, previous_liveness: record.liveness },
  };
  const back = readmission(record);
  const events = [...stepEvents(command), event, ...(back === null ? [] : [back])];
  return done(withNode(state, started), events, { repeated: false });
}

function wordsText(metadata: Readonly<Record<string, string>>): string {
  const words = Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1));
  return words.length === 0 ? 'none' : words.map(([key, value]) => `${key}=${value}`).join(', ');
}

function isSame(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => own(b, key) === a[key]);
}

/** Why the update is refused: somebody wrote something else meanwhile; null = nobody did. */
function overtaken(record: NodeRecord, expect: NodeWords): Outcome | null {
  const { nodeId, zone, metadata } = record;
  const why: string[] = [];
  if (expect.zone !== undefined && expect.zone !== zone)
    why.push(`the zone of ${nodeId} is "${zone}" by now, not "${expect.zone}"`);
  if (expect.metadata !== undefined && !isSame(expect.metadata, metadata))
    why.push(`the metadata of ${nodeId} is ${wordsText(metadata)} by now, not ${wordsText(expect.metadata)}`);
  if (why.length === 0) return null;
  return refused('conflict', why.join('; '), { expected: expect, found: { zone, metadata } });
}

export function updateNode(state: ClusterState, command: CommandOf<'node-update'>): Outcome {
  const { nodeId, zone, metadata, expect = {} } = command;
  const record = own(state.nodes, nodeId);
  if (record === undefined) return unknownNode(nodeId);
  const conflict = overtaken(record, expect);
  if (conflict !== null) return conflict;
  const updated = { ...record, zone: zone ?? record.zone, metadata: metadata ?? record.metadata };
  const event: EventDraft = {
    kind: 'node-updated',
    nodeId,
    message: `${nodeId} is in zone "${updated.zone}"`,
    data: { zone: updated.zone, metadata: updated.metadata },
  };
  return done(withNode(state, updated), [event]);
}

export function stoppedNode(
  state: ClusterState,
  { nodeId }: CommandOf<'node-stopped'>,
  at: ApplyPosition,
): Outcome {
  const record = own(state.nodes, nodeId);
  if (record === undefined) return unknownNode(nodeId);
  if (record.liveness === 'left') return done(state, []);
  const stopped: NodeRecord = { ...record, liveness: 'left', livenessSince: at.timestamp };
  const message = `${nodeId} stopped on purpose`;
  return done(withNode(state, stopped), [{ kind: 'node-stopped', nodeId, message, data: {} }]);
}

/** The verdict of record follows gossip's: once the leader has committed it, everybody reads the same. */
export function judgeNode(
  state: ClusterState,
  command: CommandOf<'node-liveness'>,
  at: ApplyPosition,
): Outcome {
  const { nodeId, liveness, by, cause } = command;
  const record = own(state.nodes, nodeId);
  if (record === undefined) return unknownNode(nodeId);
  // a node that left on purpose is not dead, and a verdict that stands is not said twice
  if (record.liveness === liveness || (record.liveness === 'left' && liveness === 'dead')) {
    return done(state, []);
  }
  const judged: NodeRecord = { ...record, liveness, livenessSince: at.timestamp };
  const event: EventDraft =
    liveness === 'dead'
      ? {
          kind: 'node-dead',
          nodeId,
          severity: 'warning',
          message: `${nodeId} is dead: ${cause}`,
          data: { by, cause },
        }
      : { kind: 'node-alive', nodeId, message: `${nodeId} is alive: ${cause}`, data: { by, cause } };
  const back = liveness === 'alive' ? readmission(record) : null;
  return done(withNode(state, judged), back === null ? [event] : [event, back]);
}

/**
 * Leaves for good. The Raft group must have let it go before: removal of the primary's own record is
 * refused.
 */
export function removeNode(
  state: ClusterState,
  command: CommandOf<'node-remove'>,
  at: ApplyPosition,
): Outcome {
  const { nodeId, reason } = command;
  const record = own(state.nodes, nodeId);
  if (record === undefined) return unknownNode(nodeId);
  if (state.primary.nodeId === nodeId) {
    return refused('failed_precondition', `${nodeId} is the primary: move it away first`);
  }
  const { instanceId, keySha256 } = record;
  const gone = { nodeId, instanceId, keySha256, at: at.timestamp };
  const event: EventDraft = {
    kind: 'node-removed',
    nodeId,
    severity: 'warning',
    message: `${nodeId} was removed${reason === '' ? '' : `: ${reason}`}`,
    data: { reason, host: record.host, port: record.port },
  };
  const left: ClusterState = {
    ...state,
    nodes: without(state.nodes, nodeId),
    maintenance: without(state.maintenance, nodeId),
    ...(state.drains === undefined ? {} : { drains: without(state.drains, nodeId) }),
    alerts: state.alerts.filter((a) => a.nodeId !== nodeId),
    removed: [...state.removed, gone].slice(-LIMITS.removedNodesKept),
  };
  return done(left, [event]);
}
