/** What differs between two configurations, key by key, and when each difference takes effect. */
import type { ClusterConfig, ConfigChange } from './cluster-config.ts';
import type { FileTree } from './convert.ts';
import { toFile } from './convert.ts';
import { canonicalJson } from './hash.ts';
import { keyAt } from './keys.ts';

/** Leaves by dotted path; alert rules are told apart by name, other lists count as one value. */
function leaves(tree: FileTree, prefix = ''): Map<string, unknown> {
  const found = new Map<string, unknown>();
  for (const [key, value] of Object.entries(tree)) {
    const path = prefix === '' ? key : `${prefix}.${key}`;
    if (path === 'alerts' && Array.isArray(value)) {
      for (const rule of value as { name: string }[]) found.set(`alerts.${rule.name}`, rule);
    } else if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      for (const [inner, leaf] of leaves(value as FileTree, path)) found.set(inner, leaf);
    } else found.set(path, value);
  }
  return found;
}

/** Differences of two plain trees; a key that one side lacks counts as its default. */
export function diffTrees(a: FileTree, b: FileTree): ConfigChange[] {
  const [before, after] = [leaves(a), leaves(b)];
  const paths = [...new Set([...before.keys(), ...after.keys()])];
  return paths.flatMap((path): ConfigChange[] => {
    const from = before.get(path) ?? null;
    const to = after.get(path) ?? null;
    if (canonicalJson(from) === canonicalJson(to)) return [];
    return [{ path, from, to, effect: keyAt(path)?.info.effect ?? 'restart' }];
  });
}

/** Differences of two configurations, in the order of the file. */
export function diffConfigs(a: ClusterConfig, b: ClusterConfig): ConfigChange[] {
  return diffTrees(toFile(a), toFile(b));
}

/** One change as a line for history: `cluster.raft.heartbeat_interval_ms: 50 → 40`. */
export function changeText(change: ConfigChange): string {
  const shown = (value: unknown): string => {
    const text = JSON.stringify(value);
    return text.length > 60 ? `${text.slice(0, 57)}...` : text;
  };
  return `${change.path}: ${shown(change.from)} → ${shown(change.to)}`;
}
