/** As many daemons as one machine holds: until all are members, and what they cost at rest. */

import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { measured } from '../../../daemon/drill.ts';
import { must } from '../../../src/base/index.ts';
import { type Row, rowOf } from '../../detector/row.ts';
import { scenariosFor } from '../../detector/scenarios.ts';
import { cast, leadOf } from '../cast.ts';
import { connections, cpuMs, pssMb, sentBytes, sentBytesAtPort } from '../proc.ts';
import { round, type Scenario } from '../stage.ts';

const VOTERS = 5;
const IDLE_SECONDS = 20;

function spread(values: readonly (number | null)[]) {
  return measured(values.filter((v) => v !== null));
}

/** What one node sends in the simulation of as many that are all alive: the detector's row `idle`. */
function idleBytes(nodes: number): Row['bytesPerS'] {
  const scenario = must(
    scenariosFor(nodes).find(({ name }) => name === 'idle'),
    'idle',
  );
  return rowOf({ nodes, scenario, lane: 'h2', seeds: [1], lastingMs: IDLE_SECONDS * 1000 }).bytesPerS;
}

const manyOf = (count: number, limitMs: number): Scenario => ({
  name: `many-${count}`,
  about: `${count} daemons, ${VOTERS} of them voters: until all are members, idle CPU ≤ 60 % of two cores`,
  missing: () => null,
  limitMs,
  async play(stage) {
    const began = performance.now();
    const { cluster } = await cast(stage, VOTERS, { observers: count - VOTERS, readyTimeoutMs: limitMs / 2 });
    const seconds = (performance.now() - began) / 1000;
    stage.note('seconds_until_all_are_members', round(seconds));
    await sleep(10_000);
    const pids = cluster.nodes.map((n) => n.child?.pid ?? 0);
    const { term } = await leadOf(cluster);
    const atPeerPort = (pid: number): number | null =>
      sentBytesAtPort(pid, must(cluster.nodes[0], 'a node').peerPort);
    const [cpu, bytes, logBytes] = [pids.map(cpuMs), pids.map(sentBytes), pids.map(atPeerPort)];
    const from = performance.now();
    await sleep(IDLE_SECONDS * 1000);
    const ms = performance.now() - from;
    const since = (read: (pid: number) => number | null, before: readonly (number | null)[]): number[] =>
      pids.map((pid, i) => (((read(pid) ?? 0) - (before[i] ?? 0)) / ms) * 1000);
    const cpuNow = since(cpuMs, cpu).map((used) => used / 10); // ms of a second → percent of a core
    const total = cpuNow.reduce((a, b) => a + b, 0);
    const sent = since(sentBytes, bytes);
    const sentToLog = since(atPeerPort, logBytes);
    const gossip = sent.map((all, i) => all - (sentToLog[i] ?? 0));
    const voters = (values: readonly number[]): readonly number[] => values.slice(0, VOTERS);
    const others = (values: readonly number[]): readonly number[] => values.slice(VOTERS);
    stage.note('cpu_percent_of_a_core', {
      total: round(total),
      voters: spread(voters(cpuNow)),
      others: spread(others(cpuNow)),
    });
    stage.note('sent_bytes_per_second', { voters: spread(voters(sent)), others: spread(others(sent)) });
    // what is not answers to a leader's heartbeats: gossip, which FD5 promises, and some for the management API
    stage.note('beside_the_log', { voters: spread(voters(gossip)), others: spread(others(gossip)) });
    stage.note('pss_mb', spread(pids.map(pssMb)));
    stage.note('connections', spread(pids.map(connections)));
    stage.atMost('idle CPU of all, percent of two cores', total / Math.min(2, availableParallelism()), 60);
    stage.equal('terms while idle', (await leadOf(cluster)).term - term, 0);
    const status = await cluster.client().status();
    const alive = status.nodes.filter((n) => n.liveness === 'alive').length;
    stage.equal('nodes alive', alive, count);
    const beside = others(gossip);
    const mean = beside.reduce((a, b) => a + b, 0) / beside.length;
    stage.atMost('sent beside the log by nodes that have no vote, mean bytes/s', mean, 10_000);
    const simulated = idleBytes(count);
    stage.note('bytes_per_second_simulated', simulated);
    const ratio = mean / simulated.mean;
    stage.claim('real bytes over simulated ones, 0.5 to 2', ratio >= 0.5 && ratio <= 2, round(ratio, 2));
  },
});

/** A size at which gossip is a full mesh of quick probes, and one at which it is neither. */
export const MANY: readonly Scenario[] = [manyOf(16, 180_000), manyOf(64, 420_000)];
