/**
 * SIGKILL before every single change that a daemon makes to its files, from its start over writes that it
 * follows and writes that it leads to its end: each write, sync, rename and removal of that run in turn
 * (`npm run storage`; part of them with `--kills 101-200`), or one of each sort (`npm test`). One of
 * three nodes is away meanwhile and the other one is killed behind it, so that what the victim
 * acknowledged stands on its disk or nowhere.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { DemoCluster } from '../../daemon/demo-cluster.ts';
import type { ClientSession } from '../../src/client/index.ts';
import { startCluster, until, untilEqual } from '../cluster/harness.ts';
import { FaultDisk, type FaultOp } from '../lab/index.ts';
import { skipVisibly } from '../lab/skip.ts';
import { chance, reportAtEnd, tally, temporaryFolder, WHOLE } from './effort.ts';

reportAtEnd();

const VICTIM = 'n2';

/** Which of the calls, and the how manieth of them. */
interface Place {
  readonly ops: readonly FaultOp[];
  readonly files: string;
  readonly at: number;
}

const ANY = { ops: ['write', 'pwrite', 'fsync', 'fdatasync', 'rename', 'unlink'], files: '/*' } as const;
/** Kinds of calls, and how many of them any run has at least. */
const KINDS: readonly Place[] = [
  { ops: ['write', 'pwrite'], files: '/wal/*', at: 12 },
  { ops: ['fdatasync'], files: '/wal/*', at: 8 },
  { ops: ['fsync', 'rename', 'unlink'], files: '/*', at: 5 },
];
const WRITES_AT_ONCE = 4;
/** A write that was under way ends when nodes have started again, each with all the time that it has. */
const PATIENCE_MS = 150_000;
/** What a place may take at most, start, writes and comparison in all; 9 to 28 s were found. */
const PLACE_MS = 300_000;

/** Kind of call and of file: `fdatasync wal/segment`. */
function kindOf(call: string): string {
  const [op = '', path = ''] = call.split(' ');
  const file = path.split(`/${VICTIM}/`).at(-1) ?? '';
  const name = file.replace(/\d+-\d+\.wal/, 'segment').replace(/[0-9a-f]{8,}|\d{6,}/g, '#');
  return `${op} ${name}`;
}

class Rounds {
  readonly #cluster: DemoCluster;
  readonly #disk: FaultDisk;
  readonly #session: ClientSession;
  /** Neither the victim nor the one that is away: the two take turns. */
  #partner = 'n1';
  #away = 'n3';
  #rows = 0;

  private constructor(cluster: DemoCluster, disk: FaultDisk, session: ClientSession) {
    this.#cluster = cluster;
    this.#disk = disk;
    this.#session = session;
  }

  static async start(): Promise<Rounds> {
    const disk = FaultDisk.create(temporaryFolder());
    for (const [name, value] of Object.entries(disk.env())) vi.stubEnv(name, value);
    onTestFinished(() => void vi.unstubAllEnvs());
    const cluster = await startCluster(3);
    await cluster.client().sql([{ sql: 'CREATE TABLE t (n INTEGER)' }]);
    const rounds = new Rounds(cluster, disk, await cluster.client().openSession());
    await cluster.killNode(rounds.#away);
    return rounds;
  }

  get #isGone(): boolean {
    const { child } = this.#cluster.node(VICTIM);
    return child === null || child.exitCode !== null || child.signalCode !== null;
  }

  /** Plays the run with a kill before that call; answers it, or null when there were fewer. */
  async play({ ops, files, at }: Place): Promise<string | null> {
    await this.#cluster.killNode(VICTIM);
    const { dataDir } = this.#cluster.node(VICTIM);
    const before = this.#disk.counts();
    this.#disk.set([{ path: `${dataDir}${files}`, ops, effect: 'kill', times: 1, skip: at - 1 }]);
    const open: Promise<unknown>[] = [];
    await this.#run(open);
    this.#disk.set([]);
    const isKilled = JSON.stringify(this.#disk.counts()) !== JSON.stringify(before);
    const call = this.#disk.lastKilled();
    await this.#cluster.killNode(this.#partner);
    await Promise.all([VICTIM, this.#away].map((node) => this.#cluster.startNode(node)));
    [this.#partner, this.#away] = [this.#away, this.#partner];
    // what was under way has an outcome now
    await Promise.all(open);
    const { results } = await this.#cluster
      .client()
      .sql([{ sql: 'SELECT count(*), count(DISTINCT n) FROM t' }], { timeoutMs: PATIENCE_MS });
    expect(results[0]?.rows[0], `killed before call ${at}, ${call}`).toEqual([this.#rows, this.#rows]);
    return isKilled ? call : null;
  }

  /** All nodes hold the same, and nobody took a kill for damage. */
  async end(): Promise<void> {
    await this.#cluster.startNode(this.#away);
    await untilEqual(this.#cluster);
    for (const { log } of this.#cluster.nodes)
      expect(readFileSync(log, 'utf8')).not.toContain('state-damaged');
  }

  /** Ends with the victim, wherever that is. */
  async #run(open: Promise<unknown>[]): Promise<void> {
    const started = await this.#cluster.startNode(VICTIM).then(
      () => true,
      (error: unknown) => {
        if (!this.#isGone) throw error;
        return false;
      },
    );
    if (!started) return;
    await this.#write(open);
    await this.#moveLeadership();
    await this.#write(open);
    if (!this.#isGone) await this.#cluster.killNode(VICTIM, 'SIGTERM');
  }

  /** Some writes at once, twice; what can't end because the victim has gone ends later. */
  async #write(open: Promise<unknown>[]): Promise<void> {
    for (let group = 0; group < 2 && !this.#isGone; group++) {
      let left = WRITES_AT_ONCE;
      for (let n = 0; n < WRITES_AT_ONCE; n++) {
        const statement = { sql: 'INSERT INTO t VALUES (?)', params: [this.#rows++] };
        open.push(this.#session.sql([statement], { timeoutMs: PATIENCE_MS }).then(() => left--));
      }
      await until('the writes', async () => left === 0 || this.#isGone, PATIENCE_MS);
    }
  }

  async #moveLeadership(): Promise<void> {
    const client = this.#cluster.client();
    await until('another leader', async () => {
      if (this.#isGone) return true;
      const { leader_id } = await client.leader({ timeoutMs: 500 });
      const to = leader_id === VICTIM ? this.#partner : VICTIM;
      const { id } = await client.runOperation({ kind: 'failover', to }, { timeoutMs: 500 });
      return (await client.waitOperation(id, { timeoutMs: 3000 })).state === 'done';
    });
  }
}

/** One of each kind, another one each time. */
function somePlaces(): Place[] {
  const random = chance();
  return KINDS.map(({ at, ...kind }) => ({ ...kind, at: 1 + Math.floor(random.next() * at) }));
}

/** All, until a run ends before the next one. */
function everyPlace(): Place[] {
  const [from = 1, to = 5000] = (process.env['SQLCC_KILLS'] ?? '1-5000').split('-').map(Number);
  return Array.from({ length: to - from + 1 }, (_, n) => ({ ...ANY, at: from + n }));
}

const skip = skipVisibly('kills before chosen calls', FaultDisk.missing());
const most = WHOLE ? everyPlace().length : KINDS.length;

describe('a node that is killed before a change of its files', () => {
  it.skipIf(skip)(
    'starts, and has all that it acknowledged, whichever change it is',
    { timeout: most * PLACE_MS },
    async () => {
      const rounds = await Rounds.start();
      let kills = 0;
      for (const place of WHOLE ? everyPlace() : somePlaces()) {
        const call = await rounds.play(place);
        // the run has no such call any more
        if (call === null) break;
        kills++;
        tally('SIGKILL before', kindOf(call));
      }
      await rounds.end();
      expect(kills).toBeGreaterThanOrEqual(KINDS.length);
    },
  );
});
