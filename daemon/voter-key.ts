/**
 * A spare that took a voter's place must be heard as a voter by nodes that have no record yet, and
 * must be able to admit nodes and renew certificates as the others do: it asks them for a voter's
 * certificate and the CA's key, once, proving its own key as for a renewal. They give both to whom
 * the record wants as a voter.
 */
import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import type { Logger } from '../src/base/index.ts';
import { seatOf } from '../src/cluster/index.ts';
import { unsoundPki } from '../src/pki/index.ts';
import { type AskParts, askVoters } from './ask-voters.ts';
import { writeFileDurably } from './data-dir.ts';
import { type NodePki, readPki } from './data-files.ts';

const RETRY_MS = 10_000;

export interface VoterKeyParts extends AskParts {
  readonly dataDir: string;
  readonly logger: Logger;
  /** Puts what the folder holds now to use. */
  readonly renewed: (pki: NodePki) => void;
}

export class VoterKey {
  readonly #parts: VoterKeyParts;
  #asking = false;
  #held = false;

  constructor(parts: VoterKeyParts) {
    this.#parts = parts;
  }

  /** Asks for the key where the record wants a voter and the folder has none, until somebody gives it. */
  async follow(): Promise<void> {
    const { nodeId, state, dataDir, logger } = this.#parts;
    const record = state.cluster?.nodes[nodeId];
    if (this.#held || this.#asking || record === undefined || seatOf(record) !== 'voter') return;
    const pki = readPki(dataDir);
    this.#held = pki.caKey !== null;
    if (this.#held) return;
    this.#asking = true;
    const { publicKey } = new X509Certificate(pki.nodeCert);
    const publicKeyPem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    try {
      const { ca_key: caKey, certificate } = await askVoters(this.#parts, publicKeyPem);
      if (caKey == null) return;
      const taken = { ...pki, caKey, nodeCert: certificate };
      if (unsoundPki(taken) !== null) return;
      // the certificate first: the key is what says that both are here
      writeFileDurably(join(dataDir, 'pki', 'node.crt'), certificate);
      writeFileDurably(join(dataDir, 'pki', 'ca.key'), caKey);
      this.#held = true;
      this.#parts.renewed(taken);
      logger.log('info', 'voter-key-taken', {});
    } catch (error) {
      logger.log('warn', 'voter-key-missing', { error: (error as Error).message });
    } finally {
      this.#asking = false;
      if (!this.#held) setTimeout(() => void this.follow(), RETRY_MS).unref();
    }
  }
}
