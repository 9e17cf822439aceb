/**
 * Names of things. A parser is the only way in for text from outside; inside, the
 * flavour is trusted.
 */
import type { Flavor } from './flavor.ts';

/**
 * The name an operator gave a node; unique in its cluster, 1–63 of `[a-z0-9._-]`, starting with a letter or
 * digit.
 */
export type NodeId = Flavor<string, 'NodeId'>;
/** A random id made once with a data directory: a wiped or cloned disk is not its predecessor. */
export type InstanceId = Flavor<string, 'InstanceId'>;
/** A random id made by `cluster init`; every message and file carries it. */
export type ClusterId = Flavor<string, 'ClusterId'>;

const NODE_ID = /^[a-z0-9][a-z0-9._-]{0,62}$/;
const CLUSTER_NAME = /^[A-Za-z0-9][A-Za-z0-9 ._-]{0,62}$/;

/** `text` as a node id, or the reason why it is none. */
export function parseNodeId(text: string): { ok: true; value: NodeId } | { ok: false; reason: string } {
  if (NODE_ID.test(text)) return { ok: true, value: text };
  return {
    ok: false,
    reason: 'a node id has 1 to 63 of a-z, 0-9, ".", "_", "-" and starts with a letter or digit',
  };
}

/** True for a name that a cluster may have. */
export function isClusterName(text: string): boolean {
  return CLUSTER_NAME.test(text);
}
