/**
 * `sqlcc completion bash|zsh|fish`: scripts made from the command table, complete without
 * asking a cluster.
 */
import { SqlccError } from '../../base/index.ts';
import { CONNECTION_FLAGS, type CommandSpec, type FlagSpec, OUTPUT_FLAG } from '../command-spec.ts';
import type { Run } from '../context.ts';
import { COMMANDS, GROUPS } from '../tree/commands.ts';

interface Word {
  readonly text: string;
  readonly about: string;
}

function flagsOf(spec: CommandSpec): readonly FlagSpec[] {
  return [
    ...(spec.flags ?? []),
    ...(spec.output === false ? [] : [OUTPUT_FLAG]),
    ...(spec.online ? CONNECTION_FLAGS : []),
  ];
}

/** `-o, --output <format>` → `--output`. */
function longName(flags: string): string {
  return /--[a-z-]+/.exec(flags)?.[0] ?? flags;
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
    for (const flag of flagsOf(spec)) add(spec.path, { text: longName(flag.flags), about: flag.text });
    add(spec.path, { text: '--help', about: 'help' });
  }
  return found;
}

/** Commands whose argument is a file. */
const FILE_COMMANDS = ['update', 'backup', 'validate', 'restore']
  .map((w) => `'cluster config ${w}'`)
  .join('|');
const FILE_FLAGS = '--config|--ca|--cert|--key|--token-file|--file|--log-file|--data-dir|--dir|--replay';

function bash(): string {
  const cases = [...completions()].map(
    ([path, words]) => `    '${path}') words='${words.map((w) => w.text).join(' ')}' ;;`,
  );
  return `# sqlcc completion for bash
_sqlcc() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} path='' words='' w next
  case $prev in
    ${FILE_FLAGS}) COMPREPLY=($(compgen -f -- "$cur")); return ;;
    -o|--output) COMPREPLY=($(compgen -W 'table wide json jsonl yaml' -- "$cur")); return ;;
  esac
  for w in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $w in -*) continue ;; esac
    next="\${path:+$path }$w"
    case " ${[...completions().keys()]
      .filter(Boolean)
      .map((p) => p.replaceAll(' ', '_'))
      .join(' ')} " in
      *" \${next// /_} "*) path=$next ;;
    esac
  done
  case $path in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  case $path in ${FILE_COMMANDS}) COMPREPLY+=($(compgen -f -- "$cur")) ;; esac
}
complete -F _sqlcc sqlcc
`;
}

function zsh(): string {
  return `#compdef sqlcc
# sqlcc completion for zsh, by way of the one for bash
autoload -U +X bashcompinit && bashcompinit
${bash()}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

function fish(): string {
  const lines: string[] = ['# sqlcc completion for fish', 'complete -c sqlcc -f'];
  for (const [path, words] of completions()) {
    const seen =
      path === ''
        ? '__fish_use_subcommand'
        : path
            .split(' ')
            .map((w) => `__fish_seen_subcommand_from ${w}`)
            .join('; and ');
    for (const { text, about } of words) {
      const what = text.startsWith('--') ? `-l ${text.slice(2)}` : `-a ${text}`;
      lines.push(`complete -c sqlcc -n ${quoted(seen)} ${what} -d ${quoted(about)}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

const SHELLS: Readonly<Record<string, () => string>> = { bash, zsh, fish };

export const completion: Run = async ({ printer }, { args }) => {
  const make = SHELLS[args[0] ?? ''];
  if (make === undefined) {
    throw new SqlccError('invalid_argument', `no completion for "${args[0]}"`, {
      hint: `one of ${Object.keys(SHELLS).join(', ')}`,
    });
  }
  printer.raw(make());
  return 0;
};
