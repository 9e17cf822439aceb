/**
 * `sqlcc completion bash|zsh|fish`: scripts made from the command table, complete without
 * asking a cluster.
 */
import { SqlccError } from '../../base/index.ts';
import { allFlags, completions, type FlagFacts, takesFile } from '../command-facts.ts';
import type { Run } from '../context.ts';
import { COMMANDS } from '../tree/commands.ts';

/** `path` and a flag of it, by what the flag takes. */
function flagCases(wanted: (flag: FlagFacts) => string | null): ReadonlyMap<string, readonly string[]> {
  const cases = new Map<string, string[]>();
  for (const spec of COMMANDS) {
    for (const flag of allFlags(spec)) {
      const what = wanted(flag);
      if (what === null) continue;
      const names = flag.short === null ? [flag.long] : [flag.long, flag.short];
      cases.set(what, [...(cases.get(what) ?? []), ...names.map((name) => `'${spec.path} ${name}'`)]);
    }
  }
  return cases;
}

function bash(): string {
  const known = completions();
  const words = [...known].map(
    ([path, found]) => `    '${path}') words='${found.map((w) => w.text).join(' ')}' ;;`,
  );
  const files = [...flagCases((f) => (f.isPath ? 'file' : null)).values()].flat();
  const free = [
    ...flagCases((f) =>
      f.value !== null && !f.isOptional && !f.isPath && f.choices.length === 0 ? 'free' : null,
    ).values(),
  ].flat();
  const choices = [...flagCases((f) => (f.choices.length > 0 ? f.choices.join(' ') : null))].map(
    ([list, cases]) => `    ${cases.join('|')}) COMPREPLY=($(compgen -W '${list}' -- "$cur")); return ;;`,
  );
  const withFile = COMMANDS.filter(takesFile).map((spec) => `'${spec.path}'`);
  const paths = [...known.keys()].filter(Boolean).map((p) => p.replaceAll(' ', '_'));
  return `# sqlcc completion for bash
_sqlcc() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} path='' words='' w next
  for w in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $w in -*) continue ;; esac
    next="\${path:+$path }$w"
    case " ${paths.join(' ')} " in
      *" \${next// /_} "*) path=$next ;;
    esac
  done
  case "$path $prev" in
    ${files.join('|')}) COMPREPLY=($(compgen -f -- "$cur")); return ;;
${choices.join('\n')}
    ${free.join('|')}) COMPREPLY=(); return ;;
  esac
  case $path in
${words.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  case $path in ${withFile.join('|')}) COMPREPLY+=($(compgen -f -- "$cur")) ;; esac
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

/** True in fish when these words were said; words that lead on from them must not have been. */
function fishCondition(path: string, further: readonly string[]): string {
  if (path === '') return '__fish_use_subcommand';
  const said = path.split(' ').map((w) => `__fish_seen_subcommand_from ${w}`);
  const not = further.length === 0 ? [] : [`not __fish_seen_subcommand_from ${further.join(' ')}`];
  return [...said, ...not].join('; and ');
}

function fishFlag({ long, short, value, choices, isPath, isOptional }: FlagFacts): string {
  const takes = value === null || isOptional ? '' : isPath ? ' -r -F' : ' -x';
  const list = choices.length === 0 ? '' : ` -a ${quoted(choices.join(' '))}`;
  return `${short === null ? '' : `-s ${short.slice(1)} `}-l ${long.slice(2)}${takes}${list}`;
}

function fish(): string {
  const lines: string[] = ['# sqlcc completion for fish', 'complete -c sqlcc -f'];
  const commands = new Map(COMMANDS.map((spec) => [spec.path, spec]));
  for (const [path, found] of completions()) {
    const spec = commands.get(path);
    if (spec === undefined) {
      const when = quoted(
        fishCondition(
          path,
          found.map((w) => w.text),
        ),
      );
      for (const { text, about } of found)
        lines.push(`complete -c sqlcc -n ${when} -a ${text} -d ${quoted(about)}`);
      continue;
    }
    const when = quoted(fishCondition(path, []));
    if (takesFile(spec)) lines.push(`complete -c sqlcc -n ${when} -F`);
    for (const flag of allFlags(spec))
      lines.push(`complete -c sqlcc -n ${when} ${fishFlag(flag)} -d ${quoted(flag.text)}`);
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
