/**
 * Manual pages, in the macros of man(7), made from the command table: one for `sqlcc`, one
 * for each group and one for each command. The same table makes the help and the
 * completion, so none of them can lag behind.
 */
import { connectionFlags, type FlagFacts, ownFlags } from './command-facts.ts';
import { type CommandSpec, exampleLine } from './command-spec.ts';
import { EXIT_HELP } from './exit-codes.ts';
import { COMMANDS, GROUPS } from './tree/commands.ts';

const SIGNS: Readonly<Record<string, string>> = {
  '’': '\\(cq',
  '‘': '\\(oq',
  '“': '\\(lq',
  '”': '\\(rq',
  '…': '...',
  '→': '\\(->',
  '≥': '\\(>=',
  '≤': '\\(<=',
  '×': '\\(mu',
};

/** Text as roff shows it: nothing in it is a request, an escape or a hyphen that may be broken. */
function plain(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/[^\x20-\x7e\n]/g, (sign) => SIGNS[sign] ?? `\\[u${hex(sign)}]`)
    .replace(/^([.'])/gm, '\\&$1');
}

function hex(sign: string): string {
  return (sign.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
}

function pageName(path: string): string {
  return path === '' ? 'sqlcc' : `sqlcc-${path.replaceAll(' ', '-')}`;
}

/** Sentences as paragraphs; a line break in them means nothing. */
function paragraph(text: string): string {
  return `${plain(text.replaceAll('\n', ' '))}\n`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function head(path: string, about: string, version: string): string {
  const name = pageName(path);
  return (
    `.TH "${plain(name.toUpperCase())}" 1 "" "sqlcc ${plain(version)}" "SQLCC manual"\n` +
    `.SH NAME\n${plain(name)} \\- ${plain(about)}\n`
  );
}

function flagItem({ long, short, value, isOptional, text, choices }: FlagFacts): string {
  const shown = value === null ? '' : isOptional ? ` [\\fI${plain(value)}\\fR]` : ` \\fI${plain(value)}\\fR`;
  const name = `${short === null ? '' : `\\fB${plain(short)}\\fR, `}\\fB${plain(long)}\\fR${shown}`;
  const list = choices.length === 0 ? '' : ` One of ${choices.join(', ')}.`;
  return `.TP\n${name}\n${plain(`${sentence(text)}${list}`)}\n`;
}

function synopsis({ path, args = [] }: CommandSpec): string {
  const words = args.map((arg) => {
    const name = plain(arg.replace(/[<>[\]]/g, ''));
    return arg.startsWith('<') ? ` \\fI${name}\\fR` : ` [\\fI${name}\\fR]`;
  });
  return `.SH SYNOPSIS\n\\fBsqlcc ${plain(path)}\\fR [\\fIoptions\\fR]${words.join('')}\n`;
}

function exampleLines(spec: CommandSpec): string {
  const lines = spec.examples.map((e) => plain(exampleLine(e)));
  return `.SH EXAMPLES\n.nf\n${lines.join('\n')}\n.fi\n`;
}

function seeAlso(paths: readonly string[]): string {
  return `.SH SEE ALSO\n${paths.map((path) => `.BR ${plain(pageName(path))} (1)`).join(',\n')}\n`;
}

/** The page of one command. */
export function commandPage(spec: CommandSpec, version: string): string {
  const group = spec.path.split(' ').slice(0, -1).join(' ');
  const connection = connectionFlags(spec);
  const own = ownFlags(spec);
  return [
    head(spec.path, spec.summary, version),
    synopsis(spec),
    `.SH DESCRIPTION\n${paragraph(sentence(spec.summary))}`,
    spec.details === undefined ? '' : `.PP\n${paragraph(spec.details)}`,
    own.length === 0 ? '' : `.SH OPTIONS\n${own.map(flagItem).join('')}`,
    connection.length === 0 ? '' : `.SH CONNECTION OPTIONS\n${connection.map(flagItem).join('')}`,
    exampleLines(spec),
    seeAlso(group === '' ? [''] : ['', group]),
  ].join('');
}

function listOf(paths: readonly (readonly [path: string, about: string])[]): string {
  const items = paths.map(
    ([path, about]) => `.TP\n.BR ${plain(pageName(path))} (1)\n${plain(sentence(about))}\n`,
  );
  return `.SH COMMANDS\n${items.join('')}`;
}

function groupPage(path: string, about: string, version: string): string {
  const inside = COMMANDS.filter((spec) => spec.path.startsWith(`${path} `));
  return [
    head(path, about, version),
    `.SH SYNOPSIS\n\\fBsqlcc ${plain(path)}\\fR \\fIcommand\\fR\n`,
    `.SH DESCRIPTION\n${paragraph(sentence(about))}`,
    listOf(inside.map((spec) => [spec.path, spec.summary])),
    seeAlso(['']),
  ].join('');
}

const ENVIRONMENT: readonly (readonly [string, string])[] = [
  ['SQLCC_CONFIG', 'the context file; default ~/.config/sqlcc/config.yaml'],
  ['SQLCC_ENDPOINT, SQLCC_CONTEXT, SQLCC_CA, SQLCC_CERT, SQLCC_KEY', 'as the flags of these names'],
  ['SQLCC_TOKEN_FILE, SQLCC_TIMEOUT, SQLCC_OUTPUT', 'as the flags of these names'],
  ['NO_COLOR', 'no colours'],
];

function mainPage(version: string): string {
  const environment = ENVIRONMENT.map(([name, text]) => `.TP\n.B ${plain(name)}\n${plain(sentence(text))}\n`);
  return [
    head('', 'one lightweight daemon per database node, and a terminal that steers it', version),
    '.SH SYNOPSIS\n\\fBsqlcc\\fR \\fIcommand\\fR [\\fIoptions\\fR]\n',
    '.SH DESCRIPTION\nConsensus, failure detection, failover and replicated SQL for a few nodes.\n',
    listOf(COMMANDS.map((spec) => [spec.path, spec.summary])),
    `.SH EXIT STATUS\n.nf\n${plain(EXIT_HELP.split('\n').slice(1).join('\n'))}\n.fi\n`,
    `.SH ENVIRONMENT\n${environment.join('')}`,
  ].join('');
}

/** The page of a path of words, '' = sqlcc itself; null when there is no such command or group. */
export function manualPage(path: string, version: string): string | null {
  if (path === '') return mainPage(version);
  const spec = COMMANDS.find((c) => c.path === path);
  if (spec !== undefined) return commandPage(spec, version);
  const about = GROUPS[path];
  return about === undefined ? null : groupPage(path, about, version);
}

/** File name and text of every page. */
export function manualPages(version: string): ReadonlyMap<string, string> {
  const paths = ['', ...Object.keys(GROUPS), ...COMMANDS.map((spec) => spec.path)];
  return new Map(paths.map((path) => [`${pageName(path)}.1`, manualPage(path, version) ?? '']));
}
