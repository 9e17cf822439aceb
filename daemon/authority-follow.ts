/**
 * A node's part in replacing the CA: it makes its folder what the record's stage asks and says so to the
 * leader. Each file is replaced in one step and in an order in which the folder is sound at every point, so
 * that a crash in between costs nothing: the next start reads the record and goes on.
 */
import { X509Certificate } from 'node:crypto';
import type { AuthorityKeyResponse } from '../src/api/index.ts';
import { type Logger, SqlccError } from '../src/base/index.ts';
import {
  type Authorities,
  type AuthorityCertificate,
  type ClusterState,
  seatOf,
} from '../src/cluster/index.ts';
import { certificateOfKey, certificatesIn, isSignedBy } from '../src/pki/index.ts';
import { dropBridge, keepNextKey, type NodePki, readNextKey, readPki, writePki } from './data-files.ts';
import { type LeaderWordParts, tellLeader } from './leader-word.ts';
import type { StateLink } from './state-link.ts';

const RETRY_MS = 1000;
const TIMEOUT_MS = 5000;

export interface AuthorityFollowParts extends LeaderWordParts {
  readonly state: Pick<StateLink, 'cluster'>;
  readonly dataDir: string;
  readonly logger: Logger;
  /** Has this node's certificate signed anew, and puts it to use. */
  readonly renew: () => Promise<NodePki>;
  /** Puts what the folder holds now to use. */
  readonly renewed: (pki: NodePki) => void;
}

/** What a node does for a stage, once. */
function wordOf({ stage, signing }: Authorities): string {
  return `${stage} ${signing.sha256}`;
}

export class AuthorityFollow {
  readonly #parts: AuthorityFollowParts;
  #busy = false;
  #stopped = false;
  #done = '';

  constructor(parts: AuthorityFollowParts) {
    this.#parts = parts;
  }

  stop(): void {
    this.#stopped = true;
  }

  /** The record may have changed: does what it asks for, until it is done. */
  async follow(): Promise<void> {
    const { cluster } = this.#parts.state;
    const authorities = cluster?.authorities;
    if (cluster === null || authorities === undefined || this.#busy || this.#stopped) return;
    if (this.#done === wordOf(authorities)) return;
    this.#busy = true;
    let retryMs = 0;
    try {
      await this.#adopt(cluster, authorities);
      const refused = await this.#tell(cluster, authorities);
      if (refused !== null) throw new SqlccError('unavailable', refused);
      this.#done = wordOf(authorities);
      this.#parts.logger.log('info', 'authority-followed', { stage: authorities.stage });
    } catch (error) {
      retryMs = RETRY_MS;
      this.#parts.logger.log('warn', 'authority-not-followed', { error: (error as Error).message });
    } finally {
      this.#busy = false;
    }
    setTimeout(() => void this.follow(), retryMs).unref();
  }

  async #tell({ nodes }: ClusterState, { stage, signing, followed }: Authorities): Promise<string | null> {
    const { nodeId } = this.#parts;
    if (followed.includes(nodeId) || nodes[nodeId] === undefined) return null;
    const { sha256 } = signing;
    const command = { kind: 'authority-followed', nodeId, stage, sha256 } as const;
    return tellLeader(this.#parts, { command, route: 'authority', body: { stage, sha256 } });
  }

  async #adopt({ nodes }: ClusterState, authorities: Authorities): Promise<void> {
    const record = nodes[this.#parts.nodeId];
    const isVoter = record !== undefined && seatOf(record) === 'voter';
    if (authorities.stage === 'trusting') await this.#trust(authorities, isVoter);
    else if (authorities.stage === 'settled') await this.#settle(authorities);
    else await this.#show(authorities, isVoter);
  }

  /** The new CA is trusted; a voter holds its key too, for the moment when all trust it. */
  async #trust({ signing, beside }: Authorities, isVoter: boolean): Promise<void> {
    const { dataDir } = this.#parts;
    if (beside !== null && isVoter) await this.#holdNext(beside);
    this.#write(readPki(dataDir), { caCert: `${signing.certPem}${beside?.certPem ?? ''}` });
  }

  /** The new CA signs, and signs this node's certificate first. */
  async #show({ signing, beside, bridgePem }: Authorities, isVoter: boolean): Promise<void> {
    const { dataDir } = this.#parts;
    this.#write(readPki(dataDir), { caCert: `${signing.certPem}${beside?.certPem ?? ''}` });
    if (bridgePem !== null) writePki(dataDir, { caBridge: bridgePem });
    const { caKey } = readPki(dataDir);
    if (isVoter && (caKey === null || certificateOfKey(caKey, signing.certPem) === null))
      writePki(dataDir, { caKey: await this.#holdNext(signing) });
    await this.#haveCertificateOf(signing);
    keepNextKey(dataDir, null);
  }

  /** One CA is left. Its certificate must be this node's first, or nobody would hear it any more. */
  async #settle({ signing }: Authorities): Promise<void> {
    const { dataDir } = this.#parts;
    await this.#haveCertificateOf(signing);
    const pki = readPki(dataDir);
    this.#write(pki, { nodeCert: certificatesIn(pki.nodeCert)[0] ?? pki.nodeCert, caCert: signing.certPem });
    dropBridge(dataDir);
    keepNextKey(dataDir, null);
  }

  async #haveCertificateOf(signing: AuthorityCertificate): Promise<void> {
    const isOf = ({ nodeCert }: NodePki): boolean =>
      isSignedBy(new X509Certificate(nodeCert), new X509Certificate(signing.certPem));
    if (isOf(readPki(this.#parts.dataDir)) || isOf(await this.#parts.renew())) return;
    throw new SqlccError('unavailable', 'the voter that was asked does not sign with the new CA yet');
  }

  /** Writes what differs and puts it to use. */
  #write(pki: NodePki, parts: Partial<NodePki>): void {
    const now = { ...pki, ...parts };
    if (now.caCert === pki.caCert && now.nodeCert === pki.nodeCert) return;
    if (now.nodeCert !== pki.nodeCert) writePki(this.#parts.dataDir, { nodeCert: now.nodeCert });
    if (now.caCert !== pki.caCert) writePki(this.#parts.dataDir, { caCert: now.caCert });
    this.#parts.renewed(now);
  }

  /** The key of that CA: kept here, or given by a voter that has it. */
  async #holdNext(authority: AuthorityCertificate): Promise<string> {
    const { dataDir } = this.#parts;
    const isOf = (keyPem: string | null): keyPem is string =>
      keyPem !== null && certificateOfKey(keyPem, authority.certPem) !== null;
    const kept = readNextKey(dataDir);
    if (isOf(kept)) return kept;
    const given = await this.#askForKey(authority.sha256);
    if (!isOf(given)) throw new SqlccError('unavailable', 'no voter has the key of the new CA');
    keepNextKey(dataDir, given);
    return given;
  }

  async #askForKey(sha256: string): Promise<string | null> {
    const { nodeId, http, state, logger } = this.#parts;
    for (const voter of Object.values(state.cluster?.nodes ?? {})) {
      if (voter.nodeId === nodeId || seatOf(voter) !== 'voter') continue;
      try {
        const answer = await http.request({
          endpoint: `${voter.host.includes(':') ? `[${voter.host}]` : voter.host}:${voter.port}`,
          ...{ method: 'POST', path: `/v1/nodes/${encodeURIComponent(nodeId)}/authority-key` },
          ...{ body: { sha256 }, timeoutMs: TIMEOUT_MS },
        });
        const { ca_key: caKey = null } = answer.json() as Partial<AuthorityKeyResponse>;
        if (answer.status < 300 && caKey !== null) return caKey;
      } catch (error) {
        logger.log('debug', 'authority-key-not-given', { by: voter.nodeId, error: (error as Error).message });
      }
    }
    return null;
  }
}
