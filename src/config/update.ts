/**
 * A new text against the configuration in force: what it would change, what is ignored
 * because it belongs to one node, and everything that speaks against it. A text may
 * hold any of cluster, alerts, metrics, notifiers; what is absent stays.
 */
import { alertConditionIssues } from './alert-conditions.ts';
import type {
  CheckedUpdate,
  ClusterConfig,
  ConfigChange,
  ConfigIssue,
  LocalKeys,
  UpdateMode,
} from './cluster-config.ts';
import type { FileTree } from './convert.ts';
import { durationText, toConfig, toFile } from './convert.ts';
import { diffTrees } from './diff.ts';
import { configHash } from './hash.ts';
import type { Readable } from './issues.ts';
import { issueAtKey, ordered, valueAt } from './issues.ts';
import { KEY_LIST } from './keys.ts';
import { checkFile } from './parse.ts';
import { unsentActions } from './relations.ts';
import { renderTree, withoutLocal } from './render.ts';
import { readYaml } from './yaml-text.ts';

function isMap(value: unknown): value is FileTree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `over` laid over `base`, map by map; lists and values are replaced whole. */
export function merge(base: FileTree, over: FileTree): FileTree {
  const entries = Object.entries(over).map(([key, value]): [string, unknown] => {
    const below = base[key];
    return [key, isMap(below) && isMap(value) && key !== 'metadata' ? merge(below, value) : value];
  });
  return { ...base, ...Object.fromEntries(entries) };
}

/** What the node runs with now, under the names of the file; undefined = can't be told from here. */
function localValues({ nodeId, dataDir, network }: LocalKeys): Map<string, unknown> {
  return new Map<string, unknown>([
    ['cluster.node_id', nodeId],
    ['cluster.data_dir', dataDir],
    ['cluster.network.host', network.host],
    ['cluster.network.port', network.port],
    ['cluster.network.client_port', network.clientPort],
    ['cluster.network.peer_port', network.peerPort],
    ['cluster.network.advertise_host', network.advertiseHost],
    ['cluster.network.probe_lane', network.probeLane],
  ]);
}

interface LocalVerdict {
  readonly notes: readonly string[];
  readonly issues: readonly ConfigIssue[];
}

/** Keys of one node: a note when they say what is the case, an issue when they want something else. */
function judgeLocal(read: Readable, local: LocalKeys): LocalVerdict {
  const values = localValues(local);
  const notes: string[] = [];
  const issues: ConfigIssue[] = [];
  for (const { path } of KEY_LIST.filter((k) => k.info.local)) {
    const wanted = valueAt(read.value, path.split('.'));
    if (wanted === undefined) continue;
    const known = values.has(path);
    const actual = values.get(path);
    if (!known) notes.push(`${path} belongs to one node: ignored`);
    else if (actual === wanted) notes.push(`${path} belongs to one node and is the same here: ignored`);
    else {
      const message = `${path} belongs to one node: it is ${JSON.stringify(actual)} here`;
      const hint = "change it in that node's own file, then restart the node";
      issues.push(issueAtKey(read, path, `${message}, the text says ${JSON.stringify(wanted)}`, hint));
    }
  }
  return { notes, issues };
}

/** Keys of the whole cluster that can't be changed and that the text wants otherwise. */
function forbiddenIssues(read: Readable, before: FileTree): ConfigIssue[] {
  const fixed = KEY_LIST.filter((k) => k.info.effect === 'forbidden' && k.info.local !== true);
  return fixed.flatMap(({ path, fallback }) => {
    const wanted = valueAt(read.value, path.split('.'));
    const actual = valueAt(before, path.split('.')) ?? fallback;
    if (wanted === undefined || wanted === actual) return [];
    const message = `${path} can't be changed: it is ${JSON.stringify(actual)}`;
    return [issueAtKey(read, path, message, 'remove it from the text')];
  });
}

/** The tree of a replicated text; that text was checked when it was made. */
function treeOf(text: string): FileTree {
  const read = readYaml(text);
  return read.ok && isMap(read.value) ? read.value : {};
}

/** A whole file from a shared part: the keys of one node are filled in, so that relations can be checked. */
function completed(shared: FileTree, local: LocalKeys): FileTree {
  const { network } = local;
  const cluster = isMap(shared['cluster']) ? shared['cluster'] : {};
  const own = {
    node_id: local.nodeId,
    data_dir: local.dataDir,
    network: {
      host: network.host,
      port: network.port,
      client_port: network.clientPort,
      peer_port: network.peerPort,
      ...(network.advertiseHost === null ? {} : { advertise_host: network.advertiseHost }),
      ...(network.probeLane === 'h2' ? {} : { probe_lane: network.probeLane }),
    },
  };
  return { ...shared, cluster: merge(cluster, own) };
}

/** What a whole text may leave out all the same: nobody can change it. */
function fixedPart(before: FileTree): FileTree {
  const fixed = KEY_LIST.filter((k) => k.info.effect === 'forbidden' && k.info.local !== true);
  return fixed.reduce<FileTree>((tree, { path }) => {
    const steps = path.split('.');
    const value = valueAt(before, steps);
    return value === undefined ? tree : merge(tree, nested(steps, value));
  }, {});
}

/** `{a: {b: value}}` for the steps a, b. */
export function nested(steps: readonly string[], value: unknown): FileTree {
  const [head = '', ...rest] = steps;
  return { [head]: rest.length === 0 ? value : nested(rest, value) };
}

/**
 * Checks `newText` against the replicated text in force. `local` are the answering node's own keys. The
 * resulting `text` is the whole new replicated configuration. `merge`: what is absent stays; `replace`: it
 * goes back to its default.
 */
export function checkUpdate(
  current: string,
  newText: string,
  local: LocalKeys,
  mode: UpdateMode = 'merge',
): CheckedUpdate {
  const read = readYaml(newText);
  if (!read.ok) return read;
  if (!isMap(read.value)) {
    const checked = checkFile(read);
    return checked.ok ? { ok: false, issues: [] } : checked;
  }
  const before = completed(treeOf(current), local);
  const base = mode === 'merge' ? before : completed(fixedPart(before), local);
  const wanted = merge(base, read.value);
  const checked = checkFile({ ...read, value: wanted }, alertConditionIssues(read));
  const verdict = judgeLocal(read, local);
  const refusals = [...verdict.issues, ...forbiddenIssues(read, before)];
  if (!checked.ok) return { ok: false, issues: ordered([...checked.issues, ...refusals]) };
  if (refusals.length > 0) return { ok: false, issues: ordered(refusals) };
  const was = checkFile({ ...read, value: before });
  const config = toConfig(checked.file);
  const after = withoutLocal(toFile(config));
  const changes = diffTrees(was.ok ? withoutLocal(toFile(toConfig(was.file))) : {}, after);
  const text = renderTree(after);
  const notes = [...verdict.notes, ...unsentActions(config)];
  return { ok: true, text, configHash: configHash(text), changes, notes };
}

/**
 * What is wrong with a text that is looked at without a cluster: a node's whole file, or the part of one that
 * an update may be. Names that only a node knows are not missed.
 */
export function checkText(text: string): readonly ConfigIssue[] {
  const read = readYaml(text);
  if (!read.ok) return read.issues;
  const checked = checkFile(isMap(read.value) ? { ...read, value: merge(NAMELESS, read.value) } : read);
  return checked.ok ? [] : checked.issues;
}

const NAMELESS: FileTree = { cluster: { name: 'cluster', node_id: 'node' } };

/** What differs between two replicated texts. */
export function diffTexts(a: string, b: string): readonly ConfigChange[] {
  return diffTrees(withUnits(treeOf(a)), withUnits(treeOf(b)));
}

/** Durations that an earlier version wrote as bare numbers, as they are written now. */
function withUnits(tree: FileTree): FileTree {
  const written = valueAt(tree, ['cluster', 'membership']);
  if (!isMap(written)) return tree;
  const membership = Object.entries(written).map(([key, value]) => {
    const isMs = key !== 'min_voters' && typeof value === 'number';
    return [key, isMs ? durationText(value) : value];
  });
  return merge(tree, nested(['cluster', 'membership'], Object.fromEntries(membership)));
}

function overlaid(own: ClusterConfig, replicated: string) {
  const read = readYaml(replicated);
  if (!read.ok) return read;
  const shared = isMap(read.value) ? withoutLocal(read.value) : {};
  return checkFile({ ...read, value: merge(toFile(own), shared) });
}

/** What a node runs with: the replicated text laid over its own file. A damaged text changes nothing. */
export function overlayConfig(own: ClusterConfig, replicated: string): ClusterConfig {
  const checked = overlaid(own, replicated);
  return checked.ok ? toConfig(checked.file) : own;
}

/** Why a node with that file of its own could not run with the replicated text. */
export function overlayIssues(own: ClusterConfig, replicated: string): readonly ConfigIssue[] {
  const checked = overlaid(own, replicated);
  return checked.ok ? [] : checked.issues;
}

/** An issue that somebody else found with a key of `text`, with its place there. */
export function issueIn(text: string, issue: Pick<ConfigIssue, 'path' | 'message' | 'hint'>): ConfigIssue {
  const read = readYaml(text);
  const place = read.ok ? read.placeOf(issue.path.split('.')) : { line: 1, column: 1 };
  return { ...place, ...issue };
}
