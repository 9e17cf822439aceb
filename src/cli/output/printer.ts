/**
 * One answer, five ways: table, wide, json, jsonl, yaml. Machine formats print exactly
 * one document on stdout (jsonl: one object a line) and everything else goes to stderr.
 */
import { type Cell, type Column, factLines, paint, type Tone, tableLines } from './table.ts';
import type { Terminal } from './terminal.ts';
import { safe } from './width.ts';

const SCHEMA_VERSION = 1;

export class Printer {
  /** One of FORMATS, or a command's own. */
  readonly format: string;
  readonly color: boolean;
  readonly #terminal: Terminal;
  /** Many documents follow each other: JSON is one a line, YAML divided by `---`. */
  isStream = false;

  constructor(terminal: Terminal, format: string, color: boolean) {
    this.#terminal = terminal;
    this.format = format;
    this.color = color;
  }

  /** People read it, not programs. */
  get isText(): boolean {
    return this.format === 'table' || this.format === 'wide';
  }

  /** The same on stderr: what people read before they answer a question. */
  aside(): Printer {
    const { err } = this.#terminal;
    return new Printer({ ...this.#terminal, out: err }, 'table', this.color);
  }

  line(text: string): void {
    this.#terminal.out(`${text}\n`);
  }

  /** Text as it is: no newline added, nothing escaped. For values and files that the user asked for. */
  raw(text: string): void {
    this.#terminal.out(text);
  }

  /** For people, next to the answer: progress, notes. Never part of the document. */
  note(text: string): void {
    this.#terminal.err(`${safe(text)}\n`);
  }

  table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): void {
    const { isOutTty, columns: most } = this.#terminal;
    const style = {
      ...{ wide: this.format === 'wide', color: this.color },
      ...(isOutTty ? { columns: most } : {}),
    };
    for (const line of tableLines(columns, rows, style)) this.line(line);
  }

  facts(facts: readonly (readonly [string, Cell])[]): void {
    for (const line of factLines(facts, this.color)) this.line(line);
  }

  paint(text: string, tone: Tone): string {
    return paint(text, tone, this.color);
  }

  /**
   * Prints `document` in a machine format, or calls `text`. `rows` are the lines of jsonl;
   * without, the document is one.
   */
  async answer(document: object, text: () => void, rows?: readonly object[]): Promise<void> {
    const whole = { schemaVersion: SCHEMA_VERSION, ...document };
    switch (this.format) {
      case 'json':
        return this.line(JSON.stringify(whole, null, this.isStream ? 0 : 2));
      case 'jsonl':
        for (const row of rows ?? [whole]) this.line(JSON.stringify(row));
        return;
      case 'yaml': {
        const { formatYaml } = await import('./yaml.ts');
        return this.raw((this.isStream ? '---\n' : '') + formatYaml(whole));
      }
      default:
        return text();
    }
  }
}
