import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readIdentity } from '../../../daemon/data-dir.ts';
import { initCluster } from '../../../daemon/init.ts';
import { noteMembership } from '../../../daemon/membership-words.ts';
import { openLog } from '../../../daemon/open-log.ts';
import { type Recovering, recoverVoter } from '../../../daemon/recover-voter.ts';
import { encodeCommand } from '../../../daemon/requests.ts';
import { must } from '../../../src/base/index.ts';
import { applyCommand, type ClusterState, decodeState, encodeState } from '../../../src/cluster/index.ts';
import {
  decodeMembership,
  encodeMembership,
  type LogEntry,
  type Membership,
} from '../../../src/raft/index.ts';
import { StateStore } from '../../../src/state/index.ts';

const PORTS = { port: 4001, clientPort: 4002, peerPort: 4003, metricsPort: 4004 };
const ALL = 1e9;

function member(n: number, port = 1) {
  return { nodeId: `n${n}`, instanceId: `disk${n}`, address: `127.0.0.1:${port}` };
}

/** A stopped voter n1 of three; its state ends behind the bootstrap, its log has more. */
class Folder {
  readonly dataDir: string;

  private constructor(dataDir: string) {
    this.dataDir = dataDir;
  }

  static async make(groupOf: (own: ReturnType<typeof member>) => Partial<Membership>): Promise<Folder> {
    const dir = mkdtempSync(join(tmpdir(), 'sqlcc-recover-'));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    const dataDir = join(dir, 'data');
    const names = { clusterName: 'prod', nodeId: 'n1', host: '127.0.0.1' };
    await initCluster({ ...names, ...PORTS, dataDir, configFile: join(dir, 'n1.yaml') });
    const folder = new Folder(dataDir);
    folder.applied();
    const { instanceId } = readIdentity(dataDir);
    const record = must(folder.applied().nodes['n1'], 'its own record');
    const none: Membership = { voters: [], outgoing: [], learners: [], learnersNext: [] };
    const group = { ...none, ...groupOf({ ...member(1), instanceId }) };
    const commands = [
      ...[2, 3].map((n) => ({
        kind: 'node-admit' as const,
        node: { ...record, nodeId: `n${n}`, instanceId: `disk${n}`, port: 5000 + n, keySha256: `key${n}` },
        tokenId: null,
      })),
      {
        kind: 'leader-started' as const,
        nodeId: 'n2',
        term: 7,
        cause: 'x',
        silenceMs: null,
        electionMs: 1,
        votes: [],
      },
      { kind: 'kv-put' as const, key: 'k', value: 'acknowledged by the others', ifVersion: null },
    ];
    await folder.append(7, [
      ...commands.map((c) => ({ kind: 'command' as const, data: encodeCommand(c as never, 'test') })),
      { kind: 'membership', data: encodeMembership(group) },
    ]);
    return folder;
  }

  log<T>(work: (log: ReturnType<typeof openLog>['storage']) => T): T {
    const { storage } = openLog({ ...readIdentity(this.dataDir), dataDir: this.dataDir }, 0);
    try {
      return work(storage);
    } finally {
      storage.close();
    }
  }

  entries(): readonly LogEntry[] {
    return this.log((log) => must(log.entries(log.firstIndex(), log.lastIndex(), ALL), 'entries'));
  }

  async append(term: number, parts: readonly Pick<LogEntry, 'kind' | 'data'>[]): Promise<void> {
    const { storage } = openLog({ ...readIdentity(this.dataDir), dataDir: this.dataDir }, 0);
    const from = storage.lastIndex() + 1;
    const entries = parts.map((part, n) => ({ ...part, term, timestamp: 1000, index: from + n }));
    const rest = { truncateFrom: null, snapshot: null, compactTo: null };
    await new Promise<void>((done) =>
      storage.write({ token: 1, hardState: { term, votedFor: 'n2' }, entries, ...rest }, () => done()),
    );
    storage.close();
  }

  /** Applies all that the log holds; answers the record then. */
  applied(): ClusterState {
    const store = StateStore.open({
      dir: join(this.dataDir, 'engine'),
      applyCluster: applyCommand,
      noteMembership,
      encodeCluster: encodeState,
      decodeCluster: decodeState,
    });
    store.apply(this.entries().slice(store.appliedIndex()));
    const state = must(store.clusterState(), 'the record');
    store.close();
    return state;
  }

  recover(options: Partial<Recovering> = {}) {
    const yes = { isDryRun: false, confirm: async () => true, reason: 'burnt' };
    return recoverVoter({ dataDir: this.dataDir, ...yes, ...options });
  }
}

const three = (own: ReturnType<typeof member>): Partial<Membership> => ({
  voters: [own, member(2), member(3)],
});

describe('recoverVoter', () => {
  it('leaves one voter, keeps the whole log, removes the others and says so in the audit', async () => {
    const folder = await Folder.make(three);
    const before = folder.entries();
    const found = await folder.recover();
    expect(found).toMatchObject({
      ...{ clusterName: 'prod', nodeId: 'n1', term: 7, lastTerm: 7, lastIndex: 7, appliedIndex: 2 },
      ...{ lastEntryAt: 1000, voters: ['n1', 'n2', 'n3'], removed: ['n2', 'n3'], isDone: true },
    });
    const after = folder.entries();
    expect(after.slice(0, before.length)).toEqual(before);
    const [group] = after.slice(before.length);
    expect(group).toMatchObject({ kind: 'membership', term: 8, index: 8 });
    const decoded = decodeMembership(must(group, 'the group').data);
    expect(decoded).toMatchObject({
      ok: true,
      value: { voters: [{ nodeId: 'n1' }], outgoing: [], learners: [] },
    });
    // its own vote is not given away: a leader of that term is not to be found by anybody
    expect(folder.log((log) => log.initialState().hardState)).toEqual({ term: 8, votedFor: null });
    const state = folder.applied();
    expect(Object.keys(state.nodes)).toEqual(['n1']);
    expect(state.primary).toMatchObject({ nodeId: 'n1', epoch: 8 });
    expect(state.removed.map((r) => [r.nodeId, r.instanceId, r.keySha256])).toEqual([
      ['n2', 'disk2', 'key2'],
      ['n3', 'disk3', 'key3'],
    ]);
    const lines = state.audit.filter((line) => line.actor.includes('on the machine of n1'));
    expect(lines.map((line) => [line.action, line.target, line.outcome])).toEqual([
      ['node-remove', 'n2', 'ok'],
      ['node-remove', 'n3', 'ok'],
      ['cluster-recover', 'n1', 'ok'],
    ]);
    await expect(folder.recover()).rejects.toThrow('n1 is the only voter already');
  });

  it('takes over from the middle of a change of the group, and whoever only followed goes too', async () => {
    const folder = await Folder.make((own) => ({
      voters: [own, member(3)],
      outgoing: [own, member(2)],
      learnersNext: [member(2)],
      learners: [member(4)],
    }));
    expect(await folder.recover()).toMatchObject({ voters: ['n1', 'n3'], removed: ['n2', 'n3', 'n4'] });
    const last = folder.entries().findLast((e) => e.kind === 'membership');
    expect(decodeMembership(must(last, 'a group').data)).toMatchObject({
      value: { voters: [{ nodeId: 'n1' }], outgoing: [], learners: [], learnersNext: [] },
    });
  });

  it('changes nothing when it only looks, nor when it is not meant', async () => {
    const folder = await Folder.make(three);
    const before = folder.entries();
    expect(await folder.recover({ isDryRun: true })).toMatchObject({ isDone: false, lastIndex: 7 });
    expect(await folder.recover({ confirm: async () => false })).toMatchObject({ isDone: false });
    expect(folder.entries()).toEqual(before);
  });

  it('is refused on a folder that holds no node, and lays nothing down there', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'sqlcc-recover-'));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    const wish = { isDryRun: true, confirm: async () => true, reason: '' };
    for (const dataDir of [dir, join(dir, 'nothing')]) {
      const refusal = { code: 'failed_precondition', message: `${dataDir} holds no node` };
      await expect(recoverVoter({ ...wish, dataDir })).rejects.toMatchObject(refusal);
    }
    expect(readdirSync(dir)).toEqual([]);
  });

  it('is refused while another node answers', async () => {
    const server = createServer((socket) => socket.destroy());
    onTestFinished(() => void server.close());
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as { port: number };
    const folder = await Folder.make((own) => ({ voters: [own, member(2), member(3, port)] }));
    const before = folder.entries();
    await expect(folder.recover()).rejects.toMatchObject({
      code: 'failed_precondition',
      message: `other nodes are running: n3 (127.0.0.1:${port})`,
    });
    expect(folder.entries()).toEqual(before);
  });

  it.each([
    ['a node without a vote', () => ({ voters: [member(2), member(3)], learners: [] })],
    ['another disk under its name', () => ({ voters: [{ ...member(1), instanceId: 'other' }, member(2)] })],
  ])('is refused on %s', async (_, groupOf) => {
    const folder = await Folder.make(groupOf);
    await expect(folder.recover()).rejects.toThrow('n1 is no voter');
  });
});
