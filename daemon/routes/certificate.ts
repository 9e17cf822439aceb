/**
 * A voter signs a node's certificate anew, for nodes that hold no key of the CA. What
 * is signed comes from the record: role, host, and the key that was pinned when the
 * node was admitted; so the caller can gain nothing but time.
 */
import type { AuthorityKeyRequest, AuthorityRequest, RenewRequest } from '../../src/api/index.ts';
import { SqlccError } from '../../src/base/index.ts';
import { type NodeRecord, seatOf } from '../../src/cluster/index.ts';
import { certificateOfKey, issueNode, keyFingerprint } from '../../src/pki/index.ts';
import type { Answer, Call } from '../../src/rpc/index.ts';
import { resultOf } from '../applied.ts';
import { readNextKey, readPki, signerOf } from '../data-files.ts';
import { type NodeContext, proposeCommand, requireCluster } from '../node-context.ts';
import { borrowedHost } from './join.ts';

/** The record of the caller; throws permission_denied for another node, or another key than on record. */
function ownRecord(context: NodeContext, call: Call, publicKeyPem: string): NodeRecord {
  const nodeId = call.params['id'] ?? '';
  const { nodes } = requireCluster(context);
  const record = Object.hasOwn(nodes, nodeId) ? nodes[nodeId] : undefined;
  if (call.identity.id !== nodeId || record === undefined) {
    throw new SqlccError('permission_denied', `${call.identity.id} gets no certificate for ${nodeId}`);
  }
  if (record.keySha256 === null || keyFingerprint(publicKeyPem) !== record.keySha256) {
    throw new SqlccError('permission_denied', `this is not the key of ${nodeId} on record`, {
      hint: 'take the node out with "sqlcc node leave" and join it again',
    });
  }
  return record;
}

export async function renewCertificate(context: NodeContext, call: Call): Promise<Answer> {
  const { public_key: publicKeyPem } = call.body as RenewRequest;
  const record = ownRecord(context, call, publicKeyPem);
  const { nodeId, suffrage, host } = record;
  const other = borrowedHost(requireCluster(context), { node_id: nodeId, host }, suffrage);
  if (other !== null) throw new SqlccError('conflict', `${host} is the host of ${other}`);
  const authority = signerOf(readPki(context.facts.dataDir));
  if (authority === null) {
    throw new SqlccError('failed_precondition', 'this node holds no CA key', { hint: 'ask a voter' });
  }
  const certificate = await issueNode({
    authority,
    clusterId: context.facts.clusterId,
    ...{ nodeId, role: seatOf(record), hosts: [host], publicKeyPem, now: Date.now() },
  });
  context.logger.log('info', 'certificate-signed', { node: nodeId });
  // who votes since a replacement must be able to sign too: an administrator wanted it so
  const isSeated = suffrage === 'observer' && seatOf(record) === 'voter';
  if (isSeated) context.logger.log('warn', 'ca-key-given', { node: nodeId });
  return { body: { certificate, ca_key: isSeated ? authority.keyPem : null } };
}

/**
 * The key of a CA that replaces another, for a voter: it holds the key of the one before already. The record
 * says which CAs there are, and the caller is believed no further than its own name on record.
 */
export async function authorityKey(context: NodeContext, call: Call): Promise<Answer> {
  const nodeId = call.params['id'] ?? '';
  const { nodes, authorities } = requireCluster(context);
  const record = Object.hasOwn(nodes, nodeId) ? nodes[nodeId] : undefined;
  if (call.identity.id !== nodeId || record === undefined || seatOf(record) !== 'voter')
    throw new SqlccError('permission_denied', `${call.identity.id} gets no key of a CA for ${nodeId}`);
  const { sha256 } = call.body as AuthorityKeyRequest;
  const wanted = [authorities?.signing, authorities?.beside].find((ca) => ca?.sha256 === sha256);
  if (wanted == null) throw new SqlccError('not_found', 'no CA of that key is on record');
  const { dataDir } = context.facts;
  const held = [readPki(dataDir).caKey, readNextKey(dataDir)].filter((key) => key !== null);
  const key = held.find((keyPem) => certificateOfKey(keyPem, wanted.certPem) !== null) ?? null;
  if (key !== null) context.logger.log('warn', 'ca-key-given', { node: nodeId });
  return { body: { ca_key: key } };
}

/** The certificate must be that node's own. */
export async function followAuthority(context: NodeContext, call: Call): Promise<Answer> {
  const nodeId = call.params['id'] ?? '';
  if (call.identity.id !== nodeId)
    throw new SqlccError('permission_denied', `${call.identity.id} may not speak for ${nodeId}`);
  await context.reads.requireLeader(call.remainingMs());
  const command = { kind: 'authority-followed', nodeId, ...(call.body as AuthorityRequest) } as const;
  resultOf((await proposeCommand(context, command, call)).result);
  context.pokeDuties();
  return { body: {} };
}
