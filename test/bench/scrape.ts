/**
 * What a scrape of `/metrics` costs: a cluster of three on loopback that serves requests, one node scraped
 * each second as Prometheus does, then without. Prints one JSON document; `node test/bench/scrape.ts [SECONDS]`.
 */
import { readFileSync } from 'node:fs';
import { DemoCluster } from '../../daemon/demo-cluster.ts';
import { must } from '../../src/base/index.ts';
import { program } from '../cluster/harness.ts';
import { findTestPorts } from '../cluster/ports.ts';

const TICK_MS = 10;
const SECONDS = Number(process.argv[2] ?? 30);

/** CPU of the process since its start, ms. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Phase {
  /** Of one core, 0–100. */
  readonly cpuPercent: number;
  readonly scrapeMs: readonly number[];
  readonly bytes: number;
}

/** `scrapesPerSecond` 0 = none. */
async function phase(pid: number, url: string, scrapesPerSecond: number): Promise<Phase> {
  const [began, cpu] = [performance.now(), cpuMs(pid)];
  const scrapeMs: number[] = [];
  let bytes = 0;
  const rounds = SECONDS * Math.max(1, scrapesPerSecond);
  for (let n = 1; n <= rounds; n++) {
    if (scrapesPerSecond > 0) {
      const at = performance.now();
      bytes = (await (await fetch(url, { headers: { accept: 'application/openmetrics-text' } })).text())
        .length;
      scrapeMs.push(performance.now() - at);
    }
    await sleep(Math.max(0, began + (n * SECONDS * 1000) / rounds - performance.now()));
  }
  const elapsed = performance.now() - began;
  return { cpuPercent: ((cpuMs(pid) - cpu) / elapsed) * 100, scrapeMs, bytes };
}

function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return Math.round((sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)] ?? 0) * 100) / 100;
}

const round = (value: number): number => Math.round(value * 100) / 100;

const basePort = await findTestPorts(5, 27_433);
const cluster = await DemoCluster.start({
  nodes: 3,
  dir: null,
  basePort,
  logLevel: 'WARN',
  program: program(),
});
try {
  const client = cluster.client();
  const leaderId = must((await client.leader()).leader_id, 'a leader');
  const leader = cluster.node(leaderId);
  const pid = must(leader.child?.pid, 'the process of the leader');
  const url = `http://127.0.0.1:${leader.metricsPort}/metrics`;
  await client.sql([{ sql: 'CREATE TABLE t (n INTEGER)' }]);
  await sleep(3000);
  // the cost of one scrape drowns in a second's noise: fifty a second show it
  const idle = await phase(pid, url, 0);
  const each = await phase(pid, url, 1);
  const often = await phase(pid, url, 50);
  const perScrapeMs = ((often.cpuPercent - idle.cpuPercent) * 10) / 50;
  const result = {
    schemaVersion: 1,
    seconds: SECONDS,
    bytes: each.bytes,
    scrape_ms: { p50: quantile(each.scrapeMs, 0.5), p99: quantile(each.scrapeMs, 0.99) },
    scrape_ms_at_50_hz: { p50: quantile(often.scrapeMs, 0.5), p99: quantile(often.scrapeMs, 0.99) },
    cpu_percent: {
      idle: round(idle.cpuPercent),
      at_1_hz: round(each.cpuPercent),
      at_50_hz: round(often.cpuPercent),
    },
    cpu_ms_per_scrape: round(perScrapeMs),
    cpu_percent_at_1_hz: round(perScrapeMs / 10),
  };
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
} finally {
  await cluster.stop();
  cluster.remove();
}
