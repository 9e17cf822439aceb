/** Figures of this project alone: cities, SQL writes, hand-over, stalls, what an idle node and a command cost. */
import { spawnSync } from 'node:child_process';
import { loadCities } from '../../daemon/cities.ts';
import { DemoCluster } from '../../daemon/demo-cluster.ts';
import { MAIN, program } from '../cluster/harness.ts';
import { INSPECTABLE } from '../cluster/inspector.ts';
import { findTestPorts } from '../cluster/ports.ts';
import { measureHandOver, measureIdle, measureStalls, measureWrites } from './cluster.ts';

/** Median wall time of a command over `runs`, ms. */
function median(args: readonly string[], env: Record<string, string>, runs = 15): number {
  const times: number[] = [];
  for (let n = 0; n < runs; n++) {
    const began = performance.now();
    spawnSync(process.execPath, args, { env: { ...process.env, ...env }, stdio: 'ignore' });
    times.push(performance.now() - began);
  }
  times.sort((a, b) => a - b);
  return times[Math.floor(times.length / 2)] as number;
}

function measureStart(contextFile: string) {
  const env = { SQLCC_CONFIG: contextFile };
  const nothing = median(['-e', '0'], env);
  const version = median([MAIN, 'version'], env);
  const status = median([MAIN, 'cluster', 'status', '-o', 'json'], env);
  const ratio = (ms: number): number => Math.round((ms / nothing) * 100) / 100;
  return {
    nodeMs: Math.round(nothing),
    versionMs: Math.round(version),
    statusMs: Math.round(status),
    versionRatio: ratio(version),
    statusRatio: ratio(status),
  };
}

export async function measureOwn(say: (text: string) => void) {
  // only what is spawned from here on: the daemons' inspectors take any free port, opened by the stall alone
  process.env['NODE_OPTIONS'] = INSPECTABLE.NODE_OPTIONS;
  const began = performance.now();
  const cluster = await DemoCluster.start({
    nodes: 3,
    dir: null,
    basePort: await findTestPorts(3, 25_433),
    program: program(),
  });
  try {
    say('idle, fresh');
    const idle = await measureIdle(cluster);
    say('cities');
    const cities = await loadCities(cluster.client(), () => {});
    say('writes, 64 callers of one client');
    const many = await measureWrites(cluster, 64, 8000);
    say('writes, 64 clients of their own');
    const own = await measureWrites(cluster, 64, 8000, 'own clients');
    say('writes, 1 caller');
    const one = await measureWrites(cluster, 1, 5000);
    say('failover by command, 20 rounds');
    const handOver = await measureHandOver(cluster, 20);
    say('stalls');
    const stalls = await measureStalls(cluster);
    delete process.env['NODE_OPTIONS'];
    say('start of commands');
    const start = measureStart(cluster.contextFile);
    say('idle, after all this');
    const idleAfter = await measureIdle(cluster);
    return {
      cities: { rows: cities.rows, ms: Math.round(cities.ms) },
      writes: [many, own, one],
      handOver,
      stalls,
      start,
      idle,
      idleAfter,
      seconds: Math.round((performance.now() - began) / 1000),
    };
  } finally {
    delete process.env['NODE_OPTIONS'];
    await cluster.stop();
    cluster.remove();
  }
}
