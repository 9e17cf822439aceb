/** Flags of `npm run bench`. */
import { type Given, listOf, oneOf, parsed, takes, text, turnsOn, whole } from '../usage.ts';
import type { SideName, Way } from './sides.ts';

/** `own` is what needs no etcd: the figures of this project alone. */
export const PARTS = ['own', 'writes', 'reads', 'failover', 'watch', 'memory'] as const;
export type Part = (typeof PARTS)[number];

/** Of the loads that are quoted; every read finds its key. */
export const KEYS = 10_000;

const WAYS = ['shared', 'own', 'post', 'post-own'] as const;
const SIDES = ['etcd', 'sqlcc'] as const;
const SIGNALS = ['SIGKILL', 'SIGTERM'] as const;
export type EndSignal = (typeof SIGNALS)[number];

const FLAGS = {
  only: takes({ value: 'a,b', parse: listOf(oneOf(PARTS)), about: `of ${PARTS.join(', ')}; all without` }),
  quick: turnsOn('short loads, one repetition, fewer rounds: for a look, not for a figure'),
  clients: takes({ value: 'N,N', parse: listOf(whole(1)), about: 'callers at once; 1,16,64,256 without' }),
  ways: takes({ value: 'a,b', parse: listOf(oneOf(WAYS)), about: `of ${WAYS.join(', ')}; all without` }),
  sides: takes({ value: 'a,b', parse: listOf(oneOf(SIDES)), about: 'of etcd, sqlcc; both without' }),
  repetitions: takes({ value: 'N', parse: whole(1), about: 'a cell; 3 without' }),
  attempts: takes({
    ...{ value: 'N', parse: whole(1) },
    about: 'a load beside which much else ran is made again, N times in all; 3 without',
  }),
  seconds: takes({ value: 'S', parse: whole(1), about: 'counted time of a load; 3 without' }),
  rounds: takes({ value: 'N', parse: whole(1), about: 'kills of a leader; 20 without' }),
  nodes: takes({ value: 'N', parse: whole(3), about: 'of a cluster whose leaders are killed; 3 without' }),
  signal: takes({
    ...{ value: 'SIG', parse: oneOf(SIGNALS) },
    about: 'what ends a leader: SIGKILL, or SIGTERM, which lets it hand over; SIGKILL without',
  }),
  json: takes({ value: 'FILE', parse: text, about: 'the document there instead of on stdout' }),
};

export const USAGE = {
  command: 'npm run bench --',
  about:
    'The figures of this project on this machine, alone and beside etcd: one JSON document on stdout, progress and ' +
    'ratios on stderr. Nothing passes or fails. etcd and Go are left out, visibly, where they are missing.',
  takes: 'half an hour on a machine that does nothing else; --only memory or watch some minutes.',
  flags: FLAGS,
};

export interface BenchOptions {
  readonly parts: readonly Part[];
  readonly quick: boolean;
  readonly callers: readonly number[];
  readonly ways: readonly Way['name'][];
  readonly sides: readonly SideName[];
  readonly repetitions: number;
  readonly attempts: number;
  /** Of the throughput loads; every read finds its key. */
  readonly keys: number;
  readonly warmMs: number;
  readonly measureMs: number;
  readonly rounds: number;
  /** Of a cluster whose leaders are ended; all else has three. */
  readonly nodes: number;
  /** What ends them. */
  readonly signal: EndSignal;
  readonly json: string | null;
}

export function benchOptions(flags: Given<typeof FLAGS>): BenchOptions {
  const { quick, only, clients, ways, sides, repetitions, attempts, seconds, rounds, json } = flags;
  const { nodes, signal } = flags;
  return {
    ...{ parts: only ?? PARTS, quick, ways: ways ?? WAYS, sides: sides ?? SIDES },
    callers: clients ?? (quick ? [1, 64] : [1, 16, 64, 256]),
    repetitions: repetitions ?? (quick ? 1 : 3),
    attempts: attempts ?? (quick ? 1 : 3),
    keys: quick ? 1000 : KEYS,
    warmMs: quick ? 2000 : 3000,
    measureMs: (seconds ?? (quick ? 2 : 3)) * 1000,
    rounds: rounds ?? (quick ? 5 : 20),
    nodes: nodes ?? 3,
    signal: signal ?? 'SIGKILL',
    json: json ?? null,
  };
}

/** Throws, as `parsed` does. */
export function parseOptions(args: readonly string[]): BenchOptions {
  return benchOptions(parsed(USAGE, args));
}
