/** Where a node's files go when nobody says: the system's folders for root, else the person's own. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Flags } from '../flags.ts';

export interface Places {
  readonly configFile: string;
  readonly dataDir: string;
}

export function placesOf(flags: Flags, nodeId: string): Places {
  const isRoot = process.getuid?.() === 0;
  const own = join(homedir(), '.local', 'share', 'sqlcc', nodeId);
  return {
    configFile: flags.text('config') ?? (isRoot ? '/etc/sqlcc/cluster.yaml' : join(own, 'cluster.yaml')),
    dataDir: flags.text('dataDir') ?? (isRoot ? '/var/lib/sqlcc/data' : join(own, 'data')),
  };
}
