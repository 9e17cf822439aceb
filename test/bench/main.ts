/**
 * `npm run bench`: the figures of the README on this machine, alone and beside etcd, as one JSON document on
 * stdout; progress and the table of ratios on stderr. Not a test: nothing here passes or fails. How it is
 * measured, and what is fair about it, stands in docs/bench.md.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { given } from '../usage.ts';
import { measureFailover } from './failover.ts';
import { buildGoProgram, etcdVersion } from './load/go-program.ts';
import { measureMemory } from './memory.ts';
import { type BenchOptions, benchOptions, type Part, USAGE } from './options.ts';
import { measureOwn } from './own.ts';
import { stealMs } from './process-figures.ts';
import type { SideName } from './sides.ts';
import { printFigures } from './table.ts';
import { type Cell, measureThroughput } from './throughput.ts';
import { type Figures, verdicts } from './verdict.ts';
import { measureWatch } from './watch.ts';

const MEMORY = { writes: 100_000, restMs: 60_000 };
const SHORT_MEMORY = { writes: 20_000, restMs: 5000 };

const say = (text: string): void => void process.stderr.write(`${text}\n`);

function throughputOf(options: BenchOptions, goProgram: string | null): Promise<Cell[]> {
  const ops = [
    ...(options.parts.includes('writes') ? (['put'] as const) : []),
    ...(options.parts.includes('reads') ? (['get'] as const) : []),
  ];
  if (ops.length === 0) return Promise.resolve([]);
  return measureThroughput({ ...options, ops, goProgram, say });
}

/** What can be run here: without Go's client neither etcd nor one request a call. */
function prepared(options: BenchOptions, folder: string) {
  const needsGo = options.sides.includes('etcd') || options.ways.some((way) => way.startsWith('post'));
  const go = needsGo ? buildGoProgram(folder) : { path: '' };
  if ('path' in go) return { options, goProgram: go.path, skipped: null };
  say(`SKIPPED: etcd, and one request a call: ${go.missing}`);
  const sides: readonly SideName[] = options.sides.filter((side) => side !== 'etcd');
  const ways = options.ways.filter((way) => !way.startsWith('post'));
  return { options: { ...options, sides, ways }, goProgram: null, skipped: go.missing };
}

/** The parts that have a counterpart in etcd. */
async function beside(wanted: BenchOptions, folder: string) {
  if (wanted.parts.every((part) => part === 'own')) return null;
  const { options, goProgram, skipped } = prepared(wanted, folder);
  const steal = stealMs();
  const { sides, quick, rounds, attempts, nodes, signal } = options;
  const plan = { sides, quick, rounds, attempts, nodes, signal, goProgram, say };
  const has = (part: Part): boolean => options.parts.includes(part);
  const figures: Figures = {
    cells: await throughputOf(options, goProgram),
    failover: has('failover') ? await measureFailover(plan) : [],
    watch: has('watch') ? await measureWatch({ ...plan, changes: quick ? 300 : 2000 }) : [],
    memory: has('memory') ? await measureMemory({ ...plan, ...(quick ? SHORT_MEMORY : MEMORY) }) : [],
  };
  const ratios = verdicts(figures);
  const etcd = sides.includes('etcd') ? etcdVersion() : null;
  return { etcd, skipped, ...figures, ratios, stolenMs: stealMs() - steal };
}

async function main(options: BenchOptions): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  try {
    const own = options.parts.includes('own') ? await measureOwn(say) : null;
    const peers = await beside(options, folder);
    const document = {
      at: new Date().toISOString(),
      machine: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, node ${process.versions.node}`,
      options,
      ...own,
      beside: peers,
    };
    const text = `${JSON.stringify(document, null, 2)}\n`;
    if (options.json === null) process.stdout.write(text);
    else writeFileSync(options.json, text);
    if (peers !== null) say(`\n${printFigures(peers, peers.ratios)}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await main(benchOptions(given(USAGE)));
