/** One row of the report: a size and a scenario over some seeds. */
import { Measures, quantile } from './measures.ts';
import { Oracle } from './oracle.ts';
import type { Scenario } from './scenarios.ts';
import { World } from './world.ts';

/** Each connection is tried each 5 s: a ping and its pong (101 bytes each) and an acknowledgement. */
const LINE_BYTES_PER_SECOND = (101 + 101 + 52) / 5;
const HEALED_WITHIN_MS = 15_000;
/** Between two looks whether all views are equal. */
export function stepMs({ nodes }: Pick<Row, 'nodes'>): number {
  return nodes > 1000 ? 250 : 25;
}

export interface Spread {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export interface Row {
  readonly nodes: number;
  readonly scenario: string;
  readonly lane: 'h2' | 'udp';
  readonly seeds: number;
  readonly virtualS: number;
  readonly firstSuspectMs: Spread | null;
  readonly firstFailedMs: Spread | null;
  /** Of each victim: when the last viewer called it failed. */
  readonly allKnowMs: Spread | null;
  /** Victims of whom some viewer never knew. */
  readonly unknown: number;
  readonly falseSuspectPerNodeHour: number;
  readonly falseFailedPerNodeHour: number;
  readonly falseFailed: number;
  readonly refutations: number;
  readonly unstableS: number;
  /** From the end of the fault, or the join, until all views were equal; null = not within 15 s. */
  readonly healedMs: Spread | null;
  readonly bytesPerS: { readonly mean: number; readonly p99: number; readonly max: number };
  /** Most bytes of one node in one second. */
  readonly bytesPeak: number;
  /** Most bytes of news of one node in any second, without what carries them. */
  readonly newsPeak: number;
  readonly messagesPerS: number;
  readonly queueMax: number;
  readonly neighboursMax: number;
  /** Of one node, both ways, most at once; compared with no stored row: neighbours are. */
  readonly connectionsMax: number;
  readonly traceHash: string;
  readonly packets: number;
  /** Events of the simulated world in a second of the real one. */
  readonly eventsPerS: number;
  readonly wallS: number;
  readonly cpuS: number;
}

export interface RowOptions {
  readonly nodes: number;
  readonly scenario: Scenario;
  readonly lane: 'h2' | 'udp';
  readonly seeds: readonly number[];
  readonly lastingMs: number;
}

interface Run {
  readonly measures: Measures;
  readonly world: World;
  readonly oracle: Oracle;
  readonly bytesPerS: number[];
  readonly messagesPerS: number;
  readonly seconds: number;
  readonly healedMs: number | null;
}

function play(options: RowOptions, seed: number): Run {
  const { nodes, scenario, lane, lastingMs } = options;
  const oracle = new Oracle(`${scenario.name} with ${nodes} nodes, seed ${seed}, ${lane}`);
  const measures: Measures = new Measures(() => world);
  const world: World = new World({
    ...{ nodes, seed, lane, settled: scenario.fromNothing !== true },
    onEvent: (viewer, event) => {
      measures.onEvent(viewer, event);
      oracle.onEvent(viewer, event);
    },
    onTurn: (node) => oracle.onTurn(node),
    onSent: (node, message) => oracle.onSent(node, message),
  });
  oracle.watch(world);
  world.run(scenario.fromNothing === true ? 0 : 3000 + world.random.next() * 1000);
  const start = world.now;
  const before = world.nodes.map((n) => [n.bytesOut, n.messagesOut] as const);
  for (const node of world.nodes) node.forgetPeaks();
  scenario.run({ world, measures, lastingMs });
  const seconds = (world.now - start) / 1000;
  const live = world.nodes.filter((n) => n.isUp);
  const bytesPerS = live.map(
    (n) => (n.bytesOut - (before[n.index]?.[0] ?? 0)) / seconds + n.neighbours.length * LINE_BYTES_PER_SECOND,
  );
  const messages = live.reduce((sum, n) => sum + n.messagesOut - (before[n.index]?.[1] ?? 0), 0);
  measures.finish();
  const run = { measures, world, oracle, bytesPerS, messagesPerS: messages / live.length / seconds, seconds };
  return { ...run, healedMs: heal(world, measures) };
}

/** The faults end; within 15 s all must see the same. */
function heal(world: World, measures: Measures): number | null {
  const at = world.now;
  for (const node of world.nodes) {
    // whoever is down stays down, and its host with it
    if (node.isUp) measures.allow(node, 'failed');
  }
  world.network.heal();
  for (const node of world.nodes) if (!node.isHostUp) world.network.setLoss(node.index, 1);
  while (!measures.areViewsEqual()) {
    if (world.now - at > HEALED_WITHIN_MS) return null;
    world.run(stepMs({ nodes: world.nodes.length }));
  }
  return world.now - at;
}

function spread(values: readonly number[]): Spread | null {
  if (values.length === 0) return null;
  const [p50, p99, max] = [0.5, 0.99, 1].map((part) => Math.round(quantile(values, part)));
  return { p50: p50 ?? 0, p99: p99 ?? 0, max: max ?? 0 };
}

function given<T>(values: readonly (T | null)[]): T[] {
  return values.filter((v): v is T => v !== null);
}

function rounded(value: number, digits = 2): number {
  return Number(value.toFixed(digits));
}

export function rowOf(options: RowOptions): Row {
  const wall = performance.now();
  const cpu = process.cpuUsage();
  const runs = options.seeds.map((seed) => play(options, seed));
  const used = process.cpuUsage(cpu);
  const stories = runs.flatMap((r) => r.measures.stories);
  const sum = (of: (run: Run) => number): number => runs.reduce((total, run) => total + of(run), 0);
  const most = (of: (run: Run) => number): number => Math.max(...runs.map(of));
  const nodeHours = sum((r) => (r.world.up().length * r.seconds) / 3600);
  const bytes = runs.flatMap((r) => r.bytesPerS);
  const healed = runs.map((r) => (options.scenario.name.startsWith('join') ? r.measures.joinMs : r.healedMs));
  return {
    ...{ nodes: options.nodes, scenario: options.scenario.name, lane: options.lane, seeds: runs.length },
    virtualS: rounded(
      sum((r) => r.seconds),
      0,
    ),
    firstSuspectMs: spread(given(stories.map((s) => s.suspectedAt))),
    firstFailedMs: spread(given(stories.map((s) => s.failedAt))),
    allKnowMs: spread(given(stories.map((s) => s.allKnowAt))),
    unknown: stories.filter((s) => s.allKnowAt === null).length,
    falseSuspectPerNodeHour: rounded(sum((r) => r.measures.falseSuspects) / nodeHours),
    falseFailedPerNodeHour: rounded(sum((r) => r.measures.falseFailures) / nodeHours, 4),
    falseFailed: sum((r) => r.measures.falseFailures),
    refutations: sum((r) => r.measures.refutations),
    unstableS: rounded(sum((r) => r.measures.unstableMs) / 1000, 1),
    healedMs: healed.includes(null) ? null : spread(given(healed)),
    bytesPerS: {
      mean: rounded(bytes.reduce((a, b) => a + b, 0) / bytes.length, 0),
      p99: rounded(quantile(bytes, 0.99), 0),
      max: rounded(Math.max(...bytes), 0),
    },
    bytesPeak: most((r) => Math.max(...r.world.nodes.map((n) => n.bytesPeak))),
    newsPeak: most((r) => Math.max(...r.world.nodes.map((n) => n.newsPeak))),
    messagesPerS: rounded(sum((r) => r.messagesPerS) / runs.length, 1),
    queueMax: most((r) => r.oracle.queueMax),
    neighboursMax: most((r) => Math.max(...r.world.nodes.map((n) => n.neighboursMax))),
    connectionsMax: most((r) => Math.max(...r.world.nodes.map((n) => n.connectionsMax))),
    traceHash: runs.map((r) => r.world.traceHash.toString(16).padStart(8, '0')).join(' '),
    packets: sum((r) => r.world.packets),
    eventsPerS: rounded((sum((r) => r.world.agenda.planned) / (performance.now() - wall)) * 1000, 0),
    wallS: rounded((performance.now() - wall) / 1000, 1),
    cpuS: rounded((used.user + used.system) / 1e6, 1),
  };
}
