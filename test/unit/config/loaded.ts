/** Configurations as a node has them in memory, for tests that begin behind the reading of a file. */
import type { ClusterConfig } from '../../../src/config/index.ts';
import { parseConfig } from '../../../src/config/index.ts';
import { SEED_CLUSTER } from './seed-file.ts';

/** Throws with all issues when the text is none. */
export function config(text: string): ClusterConfig {
  const result = parseConfig(text, { source: 'test' });
  if (!result.ok) throw new TypeError(result.issues.map((i) => i.message).join('; '));
  return result.config;
}

/** That of the design document. */
export const OWN = config(SEED_CLUSTER);
/** What of it belongs to the node. */
export const LOCAL = { nodeId: OWN.nodeId, dataDir: OWN.dataDir, network: OWN.network };
