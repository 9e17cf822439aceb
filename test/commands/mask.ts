/**
 * What differs from run to run, replaced by what does not: names by the order in which they come, times by one
 * instant, so that a page changes only where the program does. Measured figures stay as they were measured.
 */
const INSTANT = '2026-01-01T00:00:00.000Z';

export class Mask {
  readonly #replaced: [string, string][] = [];
  readonly #seen = new Map<string, string>();

  /** `real` is shown as `shown` everywhere, longer ones first. */
  replace(real: string, shown: string): void {
    this.#replaced.push([real, shown]);
    this.#replaced.sort(([a], [b]) => b.length - a.length);
  }

  text(raw: string): string {
    let text = raw;
    for (const [real, shown] of this.#replaced) text = text.replaceAll(real, shown);
    return text
      .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, INSTANT)
      .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, '2026-01-01 00:00:00')
      .replace(/until \d\d:\d\d/g, 'until 01:00')
      .replace(/\bsqlcc1\.[\w.-]+/g, 'JOIN-TOKEN')
      .replace(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, (id) => this.#name(id))
      .replace(/\b[0-9a-f]{64}\b/g, (id) => this.#name(id))
      .replace(/\b(?=[0-9a-f]*[a-f])(?=[0-9a-f]*\d)[0-9a-f]{12}\b/g, (id) => this.#name(id))
      .replace(/"pid":\d+/g, '"pid":1000');
  }

  /** As long as the real one, so that columns stay in line: zeros with a number behind them. */
  #name(id: string): string {
    const known =
      this.#seen.get(id) ?? id.replace(/[0-9a-f]/g, '0').slice(0, -1) + ((this.#seen.size % 9) + 1);
    this.#seen.set(id, known);
    return known;
  }
}
