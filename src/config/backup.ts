/**
 * A backup of the replicated configuration: its text behind a head of comments that says of which cluster it
 * is, which version, and the hash of its meaning. It loads as any configuration does.
 */
import type { ConfigVersion } from '../base/index.ts';
import { configHash } from './hash.ts';

export interface BackupHead {
  readonly clusterId: string;
  readonly clusterName: string;
  readonly version: ConfigVersion;
  readonly configHash: string;
  /** RFC 3339. */
  readonly takenAt: string;
}

export type ReadBackup =
  | { readonly ok: true; readonly head: BackupHead; readonly text: string }
  | { readonly ok: false; readonly reason: string };

const TITLE = '# sqlcc configuration backup';

export function backupText(head: BackupHead, text: string): string {
  const lines = [
    TITLE,
    `# cluster_id: ${head.clusterId}`,
    `# cluster_name: ${head.clusterName}`,
    `# version: ${head.version}`,
    `# config_hash: ${head.configHash}`,
    `# taken_at: ${head.takenAt}`,
  ];
  return `${lines.join('\n')}\n${text}`;
}

/** Refuses a text that is no backup, or that is not any more what its head says. */
export function readBackup(backup: string): ReadBackup {
  const [title, ...rest] = backup.replace(/^\ufeff/, '').split(/\r?\n/);
  if (title?.trim() !== TITLE) return { ok: false, reason: `it does not begin with "${TITLE}"` };
  const facts = new Map<string, string>();
  let lines = 0;
  for (const line of rest) {
    const fact = /^# ([a-z_]+): (.*)$/.exec(line);
    if (fact === null) break;
    lines++;
    facts.set(fact[1] ?? '', (fact[2] ?? '').trim());
  }
  const text = rest.slice(lines).join('\n');
  const head: BackupHead = {
    clusterId: facts.get('cluster_id') ?? '',
    clusterName: facts.get('cluster_name') ?? '',
    version: Number(facts.get('version')),
    configHash: facts.get('config_hash') ?? '',
    takenAt: facts.get('taken_at') ?? '',
  };
  if (head.clusterId === '' || head.configHash === '' || !Number.isSafeInteger(head.version)) {
    return { ok: false, reason: 'its head lacks cluster_id, version or config_hash' };
  }
  const hash = configHash(text);
  if (hash === head.configHash) return { ok: true, head, text };
  const [is, was] = [hash.slice(0, 12), head.configHash.slice(0, 12)];
  return { ok: false, reason: `it was changed after it was taken: its hash is ${is}, the head says ${was}` };
}
