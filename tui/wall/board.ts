/**
 * The wallboard on the terminal: where each pane stands, and its drawing with blessed.
 * Charts keep the size that they were made with, so a resize makes all of them anew.
 */
import type { Element, Options, Screen } from 'blessed';
import { cellWidth, cut } from '../format/width.ts';
import { clockTime } from '../format/words.ts';
import { toAscii } from '../theme/symbols.ts';
import { type Marker, type Sample, seriesLine, type WallPicture, type WallTone } from './picture.ts';
import { inLines } from './region-words.ts';

export interface Rect {
  readonly top: number;
  readonly left: number;
  readonly width: number;
  readonly height: number;
}

type PaneName = 'latency' | 'throughput' | 'log' | 'map' | 'elections' | 'alerts' | 'figures';

/** Commits in two lines and regions in one, and their box. */
const FIGURES_ROWS = 5;
const LEAST_WITH_FIGURES = 18;
/** From here on regions have a second line. */
const LEAST_WITH_REGIONS = 21;

/** Panes that fit; head and foot take a line each. Nothing overlaps and nothing is refused. */
export function wallLayout(columns: number, rows: number): Readonly<Partial<Record<PaneName, Rect>>> {
  const body = Math.max(0, rows - 2);
  const stack = (names: readonly PaneName[], shares: readonly number[], left: number, width: number) => {
    let top = 1;
    return names.map((name, i): [PaneName, Rect] => {
      const isLast = i === names.length - 1;
      const height = isLast ? body + 1 - top : Math.floor(body * (shares[i] ?? 0));
      const rect = { top, left, width, height };
      top += height;
      return [name, rect];
    });
  };
  if (columns >= 90 && body >= 22) {
    const left = Math.floor(columns * 0.55);
    return Object.fromEntries([
      ...stack(['latency', 'throughput', 'log'], [0.33, 0.33], 0, left),
      ...stack(['map', 'elections', 'alerts'], [0.45, 0.25], left, columns - left),
    ]);
  }
  if (body >= LEAST_WITH_FIGURES) {
    const figures = body >= LEAST_WITH_REGIONS ? FIGURES_ROWS + 1 : FIGURES_ROWS;
    return Object.fromEntries(
      // half a row more, for what division loses
      stack(['figures', 'alerts', 'elections', 'log'], [(figures + 0.5) / body, 0.25, 0.24], 0, columns),
    );
  }
  if (body >= 9) return Object.fromEntries(stack(['alerts', 'elections', 'log'], [0.34, 0.33], 0, columns));
  return body < 3 ? {} : Object.fromEntries(stack(['alerts'], [], 0, columns));
}

/** The libraries, loaded by whoever has checked that there is a terminal. */
export interface Toolkit {
  readonly box: (options: Options) => Element;
  readonly line: typeof import('blessed-contrib/lib/widget/charts/line.js').default;
  readonly map: typeof import('blessed-contrib/lib/widget/map.js').default;
}

export interface BoardStyle {
  readonly ascii: boolean;
  readonly colour: boolean;
}

const COLOURS: Readonly<Record<WallTone, string>> = { good: 'green', warn: 'yellow', bad: 'red' };

function axis(samples: readonly Sample[], value: (s: Sample) => number | null) {
  const known = samples.flatMap((s) => {
    const y = value(s);
    return y === null ? [] : [{ x: clockTime(s.at), y: Math.round(y * 10) / 10 }];
  });
  return { x: known.map((k) => k.x), y: known.map((k) => k.y) };
}

/** Lines of the axis of a chart, from its bottom. */
const TICKS = 5;

/** The top of an axis whose ticks are round numbers: a fifth of it is 1, 2 or 5 with noughts. */
export function axisTop(most: number): number {
  const least = Math.max(most * 1.05, 0.05) / TICKS;
  const unit = 10 ** Math.floor(Math.log10(least));
  const step = [1, 2, 5, 10].find((n) => n * unit >= least * 0.999_999) ?? 10;
  return Number((step * unit * TICKS).toPrecision(6));
}

/** Cells for whose board it is and how it is: where they are fewer the clock goes. */
const LEAST_WORDS = 48;

/** Whose board it is and why it is not well: reasons that have no room are counted, and none is cut. */
export function headWords(title: string, reasons: readonly string[], cells: number): string {
  for (let n = reasons.length; n > 0; n--) {
    const more = n === reasons.length ? '' : `; +${reasons.length - n} more`;
    const words = `${title}  ${reasons.slice(0, n).join('; ')}${more}`;
    if (cellWidth(words) <= cells) return words;
  }
  return reasons.length === 0 ? title : `${title}  ${reasons.join('; ')}`;
}

/** The head: what it says gives way to the clock, and a cut is seen. */
export function headLine(words: string, clock: string, columns: number): string {
  const room = columns - cellWidth(clock) - 3;
  if (room < LEAST_WORDS) return cut(` ${words}`, columns);
  const left = cut(` ${words}`, room);
  return `${left}${' '.repeat(room - cellWidth(left) + 2)}${clock} `;
}

/**
 * Markers of one place side by side, a cell each of a map of so many, so that none hides another: the leader
 * stands where they are, then what is wrong.
 */
export function sideBySide(markers: readonly Marker[], cells: number): readonly Marker[] {
  const rank = ({ isLeader, tone }: Marker) => (isLeader ? 0 : tone === 'bad' ? 1 : tone === 'warn' ? 2 : 3);
  const taken = new Map<string, number>();
  return markers
    .toSorted((a, b) => rank(a) - rank(b))
    .map((marker) => {
      const place = `${marker.latitude} ${marker.longitude}`;
      const before = taken.get(place) ?? 0;
      taken.set(place, before + 1);
      const east = marker.longitude + (before * 360) / Math.max(1, cells);
      return { ...marker, longitude: east > 180 ? east - 360 : east };
    });
}

const REGIONS_LABEL = 'regions        ';
/** Cells that the library gives a map less than its box has. */
const MAP_EDGE = 6;

export class Board {
  readonly #screen: Screen;
  readonly #toolkit: Toolkit;
  readonly #style: BoardStyle;

  constructor(screen: Screen, toolkit: Toolkit, style: BoardStyle) {
    this.#screen = screen;
    this.#toolkit = toolkit;
    this.#style = style;
  }

  /** Draws all of it; what stood there before is gone. */
  draw(picture: WallPicture, foot: string): void {
    const { width, height } = this.#screen;
    for (const child of [...this.#screen.children]) child.destroy();
    const tone = this.#colour(COLOURS[picture.tone]);
    const words = headWords(picture.title, picture.reasons, width - cellWidth(picture.clock) - 4);
    const head = headLine(words, picture.clock, width);
    this.#text({ top: 0, left: 0, width, height: 1 }, this.#style.ascii ? toAscii(head) : head, {
      fg: tone,
      bold: true,
    });
    const layout = wallLayout(width, height);
    for (const [name, rect] of Object.entries(layout) as [PaneName, Rect][]) this.#pane(name, rect, picture);
    if (height > 1) this.#text({ top: height - 1, left: 0, width, height: 1 }, ` ${foot}`, {});
    this.#screen.render();
  }

  #colour(name: string): string | undefined {
    return this.#style.colour ? name : undefined;
  }

  #text(rect: Rect, content: string, style: object): void {
    this.#screen.append(this.#toolkit.box({ ...rect, content, style, tags: false, wrap: false }));
  }

  #frame(rect: Rect, label: string): Options {
    const border = { type: this.#style.ascii ? 'bg' : 'line', ch: ' ' };
    return { ...rect, label: ` ${label} `, border, tags: false, wrap: false };
  }

  #lines(rect: Rect, label: string, lines: readonly string[]): void {
    const content = lines.slice(0, Math.max(0, rect.height - 2)).join('\n');
    this.#screen.append(this.#toolkit.box({ ...this.#frame(rect, label), content }));
  }

  #pane(name: PaneName, rect: Rect, picture: WallPicture): void {
    const { latency: samples } = picture;
    switch (name) {
      case 'latency':
        return this.#chart(rect, 'commit latency p95 ms', samples, (s) => s.latencyMs);
      case 'throughput':
        return this.#chart(rect, 'commits a second', samples, (s) => s.commitsPerSecond);
      case 'figures':
        return this.#figures(rect, picture);
      case 'map':
        return this.#map(rect, picture);
      case 'log':
        return this.#lines(rect, 'log', picture.log);
      case 'elections':
        return this.#lines(rect, 'elections', picture.elections);
      case 'alerts':
        return this.#lines(rect, 'alerts', picture.alerts.length === 0 ? ['none firing'] : picture.alerts);
    }
  }

  #chart(rect: Rect, label: string, samples: readonly Sample[], value: (s: Sample) => number | null): void {
    const { x, y } = axis(samples, value);
    if (this.#style.ascii || y.length < 2) {
      const { ascii } = this.#style;
      this.#lines(
        rect,
        label,
        y.length === 0 ? ['waiting for values'] : [seriesLine('', samples.map(value), ascii)],
      );
      return;
    }
    const chart = this.#toolkit.line({
      ...this.#frame(rect, label),
      showLegend: false,
      numYLabels: TICKS,
      maxY: axisTop(Math.max(...y)),
      wholeNumbersOnly: axisTop(Math.max(...y)) >= TICKS,
      style: { line: 'cyan', text: 'white', baseline: 'white' },
    });
    this.#screen.append(chart);
    chart.setData([{ title: '', x, y, style: { line: 'cyan' } }]);
  }

  /** For charts and the map there is no room: newest values and courses in a line each, and the regions. */
  #figures(rect: Rect, { latency: samples, regions }: WallPicture): void {
    const { ascii } = this.#style;
    const room = rect.width - 2 - REGIONS_LABEL.length;
    const words = inLines(regions, room, rect.height - FIGURES_ROWS + 1).map((line, i) => {
      const label = i === 0 ? REGIONS_LABEL : ' '.repeat(REGIONS_LABEL.length);
      return `${label}${ascii ? toAscii(line) : line}`;
    });
    this.#lines(rect, 'commits, regions; charts and the map from 90x24 on', [
      seriesLine(
        'latency p95 ms',
        samples.map((s) => s.latencyMs),
        ascii,
      ),
      seriesLine(
        'a second      ',
        samples.map((s) => s.commitsPerSecond),
        ascii,
      ),
      ...words,
    ]);
  }

  #map(rect: Rect, { markers, unplaced, nodes }: WallPicture): void {
    const [first] = unplaced;
    const command = `sqlcc node set ${first} --zone eu-central`;
    const label = unplaced.length === 0 ? 'regions' : `regions, not placed: ${unplaced.join(' ')}`;
    // a frame has no room for a second line: what does not fit into its first is left to the list
    const whole = first === undefined ? label : `${label} (${command})`;
    if (markers.length === 0) {
      const place = first === undefined ? '' : `, on no map (${command})`;
      const wide = `nodes${place}`;
      return this.#lines(rect, wide.length + 4 <= rect.width ? wide : 'nodes', nodes);
    }
    if (this.#style.ascii) {
      const where = markers.map((m) => `${m.nodeId} ${m.latitude} ${m.longitude}`);
      const nowhere = unplaced.map((id) => `${id}: zone of no known region`);
      const how = first === undefined ? [] : ['give it one, such as eu-central or us-east:', `  ${command}`];
      // the list is cut from below: the command comes before the many that need it
      this.#lines(rect, 'regions', [...where, ...nowhere.slice(0, 1), ...how, ...nowhere.slice(1)]);
      return;
    }
    const map = this.#toolkit.map({
      ...this.#frame(rect, whole.length + 4 <= rect.width ? whole : label),
      style: { shapeColor: 'cyan' },
    });
    this.#screen.append(map);
    for (const { latitude, longitude, tone, isLeader } of sideBySide(markers, rect.width - MAP_EDGE))
      map.addMarker({
        lat: latitude,
        lon: longitude,
        char: isLeader ? '★' : tone === 'bad' ? 'X' : '●',
        color: COLOURS[tone],
      });
  }
}
