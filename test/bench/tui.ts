/**
 * What the screen costs, measured in a real terminal on a recording that changes every
 * second: first paint, first table, key to paint, bytes and CPU. Prints one JSON
 * document; run it alone: `node test/bench/tui.ts [nodes]`.
 */
import { readFileSync } from 'node:fs';
import { buildProgram, type Program, pause, replaying } from '../tui/pty.ts';
import { at, calm, node, status } from '../tui/recording.ts';

const RUNS = 10;
const KEYS = 200;
const IDLE_SECONDS = 8;

function quantiles(values: readonly number[]): { p50: number; p99: number; max: number } {
  const sorted = [...values].sort((a, b) => a - b);
  const pick = (q: number): number =>
    Number((sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0).toFixed(1));
  return { p50: pick(0.5), p99: pick(0.99), max: pick(1) };
}

/** Polls without a pause, so that it adds at most a fraction of a millisecond. */
async function when(test: () => boolean): Promise<number> {
  while (!test()) await new Promise((resolve) => setImmediate(resolve));
  return performance.now();
}

async function startTimes(
  program: Program,
  recording: string,
): Promise<{ skeleton: number[]; table: number[] }> {
  const skeleton: number[] = [];
  const table: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const began = performance.now();
    const terminal = replaying(program, recording, { columns: 120, rows: 36 });
    skeleton.push((await when(() => terminal.raw.includes('sqlcc top'))) - began);
    table.push((await when(() => terminal.raw.includes('Follower'))) - began);
    terminal.kill();
    await terminal.exited();
  }
  return { skeleton, table };
}

/** CPU time of a process so far, ms. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function rssMb(pid: number): number {
  const kib = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kib) / 1024);
}

/** A minute in which every node changes every second. */
function busy(count: number) {
  return Array.from({ length: 60 }, (_, second) => {
    const nodes = Array.from({ length: count }, (_, i) =>
      node(`n${i + 1}`, {
        cpu_usage: ((second * 7 + i * 13) % 100) / 100,
        match_index: 1_000_000 + second * 500,
        ...(i === 0 ? { role: 'leader', state: 'LEADER' } : {}),
      }),
    );
    return { at: at(second * 1000), status: status({ nodes }) };
  });
}

const count = Number(process.argv[2] ?? 3);
const program = await buildProgram();
const starts = await startTimes(program, program.recording(calm()));
const terminal = replaying(program, program.recording(busy(count)), {
  columns: 120,
  rows: 36,
  flags: ['--speed=1'],
});
await terminal.see('Follower');
await pause(1500);

const keyToPaint: number[] = [];
for (let i = 0; i < KEYS; i++) {
  const before = terminal.raw.length;
  const began = performance.now();
  terminal.type(i % 2 === 0 ? 'j' : 'k');
  keyToPaint.push((await when(() => terminal.raw.length > before)) - began);
  await pause(15 + (i % 7));
}
const cpu = cpuMs(terminal.pid);
const bytes = terminal.raw.length;
await pause(IDLE_SECONDS * 1000);
const result = {
  nodes: count,
  skeleton_ms: quantiles(starts.skeleton),
  first_table_ms: quantiles(starts.table),
  key_to_paint_ms: quantiles(keyToPaint),
  cpu_percent: Number(((cpuMs(terminal.pid) - cpu) / (IDLE_SECONDS * 10)).toFixed(1)),
  bytes_per_s: Math.round((terminal.raw.length - bytes) / IDLE_SECONDS),
  rss_mb: rssMb(terminal.pid),
};
terminal.kill();
program.remove();
console.log(JSON.stringify(result));
