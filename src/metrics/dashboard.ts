/** A Grafana dashboard made from the catalogue: a row a group, a panel a metric or a histogram. */
import type { Metric } from './catalogue.ts';
import { isExposed, METRICS } from './catalogue.ts';
import type { Family } from './families.ts';
import { FAMILIES } from './families.ts';
import type { MetricGroup, MetricUnit } from './names.ts';
import { exposedName } from './names.ts';
import { isCumulative, quantileNames } from './promql.ts';

/** Grafana's names of units. */
const GRAFANA_UNIT: Readonly<Record<MetricUnit, string>> = {
  '': 'short',
  ratio: 'percentunit',
  bytes: 'bytes',
  'bytes/s': 'Bps',
  'per second': 'ops',
  seconds: 's',
  ms: 'ms',
};

const COLUMNS = 24;
const WIDTH = 8;
const HEIGHT = 7;
const STAT_HEIGHT = 4;
const WHERE = 'cluster=~"$cluster",node=~"$node"';
const SOURCE = { type: 'prometheus', uid: '$datasource' };

/** At a glance, on top. */
const STATS: readonly string[] = [
  ...[
    'leader_count',
    'healthy_nodes',
    'total_nodes',
    'cluster_availability',
    'error_budget',
    'alerts_firing',
  ],
];

const GROUPS: readonly (readonly [MetricGroup, string])[] = [
  ['cluster', 'Cluster'],
  ['node', 'Nodes'],
  ['raft', 'Consensus'],
  ['replication', 'Replication'],
];

interface Target {
  readonly expr: string;
  readonly legendFormat: string;
}

/** A panel before it has its place. */
interface Draft {
  readonly type: 'stat' | 'timeseries';
  readonly title: string;
  readonly description: string;
  readonly unit: string;
  readonly targets: readonly Target[];
}

function clusterTarget(metric: Metric): Target {
  const expr = `cluster:${exposedName(metric)}:max{cluster=~"$cluster"}`;
  return { expr, legendFormat: '{{cluster}}' };
}

function metricPanel(metric: Metric): Draft {
  const name = `${exposedName(metric)}{${WHERE}}`;
  const rate = isCumulative(metric);
  const target = { expr: rate ? `rate(${name}[$__rate_interval])` : name, legendFormat: '{{node}}' };
  const unit = GRAFANA_UNIT[metric.unit];
  return {
    type: 'timeseries',
    title: rate ? `${metric.id}, per second` : metric.id,
    description: metric.help,
    unit: rate ? (metric.unit === 'bytes' ? 'Bps' : 'ops') : unit,
    targets: [metric.group === 'cluster' && !rate ? clusterTarget(metric) : target],
  };
}

function familyPanel(family: Family): Draft {
  const legend = ['{{node}}', ...(family.label?.split(',') ?? []).map((name) => `{{${name}}}`)].join(' ');
  const percentiles = quantileNames(family).map(({ name, legend: quantile }) => ({
    expr: `${name}{${WHERE}}`,
    legendFormat: `${legend} ${quantile}`,
  }));
  const name = `${exposedName(family)}{${WHERE}}`;
  const plain = family.kind === 'counter' ? `increase(${name}[1h])` : name;
  return {
    type: 'timeseries',
    title: family.kind === 'counter' ? `${family.id}, per hour` : family.id,
    description: family.help,
    unit: GRAFANA_UNIT[family.unit],
    targets: family.kind === 'histogram' ? percentiles : [{ expr: plain, legendFormat: legend }],
  };
}

function statPanel(id: string): Draft[] {
  const metric = METRICS.find((m) => m.id === id);
  if (metric === undefined) return [];
  const { help, unit } = metric;
  return [
    {
      ...{ type: 'stat', title: id, description: help, unit: GRAFANA_UNIT[unit] },
      targets: [clusterTarget(metric)],
    },
  ];
}

function panel(draft: Draft, id: number, gridPos: object): object {
  const { type, title, description, unit, targets } = draft;
  return {
    ...{ id, type, title, description, datasource: SOURCE, gridPos },
    fieldConfig: { defaults: { unit }, overrides: [] },
    options:
      type === 'stat' ? { reduceOptions: { calcs: ['lastNotNull'] } } : { legend: { displayMode: 'list' } },
    targets: targets.map((target, n) => ({
      refId: String.fromCharCode(65 + n),
      datasource: SOURCE,
      ...target,
    })),
  };
}

function variable(name: string, query: string): object {
  return {
    ...{ name, type: 'query', datasource: SOURCE, query, refresh: 2, multi: true, includeAll: true },
    current: { selected: true, text: 'All', value: '$__all' },
  };
}

function draftsOf(group: MetricGroup): Draft[] {
  return [
    ...METRICS.filter((m) => m.group === group && isExposed(m)).map(metricPanel),
    ...FAMILIES.filter((f) => f.group === group).map(familyPanel),
  ];
}

/** All panels in their places, with ids that count up. */
function panels(): object[] {
  const placed: object[] = [];
  let y = 0;
  const next = (): number => placed.length + 1;
  const width = COLUMNS / STATS.length;
  for (const [n, draft] of STATS.flatMap(statPanel).entries()) {
    placed.push(panel(draft, next(), { x: n * width, y, w: width, h: STAT_HEIGHT }));
  }
  y += STAT_HEIGHT;
  for (const [group, title] of GROUPS) {
    placed.push({
      id: next(),
      type: 'row',
      title,
      collapsed: false,
      panels: [],
      gridPos: { x: 0, y, w: COLUMNS, h: 1 },
    });
    y += 1;
    const drafts = draftsOf(group);
    for (const [n, draft] of drafts.entries()) {
      const x = (n * WIDTH) % COLUMNS;
      placed.push(
        panel(draft, next(), { x, y: y + Math.floor((n * WIDTH) / COLUMNS) * HEIGHT, w: WIDTH, h: HEIGHT }),
      );
    }
    y += Math.ceil((drafts.length * WIDTH) / COLUMNS) * HEIGHT;
  }
  return placed;
}

/** The dashboard as the JSON that Grafana imports; it reads what the rules file records. */
export function dashboard(): string {
  const document = {
    ...{ uid: 'sqlcc', title: 'SQLCC', tags: ['sqlcc'], editable: true, schemaVersion: 39, version: 1 },
    description:
      'Made by "sqlcc metrics --dashboard" from the catalogue of metrics; needs the rules of --rules.',
    time: { from: 'now-1h', to: 'now' },
    refresh: '10s',
    templating: {
      list: [
        { name: 'datasource', type: 'datasource', query: 'prometheus' },
        variable('cluster', 'label_values(sqlcc_build_info, cluster)'),
        variable('node', 'label_values(sqlcc_build_info{cluster=~"$cluster"}, node)'),
      ],
    },
    panels: panels(),
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}
