/**
 * The files of a node's `pki` folder and the ports that belong to a node, in one
 * place: `init` and `join` write them, everything else reads them.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { SqlccError } from '../src/base/index.ts';
import { unsoundPki } from '../src/pki/index.ts';
import { writeFileDurably } from './data-dir.ts';

export interface NodePki {
  readonly caCert: string;
  readonly nodeCert: string;
  readonly nodeKey: string;
  /** The authority's key: only on voters. */
  readonly caKey: string | null;
}

const FILES = { caCert: 'ca.crt', nodeCert: 'node.crt', nodeKey: 'node.key', caKey: 'ca.key' } as const;

/** Writes all of it, each file 0600 and durable. */
export function writePki(dataDir: string, pki: NodePki): void {
  for (const [name, file] of Object.entries(FILES)) {
    const text = pki[name as keyof NodePki];
    if (text !== null) writeFileDurably(join(dataDir, 'pki', file), text);
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
  const caKeyPath = join(dataDir, 'pki', FILES.caKey);
  return {
    caCert: read(FILES.caCert),
    nodeCert: read(FILES.nodeCert),
    nodeKey: read(FILES.nodeKey),
    caKey: existsSync(caKeyPath) ? read(FILES.caKey) : null,
  };
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
