/**
 * Which node a certificate still stands for. The CA's word is not enough: a disk that
 * was removed keeps a valid certificate for months, and its name may belong to a new
 * disk by then. The replicated record pins the key of each node's disk; renewing a
 * certificate keeps the key, joining anew makes another one.
 */
import type { NodeRole } from './roles.ts';

/** What a certificate says about a node, and the SHA-256 of its public key (SPKI), hex. */
export interface NodeClaim {
  readonly nodeId: string;
  readonly role: NodeRole;
  readonly keySha256: string;
  /** Serial number of the certificate, hex; absent where only the key is known. */
  readonly serial?: string;
  /** SHA-256 of the key of the CA that signed it, hex; absent where only the key is known. */
  readonly caSha256?: string;
}

/** The nodes on record and those that were removed; the replicated state is one of these. */
export interface NodeRoster {
  readonly nodes: Readonly<
    Record<
      string,
      {
        readonly suffrage: NodeRole;
        readonly keySha256: string | null;
        /** Its part since a replacement; the certificate may say the one or the other. */
        readonly seat?: NodeRole;
      }
    >
  >;
  readonly removed: readonly { readonly nodeId: string; readonly keySha256: string | null }[];
  /** Certificates that were called back; those by name are people's. */
  readonly revoked: readonly { readonly serial: string | null }[];
  /** The CAs that count, once one was replaced: a connection may be older than the end of its CA. */
  readonly authorities?: {
    readonly signing: { readonly sha256: string };
    readonly beside: { readonly sha256: string } | null;
  };
}

function goneCa({ authorities }: NodeRoster, { nodeId, caSha256 }: NodeClaim): string | null {
  if (authorities === undefined || caSha256 === undefined) return null;
  const { signing, beside } = authorities;
  if (caSha256 === signing.sha256 || caSha256 === beside?.sha256) return null;
  return `the certificate of ${nodeId} is of a CA that was replaced`;
}

/**
 * Why the holder of that certificate is not, or not any more, the node of the record; null when nothing
 * speaks against it. A name that is not on record is no reason: a node that was away long knows the others
 * of then, and must hear the leader of now.
 */
export function nodeRefusal(roster: NodeRoster | null, claim: NodeClaim): string | null {
  if (roster === null) return null;
  const { nodeId, role, keySha256, serial } = claim;
  if (serial !== undefined && roster.revoked.some((r) => r.serial === serial))
    return `certificate ${serial} of ${nodeId} was revoked`;
  const record = Object.hasOwn(roster.nodes, nodeId) ? roster.nodes[nodeId] : undefined;
  if (record === undefined) {
    const wasRemoved = roster.removed.some((r) =>
      (r.keySha256 ?? null) === null ? r.nodeId === nodeId : r.keySha256 === keySha256,
    );
    if (wasRemoved) return `node ${nodeId} was removed from this cluster`;
    return goneCa(roster, claim);
  }
  // records of before keys were kept have none
  const pinned = record.keySha256 ?? null;
  if (pinned !== null && pinned !== keySha256)
    return `node ${nodeId} has another key on record: this certificate is of a disk that was replaced`;
  // a key on record speaks for itself; of any other the CA is the only word
  const gone = pinned === null ? goneCa(roster, claim) : null;
  if (gone !== null) return gone;
  // a vote that moved brings a certificate of the other role, and the old one counts until then
  if (record.suffrage !== role && record.seat === undefined)
    return `node ${nodeId} is ${record.suffrage} on record, not ${role}`;
  return null;
}
