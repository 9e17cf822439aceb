/** Pages and files made from the catalogue are what the catalogue says now; UPDATE=1 writes them anew. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { monitoringFile } from '../../../daemon/monitoring-files.ts';
import { quantity, UNITS } from '../../../src/alerts/units.ts';
import { scopeOfReading } from '../../../src/alerts/vocabulary.ts';
import { FAMILIES, METRICS, metricsReference, promqlOf, rulesFile } from '../../../src/metrics/index.ts';

const DOCS = join(import.meta.dirname, '..', '..', '..', 'docs');
const BEGIN = '<!-- catalogue: made by UPDATE=1 npm run unit -- test/unit/docs -->\n';
const END = '<!-- /catalogue -->\n';

function expectUpToDate(name: string, wanted: (now: string) => string): void {
  const path = join(DOCS, name);
  if (process.env['UPDATE'] === '1') writeFileSync(path, wanted(readFileSync(path, 'utf8')));
  const now = readFileSync(path, 'utf8');
  expect(now).toBe(wanted(now));
}

function conditionsOf(id: string): string {
  const scope = scopeOfReading(id);
  return scope === null ? '' : `of ${scope === 'node' ? 'each node' : 'the cluster'}`;
}

describe('docs', () => {
  it('metrics.md has every metric', () => {
    expectUpToDate('metrics.md', (now) => {
      const [before = '', rest = ''] = now.split(BEGIN);
      const after = rest.split(END)[1] ?? '';
      return `${before}${BEGIN}\n${metricsReference(conditionsOf)}\n${END}${after}`;
    });
    const page = readFileSync(join(DOCS, 'metrics.md'), 'utf8');
    for (const { id } of [...METRICS, ...FAMILIES]) expect(page).toContain(`| \`${id}\` |`);
  });

  it('monitoring/ holds the dashboard and the rules that the command prints', () => {
    expectUpToDate('monitoring/grafana-dashboard.json', () => monitoringFile('dashboard'));
    expectUpToDate('monitoring/prometheus.rules.yml', () => monitoringFile('rules'));
  });
});

describe('dashboard', () => {
  interface Panel {
    readonly id: number;
    readonly title: string;
    readonly type: string;
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
    readonly targets?: readonly { readonly expr: string }[];
  }
  const { panels } = JSON.parse(monitoringFile('dashboard')) as { panels: Panel[] };

  it('has a panel of every metric and no two at one place', () => {
    expect(new Set(panels.map((p) => p.id)).size).toBe(panels.length);
    const exprs = panels.flatMap((p) => (p.targets ?? []).map((t) => t.expr)).join('\n');
    for (const { id } of [...METRICS.filter((m) => m.unit !== 'ms'), ...FAMILIES])
      expect(exprs).toContain(`sqlcc_${id}`);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, n) => `${x + (n % w)} ${y + Math.floor(n / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
  });
});

/** What conditions call a value is a percentile of a histogram there. */
const FSYNC = 'node:sqlcc_fsync_seconds:p99';
const LAG = 'max by (cluster, node) (node:sqlcc_event_loop_lag_seconds:p99)';

describe('promqlOf', () => {
  it('knows every unit that conditions know, with the same factor', () => {
    for (const unit of UNITS.keys())
      expect(promqlOf(`sync_lag > 3${unit}`), unit).toMatch(new RegExp(` > ${quantity(3, unit).value}$`));
  });

  it.each([
    ['leader_count == 0', 'cluster:sqlcc_leader_count:max == 0'],
    ['disk_usage>80%', 'max by (cluster, node) (sqlcc_disk_usage) > 0.8'],
    ['query_latency_p99 >= 1.5s', 'node:sqlcc_query_latency_seconds:p99 >= 1.5'],
    ['fsync > 250ms or event_loop_lag > 1s', `${FSYNC} > 0.25 or ${LAG} > 1`],
    ['sync_lag > 16MiB', 'max by (cluster, node) (sqlcc_sync_lag_bytes) > 16777216'],
    ['not (leader_count == 0)', null],
    ['cpu_usage > 0.5 and leader_count == 0', null],
    ['no_such_metric > 1', null],
    ['cpu_usage > 3 parsecs', null],
    ['cpu_usage $ 3', null],
    ['1 > 0', null],
  ])('says "%s"', (condition, expected) => {
    expect(promqlOf(condition)).toBe(expected);
  });
});

describe('rulesFile', () => {
  it('leaves out what PromQL can not say, and says so', () => {
    const rule = { name: 'Odd', condition: 'not (leader_count == 0)', severity: 'info', forMs: 1500 };
    expect(rulesFile([rule])).toContain('# Odd: PromQL has no word for "not (leader_count == 0)"');
    const other = rulesFile([{ ...rule, condition: 'leader_count == 0' }]);
    expect(other).toContain('        for: 1500ms\n');
    expect(rulesFile([{ ...rule, condition: 'leader_count == 0', forMs: 30_000 }])).toContain('for: 30s\n');
  });
});
