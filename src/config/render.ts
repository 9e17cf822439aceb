/** `ClusterConfig` → YAML: the file of a node, or only what the whole cluster shares. */
import { stringify } from 'yaml';
import type { ClusterConfig } from './cluster-config.ts';
import type { FileTree } from './convert.ts';
import { toFile } from './convert.ts';
import { KEY_LIST } from './keys.ts';

const LOCAL_PATHS: ReadonlySet<string> = new Set(KEY_LIST.filter((k) => k.info.local).map((k) => k.path));

/** True for a key that belongs to one node. */
function isLocalKey(path: string): boolean {
  return LOCAL_PATHS.has(path);
}

/** `tree` without the keys that belong to one node, and without maps that this leaves empty. */
export function withoutLocal(tree: FileTree, prefix = ''): FileTree {
  const kept = Object.entries(tree).flatMap(([key, value]): [string, unknown][] => {
    const path = prefix === '' ? key : `${prefix}.${key}`;
    if (isLocalKey(path)) return [];
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return [[key, value]];
    const inner = withoutLocal(value as FileTree, path);
    return Object.keys(inner).length === 0 ? [] : [[key, inner]];
  });
  return Object.fromEntries(kept);
}

/** Plain data as YAML. */
export function renderTree(tree: FileTree): string {
  return stringify(tree, { lineWidth: 0, aliasDuplicateObjects: false });
}

/** The file of a node; parsing it gives an equal configuration. */
export function renderConfig(config: ClusterConfig): string {
  return renderTree(toFile(config));
}

/** The part that is replicated: without node id, folder, addresses. */
export function renderSharedConfig(config: ClusterConfig): string {
  return renderTree(withoutLocal(toFile(config)));
}
