/**
 * After each start a node tells the cluster that it runs, where it listens and which
 * start of its data directory this is. The leader puts it into the log itself, others
 * ask the leader. It goes on until it is recorded: the record is how the others learn
 * a changed address. A refusal (another disk holds this id) ends the daemon.
 */
import type { AnnounceRequest } from '../src/api/index.ts';
import type { ErrorCode, Logger, NodeId } from '../src/base/index.ts';
import { SqlccError } from '../src/base/index.ts';
import type { HttpClient } from '../src/rpc/index.ts';
import { resultOf } from './applied.ts';
import type { ConsensusLink } from './consensus-link.ts';
import { advertisedHost, type NodeParts } from './node-parts.ts';
import type { LeaderAddress } from './protocol.ts';
import type { Reads } from './reads.ts';
import { encodeCommand } from './requests.ts';
import { announcement } from './routes/cluster.ts';
import type { StepTime } from './startable.ts';
import { VERSION } from './version.ts';

const RETRY_MS = 200;
const TIMEOUT_MS = 2000;
/**
 * Answers that asking again does not change: another disk holds the id, or the cluster does not know this
 * node.
 */
const FINAL: readonly ErrorCode[] = ['conflict', 'not_found', 'unauthenticated'];
/** Why TLS did not believe a certificate that may be good to another clock. */
const OF_TIME = /CERT_(HAS_EXPIRED|NOT_YET_VALID)/;
/**
 * A refusal counts as final when it has stood this long: a leader that has just started may still be reading
 * its log.
 */
const FINAL_AFTER_MS = 3000;

export interface AnnounceParts {
  readonly nodeId: NodeId;
  readonly consensus: ConsensusLink;
  readonly reads: Reads;
  readonly http: HttpClient;
  readonly logger: Logger;
}

/** What a node says of this start. */
export function startWords(
  { facts, bootCounter, inForce }: Pick<NodeParts, 'facts' | 'bootCounter' | 'inForce'>,
  steps: readonly StepTime[],
): AnnounceRequest {
  const { network, monitoring } = inForce.config;
  return {
    instance_id: facts.instanceId,
    boot_counter: bootCounter,
    host: advertisedHost(inForce.config),
    port: network.port,
    client_port: network.clientPort,
    peer_port: network.peerPort,
    metrics_port: monitoring.metricsPort,
    version: VERSION,
    steps: [...steps],
  };
}

async function once(parts: AnnounceParts, body: AnnounceRequest, attempt: number): Promise<void> {
  const { nodeId, consensus, reads } = parts;
  if (reads.isLeader) {
    const data = encodeCommand(announcement(nodeId, body), nodeId);
    resultOf((await consensus.proposals.propose('command', data, TIMEOUT_MS)).result);
    return;
  }
  // a leader that knows only the old address of this node can't be heard here: any other node knows it
  const others = reads.others();
  const to = reads.leader() ?? others[attempt % Math.max(1, others.length)];
  if (to === undefined) throw new SqlccError('no_leader', 'nobody to announce to');
  const leader = await tell(parts, body, to);
  if (leader !== null && (await tell(parts, body, leader)) !== null)
    throw new SqlccError('not_leader', 'the leader changed');
}

/** Resolves with null when it is recorded, with the leader's address when that is another node. */
async function tell(
  { nodeId, http }: AnnounceParts,
  body: AnnounceRequest,
  to: Pick<LeaderAddress, 'host' | 'port'>,
): Promise<Pick<LeaderAddress, 'host' | 'port'> | null> {
  const answer = await http.request({
    endpoint: `${to.host.includes(':') ? `[${to.host}]` : to.host}:${to.port}`,
    method: 'POST',
    path: `/v1/nodes/${encodeURIComponent(nodeId)}/announce`,
    body,
    timeoutMs: TIMEOUT_MS,
  });
  if (answer.status < 300) return null;
  const error = answer.json() as {
    code?: string;
    message?: string;
    details?: { leader?: LeaderAddress; certificate?: string };
  };
  if (error.code === 'not_leader' && error.details?.leader !== undefined) return error.details.leader;
  // one of the two clocks is wrong, or this node waits for a voter to renew its certificate: both may pass
  const isOfTime = OF_TIME.test(error.details?.certificate ?? '');
  const code = isOfTime ? 'unavailable' : (FINAL.find((c) => c === error.code) ?? 'unavailable');
  const isGone = code === 'unauthenticated' || code === 'not_found';
  throw new SqlccError(
    code,
    error.message ?? `status ${answer.status}`,
    isGone
      ? { hint: 'its data stays; to use this machine again, empty the data folder and join it anew' }
      : { details: { answered: true } },
  );
}

/** What a failed try says about refusals: a node that can't be reached says nothing either way. */
function refusal(error: unknown): 'refused' | 'not refused' | 'silent' {
  if (!(error instanceof SqlccError)) return 'not refused';
  if (FINAL.includes(error.code)) return 'refused';
  return error.details['answered'] === true ? 'not refused' : 'silent';
}

/**
 * Resolves when the start is recorded, or when `signal` aborts; rejects when the cluster goes on refusing it:
 * conflict (another disk holds the id), not_found or unauthenticated (this node was removed).
 */
export async function announce(
  parts: AnnounceParts,
  body: AnnounceRequest,
  signal: AbortSignal,
): Promise<void> {
  let refusedSince: number | null = null;
  let isTold: boolean = false;
  for (let attempt = 0; !signal.aborted; attempt++) {
    try {
      await once(parts, body, attempt);
      return;
    } catch (error) {
      const word = refusal(error);
      if (word === 'refused') refusedSince ??= performance.now();
      else if (word === 'not refused') refusedSince = null;
      if (word === 'refused' && refusedSince !== null && performance.now() - refusedSince > FINAL_AFTER_MS)
        throw error;
      const { message } = error as Error;
      // in the log once: whoever looks there wonders why this node is alone
      const level = !isTold && OF_TIME.test(message) ? 'warn' : 'debug';
      if (level === 'warn') isTold = true;
      parts.logger.log(level, 'announce-retry', { error: message });
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}
