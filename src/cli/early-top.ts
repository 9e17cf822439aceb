/**
 * `sqlcc top` that will surely draw: its first sketch, before what reads the rest of the line is loaded.
 * Where the line turns out to be wrong the terminal is given back, and the error stands behind it.
 */
import type { Terminal } from './output/terminal.ts';
import { readQuickly } from './quick-words.ts';
import { TOP } from './tree/tools.ts';

type FirstSketch = import('../../tui/first-sketch.ts').FirstSketch;

/** Each of them makes it a document, or lines. */
const SCRIPTED = ['once', 'batch', 'check', 'allContexts', 'plain'];
const DRAWN: readonly unknown[] = ['table', 'wide'];

/** The words behind `top`; null where no screen may follow. */
export async function sketchTop(words: readonly string[], terminal: Terminal): Promise<FirstSketch | null> {
  const values = readQuickly(TOP, words)?.values;
  if (values === undefined || SCRIPTED.some((name) => values[name] === true)) return null;
  if (!DRAWN.includes(values['output'] ?? terminal.env['SQLCC_OUTPUT'] ?? 'table')) return null;
  const { sketchEarly } = await import('../../tui/index.ts');
  const name =
    values['replay'] === undefined ? (values['context'] ?? terminal.env['SQLCC_CONTEXT']) : 'replay';
  const options = { ascii: values['ascii'] === true, noColor: values['color'] === false };
  return sketchEarly(terminal, options, typeof name === 'string' ? name : null);
}
