/**
 * Builds the commander tree from the command table, for the help and for lines that quick-words.ts leaves to
 * it. No effects: a parsed command line is handed to `execute`.
 */
import { Argument, Command, CommanderError, Option } from 'commander';
import {
  CONNECTION_FLAGS,
  type CommandSpec,
  exampleLine,
  type FlagSpec,
  OUTPUT_FLAG,
} from './command-spec.ts';
import type { Invocation } from './context.ts';
import { EXIT_HELP } from './exit-codes.ts';
import { Flags } from './flags.ts';
import { meantCommands } from './meant-command.ts';
import { otherWay } from './other-ways.ts';
import { COMMANDS, GROUPS } from './tree/commands.ts';
import { flagsOf } from './watch-flags.ts';

export type Execute = (spec: CommandSpec, invocation: Invocation) => Promise<void>;

export interface ProgramIo {
  out(text: string): void;
  err(text: string): void;
  readonly columns: number;
}

const ABOUT = `One lightweight daemon per database node: consensus, failover,
and a terminal that shows and steers it.

Start here:
  sqlcc demo              three nodes on this machine, live
  sqlcc cluster init      a real cluster; then node start, token create --join, node join
  sqlcc top               the screen
  sqlcc cluster status    the same in one glance`;

function addFlags(command: Command, flags: readonly FlagSpec[], group?: string): void {
  for (const { flags: text, text: description, choices, many } of flags) {
    const option = new Option(text, description);
    if (choices !== undefined) option.choices(choices);
    if (many === true)
      option.argParser((value: string, before: string[] | undefined) => [...(before ?? []), value]);
    if (group !== undefined) option.helpGroup(group);
    command.addOption(option);
  }
}

/** `isAsked`: with its flags; of all others nobody wants more than the name. */
function leaf(spec: CommandSpec, execute: Execute, isAsked: boolean): Command {
  const about = spec.details === undefined ? spec.summary : `${spec.summary}\n\n${spec.details}`;
  const command = new Command(spec.path.split(' ').at(-1)).summary(spec.summary).description(about);
  if (!isAsked) return command;
  for (const arg of spec.args ?? []) command.addArgument(new Argument(arg));
  addFlags(command, flagsOf(spec));
  if (spec.output !== false) addFlags(command, [OUTPUT_FLAG]);
  if (spec.online) addFlags(command, CONNECTION_FLAGS, 'Connection:');
  const examples = spec.examples.map((e) => `  ${exampleLine(e)}`).join('\n');
  command.addHelpText('after', `\nExamples:\n${examples}`);
  command.action(async () => {
    await execute(spec, { args: command.args, flags: new Flags(command.opts()) });
  });
  return command;
}

/** First words of command lines. */
const FIRST_WORDS: ReadonlySet<string> = new Set(COMMANDS.map((spec) => spec.path.split(' ')[0] ?? ''));

/**
 * The tree for `words`, whole where they do not begin with a command; throws CommanderError instead of ending
 * the process. The flags of a hundred commands are a tenth of what a one-shot command costs.
 */
export function buildProgram(execute: Execute, io: ProgramIo, words: readonly string[]): Command {
  const [first = ''] = words;
  const isWhole = !FIRST_WORDS.has(first);
  const program = new Command('sqlcc').description(ABOUT);
  program.addHelpText('after', `\n${EXIT_HELP}`);
  program.helpCommand(false);
  const groups = new Map<string, Command>([['', program]]);
  const groupOf = (path: string): Command => {
    const known = groups.get(path);
    if (known !== undefined) return known;
    const words = path.split(' ');
    const group = new Command(words.at(-1)).description(GROUPS[path] ?? '').helpCommand(false);
    groupOf(words.slice(0, -1).join(' ')).addCommand(group);
    groups.set(path, group);
    return group;
  };
  const all: Command[] = [];
  for (const spec of COMMANDS) {
    const command = leaf(spec, execute, isWhole || spec.path.split(' ')[0] === first);
    groupOf(spec.path.split(' ').slice(0, -1).join(' ')).addCommand(command);
    all.push(command);
  }
  for (const command of [...groups.values(), ...all]) {
    command.exitOverride();
    command.configureHelp({ helpWidth: Math.min(100, io.columns) });
    command.configureOutput({ writeOut: io.out, writeErr: io.err, outputError: () => {} });
  }
  return program;
}

/** Words that led to no command. */
export interface Unread extends Pick<CommanderError, 'code' | 'exitCode' | 'message'> {
  /** What was meant, where that can be told: it may be elsewhere in the tree than commander looks. */
  readonly hint?: string;
}

/** Undefined when nothing is like the words. */
function meantHint(words: readonly string[]): string | undefined {
  const end = words.findIndex((word) => word.startsWith('-'));
  const paths = [...COMMANDS.map((spec) => spec.path), ...Object.keys(GROUPS)];
  const meant = meantCommands(end < 0 ? words : words.slice(0, end), paths).map((path) => `sqlcc ${path}`);
  if (meant.length === 0) return undefined;
  return meant.length === 1
    ? `did you mean "${meant[0]}"?`
    : `did you mean one of these? ${meant.join(', ')}`;
}

/** The help of the command, or group of them, that `words` begin with. */
function helpHint(code: string, words: readonly string[]): string {
  const paths = [...COMMANDS.map((spec) => spec.path), ...Object.keys(GROUPS)];
  const begins = (path: string): boolean => path.split(' ').every((word, i) => words[i] === word);
  const [path = ''] = paths.filter(begins).sort((a, b) => b.length - a.length);
  const help = ['sqlcc', path, '--help'].filter((word) => word !== '').join(' ');
  return code === 'commander.unknownOption' ? `"${help}" lists its flags` : `see ${help}`;
}

/** Runs the command that `words` ask for; answers what commander said where that was help, or a mistake. */
export async function readWords(
  execute: Execute,
  io: ProgramIo,
  words: readonly string[],
): Promise<Unread | null> {
  try {
    await buildProgram(execute, io, words).parseAsync(words, { from: 'user' });
    return null;
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    const { code, exitCode, message } = thrown;
    const hint =
      code === 'commander.unknownCommand'
        ? meantHint(words)
        : code === 'commander.unknownOption'
          ? otherWay(words, message)
          : undefined;
    // commander's own guess is in the lines behind the first
    const said = hint ?? (exitCode === 0 || message.includes('\n') ? undefined : helpHint(code, words));
    return { code, exitCode, message, ...(said !== undefined && { hint: said }) };
  }
}
