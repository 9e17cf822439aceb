/**
 * One command line from words to exit code, without touching the process: parse, load
 * the command, run it, tell what went wrong. main.ts gives it the process; tests give
 * it streams.
 */
import { AssertionError, SqlccError } from '../base/index.ts';
import type { CommandSpec } from './command-spec.ts';
import { CliContext, type Invocation, type Run } from './context.ts';
import { EXIT } from './exit-codes.ts';
import { Flags } from './flags.ts';
import { FORMATS } from './output/format.ts';
import { paint } from './output/table.ts';
import type { Terminal } from './output/terminal.ts';
import { safe } from './output/width.ts';
import type { Unread } from './program.ts';
import { findQuickly } from './quick-words.ts';
import { COMMANDS } from './tree/commands.ts';

/** One line of `config_invalid`. */
interface Issue {
  readonly line?: number | null;
  readonly column?: number | null;
  readonly path?: string;
  readonly message?: string;
  readonly hint?: string;
  readonly excerpt?: readonly string[];
}

function issueLines(error: SqlccError): string[] {
  const { issues, file, reasons } = error.details as { issues?: Issue[]; file?: string; reasons?: unknown[] };
  const where = ({ line, column }: Issue): string => [file, line, column].filter((x) => x != null).join(':');
  const told = (Array.isArray(issues) ? issues : []).flatMap((issue) => {
    const place = where(issue);
    const hint = issue.hint ? ` (${issue.hint})` : '';
    const { path = '', message = '' } = issue;
    // many messages begin with the key that they are about
    const parts = [place, message.startsWith(path) ? '' : path, message].filter((part) => part !== '');
    const excerpt = Array.isArray(issue.excerpt) ? issue.excerpt : [];
    return [`  ${parts.join(': ')}${hint}`, ...excerpt.map((line) => `      ${line}`)];
  });
  const why = (Array.isArray(reasons) ? reasons : []).map(
    (r) => `  - ${typeof r === 'string' ? r : JSON.stringify(r)}`,
  );
  return [...told, ...why];
}

function printError(
  terminal: Terminal,
  error: { code: string; message: string; hint: string },
  more: string[] = [],
): void {
  const isColor = !terminal.env.NO_COLOR && terminal.env.TERM !== 'dumb' && terminal.stderr.isTTY === true;
  const lines = [
    `${paint(`error[${error.code}]`, 'bad', isColor)}: ${safe(error.message)}`,
    ...more.map(safe),
  ];
  lines.push(`hint: ${safe(error.hint)}`);
  terminal.err(`${lines.join('\n')}\n`);
}

/** Tells the error and answers the exit code. */
function report(terminal: Terminal, thrown: unknown): number {
  if (thrown instanceof SqlccError) {
    printError(terminal, thrown, issueLines(thrown));
    return thrown.exitCode;
  }
  const { name, code } = thrown as { name?: string; code?: string };
  if (name === 'AbortError') return EXIT.declined;
  const message = (thrown as Error)?.message ?? String(thrown);
  if (thrown instanceof AssertionError || code === undefined || !/^E[A-Z]+$/.test(code)) {
    const stack = terminal.env.SQLCC_DEBUG === undefined ? [] : [(thrown as Error)?.stack ?? ''];
    printError(
      terminal,
      { code: 'internal', message, hint: 'a bug in sqlcc: run again with SQLCC_DEBUG=1' },
      stack,
    );
  } else {
    printError(terminal, { code: 'error', message, hint: 'a file or an address could not be used' });
  }
  return EXIT.error;
}

/** commander's own words, in our form. */
function reportUsage(terminal: Terminal, error: Unread): number {
  if (error.exitCode === 0) return EXIT.ok;
  // a group without its command: its help has been printed
  if (error.code === 'commander.help') return EXIT.usage;
  const [first = '', ...rest] = error.message.replace(/^error: /, '').split('\n');
  const hint = error.hint ?? rest.join(' ').replace(/[()]/g, '').trim();
  printError(terminal, { code: 'invalid_argument', message: first, hint: hint === '' ? 'see --help' : hint });
  return EXIT.usage;
}

/** `--version` is a command, and `config show@3` is `config show 3`. */
function wordsOf(argv: readonly string[]): string[] {
  if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) return ['version'];
  const [, version] = /^show@(\d+)$/.exec(argv[2] ?? '') ?? [];
  if (argv[0] !== 'cluster' || argv[1] !== 'config' || version === undefined) return [...argv];
  return ['cluster', 'config', 'show', version, ...argv.slice(3)];
}

/** Loaded only where a list was asked for. */
async function watching(run: Run): Promise<Run> {
  const { watchable } = await import('./watching.ts');
  return watchable(run);
}

export interface RunOptions {
  readonly argv: readonly string[];
  readonly terminal: Terminal;
  readonly interrupt: () => AbortSignal;
}

export async function runCli({ argv, terminal, interrupt }: RunOptions): Promise<number> {
  let code: number = EXIT.ok;
  const execute = async (spec: CommandSpec, invocation: Invocation): Promise<void> => {
    const context = new CliContext({
      terminal,
      flags: invocation.flags,
      interrupt,
      formats: spec.formats ?? FORMATS,
    });
    try {
      const run = await spec.load();
      code = await (spec.watchable === true ? await watching(run) : run)(context, invocation);
    } catch (thrown) {
      throw context.advised(thrown);
    } finally {
      await context.close();
    }
  };
  const { columns } = terminal;
  const words = wordsOf(argv);
  const io = { out: terminal.out, err: terminal.err, columns: terminal.isOutTty ? columns : 100 };
  try {
    const found = findQuickly(COMMANDS, words);
    if (found !== null) {
      const { args, values } = found.quick;
      await execute(found.spec, { args, flags: new Flags(values) });
      return code;
    }
    const { readWords } = await import('./program.ts');
    const unread = await readWords(execute, io, words);
    return unread === null ? code : reportUsage(terminal, unread);
  } catch (thrown) {
    return report(terminal, thrown);
  }
}
