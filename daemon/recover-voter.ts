/**
 * The way out when the disks of a majority are gone for good: one voter that is left becomes the only one,
 * so that its copy can be served and others can join anew. Done on its stopped data folder, because no
 * quorum is there to ask, and by one write to its log: the Raft group is this node alone, all others are
 * removed from the record, their certificates and disks refused, and the audit says who did it. All
 * entries of the log stay, also those of which this node never heard that they were committed: they may
 * have been acknowledged.
 *
 * What was acknowledged by the lost nodes alone is lost. It never happens by itself.
 */
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { type LogIndex, must, SqlccError, type Term, type Timestamp } from '../src/base/index.ts';
import type { ClusterCommand, ClusterState } from '../src/cluster/index.ts';
import {
  decodeMembership,
  encodeMembership,
  type LogEntry,
  type Membership,
  type RaftMember,
} from '../src/raft/index.ts';
import type { DurableStorage } from '../src/wal/index.ts';
import { ensureDataDir, type Identity, readIdentity } from './data-dir.ts';
import { lockDataDir } from './data-lock.ts';
import { readRecord } from './offline-record.ts';
import { openLog } from './open-log.ts';
import { encodeCommand } from './requests.ts';

const PROBE_MS = 1000;
const READ_BYTES = 4 * 1024 * 1024;

/** What a voter that was left holds, and who would go. */
export interface Survivor {
  readonly clusterName: string;
  readonly clusterId: string;
  readonly nodeId: string;
  readonly term: Term;
  /** Of the survivors the one with the highest `lastTerm`, then `lastIndex`, is ahead. */
  readonly lastTerm: Term;
  readonly lastIndex: LogIndex;
  /** Entries behind it may have been acknowledged or not; they stay. */
  readonly appliedIndex: LogIndex;
  /** When its last entry was made, by the leader's clock; null in an empty log. */
  readonly lastEntryAt: Timestamp | null;
  readonly voters: readonly string[];
  /** All other nodes on record: they are removed and have to join anew with empty disks. */
  readonly removed: readonly string[];
}

export interface Recovering {
  readonly dataDir: string;
  readonly reason: string;
  /** Only look. */
  readonly isDryRun: boolean;
  /** Hears what was found before anything is written; false stops it. */
  readonly confirm: (survivor: Survivor) => Promise<boolean>;
}

interface Opened {
  readonly identity: Identity;
  readonly storage: DurableStorage;
  readonly cluster: ClusterState;
  readonly membership: Membership;
  readonly appliedIndex: LogIndex;
}

function refused(text: string, hint: string): SqlccError {
  return new SqlccError('failed_precondition', text, { hint });
}

/** The Raft group that is in force at the end of the log: it is in force as soon as it is appended. */
function membershipAt(storage: DurableStorage, applied: LogIndex, of: Membership | null): Membership {
  let found = of;
  for (let low = applied + 1; low <= storage.lastIndex(); ) {
    const entries = must(storage.entries(low, storage.lastIndex(), READ_BYTES), 'entries behind the state');
    for (const { kind, data } of entries) {
      if (kind !== 'membership') continue;
      const decoded = decodeMembership(data);
      if (decoded.ok) found = decoded.value;
    }
    low += entries.length;
  }
  return must(found, 'the Raft group on record');
}

function open(dataDir: string): Opened {
  const identity = readIdentity(dataDir);
  ensureDataDir(dataDir);
  const { appliedIndex, cluster, membership } = readRecord(dataDir);
  const { storage } = openLog({ ...identity, dataDir }, appliedIndex);
  try {
    if (cluster === null || appliedIndex + 1 < storage.firstIndex()) {
      const first = storage.firstIndex();
      const text = `the state of ${dataDir} ends at ${appliedIndex}, its log begins at ${first}`;
      throw refused(
        text,
        'a snapshot had not been loaded yet: recover another voter, or copy its data folder',
      );
    }
    const group = membershipAt(storage, appliedIndex, membership);
    return { identity, storage, cluster, membership: group, appliedIndex };
  } catch (error) {
    storage.close();
    throw error;
  }
}

function isListening(address: string): Promise<boolean> {
  const at = address.lastIndexOf(':');
  return new Promise((resolve) => {
    const socket = connect({
      host: address.slice(0, at).replace(/^\[|\]$/g, ''),
      port: Number(address.slice(at + 1)),
    });
    const end = (is: boolean) => () => {
      socket.destroy();
      resolve(is);
    };
    socket.setTimeout(PROBE_MS, end(false));
    socket.once('connect', end(true)).once('error', end(false));
  });
}

function others({ identity, membership }: Opened): RaftMember[] {
  const { voters, outgoing, learners, learnersNext } = membership;
  const all = [...voters, ...outgoing, ...learners, ...learnersNext];
  const byId = new Map(all.map((member) => [member.nodeId as string, member]));
  byId.delete(identity.nodeId);
  return [...byId.values()];
}

/** Throws failed_precondition where a quorum may be there still, or this node is not the one to go on. */
async function check(opened: Opened): Promise<void> {
  const { identity, membership } = opened;
  const { nodeId, instanceId } = identity;
  const own = membership.voters.find((m) => m.nodeId === nodeId && m.instanceId === instanceId);
  if (own === undefined) {
    throw refused(`${nodeId} is no voter: it may lack what was acknowledged`, 'recover a voter that is left');
  }
  const rest = others(opened);
  if (membership.voters.length === 1 && membership.outgoing.length === 0) {
    throw refused(`${nodeId} is the only voter already`, 'start it: "sqlcc node start"');
  }
  const heard = await Promise.all(rest.map(async (m) => ((await isListening(m.address)) ? m : null)));
  const alive = heard.flatMap((m) => (m === null ? [] : [`${m.nodeId} (${m.address})`]));
  if (alive.length === 0) return;
  const hint = 'wait for the majority, or stop every other node for good first: two clusters must never run';
  throw refused(`other nodes are running: ${alive.join(', ')}`, hint);
}

function survivorOf(opened: Opened): Survivor {
  const { identity, storage, cluster, membership, appliedIndex } = opened;
  const lastIndex = storage.lastIndex();
  const [last] = storage.entries(lastIndex, lastIndex, READ_BYTES) ?? [];
  const known = [...Object.keys(cluster.nodes), ...others(opened).map((m) => m.nodeId as string)];
  return {
    clusterName: identity.clusterName,
    clusterId: identity.clusterId,
    nodeId: identity.nodeId,
    term: storage.initialState().hardState.term,
    ...{ lastTerm: storage.term(lastIndex) ?? 0, lastIndex, appliedIndex },
    lastEntryAt: last?.timestamp ?? null,
    voters: membership.voters.map((m) => m.nodeId),
    removed: [...new Set(known)].filter((id) => id !== identity.nodeId).sort(),
  };
}

/** The one write: group, leader of record, removals, audit. All of it is in one batch of the log, or none. */
function entriesOf(opened: Opened, survivor: Survivor, reason: string): LogEntry[] {
  const { identity, membership } = opened;
  const { nodeId } = identity;
  const term = survivor.term + 1;
  const self = must(
    membership.voters.find((m) => m.nodeId === nodeId),
    'this voter',
  );
  const group: Membership = { voters: [self], outgoing: [], learners: [], learnersNext: [] };
  const commands: ClusterCommand[] = [
    // the primary on record is not removed: it is this node from here on
    {
      ...{ kind: 'leader-started', nodeId, term, cause: 'recovered by hand', silenceMs: null },
      ...{ electionMs: 0, votes: [nodeId] },
    },
    ...survivor.removed.map((gone) => ({ kind: 'node-remove', nodeId: gone, reason }) as const),
    {
      ...{ kind: 'audit-note', action: 'cluster-recover', target: nodeId, reason },
      after: `${nodeId} is the only voter from entry ${survivor.lastIndex + 1} on, in term ${term}`,
    },
  ];
  const origin = { from: 'the data folder', credential: '' };
  const actor = `${userInfo().username} on the machine of ${nodeId}`;
  const timestamp = Date.now();
  const datas = [
    { kind: 'membership', data: encodeMembership(group) } as const,
    ...commands.map((c) => ({ kind: 'command', data: encodeCommand(c, actor, { origin }) }) as const),
  ];
  return datas.map((part, n) => ({ ...part, term, timestamp, index: survivor.lastIndex + 1 + n }));
}

function written(storage: DurableStorage, term: Term, entries: readonly LogEntry[]): Promise<void> {
  return new Promise((resolve, reject) => {
    storage.onFailure((reason) => reject(new SqlccError('storage_failed', reason)));
    const nothing = { truncateFrom: null, snapshot: null, compactTo: null };
    storage.write({ token: 1, hardState: { term, votedFor: null }, entries, ...nothing }, () => resolve());
  });
}

/**
 * Makes the voter of a stopped data folder the only one. Answers what it found; `isDone` says whether it
 * wrote. Throws conflict while a daemon runs on the folder, failed_precondition when other nodes answer or
 * the node is no voter, storage_failed for a damaged folder.
 */
export async function recoverVoter(options: Recovering): Promise<Survivor & { readonly isDone: boolean }> {
  // before a lock is laid down there: a wrong folder is left as it is
  if (!existsSync(join(options.dataDir, 'identity.json')))
    throw refused(`${options.dataDir} holds no node`, 'give the data folder of a voter that is left');
  const unlock = lockDataDir(options.dataDir);
  try {
    const opened = open(options.dataDir);
    try {
      await check(opened);
      const survivor = survivorOf(opened);
      if (options.isDryRun || !(await options.confirm(survivor))) return { ...survivor, isDone: false };
      const entries = entriesOf(opened, survivor, options.reason);
      await written(opened.storage, survivor.term + 1, entries);
      return { ...survivor, isDone: true };
    } finally {
      opened.storage.close();
    }
  } finally {
    unlock();
  }
}
