/**
 * Where the parts of a node hear of each other: what was applied goes to waiting
 * callers, watchers and streams; what Raft and gossip say becomes events; a broken
 * connection is evidence for both. Wiring only: each line hands something on.
 */
import type { LogFields, Logger, LogIndex, NodeId } from '../src/base/index.ts';
import type { RaftEvent } from '../src/raft/index.ts';
import type { ConsensusLink } from './consensus-link.ts';
import type { EventHub } from './event-hub.ts';
import type { GossipDriver } from './gossip-driver.ts';
import type { KeyWatch } from './key-watch.ts';
import type { ConsensusToMain, StateToMain } from './protocol.ts';
import { ownEvent } from './raft-events.ts';

/**
 * Without a leader for this long, writes that wait learn that their outcome is unknown (the limit for
 * clients is 2 s).
 */
const LEADERLESS_FAIL_MS = 1500;

export interface EventParts {
  readonly nodeId: NodeId;
  readonly consensus: ConsensusLink;
  readonly hub: EventHub;
  readonly keys: KeyWatch;
  readonly gossip: GossipDriver;
  readonly logger: Logger;
}

export interface NodeEvents {
  onApplied(message: Extract<StateToMain, { kind: 'applied' }>): void;
  onRestored(index: LogIndex): void;
  onDiverged(peer: NodeId, index: LogIndex): void;
  onSnapshot(message: Extract<StateToMain, { kind: 'snapshot-made' }>): void;
  onRaft(batch: Extract<ConsensusToMain, { kind: 'events' }>['events']): void;
  onStatus(): void;
  onPeer(peer: NodeId, status: 'lost' | 'dead' | 'restored'): void;
  onVerdict(peer: NodeId, liveness: Liveness, by: readonly NodeId[], cause: string): void;
  /** Called with each election that this node won; set once by NodeManager. */
  elected: (event: Extract<RaftEvent, { kind: 'elected' }>) => void;
  /** Called when the replicated record may have changed. */
  clusterChanged: () => void;
}

type Liveness = 'alive' | 'suspect' | 'dead' | 'left';

const VERDICT_KIND = {
  alive: 'member-alive',
  suspect: 'member-suspect',
  dead: 'member-failed',
  left: 'member-left',
} as const;

/** Fields for a log line: what is no scalar becomes JSON. */
function flat(fields: Readonly<Record<string, unknown>>): LogFields {
  const entries = Object.entries(fields).map(([name, value]): [string, string | number | boolean | null] =>
    typeof value === 'object' && value !== null
      ? [name, JSON.stringify(value)]
      : [name, value as string | number | boolean | null],
  );
  return Object.fromEntries(entries);
}

export function nodeEvents(parts: EventParts): NodeEvents {
  const { nodeId, consensus, hub, keys, gossip, logger } = parts;
  let leaderlessSince: number | null = null;
  let campaigns = '';
  const own = (event: Parameters<EventHub['publishOwn']>[0]): void => hub.publishOwn(event);

  const events: NodeEvents = {
    elected: () => {},
    clusterChanged: () => {},

    onApplied(message) {
      consensus.proposals.onApplied(message.results);
      keys.publish(message.kvChanges, message.appliedIndex);
      hub.publish(message.events, message.appliedIndex);
      if (message.clusterState !== null) events.clusterChanged();
    },

    onRestored(index) {
      keys.reset(index);
      hub.reset(index, Date.now());
      events.clusterChanged();
      const message = `${nodeId} took over a snapshot at ${index}`;
      own({ kind: 'snapshot-installed', severity: 'info', nodeId, at: Date.now(), message, data: { index } });
    },

    onDiverged(peer, index) {
      logger.log('error', 'replica-diverged', { peer, index });
      const advice = 'do not trust it: take it out and join it anew';
      const message = `${peer} computed another result than ${nodeId} up to ${index}; ${advice}`;
      own({
        kind: 'replica-diverged',
        severity: 'critical',
        nodeId: peer,
        at: Date.now(),
        message,
        data: { index },
      });
    },

    onSnapshot({ index, size, ms }) {
      const message = `${nodeId} made a snapshot at ${index} (${size} bytes, ${ms} ms)`;
      own({
        kind: 'snapshot-made',
        severity: 'info',
        nodeId,
        at: Date.now(),
        message,
        data: { index, size, ms },
      });
    },

    onRaft(batch) {
      for (const { at, event } of batch) {
        const { kind, ...fields } = event;
        logger.log('info', `raft-${kind}`, flat(fields));
        if (event.kind === 'leader-changed') campaigns = '';
        if (event.kind === 'campaign-started') {
          // without a majority a node asks again and again: once is news
          const key = `${event.term} ${event.campaign}`;
          if (key === campaigns) continue;
          campaigns = key;
        }
        const shown = ownEvent(nodeId, at, event);
        if (shown !== null) own(shown);
        if (event.kind === 'elected') events.elected(event);
      }
      events.onStatus();
    },

    onStatus() {
      const status = consensus.status;
      if (status === null || status.leaderId !== null) {
        leaderlessSince = null;
        return;
      }
      leaderlessSince ??= performance.now();
      if (performance.now() - leaderlessSince < LEADERLESS_FAIL_MS) return;
      consensus.proposals.failAll('no leader: a majority of the voters does not answer');
    },

    onPeer(peer, status) {
      logger.log('info', 'peer-connection', { peer, status });
      if (status === 'dead' || status === 'restored') gossip.evidence(peer, status);
    },

    onVerdict(peer, liveness, by, cause) {
      if (liveness === 'dead') consensus.hint(peer, 'lost');
      if (liveness === 'alive') consensus.hint(peer, 'restored');
      const severity = liveness === 'dead' ? 'critical' : liveness === 'suspect' ? 'warning' : 'info';
      const message = `${nodeId} sees ${peer} ${liveness}${cause === '' ? '' : `: ${cause}`}`;
      own({
        kind: VERDICT_KIND[liveness],
        severity,
        nodeId: peer,
        at: Date.now(),
        message,
        data: { by, cause },
      });
      logger.log('info', 'member', { peer, liveness, cause });
    },
  };
  return events;
}
