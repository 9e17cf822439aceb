/**
 * How a node introduces itself on a stream to another node: a CONNECT request with
 * some headers, believed only as far as the certificate of this very connection says
 * the same. A certificate of the same CA is not enough (Consul CVE-2021-37219).
 */
import type { X509Certificate } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http2';
import { type Identity, isNodeRole, type NodeClaim } from '../auth/index.ts';
import type { ClusterId, InstanceId, NodeId } from '../base/index.ts';
import { issuerIn, spkiFingerprint } from '../pki/index.ts';
import { parseJson } from './json.ts';
import type { ServerTls } from './tls.ts';
import { splitAddress } from './undici-client.ts';

export type PeerPurpose = 'control' | 'bulk' | 'gossip';
const PURPOSES: readonly string[] = ['control', 'bulk', 'gossip'];

/**
 * Names of the headers; `transfer` holds the JSON of a bulk stream of its own, `address` where the caller is
 * dialled.
 */
export const PEER_HEADERS = {
  stream: 'x-sqlcc-stream',
  node: 'x-sqlcc-node',
  cluster: 'x-sqlcc-cluster',
  instance: 'x-sqlcc-instance',
  transfer: 'x-sqlcc-transfer',
  address: 'x-sqlcc-address',
} as const;

const MAX_TRANSFER_CHARACTERS = 8 * 1024;
/** A host name and a port. */
const MAX_ADDRESS_CHARACTERS = 300;

export type TransferHeader = Readonly<Record<string, unknown>>;

export interface PeerHello {
  readonly peer: NodeId;
  /** What the certificate of this connection says of it. */
  readonly claim: NodeClaim;
  readonly purpose: PeerPurpose;
  /** Where it says that it is dialled, `host:port`; who answers there is checked. Null: it does not say. */
  readonly address: string | null;
  /** Of a bulk stream that was opened for one transfer; null for the stream of messages. */
  readonly transfer: TransferHeader | null;
}

export function helloHeaders(self: {
  readonly clusterId: ClusterId;
  readonly nodeId: NodeId;
  readonly instanceId: InstanceId;
  readonly purpose: PeerPurpose;
  /** Where others dial this node for the purpose; null = nobody needs to know. */
  readonly address: string | null;
}): Record<string, string> {
  return {
    [PEER_HEADERS.stream]: self.purpose,
    [PEER_HEADERS.node]: self.nodeId,
    [PEER_HEADERS.cluster]: self.clusterId,
    [PEER_HEADERS.instance]: self.instanceId,
    ...(self.address === null ? {} : { [PEER_HEADERS.address]: self.address }),
  };
}

export function encodeTransfer(header: TransferHeader): string {
  return Buffer.from(JSON.stringify(header)).toString('base64url');
}

/** Who is at the other end of a connection: its verified certificate, and what that says. */
export interface ShownNode {
  readonly identity: Identity;
  readonly certificate: X509Certificate | null;
}

/** Which CA of a bundle signed it, as claims name it; empty for one that is trusted no more. */
export function authorityOf(certificate: X509Certificate, bundle: string): string {
  const issuer = issuerIn(certificate, bundle);
  return issuer === null ? '' : spkiFingerprint(issuer);
}

function addressIn(headers: IncomingHttpHeaders): string | null {
  const text = headers[PEER_HEADERS.address];
  if (typeof text !== 'string' || text.length > MAX_ADDRESS_CHARACTERS) return null;
  return splitAddress(text) === null ? null : text;
}

/** Who opened the stream and what for, or why it is refused. */
export function readHello(
  headers: IncomingHttpHeaders,
  { identity, certificate }: ShownNode,
  { clusterId, ca }: Pick<ServerTls, 'clusterId' | 'ca'>,
): PeerHello | { readonly refused: string } {
  const purpose = headers[PEER_HEADERS.stream];
  const peer = headers[PEER_HEADERS.node];
  if (typeof purpose !== 'string' || !PURPOSES.includes(purpose))
    return { refused: 'unknown purpose of a stream' };
  if (certificate === null || identity.kind !== 'certificate' || !isNodeRole(identity.role)) {
    return { refused: 'a peer stream needs the certificate of a node' };
  }
  if (headers[PEER_HEADERS.cluster] !== clusterId) return { refused: 'the peer belongs to another cluster' };
  if (peer !== identity.id) return { refused: `node ${identity.id} speaks for ${String(peer).slice(0, 63)}` };
  const { role, serial } = identity;
  const claim = {
    ...{
      nodeId: peer,
      role,
      keySha256: spkiFingerprint(certificate),
      caSha256: authorityOf(certificate, ca),
    },
    ...(serial === null ? {} : { serial }),
  };
  const address = addressIn(headers);
  const text = headers[PEER_HEADERS.transfer];
  if (text === undefined) return { peer, claim, purpose: purpose as PeerPurpose, address, transfer: null };
  if (purpose !== 'bulk' || typeof text !== 'string' || text.length > MAX_TRANSFER_CHARACTERS) {
    return { refused: 'a transfer needs a bulk stream and a short header' };
  }
  const parsed = parseJson(Buffer.from(text, 'base64url').toString());
  if (
    !parsed.ok ||
    typeof parsed.value !== 'object' ||
    parsed.value === null ||
    Array.isArray(parsed.value)
  ) {
    return { refused: 'the header of the transfer is no JSON object' };
  }
  return { peer, claim, purpose: 'bulk', address, transfer: parsed.value as TransferHeader };
}
