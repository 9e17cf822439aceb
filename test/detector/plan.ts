/** Which rows are run with which seeds and for how long, by size. */
import { type Row, rowOf } from './row.ts';
import { type Scenario, scenariosFor } from './scenarios.ts';

export interface Plan {
  readonly sizes: readonly number[];
  /** All when empty. */
  readonly scenarios: readonly string[];
  readonly lanes: readonly ('h2' | 'udp')[];
  /** `brief` is what `npm test` runs; `full` is what the report is made of. */
  readonly effort: 'brief' | 'full';
  /** Also rows that take minutes each from a thousand members on. */
  readonly isWhole: boolean;
  /** Instead of 1, 2, …: these. */
  readonly seeds: readonly number[];
  readonly onRow: (row: Row) => void;
}

type Lane = Plan['lanes'][number];

/** What `npm test` plays, in brief; every row of it must have a stored one. Empty: all scenarios of a brief play. */
export const CI: readonly {
  readonly nodes: number;
  readonly lane: Lane;
  readonly scenarios: readonly string[];
}[] = [
  ...[3, 5, 16].map((nodes) => ({ nodes, lane: 'h2', scenarios: [] }) as const),
  {
    ...{ nodes: 100, lane: 'h2' },
    scenarios: [
      ...['idle', 'kill', 'silent', 'die-1', 'die-30', 'loss-30', 'stall-one', 'stall-observers'],
      ...['one-way', 'churn', 'join-one', 'join-many', 'zone', 'loss-10', 'clock-jumps'],
    ],
  },
  {
    ...{ nodes: 300, lane: 'h2' },
    scenarios: ['idle', 'kill', 'silent', 'die-1', 'stall-one', 'one-way', 'join-one'],
  },
  ...[3, 5, 12].map((nodes) => ({ nodes, lane: 'udp', scenarios: ['loss-30', 'silent', 'kill'] }) as const),
];

/** True for a row that `npm test` plays, when it is played as there. */
export function isOfCi(row: Pick<Row, 'nodes' | 'scenario' | 'lane'>): boolean {
  const part = CI.find(({ nodes, lane }) => nodes === row.nodes && lane === row.lane);
  if (part === undefined) return false;
  if (part.scenarios.length > 0) return part.scenarios.includes(row.scenario);
  const all = chosen(row.nodes, { scenarios: [], effort: 'brief', isWhole: false });
  return all.some(({ name }) => name === row.scenario);
}

/** From so many members on a brief play takes these rows only: at a thousand two minutes of one core. */
const LARGE = 1000;
const QUICK = ['idle', 'kill', 'silent', 'die-1', 'loss-30', 'stall-one', 'one-way', 'join-one'];

/** Two hours of virtual time in all where a row is judged by silence; less where that takes hours. */
function lastingMs(nodes: number, effort: Plan['effort']): number {
  if (effort === 'brief') return nodes <= 16 ? 60_000 : 18_000;
  if (nodes <= 5) return 2_400_000;
  if (nodes <= 16) return 600_000;
  if (nodes <= 100) return 120_000;
  return nodes <= 1000 ? 60_000 : 24_000;
}

function seedsFor(nodes: number, effort: Plan['effort'], isLasting: boolean): number {
  if (effort === 'brief') return nodes <= 16 ? 2 : 1;
  if (nodes <= 16) return isLasting ? 3 : 20;
  if (nodes <= 100) return isLasting ? 3 : 5;
  return nodes <= 1000 && !isLasting ? 2 : 1;
}

type Choice = Pick<Plan, 'scenarios' | 'effort' | 'isWhole'>;

/** What is played at this size: what is named, or else what the plan has time for. */
export function chosen(nodes: number, { scenarios, effort, isWhole }: Choice): Scenario[] {
  const all = scenariosFor(nodes);
  if (scenarios.length > 0) return all.filter((s) => scenarios.includes(s.name));
  if (effort === 'full') return [...all];
  const isQuick = nodes >= LARGE && !isWhole;
  return all.filter((s) => s.isFullOnly !== true && (!isQuick || QUICK.includes(s.name)));
}

export function play(plan: Plan): Row[] {
  const rows: Row[] = [];
  for (const nodes of plan.sizes) {
    for (const scenario of chosen(nodes, plan)) {
      const count = seedsFor(nodes, plan.effort, scenario.isLasting === true);
      const seeds = plan.seeds.length > 0 ? plan.seeds : Array.from({ length: count }, (_, n) => n + 1);
      for (const lane of plan.lanes) {
        const row = rowOf({ nodes, scenario, lane, seeds, lastingMs: lastingMs(nodes, plan.effort) });
        rows.push(row);
        plan.onRow(row);
      }
    }
  }
  return rows;
}
