/** Flags that a command has not, and what whoever gave one wants instead. */

interface OtherWay {
  readonly command: RegExp;
  readonly flag: RegExp;
  readonly hint: string;
}

const ANY = /^/;
const WATCHED = /^(-w|--watch\b|--until\b)/;

const OTHER_WAYS: readonly OtherWay[] = [
  {
    command: /^cluster (failover|switchover)$/,
    flag: /^--(force|accept-data-loss|allow-data-loss)\b/,
    hint:
      'a failover can’t be forced: while a majority is up it loses nothing; where one is gone for good, ' +
      '"sqlcc cluster recover" shows what the last voter holds, and makes it the only one',
  },
  {
    command: /^events/,
    flag: WATCHED,
    hint: '--follow prints each event as it comes; "sqlcc watch --until" waits for what you name',
  },
  {
    command: /^context list$/,
    flag: WATCHED,
    hint:
      'it reads a file of this machine and asks nobody; "sqlcc top --all-contexts --batch" shows how all ' +
      'its clusters are, again and again',
  },
  { command: ANY, flag: /^--(text|table)\b/, hint: '-o table prints text' },
  { command: ANY, flag: /^--wide\b/, hint: '-o wide prints every column' },
  { command: ANY, flag: /^--json\b/, hint: '-o json prints a document, -o jsonl a line for each row' },
  { command: ANY, flag: /^--ya?ml\b/, hint: '-o yaml prints a document' },
  {
    command: /^(watch|wall|events)\b/,
    flag: /^--(replay|record|speed)\b/,
    hint: '"sqlcc top" records and replays: --replay FILE, with --once, --batch or --plain as text',
  },
];

/** Before the command there are none: the commonest that are put there. */
const CONNECTION = /^(-e|--(endpoint|context|ca|cert|key|token-file|timeout)\b)/;

/** What to do instead of the flag that commander's `message` names; undefined where nobody knows. */
export function otherWay(words: readonly string[], message: string): string | undefined {
  const [, flag = ''] = /unknown option '([^']*)'/.exec(message) ?? [];
  const [first = '', second = ''] = words;
  if (first.startsWith('-'))
    return CONNECTION.test(flag) ? `flags stand behind the command: sqlcc top ${flag} …` : undefined;
  const command = second.startsWith('-') ? first : `${first} ${second}`.trim();
  return OTHER_WAYS.find((way) => way.command.test(command) && way.flag.test(flag))?.hint;
}
