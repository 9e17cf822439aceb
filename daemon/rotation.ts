/** What the leader adds to a rotation of the CA: the new CA itself, and who still shows one of the old. */
import { X509Certificate } from 'node:crypto';
import type { Identity } from '../src/auth/index.ts';
import { SqlccError } from '../src/base/index.ts';
import type { NewAuthority, RotationRequest } from '../src/cluster/index.ts';
import { bridgeAuthorities, createAuthority, isSignedBy, spkiFingerprint } from '../src/pki/index.ts';
import { keepNextKey, readPki, signerOf } from './data-files.ts';
import { type NodeContext, requireCluster } from './node-context.ts';

/** As far as this node was shown certificates since its start. */
export function oldHolders(
  context: NodeContext,
  caller: Identity,
): Pick<RotationRequest, 'isOwnOld' | 'old'> {
  const beside = context.state.cluster?.authorities?.beside ?? null;
  if (beside === null) return { isOwnOld: false, old: [] };
  const ca = new X509Certificate(beside.certPem);
  const { nodes } = requireCluster(context);
  const old = context.seen
    .list()
    .filter(({ certificate, identity }) => !Object.hasOwn(nodes, identity.id) && isSignedBy(certificate, ca))
    .map(({ identity }) => identity);
  const isOwnOld = old.some(({ serial }) => serial !== null && serial === caller.serial);
  return { isOwnOld, old: [...new Set(old.map(({ id }) => id))] };
}

let isBeginning = false;

/** One at a time, from the plan on: a second new CA would overwrite the key of the first on this disk. */
export async function oneRotation<T>(begin: () => Promise<T>): Promise<T> {
  if (isBeginning) throw new SqlccError('conflict', 'another rotation of the CA is beginning');
  isBeginning = true;
  try {
    return await begin();
  } finally {
    isBeginning = false;
  }
}

/**
 * A new CA for the cluster, whose key lies on this disk and, once they have asked, on those of the other
 * voters; undefined where a rotation goes on with the CA that it has.
 */
export async function freshAuthority(context: NodeContext): Promise<NewAuthority | undefined> {
  const { clusterId, name: clusterName, authorities } = requireCluster(context);
  if (authorities?.stage === 'issuing') return undefined;
  const { dataDir } = context.facts;
  const signer = signerOf(readPki(dataDir));
  if (signer === null) {
    const hint =
      'a new voter fetches it within seconds: try again, or have another one lead: sqlcc cluster switchover';
    throw new SqlccError('failed_precondition', 'this node holds no CA key', { hint });
  }
  const now = Date.now();
  const next = await createAuthority({ clusterId, clusterName, now });
  const bridgePem = await bridgeAuthorities(signer, next, now);
  keepNextKey(dataDir, next.keyPem);
  const named = (certPem: string) => ({ sha256: spkiFingerprint(certPem), certPem });
  return { signing: named(signer.certPem), next: named(next.certPem), bridgePem };
}
