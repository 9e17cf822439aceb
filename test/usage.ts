/**
 * What the programs under test/ have in common on the command line: `--help` prints what a program does, how long it
 * takes and which flags it has, and ends with 0; a flag that it does not know, or a value that it can't take, is one
 * line on stderr, and ends with 2 before anything was done.
 */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';

/** The value of a word as typed; says by `wrong` what it takes instead. */
type Parse<T> = (text: string) => T;

interface Shape {
  readonly about: string;
  /** One letter. */
  readonly short?: string;
}

interface ValueShape<T> extends Shape {
  /** What stands for the value, as N or a,b. */
  readonly value: string;
  readonly parse: Parse<T>;
}

/** A flag that gives a T, also when it is not typed. */
export interface Flag<T> extends Shape {
  /** None for a switch. */
  readonly value?: string;
  readonly parse?: Parse<T>;
  /** As it would be typed, for a flag with a value; a switch begins as this. */
  readonly standard?: string | boolean;
}

export type Flags = Readonly<Record<string, Flag<unknown>>>;

export type Given<F extends Flags> = { readonly [K in keyof F]: F[K] extends Flag<infer T> ? T : never };

export interface Usage<F extends Flags = Flags> {
  /** As it is called, `npm run sim --`. */
  readonly command: string;
  readonly about: string;
  /** How long it takes, and what it needs. */
  readonly takes: string;
  readonly flags: F;
}

/** Off unless typed. */
export function turnsOn(about: string): Flag<boolean> {
  return { about, standard: false };
}

/** On unless typed as `--no-…`. */
export function turnsOff(about: string): Flag<boolean> {
  return { about, standard: true };
}

export function takes<T>(shape: ValueShape<T> & { readonly standard: string }): Flag<T>;
export function takes<T>(shape: ValueShape<T>): Flag<T | undefined>;
export function takes<T>(shape: ValueShape<T>): Flag<T | undefined> {
  return shape;
}

/** What a parser says of a word that it can't take, behind the word itself. */
export function wrong(takesInstead: string): InvalidArgumentError {
  return new InvalidArgumentError(`It takes ${takesInstead}.`);
}

export const text: Parse<string> = (word) => word;

/** A number, whole or not, from `least` on. */
export function number(least = 0): Parse<number> {
  return (word) => {
    const value = Number(word);
    if (word.trim() === '' || !Number.isFinite(value) || value < least)
      throw wrong(`numbers from ${least} on`);
    return value;
  };
}

export function whole(least = 0, most = Number.MAX_SAFE_INTEGER): Parse<number> {
  return (word) => {
    const value = Number(word);
    const isFit = /^\d+$/.test(word) && value >= least && value <= most;
    if (!isFit)
      throw wrong(`whole numbers from ${least} ${most < Number.MAX_SAFE_INTEGER ? `to ${most}` : 'on'}`);
    return value;
  };
}

export function oneOf<const T extends string>(names: readonly T[]): Parse<T> {
  return (word) => {
    const found = names.find((name) => name === word);
    if (found === undefined) throw wrong(names.join(', '));
    return found;
  };
}

/** Several with commas. */
export function listOf<T>(each: Parse<T>): Parse<readonly T[]> {
  return (words) => words.split(',').map(each);
}

/** What most programs print: a table, or one JSON document. */
export const OUTPUT = takes({
  ...{ short: 'o', value: 'FORM', parse: oneOf(['table', 'json']), standard: 'table' },
  about: 'table, or json: one document on stdout',
});

const COLUMNS = 110;

/** `--calm-hours` is `calmHours` among what was given. */
const dashed = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

function optionOf(name: string, { short, value, about, parse, standard }: Flag<unknown>): Option {
  const long = `--${standard === true ? 'no-' : ''}${dashed(name)}`;
  const start = short === undefined ? '' : `-${short}, `;
  const option = new Option(`${start}${long}${value === undefined ? '' : ` <${value}>`}`, about);
  if (parse !== undefined) option.argParser(parse);
  if (typeof standard === 'string') option.default(parse?.(standard), standard);
  return option;
}

function commandOf(usage: Usage): Command {
  const command = new Command(usage.command)
    .usage('[flags]')
    .helpOption('-h, --help', 'this text')
    .description(usage.about)
    .addHelpText('after', `\nTakes: ${usage.takes}`)
    .exitOverride()
    .configureOutput({ outputError: () => undefined, getOutHelpWidth: () => COLUMNS });
  for (const [name, flag] of Object.entries(usage.flags)) command.addOption(optionOf(name, flag));
  return command.allowExcessArguments(false);
}

/** One line, ours: what commander says, and where to look. */
function lineOf({ command }: Usage, message: string): string {
  const said = message
    .replace(/^error: /, '')
    .replace(/\s+/g, ' ')
    .trim();
  return `${said.replace(/\.$/, '')}; see ${command} --help\n`;
}

/** One line about a mistake, and the end. */
export function refuse(usage: Usage, why: string): never {
  process.stderr.write(lineOf(usage, why));
  process.exit(2);
}

/** The flags in `args`. Throws a CommanderError: of code 0 when help was printed, else its message is the mistake. */
export function parsed<const F extends Flags>(usage: Usage<F>, args: readonly string[]): Given<F> {
  const command = commandOf(usage).parse(args, { from: 'user' });
  const switches = Object.entries(usage.flags).filter(([, flag]) => flag.standard === false);
  return { ...Object.fromEntries(switches.map(([name]) => [name, false])), ...command.opts() } as Given<F>;
}

/** The flags of this call; ends the process when it was a question or a mistake. */
export function given<const F extends Flags>(usage: Usage<F>, args = process.argv.slice(2)): Given<F> {
  try {
    return parsed(usage, args);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) process.exit(0);
    refuse(usage, error.message);
  }
}
