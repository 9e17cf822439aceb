/**
 * The data folder of a node that is about to join. Key and instance are made and kept
 * before anybody is asked: when the answer is lost, or this machine stops in between,
 * the same command says the same again and the token that was spent on it still counts.
 * `join.json` stands there until the folder is a node.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { SqlccError } from '../src/base/index.ts';
import { createCsr } from '../src/pki/index.ts';
import { ensureDataDir, freshId, writeFileDurably } from './data-dir.ts';
import { readSealedJson, sealedJson } from './sealed-json.ts';

export interface JoinFolder {
  readonly instanceId: string;
  readonly csrPem: string;
  readonly keyPem: string;
}

interface Pending {
  readonly nodeId: string;
  readonly instanceId: string;
  readonly csrPem: string;
  /** The node was admitted and is being written, with this configuration file. */
  readonly writing: string | null;
}

const pendingPath = (dataDir: string): string => join(dataDir, 'join.json');
const keyPath = (dataDir: string): string => join(dataDir, 'pki', 'node.key');

/**
 * What an earlier try left; null without one, when it can't be read, or when a node ever started here: its
 * log has promised something, and no other disk may pass for it.
 */
function readPending(dataDir: string): Pending | null {
  if (existsSync(join(dataDir, 'boot.json'))) return null;
  try {
    const found = readSealedJson(pendingPath(dataDir)) as Partial<Pending>;
    const texts = [found.nodeId, found.instanceId, found.csrPem];
    return texts.every((text) => typeof text === 'string') ? (found as Pending) : null;
  } catch {
    return null;
  }
}

function writePending(dataDir: string, pending: Pending): void {
  writeFileDurably(pendingPath(dataDir), sealedJson(pending));
}

/** True when that file was written by a try of this join that did not come to its end. */
export function isOwnConfigFile(dataDir: string, configFile: string): boolean {
  return readPending(dataDir)?.writing === configFile;
}

/** Makes the folder and what the node will be known by, or finds what an earlier try made. */
export async function prepareJoinFolder(dataDir: string, nodeId: string): Promise<JoinFolder> {
  ensureDataDir(dataDir);
  const pending = readPending(dataDir);
  if (pending?.nodeId === nodeId && existsSync(keyPath(dataDir))) {
    const { instanceId, csrPem } = pending;
    return { instanceId, csrPem, keyPem: readFileSync(keyPath(dataDir), 'utf8') };
  }
  const wal = join(dataDir, 'wal');
  if (pending === null && readdirSync(wal).length > 0) {
    throw new SqlccError('conflict', `${wal} is not empty`, {
      hint: 'choose another --data-dir, or remove what is there',
    });
  }
  const { csrPem, keyPem } = await createCsr(nodeId);
  const instanceId = freshId();
  writeFileDurably(keyPath(dataDir), keyPem);
  writePending(dataDir, { nodeId, instanceId, csrPem, writing: null });
  return { instanceId, csrPem, keyPem };
}

/** From here on a repeated try may overwrite the configuration file; the log begins empty. */
export function beginWriting(dataDir: string, configFile: string): void {
  const pending = readPending(dataDir);
  if (pending !== null) writePending(dataDir, { ...pending, writing: configFile });
  const wal = join(dataDir, 'wal');
  // no node ever ran here: what lies there is the empty log of a try that was cut off
  rmSync(wal, { recursive: true, force: true });
  mkdirSync(wal, { mode: 0o700 });
}

/** The folder is a node now. */
export function endJoin(dataDir: string): void {
  rmSync(pendingPath(dataDir), { force: true });
}
