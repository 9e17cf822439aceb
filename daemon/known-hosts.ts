/**
 * `hosts.json` in the data folder: what the names of other nodes meant last, so that a restart finds them
 * while no name server answers. A memory and no record: what can't be read or written costs nothing else.
 */
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SqlccError } from '../src/base/index.ts';
import { HOSTS } from '../src/rpc/index.ts';
import { readSealedJson, sealedJson } from './sealed-json.ts';

function fileOf(dataDir: string): string {
  return join(dataDir, 'hosts.json');
}

/** For each thread that dials. */
export function recallHosts(dataDir: string): void {
  const file = fileOf(dataDir);
  if (!existsSync(file)) return;
  try {
    HOSTS.learn(readSealedJson(file)['hosts']);
  } catch (error) {
    if (!(error instanceof SqlccError)) throw error; // damaged: the name servers know better
  }
}

/** For one thread of a node: recalls, and keeps the file up to date from then on. */
export function keepHosts(dataDir: string): void {
  recallHosts(dataDir);
  HOSTS.onLearned(() => {
    const file = fileOf(dataDir);
    try {
      writeFileSync(`${file}.tmp`, sealedJson({ hosts: HOSTS.table() }), { mode: 0o600 });
      renameSync(`${file}.tmp`, file);
    } catch {
      // a full disk is somebody else's to tell
    }
  });
}
