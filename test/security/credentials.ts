/** Certificates for tests of who gets in: signed with the real authority of a test's cluster, or with a stranger's. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DemoCluster } from '../../daemon/demo-cluster.ts';
import { isNodeRole, type NodeRole, type PersonRole } from '../../src/auth/index.ts';
import { type Authority, createAuthority, createCsr, issueNode, issuePerson } from '../../src/pki/index.ts';

export const DAY_MS = 86_400_000;

export interface Holder {
  readonly role: NodeRole | PersonRole;
  readonly id: string;
  /** When it was signed; default now. */
  readonly now?: number;
  /** Another cluster than the authority's own. */
  readonly clusterId?: string;
  readonly validForMs?: number;
}

export interface Certified {
  readonly cert: string;
  readonly key: string;
}

/** An authority, and the cluster that its certificates speak of. */
export class Signer {
  readonly authority: Authority;
  readonly clusterId: string;

  private constructor(authority: Authority, clusterId: string) {
    this.authority = authority;
    this.clusterId = clusterId;
  }

  /** With the key that every voter holds. */
  static of(cluster: DemoCluster): Signer {
    const [first] = cluster.nodes;
    const read = (file: string): string => readFileSync(join(first?.dataDir ?? '', file), 'utf8');
    const { clusterId } = JSON.parse(read('identity.json')) as { clusterId: string };
    return new Signer({ certPem: read('pki/ca.crt'), keyPem: read('pki/ca.key') }, clusterId);
  }

  /** Somebody else, who claims the same cluster. */
  static async stranger(clusterId: string): Promise<Signer> {
    const authority = await createAuthority({ clusterId, clusterName: 'stranger', now: Date.now() });
    return new Signer(authority, clusterId);
  }

  async issue(holder: Holder): Promise<Certified> {
    const { authority } = this;
    const clusterId = holder.clusterId ?? this.clusterId;
    const now = holder.now ?? Date.now();
    const term = holder.validForMs === undefined ? {} : { validForMs: holder.validForMs };
    if (!isNodeRole(holder.role)) {
      const grant = { authority, clusterId, name: holder.id, role: holder.role, now, ...term };
      const { certPem, keyPem } = await issuePerson(grant);
      return { cert: certPem, key: keyPem };
    }
    const { csrPem, keyPem } = await createCsr(holder.id);
    const hosts = ['127.0.0.1'];
    const grant = { authority, clusterId, nodeId: holder.id, role: holder.role, hosts, csrPem, now, ...term };
    return { cert: await issueNode(grant), key: keyPem };
  }
}
