/** A leader that stood still while another one was chosen: what it does in the moment in which it goes on. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { must, SqlccError } from '../../../src/base/index.ts';
import type { SqlccClient } from '../../../src/client/index.ts';
import type { LabNode } from '../../lab/index.ts';
import { type Cast, cast, leadOf, told } from '../cast.ts';
import { Load } from '../load.ts';
import type { Scenario, Stage } from '../stage.ts';

const HOOK_PORT = 8099;
const HOOK = join(import.meta.dirname, '..', 'hook.ts');
const ROUNDS = 3;
/** Longer than the `for` of the rule: who counted on would find it due. */
const STILL_MS = 6000;
const PATIENCE_MS = 20_000;

interface Told {
  readonly by: string;
  readonly status: string;
  readonly rule: string;
  readonly at: number;
}

/** A receiver beside each daemon; what all of them got. */
async function hooks(stage: Stage, nodes: readonly LabNode[]): Promise<readonly Told[]> {
  const all: Told[] = [];
  const one = async ({ nodeId, host }: LabNode): Promise<void> => {
    const [first = '', ...rest] = [...host.prefix, process.execPath, HOOK, `${HOOK_PORT}`];
    const child = spawn(first, rest, { stdio: ['pipe', 'pipe', 'ignore'] });
    stage.onAnyEnd(() => child.kill());
    await new Promise<void>((ready) => {
      createInterface({ input: must(child.stdout, 'its output') }).on('line', (line) => {
        const { status, rule } = JSON.parse(line) as Partial<Told>;
        if (status === undefined || rule === undefined) ready();
        else all.push({ by: nodeId, status, rule, at: performance.now() });
      });
    });
  };
  await Promise.all(nodes.map(one));
  return all;
}

const rulesOf = (name: string): string => `
notifiers: {webhook: {url: "http://127.0.0.1:${HOOK_PORT}/", allow_loopback: true}}
alerts:
  - {name: ${name}, condition: "node_count > 0", severity: info, actions: [webhook], for: 3s}
`;

interface Asked {
  /** The version of the newest write that was acknowledged when it was asked. */
  readonly least: number;
  readonly end: Promise<{ readonly version: number; readonly by: string } | string>;
}

const codeOf = (error: unknown): string => {
  if (error instanceof SqlccError) return error.code;
  throw error;
};

/** Reads and writes that lie in the sockets of a process that stands still; they are answered when it goes on. */
class Waiting {
  readonly reads: Asked[] = [];
  readonly writes: { readonly key: string; readonly end: Promise<'ok' | string> }[] = [];

  ask(alone: SqlccClient, round: number, least: number): void {
    const read = alone.kv
      .get('newest', { timeoutMs: PATIENCE_MS })
      .then(({ version, read: by }) => ({ version, by: by.node_id }), codeOf);
    this.reads.push({ least, end: read });
    const key = `late-${round}-${this.writes.length}`;
    this.writes.push({
      key,
      end: alone.kv.put(key, 'here', { timeoutMs: PATIENCE_MS }).then(() => 'ok', codeOf),
    });
  }
}

async function round(stage: Stage, scene: Cast, posts: readonly Told[], number: number): Promise<void> {
  const { cluster } = scene;
  const client = cluster.client();
  const rule = `Round${number}`;
  const { leader: old, term } = await leadOf(cluster);
  // never asked for the rows of the others, so that it knows this node alone
  const alone = cluster.newClient(old.nodeId);
  stage.onEnd(() => alone.close());
  await client.kv.put('newest', '0');
  await alone.kv.get('newest');
  await client.putConfig({ text: rulesOf(rule) });
  await sleep(1000);
  old.child?.kill('SIGSTOP');
  const stopped = performance.now();
  const waiting = new Waiting();
  for (let value = 1; performance.now() - stopped < STILL_MS; value++) {
    // the first ones meet the change of the leader
    const done = await client.kv.put('newest', `${value}`, { timeoutMs: 10_000 }).catch(codeOf);
    if (typeof done !== 'string') waiting.ask(alone, number, done.version);
    await sleep(200);
  }
  const next = await leadOf(cluster);
  const [goesOn, goesOnTime] = [performance.now(), Date.now()];
  old.child?.kill('SIGCONT');
  const reads = await Promise.all(waiting.reads.map(async ({ least, end }) => ({ least, end: await end })));
  const writes = await Promise.all(waiting.writes.map(async ({ key, end }) => ({ key, end: await end })));
  await sleep(3000);
  const title = `round ${number}`;
  const answered = reads.flatMap(({ least, end }) => (typeof end === 'string' ? [] : [{ least, ...end }]));
  const stale = answered.filter(({ least, version }) => version < least);
  const acked = writes.filter(({ end }) => end === 'ok');
  const kept = await Promise.all(acked.map(({ key }) => client.kv.get(key).then(() => 'ok', codeOf)));
  const byOld = posts.filter((p) => p.by === old.nodeId && p.at >= goesOn);
  const fired = posts.filter((p) => p.rule === rule && p.status === 'firing');
  const down = (await told(cluster, old.nodeId, ['role-changed'], goesOnTime))[0];
  stage.note(title, {
    ...{ old: old.nodeId, next: next.leader.nodeId, terms: next.term - term, asked: reads.length },
    ...{ answered: answered.length, by: [...new Set(answered.map(({ by }) => by))], acked: acked.length },
    ...{
      fired: fired.map(({ by, at }) => `${by} ${Math.round(at - stopped)} ms`),
      first_word: down?.message,
    },
  });
  stage.claim(`${title}: another one leads`, next.leader !== old, next.leader.nodeId);
  stage.atLeast(`${title}: reads that waited for it`, reads.length, 10);
  stage.equal(`${title}: of them older than what was acknowledged before`, stale.length, 0);
  stage.equal(
    `${title}: writes of it that were acknowledged and are not there`,
    kept.filter((k) => k !== 'ok'),
    [],
  );
  stage.atLeast(`${title}: the alert is told by the next leader`, fired.length, 1);
  stage.equal(`${title}: told by the old one when it goes on`, byOld, []);
  const after = down === undefined ? null : Date.parse(down.at) - goesOnTime;
  stage.atMost(`${title}: it leads no more after, ms`, after, 1000);
}

export const OLD_LEADER: Scenario = {
  name: 'old-leader',
  about: 'F3: a leader that stood still 6 s: behind that it acknowledges, reads and tells nothing of its own',
  missing: () => null,
  async play(stage) {
    const scene = await cast(stage, 3);
    const posts = await hooks(stage, scene.cluster.nodes);
    const load = await Load.start(stage, scene.cluster, { perSecond: 50 });
    for (let number = 1; number <= ROUNDS; number++) {
      await round(stage, scene, posts, number);
      await scene.cluster.untilHealthy();
    }
    await load.verify(stage);
  },
};
