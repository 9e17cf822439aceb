/** Who leads, and what the cluster may do by itself: words, flags and examples. */
import { type CommandSpec, EXPECT_FLAGS, NEVER_ASKS, REASON_FLAG, YES_FLAG } from '../command-spec.ts';

const MOVE_FLAGS = [
  { flags: '--to <id>', text: 'the node that shall lead' },
  { flags: '--candidate <id>', text: 'the same as --to' },
  { flags: '--expect-leader <id>', text: 'refuse (9) unless this node leads' },
  { flags: '--expect-term <term>', text: 'refuse (9) unless this is still the term; not with --at' },
  { flags: '--at <time>', text: 'begin then: +30m, or a time such as 2026-01-31T02:00:00Z' },
  { flags: '--dry-run', text: 'only show what would happen' },
  YES_FLAG,
  REASON_FLAG,
  { flags: '--no-wait', text: 'return once it has started' },
] as const;

export const FAILOVER: CommandSpec = {
  path: 'cluster failover',
  summary: 'hand leadership to another node',
  details: `Shows the checks and every candidate with its reasons, asks you to type the target’s
name, and follows the phases. Without --to the best candidate is taken. Works in a cluster that is
not well too, as long as a majority answers; "cluster switchover" is the way for one that is.
Exits 6 when a check refuses, 9 when somebody else was first, 7 with the operation’s id when it
still runs after --timeout.`,
  flags: MOVE_FLAGS,
  online: true,
  examples: [
    'cluster failover --dry-run',
    'cluster failover --to n2 --reason "disk of n1 is dying"',
    'cluster failover --yes -o json',
  ],
  load: async () => (await import('../commands/cluster-failover.ts')).clusterFailover,
};

export const STEERING: readonly CommandSpec[] = [
  {
    path: 'cluster switchover',
    summary: 'move leadership in an orderly way, now or at a time',
    details: `Refused unless all voters are alive and the target is healthy and in step; it then catches up
before leadership moves, and no acknowledged write is lost. With --at whoever leads then begins it,
once; it is skipped, with its cause, if its checks fail then.
Exits as "cluster failover".`,
    flags: MOVE_FLAGS,
    online: true,
    examples: [
      'cluster switchover --dry-run',
      'cluster switchover --to n2 --yes --reason "kernel update of n1"',
      'cluster switchover --to n2 --at 2026-01-31T02:00:00Z --yes',
    ],
    load: async () => (await import('../commands/cluster-failover.ts')).clusterSwitchover,
  },
  {
    path: 'cluster pause',
    summary: 'let neither leadership nor members move by themselves for a while',
    details: `Automatic hand-overs, promotions and replacements rest, schedules are skipped, failover and
switchover need --to. An election after a death goes on, and so does a hand-over by a leader that
serves nobody. Ends by itself.`,
    flags: [
      { flags: '--reason <text>', text: 'why; shown in every status' },
      {
        flags: '--for <duration>',
        text: 'ends by itself after this long; default 1h, and at most membership.max_pause (7d)',
      },
      ...EXPECT_FLAGS,
      NEVER_ASKS,
    ],
    online: true,
    examples: ['cluster pause --reason "network work" --for 30m'],
    load: async () => (await import('../commands/steering.ts')).clusterPause,
  },
  {
    path: 'cluster resume',
    summary: 'end the pause',
    flags: [REASON_FLAG, NEVER_ASKS],
    online: true,
    examples: ['cluster resume'],
    load: async () => (await import('../commands/steering.ts')).clusterResume,
  },
  {
    path: 'schedule list',
    summary: 'failovers and switchovers that wait for their time',
    flags: [{ flags: '--all', text: 'those that were started, skipped or cancelled too' }],
    watchable: true,
    online: true,
    examples: ['schedule list', 'schedule list --all -o json'],
    load: async () => (await import('../commands/steering.ts')).scheduleList,
  },
  {
    path: 'schedule cancel',
    summary: 'cancel one that waits',
    args: ['<id>'],
    flags: [YES_FLAG],
    online: true,
    examples: ['schedule cancel 4f2a9c --yes'],
    load: async () => (await import('../commands/steering.ts')).scheduleCancel,
  },
];
