/**
 * The command table as completion scripts and manual pages need it: which words follow
 * which, and what each flag takes. Made from the table alone; nothing is written twice.
 */
import { CONNECTION_FLAGS, type CommandSpec, type FlagSpec, OUTPUT_FLAG } from './command-spec.ts';
import { FORMATS } from './output/format.ts';
import { COMMANDS, GROUPS } from './tree/commands.ts';
import { flagsOf } from './watch-flags.ts';

/** One flag, taken apart. */
export interface FlagFacts {
  /** `--output`. */
  readonly long: string;
  /** `-o`, or null. */
  readonly short: string | null;
  /** What it takes: `format`, or null for nothing. */
  readonly value: string | null;
  /** The value may be left out. */
  readonly isOptional: boolean;
  readonly text: string;
  /** All values that it takes, where they are known. */
  readonly choices: readonly string[];
  /** The value is a file or a folder. */
  readonly isPath: boolean;
}

function factsOf({ flags, text, choices = [] }: FlagSpec): FlagFacts {
  const value = /[<[](.+)[>\]]/.exec(flags)?.[1] ?? null;
  return {
    long: /--[a-z-]+/.exec(flags)?.[0] ?? flags,
    short: /(?:^|\s)(-[a-z])\b/i.exec(flags)?.[1] ?? null,
    value,
    isOptional: flags.includes('['),
    ...{ text, choices },
    isPath: value === 'file' || value === 'dir',
  };
}

const HELP: FlagFacts = {
  ...{
    long: '--help',
    short: '-h',
    value: null,
    isOptional: false,
    text: 'help',
    choices: [],
    isPath: false,
  },
};

/** The command's own flags with `-o`, where it has one. */
export function ownFlags(spec: CommandSpec): readonly FlagFacts[] {
  const formats = spec.formats ?? FORMATS;
  const output = spec.output === false ? [] : [{ ...OUTPUT_FLAG, choices: formats }];
  return [...flagsOf(spec), ...output].map(factsOf);
}

export function connectionFlags(spec: CommandSpec): readonly FlagFacts[] {
  return spec.online ? CONNECTION_FLAGS.map(factsOf) : [];
}

export function allFlags(spec: CommandSpec): readonly FlagFacts[] {
  return [...ownFlags(spec), ...connectionFlags(spec), HELP];
}

/** True when the command's own words after it are files. */
export function takesFile(spec: CommandSpec): boolean {
  return (spec.args ?? []).some((arg) => /^[<[]file/.test(arg));
}

export interface Word {
  readonly text: string;
  readonly about: string;
}

/** What may follow each beginning: '' and groups lead to words, commands to flags. */
export function completions(): ReadonlyMap<string, readonly Word[]> {
  const found = new Map<string, Word[]>();
  const add = (path: string, word: Word): void => {
    const words = found.get(path) ?? [];
    if (!words.some((w) => w.text === word.text)) words.push(word);
    found.set(path, words);
  };
  for (const spec of COMMANDS) {
    const words = spec.path.split(' ');
    words.forEach((text, i) => {
      const path = words.slice(0, i + 1).join(' ');
      add(words.slice(0, i).join(' '), {
        text,
        about: i === words.length - 1 ? spec.summary : (GROUPS[path] ?? ''),
      });
    });
    for (const { long, text } of allFlags(spec)) add(spec.path, { text: long, about: text });
  }
  return found;
}
