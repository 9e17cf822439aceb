/**
 * The pages that are made from the program itself are what it is now: commands, keys, pictures of screens; and
 * the runbooks say only commands that there are. UPDATE=1 writes them anew.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DEFAULT_ALERT_RULES, FIXED_RULES } from '../../../src/alerts/index.ts';
import { allFlags, connectionFlags, ownFlags } from '../../../src/cli/command-facts.ts';
import { exampleLine } from '../../../src/cli/command-spec.ts';
import { EXIT_HELP } from '../../../src/cli/exit-codes.ts';
import { COMMANDS, GROUPS } from '../../../src/cli/tree/commands.ts';
import { type Binding, KEYMAP } from '../../../tui/keymap.ts';
import { screenOf } from '../../../tui/lines/screen.ts';
import type { Model } from '../../../tui/model/model.ts';
import { VIEWS } from '../../../tui/model/views.ts';
import { cellsOf } from '../../../tui/out/cells.ts';
import { asSvg } from '../../../tui/out/picture.ts';
import { chooseLook } from '../../../tui/theme/look.ts';
import { plan } from '../../tui/recording.ts';
import { full, press, pressed, send } from '../tui/model-kit.ts';

const DOCS = join(import.meta.dirname, '..', '..', '..', 'docs');
const MADE = '<!-- made by UPDATE=1 npm run unit -- test/unit/docs; do not edit -->\n';

function expectPage(name: string, text: string): void {
  const path = join(DOCS, name);
  if (process.env['UPDATE'] === '1') {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  expect(existsSync(path), `docs/${name} is missing: UPDATE=1 writes it`).toBe(true);
  expect(readFileSync(path, 'utf8')).toBe(text);
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
const code = (text: string): string => (text.includes('`') ? `\`\` ${cell(text)} \`\`` : `\`${cell(text)}\``);

function flagRows(flags: ReturnType<typeof ownFlags>): string {
  const rows = flags.map(({ long, short, value, isOptional, text, choices }) => {
    const takes = value === null ? '' : isOptional ? ` [${value}]` : ` <${value}>`;
    const list = choices.length === 0 ? '' : ` (${choices.join(', ')})`;
    return `| ${code(`${short === null ? '' : `${short}, `}${long}${takes}`)} | ${cell(text + list)} |`;
  });
  return rows.length === 0 ? '' : `\n| flag | |\n|---|---|\n${rows.join('\n')}\n`;
}

function commandsPage(): string {
  const first = COMMANDS.find((c) => c.online);
  const connection = first === undefined ? [] : connectionFlags(first);
  const one = (spec: (typeof COMMANDS)[number]): string => {
    const words = ['sqlcc', spec.path, ...(spec.args ?? [])].join(' ');
    const examples = spec.examples.map(exampleLine);
    const details = spec.details === undefined ? '' : `\n${spec.details}\n`;
    return `## ${spec.path}\n\n\`${words}\`: ${spec.summary}\n${details}${flagRows(ownFlags(spec))}\n\`\`\`sh\n${examples.join('\n')}\n\`\`\`\n`;
  };
  const groups = Object.entries(GROUPS).map(([path, about]) => `| \`${path}\` | ${cell(about)} |`);
  return [
    `# Commands\n\n${MADE}`,
    `| group | |\n|---|---|\n${groups.join('\n')}\n`,
    `Commands that talk to a cluster also take:\n${flagRows(connection)}`,
    `\`\`\`\n${EXIT_HELP}\n\`\`\`\n`,
    ...COMMANDS.map(one),
  ].join('\n');
}

const CONTEXTS = {
  main: 'On the screen',
  filter: 'While a filter is written',
  overlay: 'In help',
  chooser: 'In a list to choose from',
  dialog: 'In a dialog',
} as const;

function keysPage(): string {
  const titles = new Map(VIEWS.map((v) => [v.id, v.title] as const));
  const row = ({ label, help, views, level, named }: Binding): string => {
    const where = views === undefined ? 'all' : views.map((v) => titles.get(v) ?? v).join(', ');
    const asked = ['', 'at once', '`y`, then Enter', 'the name typed'][level ?? 0] ?? '';
    const asks = named === undefined ? asked : `${asked}; the name typed ${named}`;
    return `| ${code(label)} | ${cell(help)} | ${where} | ${asks} |`;
  };
  const sections = Object.entries(CONTEXTS).map(([context, title]) => {
    const rows = KEYMAP.filter((b) => b.context === context).map(row);
    return `## ${title}\n\n| key | does | views | asks for |\n|---|---|---|---|\n${rows.join('\n')}\n`;
  });
  const ids = [...new Set(KEYMAP.filter((b) => b.context === 'main').map((b) => b.id))];
  return [
    `# Keys of \`sqlcc top\`\n\n${MADE}`,
    'Nothing but a capital letter may begin a change of the cluster. `?` shows the keys that work now.\n',
    ...sections,
    '## Your own keys\n',
    '`keys.yaml` beside the context file maps commands to keys, e.g. `failover: Z` or `filter: [/, ctrl+f]`.',
    'A key with two meanings, or a small letter for a change, is an error at the start. The commands:\n',
    `${ids.map((id) => `\`${id}\``).join(' ')}\n`,
  ].join('\n');
}

/** A failover with its plan, its reason and the name typed: the next Enter but one does it. */
function armed(): Model {
  const [open, [asked]] = pressed(full({ selected: 'n2' }), 'F');
  if (asked?.kind !== 'plan') throw new Error('F asked for no plan');
  const { dialogId } = asked;
  const planned = send(open, { type: 'planned', dialogId, plan: plan(), mono: open.mono })[0];
  return press(planned, ...'kernel update', 'tab', ...'n2', 'tab');
}

const TOUR: readonly (readonly [
  file: string,
  title: string,
  model: () => Model,
  columns: number,
  rows: number,
])[] = [
  ['topology', 'the topology: nodes, elections, quorum, events, alerts', full, 120, 36],
  ['failover', 'the dialog of a failover, armed', armed, 120, 36],
  ['raft', 'the Raft view', () => ({ ...full(), view: 'raft' }), 120, 36],
  ['history', 'the second of the last election', () => press(full({ view: 'raft' }), 'T', '1'), 120, 36],
  ['node', 'all about one node', () => full({ view: 'node', selected: 'n3' }), 120, 36],
  ['config', 'the configuration: versions and differences', () => full({ view: 'config' }), 120, 30],
  ['alerts', 'the alerts', () => ({ ...full(), view: 'alerts' }), 120, 36],
  ['fleet', 'the fleet', () => ({ ...full(), view: 'fleet' }), 100, 14],
  ['help', 'the help, made from the register of keys', () => press(full(), '?'), 100, 34],
  ['small', 'the same on a terminal of 60 by 15', full, 60, 15],
];

describe('docs made from the program', () => {
  it('reference.md has every command with every flag', () => {
    const page = commandsPage();
    expectPage('reference.md', page);
    for (const spec of COMMANDS) expect(page).toContain(`\n## ${spec.path}\n`);
  });

  it('keys.md has every key', () => {
    const page = keysPage();
    expectPage('keys.md', page);
    for (const { label } of KEYMAP) expect(page).toContain(cell(label));
  });

  it('pictures/ are what the screens look like, and the tour shows each of them', () => {
    const tour = readFileSync(join(DOCS, 'tour.md'), 'utf8');
    for (const [file, title, model, columns, rows] of TOUR) {
      const look = chooseLook({}, {});
      const screen = screenOf({ model: model(), symbols: look.symbols }, columns, rows);
      expectPage(`pictures/${file}.svg`, asSvg(cellsOf(screen, look), `sqlcc top: ${title}`));
      expect(tour).toContain(`](pictures/${file}.svg)`);
    }
    expect(readdirSync(join(DOCS, 'pictures')).sort()).toEqual(TOUR.map(([file]) => `${file}.svg`).sort());
  });
});

describe('maintenance.md', () => {
  it('calls no command planned and not built that is there', () => {
    const [, planned = ''] = readFileSync(join(DOCS, 'maintenance.md'), 'utf8').split('\n## Not there\n');
    const [list = ''] = planned.split('\n\nBounds');
    const heads = [...list.matchAll(/^- ([^:]+):/gm)].map(([, head = '']) => head);
    const verbs = heads.flatMap((head) => [...head.matchAll(/`([^`]+)`/g)].map(([, verb = '']) => verb));
    expect(verbs.length).toBeGreaterThan(5);
    const paths = COMMANDS.map((c) => c.path.replace('cluster config', 'config'));
    expect(verbs.filter((verb) => paths.some((path) => path === verb))).toEqual([]);
  });
});

/** Lines of the page's shell blocks that call the program, without comments and redirections. */
function calls(page: string): string[] {
  return [...page.matchAll(/```sh\n([^`]*)```/g)]
    .flatMap(([, block = '']) => block.split('\n'))
    .map((line) => line.split(/\s#|[>|;]/)[0]?.trim() ?? '')
    .filter((line) => line.startsWith('sqlcc '));
}

function checkCall(line: string, where: string): void {
  const words = line.split(/\s+/).slice(1);
  const spec = COMMANDS.toSorted((a, b) => b.path.length - a.path.length).find((c) =>
    `${words.join(' ')} `.startsWith(`${c.path} `),
  );
  expect(spec, `${where}: there is no command in "${line}"`).toBeDefined();
  if (spec === undefined) return;
  const known = allFlags(spec).flatMap(({ long, short }) => [long, short]);
  for (const flag of words.filter((w) => /^--?[a-z]/.test(w)))
    expect(known, `${where}: "${line}"`).toContain(flag);
}

describe('runbooks', () => {
  const rules = [
    ...FIXED_RULES,
    ...DEFAULT_ALERT_RULES.filter((r) => !FIXED_RULES.some((f) => f.name === r.name)),
  ];

  it.each(rules)(
    'there is one for $name, with its condition, its meaning and what to do',
    ({ name, condition }) => {
      const page = readFileSync(join(DOCS, 'runbooks', `${name}.md`), 'utf8');
      expect(page).toContain(`\`${condition}\``);
      for (const part of ['## What it means', '## What to do', '## Afterwards']) expect(page).toContain(part);
      expect(calls(page).length).toBeGreaterThan(1);
    },
  );

  it('there is none for a rule that does not exist', () => {
    const files = readdirSync(join(DOCS, 'runbooks')).filter((f) => f !== 'README.md');
    expect(files.sort()).toEqual(rules.map(({ name }) => `${name}.md`).sort());
  });

  it('and the tour say only commands and flags that there are', () => {
    const pages = [...readdirSync(join(DOCS, 'runbooks')).map((f) => `runbooks/${f}`), 'tour.md'];
    for (const page of pages)
      for (const line of calls(readFileSync(join(DOCS, page), 'utf8'))) checkCall(line, page);
  });
});
