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

/** What no rule of the cluster's own can say: the cluster that would say it is gone, or has no such budget. */
const BESIDE: readonly { readonly name: string; readonly expr: string; readonly text: string }[] = [
  {
    name: 'ErrorBudgetSpent',
    expr: 'cluster:sqlcc_error_budget_seconds:max < 0',
    text: 'more than 0.01 % of 30 days without a leader that has a majority',
  },
  {
    name: 'NoNodeTells',
    expr: 'absent(sqlcc_build_info)',
    text: 'no daemon answers its scrapes',
  },
];

/** A JSON string is a YAML scalar. */
const quoted = (text: string): string => JSON.stringify(text);

function alertLines(rule: RuleToExport): string[] {
  const expr = promqlOf(rule.condition);
  if (expr === null) return [`      # ${rule.name}: PromQL has no word for ${quoted(rule.condition)}`];
  return [
    `      - alert: ${rule.name}`,
    `        expr: ${quoted(expr)}`,
    ...(rule.forMs === 0
      ? []
      : [`        for: ${rule.forMs % 1000 === 0 ? `${rule.forMs / 1000}s` : `${rule.forMs}ms`}`]),
    `        labels: { severity: ${quoted(rule.severity)} }`,
    '        annotations:',
    `          summary: ${quoted(`${rule.name} of {{ $labels.cluster }} {{ $labels.node }}: {{ $value }}`)}`,
    `          description: ${quoted(`condition ${rule.condition}${rule.forMs === 0 ? '' : ` for ${formatDuration(rule.forMs)}`}`)}`,
  ];
}

function besideLines({ name, expr, text }: (typeof BESIDE)[number]): string[] {
  return [
    `      - alert: ${name}`,
    `        expr: ${quoted(expr)}`,
    '        labels: { severity: "critical" }',
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
