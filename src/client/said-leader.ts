/** Who leads by a status: every node says so, whichever was asked. */
import type { ResponseOf } from '../api/index.ts';
import type { LeaderTracker } from './leader-tracker.ts';
import type { Endpoint } from './wire.ts';

/** What a status says of who leads goes to `tracker`, where the addresses of leader and teller are known. */
export function heedLeader(
  { raft, cluster }: Pick<ResponseOf<'status'>, 'raft' | 'cluster'>,
  addresses: ReadonlyMap<string, Endpoint>,
  tracker: LeaderTracker,
): void {
  const leader = raft.leader_id === null ? undefined : addresses.get(raft.leader_id);
  const from = addresses.get(cluster.read.node_id);
  if (leader !== undefined && from !== undefined) tracker.hint({ leader, term: raft.term, from });
}
