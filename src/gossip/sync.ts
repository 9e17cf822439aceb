/**
 * Anti-entropy: news can miss a member, so tables are compared now and then. Each side
 * cuts its table into 64 buckets and sends one hash a bucket; what differs is exchanged
 * whole. An empty table differs everywhere, so joining is the same exchange.
 */
import type { NodeId } from '../base/index.ts';
import { SYNC_BUCKETS } from './codec.ts';
import { hashText, memberHash } from './hash.ts';
import { rankOf } from './member-list.ts';
import type { ClaimState, Incarnation, ObserverKey } from './types.ts';
import { levelOf, QUIET } from './votes.ts';

/**
 * What two tables must agree on: a claim, and who accuses the member. A withdrawal is said in news only, and
 * whose news was lost would suspect for ever.
 */
export interface Claim {
  readonly nodeId: NodeId;
  readonly incarnation: Incarnation;
  readonly state: ClaimState;
  readonly opinions: ReadonlyMap<ObserverKey, number>;
}

export function bucketOf(nodeId: NodeId): number {
  return hashText(nodeId, 0x73796e63) % SYNC_BUCKETS;
}

/** Puts a claim into its bucket's hash, or takes it out. Of whom nobody has heard, nothing is claimed. */
export function flipClaim(hashes: number[], claim: Claim): void {
  if (claim.incarnation.boot === 0) return;
  const bucket = bucketOf(claim.nodeId);
  let own = memberHash(claim.nodeId, claim.incarnation, rankOf(claim.state));
  // of those who ended, opinions are not exchanged any more
  if (claim.state === 'alive') {
    for (const [observer, count] of claim.opinions) {
      if (levelOf(count) !== QUIET) own ^= hashText(claim.nodeId, observer + count);
    }
  }
  hashes[bucket] = ((hashes[bucket] as number) ^ own) >>> 0;
}

/** One hash a bucket; order of the members does not matter. */
export function bucketHashes(claims: Iterable<Claim>): number[] {
  const hashes = new Array<number>(SYNC_BUCKETS).fill(0);
  for (const claim of claims) flipClaim(hashes, claim);
  return hashes;
}

/** Buckets in which two tables differ. */
export function differingBuckets(a: readonly number[], b: readonly number[]): number[] {
  const differ: number[] = [];
  for (let n = 0; n < SYNC_BUCKETS; n++) if (a[n] !== b[n]) differ.push(n);
  return differ;
}
