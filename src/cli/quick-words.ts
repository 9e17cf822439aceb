/**
 * A plain command line read without commander: whole words of the command table, flags as they are written
 * there, values behind them. Most lines are like that, and to load commander and build its tree costs them
 * 20 ms. Whatever is out of the ordinary (help, a wrong word, `-xy`, `--`) is null here: commander reads it,
 * and says what is wrong.
 */
import { CONNECTION_FLAGS, type CommandSpec, type FlagSpec, OUTPUT_FLAG } from './command-spec.ts';
import { flagsOf } from './watch-flags.ts';

export interface QuickWords {
  readonly args: readonly string[];
  /** By the names that commander gives them. */
  readonly values: Readonly<Record<string, unknown>>;
}

/** `--read-only` as `readOnly`; `--no-color` as `color`. */
function nameOf(long: string): string {
  return long.replace(/^--(no-)?/, '').replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function allFlagsOf(spec: CommandSpec): readonly FlagSpec[] {
  const output = spec.output === false ? [] : [OUTPUT_FLAG];
  return [...flagsOf(spec), ...output, ...(spec.online ? CONNECTION_FLAGS : [])];
}

/** True when so many words fit `<a> [b] [more...]`. */
function isFitting(count: number, shapes: readonly string[]): boolean {
  const least = shapes.filter((shape) => shape.startsWith('<')).length;
  const most = shapes.some((shape) => shape.includes('...')) ? Number.POSITIVE_INFINITY : shapes.length;
  return count >= least && count <= most;
}

/** One value more; false where the flag does not take it. */
function take(values: Record<string, unknown>, { flags, choices, many }: FlagSpec, value: string): boolean {
  if (choices !== undefined && !choices.includes(value)) return false;
  const name = nameOf(/--[a-z-]+/.exec(flags)?.[0] ?? '');
  const before = values[name];
  values[name] = many === true ? [...(Array.isArray(before) ? before : []), value] : value;
  return true;
}

/** The words behind those of the command itself. */
export function readQuickly(spec: CommandSpec, words: readonly string[]): QuickWords | null {
  const known = new Map<string, FlagSpec>();
  const values: Record<string, unknown> = {};
  for (const flag of allFlagsOf(spec)) {
    for (const word of flag.flags.match(/(?<![\w-])--?[a-z][a-z-]*/gi) ?? []) known.set(word, flag);
    if (flag.flags.startsWith('--no-')) values[nameOf(flag.flags)] = true;
  }
  const args: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    if (!word.startsWith('-')) {
      args.push(word);
      continue;
    }
    const flag = known.get(word);
    if (flag === undefined || flag.flags.includes('[')) return null;
    if (flag.flags.includes('<')) {
      const value = words[++at];
      if (value === undefined || value.startsWith('-') || !take(values, flag, value)) return null;
    } else {
      const isOff = flag.flags.startsWith('--no-');
      values[nameOf(/--[a-z-]+/.exec(flag.flags)?.[0] ?? '')] = !isOff;
    }
  }
  return isFitting(args.length, spec.args ?? []) ? { args, values } : null;
}

/** The command that `words` begin with, and what is behind its name. */
export function findQuickly(
  commands: readonly CommandSpec[],
  words: readonly string[],
): { readonly spec: CommandSpec; readonly quick: QuickWords } | null {
  let found: CommandSpec | undefined;
  for (const spec of commands) {
    const path = spec.path.split(' ');
    const isIt = path.every((word, i) => words[i] === word);
    if (isIt && path.length > (found?.path.split(' ').length ?? 0)) found = spec;
  }
  if (found === undefined) return null;
  const quick = readQuickly(found, words.slice(found.path.split(' ').length));
  return quick === null ? null : { spec: found, quick };
}
