/** Resources that run out: descriptors, memory, CPU, patience. Consensus is the last thing that may suffer. */
import { existsSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { SqlccError } from '../../../src/base/index.ts';
import { Cgroup, FaultDisk, type LabCluster, type LabNode } from '../../lab/index.ts';
import { missingProgram, runOrThrow } from '../../lab/tools.ts';
import { cast, leadOf, within } from '../cast.ts';
import { Load } from '../load.ts';
import { cpuMs, descriptors, rssMb } from '../proc.ts';
import { round, type Scenario, type Stage } from '../stage.ts';

const pidOf = (node: LabNode): number => node.child?.pid ?? 0;

/** Strangers that connect, say nothing, and come again as soon as they are sent away. */
class Strangers {
  readonly #sockets = new Set<Socket>();
  opened = 0;
  refused = 0;
  #isOver = false;

  constructor(stage: Stage, node: LabNode, count: number) {
    for (let i = 0; i < count; i++) this.#come(node);
    stage.onEnd(() => this.leave());
  }

  #come(node: LabNode): void {
    if (this.#isOver) return;
    const socket = connect(node.port, node.host.address, () => this.opened++);
    this.#sockets.add(socket);
    socket.on('error', () => this.refused++);
    socket.on('close', () => {
      this.#sockets.delete(socket);
      setTimeout(() => this.#come(node), 50);
    });
  }

  leave(): void {
    this.#isOver = true;
    for (const socket of this.#sockets) socket.destroy();
  }
}

const SPARE_DESCRIPTORS = 40;
/** What strangers must leave free of so few, at least. */
const KEPT_FREE = 5;

const DESCRIPTORS: Scenario = {
  name: 'descriptors',
  about: 'F17: strangers take descriptors: some stay free for log and peers, clients go on, it recovers',
  missing: () => missingProgram(['prlimit']),
  async play(stage) {
    const { cluster } = await cast(stage, 3);
    const load = await Load.start(stage, cluster);
    await sleep(2000);
    const { leader, followers, term } = await leadOf(cluster);
    const pid = pidOf(leader);
    const used = descriptors(pid) ?? 0;
    const [, before = '1024'] =
      /Max open files\s+(\d+)/.exec(readFileSync(`/proc/${pid}/limits`, 'utf8')) ?? [];
    // the highest number counts, not how many are open
    runOrThrow(['prlimit', '--pid', `${pid}`, `--nofile=${used + SPARE_DESCRIPTORS}:`]);
    // it looks at its limit once a second
    await sleep(1200);
    const began = performance.now();
    const cpuBefore = cpuMs(pid) ?? 0;
    const strangers = new Strangers(stage, leader, 60);
    let most = 0;
    for (let n = 0; n < 60; n++) {
      await sleep(100);
      most = Math.max(most, descriptors(pid) ?? 0);
    }
    const cpuPercent = (((cpuMs(pid) ?? 0) - cpuBefore) / (performance.now() - began)) * 100;
    const during = load.between(began);
    stage.note('few descriptors left', {
      ...{ used, most, limit: used + SPARE_DESCRIPTORS },
      opened: strangers.opened,
      cpu_percent: round(cpuPercent),
      ...during,
    });
    const words = `${leader.log}.stderr`;
    if (existsSync(words)) stage.note('last words of the leader', readFileSync(words, 'utf8').slice(-600));
    stage.atLeast('descriptors that strangers took', most - used, SPARE_DESCRIPTORS / 2);
    stage.atMost('descriptors in use at most', most, used + SPARE_DESCRIPTORS - KEPT_FREE);
    stage.equal('terms', (await leadOf(cluster)).term - term, 0);
    stage.atMost('writes of a connected client p99, ms', during.latencyMs.p99, 250);
    const [follower = leader] = followers;
    await cluster.killNode(follower.nodeId);
    const back = await Promise.race([
      cluster.startNode(follower.nodeId).then(() => true),
      sleep(15_000, false),
    ]);
    const again = await within(8000, async () => {
      const { nodes } = await cluster.client().status();
      const row = nodes.find((n) => n.node_id === follower.nodeId);
      return row?.liveness === 'alive' && row.lag_entries !== null && row.lag_entries <= 100;
    });
    stage.claim('a follower that starts meanwhile is served and catches up', back && again === true, {
      ...{ ready: back, caught_up: again === true },
    });
    strangers.leave();
    runOrThrow(['prlimit', '--pid', `${pid}`, `--nofile=${before}:`]);
    const left = performance.now();
    const stranger = cluster.newClient(leader.nodeId);
    const served = await within(10_000, async () => (await stranger.status({ timeoutMs: 1000 })).raft.term);
    await stranger.close();
    stage.atMost('a new client is served after, ms', served === null ? null : performance.now() - left, 5000);
    await load.verify(stage);
  },
};

const MEMORY: Scenario = {
  name: 'memory',
  about: 'F25: the kernel kills a follower, then the leader, for want of memory: like any other death',
  missing: () => Cgroup.missing(),
  async play(stage) {
    const { cluster } = await cast(stage, 3);
    const load = await Load.start(stage, cluster, { bytes: 20_000 });
    for (const who of ['follower', 'leader'] as const) {
      await sleep(1000);
      const { leader, followers, term } = await leadOf(cluster);
      const node = who === 'leader' ? leader : (followers[0] ?? leader);
      const group = new Cgroup();
      stage.onEnd(() => group.remove());
      group.limitMemory(4 * 1024 * 1024);
      const began = performance.now();
      const { child } = node;
      group.add(pidOf(node));
      const killed = await within(20_000, async () => child?.signalCode === 'SIGKILL');
      stage.claim(`the ${who} is killed by the kernel`, killed === true, child?.signalCode ?? 'it runs');
      const at = performance.now();
      await sleep(1500);
      const during = load.between(at - 300);
      stage.note(`no memory at the ${who}`, { after_ms: Math.round(at - began), ...during });
      stage.atMost(`no memory at the ${who}: gap between writes, ms`, during.gapMs, 1000);
      await cluster.startNode(node.nodeId);
      await cluster.untilHealthy();
      stage.atMost(`no memory at the ${who}: terms`, (await leadOf(cluster)).term - term, 2);
    }
    await load.verify(stage);
  },
};

const CPU: Scenario = {
  name: 'cpu-quota',
  about:
    'F5: the leader gets a tenth of a core, then stands still 0.7 of each second: it says so, another one leads',
  missing: () => Cgroup.missing(),
  async play(stage) {
    const { cluster } = await cast(stage, 3);
    const load = await Load.start(stage, cluster, { perSecond: 200 });
    await sleep(1500);
    const { leader, term } = await leadOf(cluster);
    const group = new Cgroup();
    stage.onEnd(() => group.remove());
    group.limitCpu(0.1);
    group.add(pidOf(leader));
    stage.onEnd(() => group.limitCpu(4));
    const began = performance.now();
    const moved = await within(15_000, async () => (await leadOf(cluster)).leader !== leader);
    const movedMs = moved === null ? null : Math.round(performance.now() - began);
    await sleep(Math.max(5000, 12_000 - (performance.now() - began)));
    const late = load.between(performance.now() - 4000);
    const now = await leadOf(cluster);
    const rows = (await cluster.client().status()).nodes.map((n) => `${n.node_id} ${n.liveness} ${n.health}`);
    stage.note('a tenth of a core', {
      moved_ms: movedMs,
      terms: now.term - term,
      throttled: group.throttled(),
      rows,
    });
    stage.note('in all', load.between(began));
    stage.note('the last 4 s', late);
    stage.atLeast('slices in which CPU was withheld', group.throttled(), 20);
    stage.atMost('terms', now.term - term, 3);
    stage.atMost('writes of the last 4 s p99, ms', late.latencyMs.p99, 1000);
    stage.claim(
      'nobody is dead',
      rows.every((row) => !row.includes('dead')),
      rows,
    );
    const words = rows.find((row) => row.startsWith(leader.nodeId)) ?? '';
    stage.claim('it is not healthy by its own word', /DEGRADED|UNHEALTHY/.test(words), words);
    group.limitCpu(4);
    await cluster.untilHealthy();
    await standsStill(stage, cluster, load);
    await load.verify(stage);
  },
};

const STILL_MS = 700;

/**
 * Slices of a tenth of a second leave a leader in time for its heartbeats; standing still for most of a second
 * does not. Its followers elect another one behind their election timeout; where that is as long as it stands
 * still (long round trips make it longer, as those of a throttled leader), it sees itself late in three of five
 * seconds and hands over.
 */
async function standsStill(stage: Stage, cluster: LabCluster, load: Load): Promise<void> {
  const { leader, term } = await leadOf(cluster);
  const { child } = leader;
  const began = performance.now();
  const stop = (): void => {
    child?.kill('SIGSTOP');
    setTimeout(() => child?.kill('SIGCONT'), STILL_MS);
  };
  stop();
  const timer = setInterval(stop, 1000);
  stage.onEnd(() => clearInterval(timer));
  const moved = await within(10_000, async () => (await leadOf(cluster)).leader !== leader);
  const movedMs = moved === null ? null : performance.now() - began;
  // five seconds to be found late in, one to hand over in, and one in which it may stand still meanwhile
  stage.atMost('stands still: another leads after, ms', movedMs, 7000);
  const settled = performance.now();
  await sleep(6000);
  const during = load.between(settled);
  const now = await leadOf(cluster);
  clearInterval(timer);
  const { elections } = await cluster.client().status();
  const why = elections.filter((e) => e.term > term).map((e) => e.why);
  stage.note('0.7 of each second', { why, terms: now.term - term, ...during });
  stage.claim('stands still: it does not lead again', now.leader !== leader, now.leader.nodeId);
  stage.atMost('stands still: terms', now.term - term, 1);
  stage.atMost('stands still: writes of the others p99, ms', during.latencyMs.p99, 1000);
  await sleep(STILL_MS);
  await cluster.untilHealthy();
}

const CALLERS = 6;
const EACH = 120;
/** More would be a test of how fast this machine makes and encrypts them, before a daemon sees any. */
const VALUE = 'v'.repeat(32 * 1024);
/** A commit waits for two syncs or three; a put that gives up before tells nothing of who refused it. */
const PATIENCE_MS = 4000;

/** Puts of 32 KiB, far more at once than may wait for their commit; answers how they ended. */
async function storm(
  cluster: Parameters<typeof leadOf>[0],
  seconds: number,
): Promise<Record<string, number>> {
  const ends: Record<string, number> = {};
  const until = performance.now() + seconds * 1000;
  const clients = Array.from({ length: CALLERS }, () => cluster.newClient());
  const call = async (i: number): Promise<void> => {
    while (performance.now() < until) {
      const end = await clients[i % CALLERS]?.kv.put(`storm-${i}`, VALUE, { timeoutMs: PATIENCE_MS }).then(
        () => 'ok',
        (error: unknown) => (error instanceof SqlccError ? error.code : String(error)),
      );
      ends[end ?? 'nothing'] = (ends[end ?? 'nothing'] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: CALLERS * EACH }, (_, i) => call(i)));
  await Promise.all(clients.map((client) => client.close()));
  return ends;
}

const HEAP_MB = 192;

const OVERLOAD: Scenario = {
  name: 'overload',
  about: 'F25: ten times what slow disks take, small heaps: 429 overloaded, no crash, the term stays',
  missing: () => FaultDisk.missing() ?? Cgroup.missing(),
  async play(stage) {
    const disk = FaultDisk.create(stage.temporary(), stage.seed);
    const flagsOf = (): string[] => [`--max-old-space-size=${HEAP_MB}`];
    const { cluster } = await cast(stage, 3, { envOf: () => disk.env(), flagsOf });
    // the overload is to be the callers', not that of whatever else this machine does
    const group = new Cgroup();
    stage.onAnyEnd(() => group.remove());
    group.goFirst();
    for (const pid of [process.pid, ...cluster.nodes.map(pidOf)]) group.add(pid);
    const load = await Load.start(stage, cluster, { perSecond: 20 });
    await sleep(1000);
    const { leader, term } = await leadOf(cluster);
    disk.set([{ path: '*/wal/*', ops: ['fdatasync', 'fsync'], effect: 'delay', delayMs: 700 }]);
    const began = performance.now();
    let peakMb = 0;
    const looks = setInterval(() => {
      peakMb = Math.max(peakMb, ...cluster.nodes.map((n) => rssMb(pidOf(n)) ?? 0));
    }, 200);
    const ends = await storm(cluster, 8);
    clearInterval(looks);
    const now = await leadOf(cluster);
    disk.set([]);
    stage.note('storm', {
      ends,
      peak_rss_mb: round(peakMb),
      delayed_syncs: disk.counts()['delay:fdatasync'] ?? 0,
    });
    stage.note('other writes meanwhile', load.between(began));
    stage.atLeast('puts refused as overloaded', ends['overloaded'] ?? 0, 1);
    stage.atLeast('puts acknowledged', ends['ok'] ?? 0, 50);
    stage.equal('terms', now.term - term, 0);
    stage.equal('leader', now.leader.nodeId, leader.nodeId);
    stage.claim(
      'no daemon ended',
      cluster.nodes.every((n) => (n.child?.exitCode ?? n.child?.signalCode ?? null) === null),
      cluster.nodes.map((n) => n.child?.exitCode ?? n.child?.signalCode ?? 'runs'),
    );
    stage.atMost('peak RSS of a daemon, MB', peakMb, 700);
    const calm = performance.now();
    await sleep(4000);
    stage.atMost('writes behind the storm p99, ms', load.between(calm + 2000).latencyMs.p99, 250);
    await load.verify(stage);
  },
};

export const LIMIT_SCENES: readonly Scenario[] = [DESCRIPTORS, MEMORY, CPU, OVERLOAD];
