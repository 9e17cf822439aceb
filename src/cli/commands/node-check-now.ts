/** `sqlcc node check --now` and `--all`: a node checks itself, all by their own words, and both together. */
import { SqlccError } from '../../base/index.ts';
import type { CliContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { duration, percent, size, state, time } from '../output/words.ts';
import { askPause, pauseBanner } from './pause-banner.ts';

type Status = 'HEALTHY' | 'DEGRADED' | 'UNHEALTHY' | 'UNKNOWN';

const EXIT_OF: Readonly<Record<Status, number>> = {
  HEALTHY: EXIT.ok,
  DEGRADED: EXIT.degraded,
  UNHEALTHY: EXIT.critical,
  UNKNOWN: EXIT.critical,
};

function shown(value: number | null, unit: string): string | null {
  if (value === null) return null;
  if (unit === 'ratio') return percent(value);
  if (unit === 'ms') return duration(value);
  if (unit === 'bytes') return size(value);
  if (unit === 'bytes/s') return `${size(value)}/s`;
  return String(Math.round(value * 100) / 100);
}

export async function checkNow(context: CliContext, id: string): Promise<number> {
  const client = await context.client();
  const answer = await client.health.check({ node: id });
  const { printer } = context;
  const exit = EXIT_OF[answer.status];
  const pause = await askPause(context);
  await printer.answer({ ...answer, exit }, () => {
    pauseBanner(printer, pause);
    printer.facts([
      ['Node', answer.node_id],
      ['Health', state(answer.status)],
      ['Why', answer.issues.join('; ')],
      ['Checked', time(answer.at)],
    ]);
    printer.line('');
    printer.table(
      [
        { name: 'CHECK', of: (c) => c.name },
        { name: 'VALUE', of: (c) => shown(c.value, c.unit), align: 'right' },
        { name: 'LIMIT', of: (c) => shown(c.limit, c.unit), align: 'right' },
        { name: 'STATUS', of: (c) => state(c.status) },
      ],
      answer.checks,
    );
  });
  return exit;
}

export async function checkAll(context: CliContext): Promise<number> {
  const client = await context.client();
  const answer = await client.health.all();
  const { printer } = context;
  const exit = Math.max(EXIT.ok, ...answer.nodes.map((node) => EXIT_OF[node.status]));
  const pause = await askPause(context);
  await printer.answer({ ...answer, exit }, () => {
    pauseBanner(printer, pause);
    printer.table(
      [
        { name: 'NAME', of: (n) => n.node_id },
        { name: 'HEALTH', of: (n) => state(n.status) },
        { name: 'CPU', of: (n) => percent(n.cpu_usage), align: 'right' },
        { name: 'MEMORY', of: (n) => percent(n.memory_usage), align: 'right' },
        { name: 'DISK', of: (n) => percent(n.disk_usage), align: 'right' },
        { name: 'WHY', of: (n) => n.issues.join('; ') },
      ],
      answer.nodes,
    );
  });
  return exit;
}

/** Asked at once; a check takes two seconds where a disk hangs. */
const AT_ONCE = 16;

interface CheckedNode {
  readonly node_id: string;
  readonly status: Status;
  readonly issues: readonly string[];
  readonly at: string | null;
  readonly checks: readonly {
    readonly name: string;
    readonly value: number | null;
    readonly status: Status;
  }[];
}

/** Every node checks itself now; one that does not answer is UNKNOWN, with what came of asking it. */
export async function checkAllNow(context: CliContext): Promise<number> {
  const client = await context.client();
  const names = (await client.health.all()).nodes.map((node) => node.node_id);
  const ask = async (node: string): Promise<CheckedNode> => {
    try {
      const { node_id, status, issues, at, checks } = await client.health.check({ node });
      return { node_id, status, issues, at, checks };
    } catch (error) {
      if (!(error instanceof SqlccError)) throw error;
      return { node_id: node, status: 'UNKNOWN', issues: [error.message], at: null, checks: [] };
    }
  };
  const nodes: CheckedNode[] = [];
  for (let n = 0; n < names.length; n += AT_ONCE)
    nodes.push(...(await Promise.all(names.slice(n, n + AT_ONCE).map(ask))));
  const exit = Math.max(EXIT.ok, ...nodes.map((node) => EXIT_OF[node.status]));
  const probe = (node: CheckedNode, name: string): string | null => {
    const check = node.checks.find((c) => c.name === name);
    if (check === undefined) return null;
    return check.value === null ? 'failed' : duration(check.value);
  };
  await context.printer.answer({ schemaVersion: 1, nodes, exit }, () =>
    context.printer.table(
      [
        { name: 'NAME', of: (n) => n.node_id },
        { name: 'HEALTH', of: (n) => state(n.status) },
        { name: 'WRITE', of: (n) => probe(n, 'disk-probe'), align: 'right' },
        { name: 'QUORUM', of: (n) => probe(n, 'quorum-probe'), align: 'right' },
        { name: 'WHY', of: (n) => n.issues.join('; ') },
      ],
      nodes,
    ),
  );
  return exit;
}
