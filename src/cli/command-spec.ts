/**
 * A command as data: path, words, flags, examples, and how to load it. The commander
 * tree, the completion scripts and the help are made from these; nothing else knows
 * which commands exist.
 */
import type { Run } from './context.ts';

export interface FlagSpec {
  /** As commander reads it: `-o, --output <format>`. */
  readonly flags: string;
  readonly text: string;
  readonly choices?: readonly string[];
  /** May be given several times. */
  readonly many?: boolean;
}

export interface CommandSpec {
  /** Words: `cluster status`. */
  readonly path: string;
  readonly summary: string;
  /** More sentences for the help. */
  readonly details?: string;
  /** `<file>`, `[key...]`. */
  readonly args?: readonly string[];
  readonly flags?: readonly FlagSpec[];
  /** Talks to a cluster: gets the connection flags. */
  readonly online: boolean;
  /** A list that may change while one looks: gets `-w` and `--until`. */
  readonly watchable?: true;
  /** False: no `-o`. */
  readonly output?: false;
  /** What `-o` takes, where it is more than the usual. */
  readonly formats?: readonly string[];
  /** Without the word `sqlcc`, unless another program or a shell has the line: see `exampleLine`. */
  readonly examples: readonly string[];
  readonly load: () => Promise<Run>;
}

/** An example as somebody types it. A file may be named `sqlcc` too: a command's name has words behind it. */
export function exampleLine(example: string): string {
  return /(?:^|[\s(])sqlcc\s/.test(example) ? example : `sqlcc ${example}`;
}

export const CONNECTION_FLAGS: readonly FlagSpec[] = [
  {
    flags: '-e, --endpoint <host:port,...>',
    text: 'nodes to ask, instead of the context’s ($SQLCC_ENDPOINT)',
  },
  { flags: '--context <name>', text: 'context of the context file ($SQLCC_CONTEXT)' },
  { flags: '--ca <file>', text: 'the cluster’s CA ($SQLCC_CA)' },
  { flags: '--cert <file>', text: 'client certificate ($SQLCC_CERT)' },
  { flags: '--key <file>', text: 'its key ($SQLCC_KEY)' },
  { flags: '--token-file <file>', text: 'access token instead of a certificate ($SQLCC_TOKEN_FILE)' },
  { flags: '--timeout <duration>', text: 'how long a call may take, default 5s ($SQLCC_TIMEOUT)' },
];

export const OUTPUT_FLAG: FlagSpec = {
  flags: '-o, --output <format>',
  text: 'table, wide, json, jsonl or yaml ($SQLCC_OUTPUT)',
};
export const YES_FLAG: FlagSpec = { flags: '-y, --yes', text: 'do not ask' };
/** What takes effect at once and asks nothing takes `--yes` too: scripts give it always. */
export const NEVER_ASKS: FlagSpec = { ...YES_FLAG, text: 'for scripts: this command never asks' };
/** Of what can't be undone. */
export const YES_CLUSTER_FLAGS: readonly FlagSpec[] = [
  { flags: '--yes-cluster <name>', text: 'the name of the cluster, instead of typing it' },
  { flags: '-y, --yes', text: 'alone not enough here: see --yes-cluster' },
];
export const REASON_FLAG: FlagSpec = { flags: '--reason <text>', text: 'why; kept in the audit log' };
/** Compare-and-set for scripts: what was looked at is what is acted on. */
export const EXPECT_FLAGS: readonly FlagSpec[] = [
  { flags: '--expect-leader <id>', text: 'refuse (9) unless this node leads' },
  { flags: '--expect-term <term>', text: 'refuse (9) unless this is still the term' },
];
export const NODE_FLAG: FlagSpec = { flags: '--node <id>', text: 'the node; default: the one that answers' };
