/**
 * The data directory: who it belongs to. `identity.json` names cluster, node and
 * instance; it is written once. `boot.json` counts starts. That only one daemon uses
 * it is data-lock.ts.
 */
import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { SqlccError } from '../src/base/index.ts';
import { readSealedJson, sealedJson } from './sealed-json.ts';

export const FORMAT_VERSION = 1;

export interface Identity {
  readonly format: number;
  readonly clusterId: string;
  readonly clusterName: string;
  readonly nodeId: string;
  readonly instanceId: string;
  readonly suffrage: 'voter' | 'observer';
}

/** A fresh random id, for clusters and instances. */
export function freshId(): string {
  return randomUUID();
}

/** A short id for tokens and operations: 12 of a-z0-9, unique for all practical purposes. */
export function shortId(): string {
  return randomUUID().replaceAll('-', '').slice(0, 12);
}

/** Writes `text` so that a crash leaves the old file or the new one, whole, mode 0600. */
export function writeFileDurably(path: string, text: string): void {
  const temporary = `${path}.tmp`;
  const fd = openSync(temporary, 'w', 0o600);
  try {
    writeSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, path);
  syncDirectory(dirname(path));
}

function syncDirectory(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Refuses a folder that others may write or that somebody else owns. */
function checkDataDir(dir: string): void {
  const info = statSync(dir);
  const uid = process.getuid?.() ?? info.uid;
  if (info.uid !== uid) {
    const text = `${dir} belongs to uid ${info.uid}, this process runs as ${uid}`;
    throw new SqlccError('failed_precondition', text, { hint: 'run as that user, or chown the folder' });
  }
  if ((info.mode & 0o022) !== 0) {
    const text = `${dir} may be written by others (mode ${(info.mode & 0o777).toString(8)})`;
    throw new SqlccError('failed_precondition', text, { hint: `chmod 700 ${dir}` });
  }
}

/**
 * Makes the folder with its parts, all 0700, or refuses one that others may write or that somebody else
 * owns. For a new node and again at every start: folders change hands, and backups come back with other
 * modes.
 */
export function ensureDataDir(dir: string): void {
  for (const path of [dir, ...['pki', 'wal', 'snapshots', 'engine'].map((sub) => join(dir, sub))]) {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    checkDataDir(path);
    chmodSync(path, 0o700);
  }
}

export function hasIdentity(dir: string): boolean {
  return existsSync(join(dir, 'identity.json'));
}

export function writeIdentity(dir: string, identity: Identity): void {
  writeFileDurably(join(dir, 'identity.json'), sealedJson(identity));
}

/**
 * Reads and checks `identity.json`; throws when it is missing, unreadable or of a format that this version
 * does not know.
 */
export function readIdentity(dir: string): Identity {
  const path = join(dir, 'identity.json');
  if (!existsSync(path)) {
    throw new SqlccError('failed_precondition', `${dir} holds no node: ${path} is missing`, {
      hint: 'make a cluster with "sqlcc cluster init" or enter one with "sqlcc node join"',
    });
  }
  const found = readSealedJson(path) as Partial<Identity>;
  if (found.format !== FORMAT_VERSION) {
    throw new SqlccError(
      'failed_precondition',
      `${path} has format ${found.format}, this version reads ${FORMAT_VERSION}`,
      {
        hint: 'use the version of sqlcc that wrote it, or a newer one',
      },
    );
  }
  const texts = [found.clusterId, found.clusterName, found.nodeId, found.instanceId];
  if (
    texts.some((t) => typeof t !== 'string' || t === '') ||
    !['voter', 'observer'].includes(found.suffrage ?? '')
  ) {
    throw new SqlccError('storage_failed', `${path} is incomplete`, {
      hint: 'wipe this node and join it again',
    });
  }
  return found as Identity;
}

/**
 * The number of this start, counted durably before anything is sent. Throws when the count is damaged: to
 * begin again from 1 would make this node look like an old copy of itself.
 */
export function nextBootCounter(dir: string): number {
  const path = join(dir, 'boot.json');
  const next = (existsSync(path) ? readBoots(path) : 0) + 1;
  writeFileDurably(path, sealedJson({ boots: next }));
  return next;
}

function readBoots(path: string): number {
  const { boots } = readSealedJson(path);
  if (typeof boots === 'number' && Number.isSafeInteger(boots) && boots >= 0) return boots;
  throw new SqlccError('storage_failed', `${path} is damaged`, {
    hint: 'wipe this node and join it again',
  });
}
