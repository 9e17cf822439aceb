/** The last duty of a leader that is told to stop: its office goes to another node before anything closes. */
import type { Logger } from '../src/base/index.ts';
import type { ConsensusLink } from './consensus-link.ts';

/** No write waits for an election timeout while somebody takes over within this. */
const TRANSFER_MS = 2000;
/**
 * Its streams stay open this long behind that: callers hear who leads now instead of a broken connection, and
 * the successor commits its first writes before it has to clear up behind a peer that is gone.
 */
const LINGER_MS = 250;

export async function handOver(
  consensus: Pick<ConsensusLink, 'status' | 'transfer'>,
  logger: Logger,
): Promise<void> {
  const { status } = consensus;
  if (status?.role !== 'leader' || status.membership.voters.length < 2) return;
  const outcome = await consensus.transfer(null, TRANSFER_MS);
  logger.log('info', 'handed-over', { ok: outcome.ok, reason: outcome.reason });
  if (outcome.ok) await new Promise((resolve) => setTimeout(resolve, LINGER_MS));
}
