/** The figures of a node as a table: now, least, p99, most, and a line of the span's highest samples. */
import { niceTop } from '../../format/braille.ts';
import { sparkline } from '../../format/chart.ts';
import { fitText } from '../../format/width.ts';
import { count, millis, percent, rough } from '../../format/words.ts';
import { type Metric, type MetricUnit, metricsOf, peaks } from '../../model/metrics.ts';
import { type Line, span } from '../../theme/tokens.ts';
import type { PaneSpec } from '../body.ts';
import type { View } from '../view.ts';

const NAME_CELLS = 10;
const FIGURE_CELLS = 8;
/** A ratio from here on is coloured before any alert says so. */
const NEARLY_FULL = 0.85;

const WORDS: Readonly<Record<MetricUnit, (value: number | null) => string>> = {
  ratio: (v) => percent(v),
  count,
  ms: millis,
};

function figure(metric: Metric, value: number | null): string {
  return fitText(WORDS[metric.unit](value), FIGURE_CELLS, 'right');
}

/** Full height is all of a ratio, else the next round number above the highest sample. */
function curve(metric: Metric, view: View, cells: number): string {
  const { now, spanMs } = view.model;
  const top = metric.unit === 'ratio' ? 1 : niceTop(metric.max ?? 0);
  const values = peaks(metric.samples, { from: now - spanMs, to: now }, cells);
  return sparkline(
    values.map((v) => (v === null ? null : v / top)),
    cells,
    view.symbols.ascii,
  );
}

/** One figure a line, `cells` wide; the short form has the present value and the curve alone. */
export function metricLines(view: View, nodeId: string, cells: number, isShort = false): Line[] {
  const figures = isShort ? 1 : 4;
  const rest = Math.max(4, cells - NAME_CELLS - figures * FIGURE_CELLS - 1);
  return metricsOf(view.model, nodeId).map((metric): Line => {
    const isHigh = metric.unit === 'ratio' && (metric.now ?? 0) >= NEARLY_FULL;
    const past = [metric.min, metric.p99, metric.max].map((v) => figure(metric, v)).join('');
    return [
      span(fitText(metric.name, NAME_CELLS), 'muted'),
      span(figure(metric, metric.now), isHigh ? 'warning' : 'title'),
      ...(isShort ? [] : [span(past)]),
      span(' '),
      span(curve(metric, view, rest), 'key'),
    ];
  });
}

export function metricsPane(view: View, nodeId: string, cells: number): PaneSpec {
  const lines = metricLines(view, nodeId, cells);
  const { dot } = view.symbols;
  const heads = ['now', 'min', 'p99', 'max'].map((word) => fitText(word, FIGURE_CELLS, 'right'));
  return {
    pane: 'metrics',
    title: [span('Metrics', 'title'), span(` ${rough(view.model.spanMs)} ${dot} + -`, 'muted')],
    heading: [span(`${' '.repeat(NAME_CELLS)}${heads.join('')}`, 'muted')],
    lines: lines.length > 0 ? lines : [[span('no samples', 'muted')]],
    focused: false,
  };
}
