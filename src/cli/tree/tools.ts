/** demo, top, version, completion, man: words, flags and examples. */
import type { CommandSpec } from '../command-spec.ts';

export const TOP: CommandSpec = {
  path: 'top',
  summary: 'the live screen: topology, elections, alerts; F fails over, M does maintenance',
  details:
    'Without a terminal on stdout it prints one picture as text. With --check the exit ' +
    'code tells the health (0, 3, 4).',
  flags: [
    { flags: '--once', text: 'one picture, then end' },
    { flags: '--batch', text: 'pictures as text, one after the other' },
    { flags: '-n, --iterations <n>', text: 'with --batch: how many, 0 = endless' },
    {
      flags: '-d, --delay <duration>',
      text: 'between pictures or refreshes, in seconds where no unit is given, at least 100ms, default 1s',
    },
    {
      flags: '--all-contexts',
      text: 'with --once and --batch: one line for each cluster of the context file',
    },
    { flags: '--check', text: 'health as exit code' },
    { flags: '--read-only', text: 'no key changes anything' },
    {
      flags: '--plain',
      text: 'a line for each change instead of a screen, for screen readers; looks only, q and Enter leave',
    },
    { flags: '--utc', text: 'times in UTC, not in the zone of this machine; scripted pictures always are' },
    { flags: '--mouse', text: 'wheel and clicks select rows and tabs; Shift-drag still marks text' },
    { flags: '--ascii', text: 'no characters beyond ASCII' },
    { flags: '--no-color', text: 'no colours, as with $NO_COLOR' },
    {
      flags: '--no-incremental',
      text: 'write whole lines anew with each change, for terminals that misplace wide letters',
    },
    {
      flags: '--theme <name>',
      text:
        'default, high-contrast, colour-blind, mono, or your own: themes/NAME.yaml beside the ' +
        'context file',
    },
    {
      flags: '--filter <expression>',
      text:
        'only these rows of the screen or of the text, as / takes it: state:!ok, zone:eu-a, lag>500, ' +
        'with --view events kind:leader-elected, level:critical; ~regex',
    },
    {
      flags: '--view <view>',
      text: 'what the screen begins with, or the text is about; default topology',
      choices: ['topology', 'raft', 'alerts', 'config', 'events', 'log', 'operations', 'node'],
    },
    {
      flags: '--node <id>',
      text: 'the node under the bar; with --view node and log which one, default the one that answers',
    },
    { flags: '--columns <id,...>', text: 'with --once and --batch: only these columns of the node table' },
    { flags: '--record <file>', text: 'write what the cluster answers into a new file, for --replay' },
    { flags: '--replay <file>', text: 'a recorded session instead of a cluster' },
    { flags: '--speed <factor>', text: 'pace of the replay, 0 = its end at once' },
  ],
  online: true,
  examples: [
    'top',
    'top --once -o json',
    'top --batch -n 5 -d 2s',
    'top --once --check > /dev/null; echo $?',
    'top --batch -n 60 --record incident.ndjson > /dev/null',
    'top --replay incident.ndjson',
  ],
  load: async () => (await import('../commands/top.ts')).top,
};

const WALL: CommandSpec = {
  path: 'wall',
  summary: 'a board for the screen on the wall: regions, latency, throughput, elections, alerts, log',
  details: 'Read-only. With several contexts it shows one after the other; n shows the next, q ends it.',
  flags: [
    { flags: '--contexts <name,...>', text: 'these clusters of the context file, in turn' },
    { flags: '--all-contexts', text: 'all clusters of the context file, in turn' },
    { flags: '--rotate <duration>', text: 'how long each is shown, default 20s' },
    {
      flags: '-d, --delay <duration>',
      text: 'between refreshes, in seconds where no unit is given, at least 100ms, default 1s',
    },
    { flags: '--utc', text: 'times in UTC, not in the zone of this machine' },
    { flags: '--ascii', text: 'no characters beyond ASCII' },
    { flags: '--no-color', text: 'no colours, as with $NO_COLOR' },
  ],
  online: true,
  output: false,
  examples: ['wall', 'wall --all-contexts --rotate 30s'],
  load: async () => (await import('../commands/wall.ts')).wall,
};

const DEMO: CommandSpec = {
  path: 'demo',
  summary: 'a cluster of real processes on this machine, with data and a writer, under top',
  details:
    'Without a terminal, or with --drill, it runs the failover drill: kill the leader ' +
    'under load, again and again, and prove that no acknowledged write is lost.',
  flags: [
    { flags: '--nodes <n>', text: '3 or 5, default 3' },
    { flags: '--drill', text: 'the failover drill' },
    { flags: '--rounds <n>', text: 'leaders to kill, default 5' },
    { flags: '--dir <dir>', text: 'where its files go; default: a temporary folder' },
    {
      flags: '--base-port <port>',
      text: 'node i listens at this + 10 i; default: the first free block from 15433',
    },
    { flags: '--keep', text: 'leave the files' },
    { flags: '--log-level <level>', text: 'of the daemons' },
  ],
  online: false,
  examples: ['demo', 'demo --drill --rounds 5 -o json'],
  load: async () => (await import('../commands/demo.ts')).demo,
};

export const TOOLS: readonly CommandSpec[] = [
  TOP,
  WALL,
  DEMO,
  {
    path: 'version',
    summary: 'version of this program',
    online: false,
    examples: ['version', 'version -o json'],
    load: async () => (await import('../commands/version.ts')).version,
  },
  {
    path: 'completion',
    summary: 'script that completes commands and flags',
    args: ['<shell>'],
    online: false,
    output: false,
    examples: [
      'completion bash > /etc/bash_completion.d/sqlcc',
      'completion zsh > ~/.zfunc/_sqlcc',
      'completion fish > ~/.config/fish/completions/sqlcc.fish',
    ],
    load: async () => (await import('../commands/completion.ts')).completion,
  },
  {
    path: 'man',
    summary: 'a manual page in roff, or all of them into a folder',
    args: ['[command...]'],
    flags: [{ flags: '--dir <dir>', text: 'write all pages there instead' }],
    online: false,
    output: false,
    examples: ['man cluster failover | man -l -', 'man --dir /usr/local/share/man/man1'],
    load: async () => (await import('../commands/man.ts')).man,
  },
];
