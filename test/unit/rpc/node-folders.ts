/** A cluster's CA and `pki` folders of nodes in a temporary place, made by the real signer. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeRole, PersonRole } from '../../../src/auth/index.ts';
import {
  type Authority,
  createAuthority,
  createCsr,
  issueNode,
  issuePerson,
} from '../../../src/pki/index.ts';
import type { ClientTls } from '../../../src/rpc/index.ts';

export const CLUSTER_ID = 'c0ffee00-0000-4000-8000-000000000001';

export interface NodeFolderOptions {
  readonly role?: NodeRole;
  readonly clusterId?: string;
  readonly now?: number;
  readonly validForMs?: number;
}

export class NodeFolders {
  readonly dir: string;
  readonly authority: Authority;

  private constructor(dir: string, authority: Authority) {
    this.dir = dir;
    this.authority = authority;
  }

  static async create(clusterId: string = CLUSTER_ID): Promise<NodeFolders> {
    const dir = mkdtempSync(join(tmpdir(), 'sqlcc-rpc-'));
    return new NodeFolders(dir, await createAuthority({ clusterId, clusterName: 'test', now: Date.now() }));
  }

  /** The `pki` folder of a node with a fresh key and certificate. */
  async node(nodeId: string, options: NodeFolderOptions = {}): Promise<string> {
    const pkiDir = join(this.dir, nodeId, 'pki');
    mkdirSync(pkiDir, { recursive: true, mode: 0o700 });
    const { csrPem, keyPem } = await createCsr(nodeId);
    const certificate = await issueNode({
      authority: this.authority,
      clusterId: options.clusterId ?? CLUSTER_ID,
      nodeId,
      role: options.role ?? 'voter',
      hosts: ['127.0.0.1'],
      csrPem,
      now: options.now ?? Date.now(),
      ...(options.validForMs === undefined ? {} : { validForMs: options.validForMs }),
    });
    writeFileSync(join(pkiDir, 'ca.crt'), this.authority.certPem);
    writeFileSync(join(pkiDir, 'node.crt'), certificate);
    writeFileSync(join(pkiDir, 'node.key'), keyPem, { mode: 0o600 });
    return pkiDir;
  }

  async person(name: string, role: PersonRole, now: number = Date.now()): Promise<Required<ClientTls>> {
    const { authority } = this;
    const { certPem, keyPem } = await issuePerson({ authority, clusterId: CLUSTER_ID, name, role, now });
    return { ca: authority.certPem, cert: certPem, key: keyPem };
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}
