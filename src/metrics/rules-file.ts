/** Recording and alert rules for a Prometheus server: the catalogue and the alert rules as its YAML. */
import { formatDuration } from '../base/index.ts';
import { promqlOf, recordings } from './promql.ts';

/** An alert rule, as far as it matters here. */
export interface RuleToExport {
  readonly name: string;
  readonly condition: string;
  readonly severity: string;
  readonly forMs: number;
}

/** What no rule of the cluster's own can say: who would say it is gone, or keeps no such book. */
const BESIDE: readonly {
  readonly name: string;
  readonly expr: string;
  readonly severity: 'warning' | 'critical';
  readonly forMs: number;
  readonly text: string;
}[] = [
  {
    name: 'NodeDown',
    // of node_up each node tells its own alone: who is dead tells nothing
    expr: 'count by (cluster) (group by (cluster, node) (sqlcc_build_info)) < cluster:sqlcc_node_count:max',
    severity: 'warning',
    forMs: 30_000,
    text: 'fewer daemons answer their scrapes than the cluster has nodes',
  },
  {
    name: 'ErrorBudgetSpent',
    // from the server's own memory: daemons count since their start. Half of the nodes saw at least so much,
    // so that neither one that was cut off nor one that has just joined decides
    expr: 'quantile by (cluster) (0.5, increase(sqlcc_downtime_seconds[30d])) > 30 * 86400 * 0.0001',
    severity: 'critical',
    forMs: 0,
    text: 'more than 0.01 % of 30 days without a leader that has a majority',
  },
  {
    name: 'NoNodeTells',
    // of several clusters each one that told something within the day; or nothing at all
    expr:
      '(group by (cluster) (last_over_time(sqlcc_build_info[1d])) ' +
      'unless group by (cluster) (sqlcc_build_info)) or absent(last_over_time(sqlcc_build_info[1d]))',
    severity: 'critical',
    // a server that starts has scraped nobody yet
    forMs: 60_000,
    text: 'no daemon of a cluster answers its scrapes',
  },
];

/** A JSON string is a YAML scalar. */
const quoted = (text: string): string => JSON.stringify(text);

/** In a unit that Prometheus' grammar has. */
function forLine(forMs: number): string[] {
  if (forMs === 0) return [];
  return [`        for: ${forMs % 1000 === 0 ? `${forMs / 1000}s` : `${forMs}ms`}`];
}

function alertLines({ name, condition, severity, forMs }: RuleToExport): string[] {
  const expr = promqlOf(condition);
  if (expr === null) return [`      # ${name}: PromQL has no word for ${quoted(condition)}`];
  const summary = `${name} of {{ $labels.cluster }} {{ $labels.node }}: {{ $value }}`;
  const held = forMs === 0 ? '' : ` for ${formatDuration(forMs)}`;
  return [
    `      - alert: ${name}`,
    `        expr: ${quoted(expr)}`,
    ...forLine(forMs),
    `        labels: { severity: ${quoted(severity)} }`,
    '        annotations:',
    `          summary: ${quoted(summary)}`,
    `          description: ${quoted(`condition ${condition}${held}`)}`,
  ];
}

function besideLines({ name, expr, severity, forMs, text }: (typeof BESIDE)[number]): string[] {
  return [
    `      - alert: ${name}`,
    `        expr: ${quoted(expr)}`,
    ...forLine(forMs),
    `        labels: { severity: ${quoted(severity)} }`,
    '        annotations:',
    `          summary: ${quoted(text)}`,
  ];
}

/** A rules file: what `rule_files` of a Prometheus configuration takes. */
export function rulesFile(rules: readonly RuleToExport[]): string {
  const recorded = recordings().flatMap(({ record, expr }) => [
    `      - record: ${record}`,
    `        expr: ${quoted(expr)}`,
  ]);
  return [
    '# Made by "sqlcc metrics --rules" from the catalogue of metrics and the alert rules.',
    'groups:',
    '  - name: sqlcc-recording',
    '    rules:',
    ...recorded,
    '  - name: sqlcc-alerts',
    '    rules:',
    ...rules.flatMap(alertLines),
    ...BESIDE.flatMap(besideLines),
    '',
  ].join('\n');
}
