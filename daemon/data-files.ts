/**
 * The files of a node's `pki` folder and the ports that belong to a node, in one
 * place: `init` and `join` write them, everything else reads them.
 */
import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { SqlccError } from '../src/base/index.ts';
import { type Authority, certificateOfKey, issuerIn, unsoundPki } from '../src/pki/index.ts';
import { writeFileDurably } from './data-dir.ts';

export interface NodePki {
  readonly caCert: string;
  readonly nodeCert: string;
  readonly nodeKey: string;
  /** The authority's key: only on voters. */
  readonly caKey: string | null;
  /** The CA's certificate as the one before it signed it, while both are trusted. */
  readonly caBridge: string | null;
}

const FILES = {
  caCert: 'ca.crt',
  nodeCert: 'node.crt',
  nodeKey: 'node.key',
  caKey: 'ca.key',
  caBridge: 'ca-bridge.crt',
} as const;
/** The key of a CA that is to sign next: on voters, while a rotation waits for all to trust it. */
const NEXT_KEY = 'ca-next.key';

/** Writes what is given, each file 0600 and durable, in the order of the fields here. */
export function writePki(dataDir: string, pki: Partial<NodePki>): void {
  for (const [name, file] of Object.entries(FILES)) {
    const text = pki[name as keyof NodePki];
    if (text != null) writeFileDurably(join(dataDir, 'pki', file), text);
  }
}

/**
 * Reads it; throws when a file is missing, a key may be read by others, or anything may be written by them.
 * Such a key isn't closed quietly: somebody may have it already, and only a person can judge that.
 */
export function readPki(dataDir: string): NodePki {
  const read = (file: string): string => {
    const path = join(dataDir, 'pki', file);
    if (!existsSync(path)) {
      const hint = 'restore the file, or wipe this node and join it again';
      throw new SqlccError('storage_failed', `${path} is missing`, { hint });
    }
    checkMode(path, file.endsWith('.key') ? 0o077 : 0o022);
    return readFileSync(path, 'utf8');
  };
  const readIf = (file: string): string | null =>
    existsSync(join(dataDir, 'pki', file)) ? read(file) : null;
  return {
    caCert: read(FILES.caCert),
    nodeCert: read(FILES.nodeCert),
    nodeKey: read(FILES.nodeKey),
    caKey: readIf(FILES.caKey),
    caBridge: readIf(FILES.caBridge),
  };
}

/** What a node signs with; null where it holds no key of a CA. */
export function signerOf(pki: NodePki): Authority | null {
  const { caCert, caKey, caBridge } = pki;
  const certPem = caKey === null ? null : certificateOfKey(caKey, caCert);
  if (caKey === null || certPem === null) return null;
  return { certPem, keyPem: caKey, ...(leadsHere(caBridge, pki) && { bridgePem: caBridge }) };
}

/** A bridge is of use while the CA that signed it is trusted; one that rotted is written again soon. */
function leadsHere(bridge: string | null, { caCert, caKey }: NodePki): bridge is string {
  try {
    if (bridge === null || caKey === null || certificateOfKey(caKey, bridge) === null) return false;
    return issuerIn(new X509Certificate(bridge), caCert) !== null;
  } catch {
    return false; // it is no certificate
  }
}

/** The key of the CA that is to sign next; null where there is none. */
export function readNextKey(dataDir: string): string | null {
  const path = join(dataDir, 'pki', NEXT_KEY);
  if (!existsSync(path)) return null;
  checkMode(path, 0o077);
  return readFileSync(path, 'utf8');
}

/** Keeps it, or with null forgets it. */
export function keepNextKey(dataDir: string, keyPem: string | null): void {
  const path = join(dataDir, 'pki', NEXT_KEY);
  if (keyPem === null) rmSync(path, { force: true });
  else writeFileDurably(path, keyPem);
}

/** Forgets the bridge: nothing leads from the CA before to this one any more. */
export function dropBridge(dataDir: string): void {
  rmSync(join(dataDir, 'pki', FILES.caBridge), { force: true });
}

/** Throws `storage_failed`, by file, unless certificates and keys are whole and belong together. */
export function checkPki(dataDir: string): void {
  const unsound = unsoundPki(readPki(dataDir));
  if (unsound === null) return;
  const file = join(dataDir, 'pki', FILES[unsound.part]);
  throw new SqlccError('storage_failed', `${file} is damaged: ${unsound.reason}`, {
    details: { file, offset: 0, reason: unsound.reason },
    hint: 'restore the file, or wipe this node and join it again',
  });
}

function checkMode(path: string, forbidden: number): void {
  const mode = statSync(path).mode & 0o777;
  if ((mode & forbidden) === 0) return;
  const what = forbidden === 0o077 ? 'is a key that others may use' : 'may be written by others';
  throw new SqlccError('failed_precondition', `${path} ${what} (mode ${mode.toString(8)})`, {
    hint: `chmod 600 ${path}, once you are sure that nobody had it`,
  });
}
