/** Flags of `npm run bench`. */
import { parseArgs } from 'node:util';
import { SqlccError } from '../../src/base/index.ts';
import type { SideName, Way } from './sides.ts';

/** `own` is what needs no etcd: the figures of this project alone. */
export const PARTS = ['own', 'writes', 'reads', 'failover', 'watch', 'memory'] as const;
export type Part = (typeof PARTS)[number];

export const USAGE = `npm run bench -- [flags]
  --only a,b        of ${PARTS.join(', ')}; all without
  --quick           short loads, one repetition, fewer rounds: for a look, not for a figure
  --clients 1,64    callers at once; 1,16,64,256 without
  --ways a,b        of shared, own, post, post-own; all without
  --sides a,b       of sqlcc, etcd; both without
  --repetitions N   a cell; 3 without
  --attempts N      a load beside which much else ran is made again, N times in all; 3 without
  --seconds S       counted time of a load; 3 without
  --rounds N        kills of a leader; 20 without
  --json FILE       the document there instead of on stdout`;

export interface BenchOptions {
  readonly parts: readonly Part[];
  readonly quick: boolean;
  readonly callers: readonly number[];
  readonly ways: readonly Way['name'][];
  readonly sides: readonly SideName[];
  readonly repetitions: number;
  readonly attempts: number;
  readonly warmMs: number;
  readonly measureMs: number;
  readonly rounds: number;
  readonly json: string | null;
}

function listOf<T extends string>(
  text: string | undefined,
  allowed: readonly T[],
  flag: string,
): readonly T[] {
  if (text === undefined) return allowed;
  return text.split(',').map((word) => {
    const found = allowed.find((a) => a === word);
    if (found !== undefined) return found;
    throw new SqlccError('invalid_argument', `--${flag} takes ${allowed.join(', ')}, not "${word}"`);
  });
}

function wholeOf(text: string, flag: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new SqlccError('invalid_argument', `--${flag} takes whole numbers from 1, not "${text}"`);
}

export function parseOptions(args: readonly string[]): BenchOptions {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...{ only: text, clients: text, ways: text, sides: text, repetitions: text, seconds: text },
      ...{ rounds: text, attempts: text, json: text, quick: { type: 'boolean' } },
    },
  });
  const quick = values.quick === true;
  const callers = values.clients ?? (quick ? '1,64' : '1,16,64,256');
  const seconds = values.seconds === undefined ? (quick ? 2 : 3) : wholeOf(values.seconds, 'seconds');
  return {
    parts: listOf(values.only, PARTS, 'only'),
    quick,
    callers: callers.split(',').map((c) => wholeOf(c, 'clients')),
    ways: listOf(values.ways, ['shared', 'own', 'post', 'post-own'], 'ways'),
    sides: listOf(values.sides, ['etcd', 'sqlcc'], 'sides'),
    repetitions: wholeOf(values.repetitions ?? (quick ? '1' : '3'), 'repetitions'),
    attempts: wholeOf(values.attempts ?? (quick ? '1' : '3'), 'attempts'),
    warmMs: quick ? 2000 : 3000,
    measureMs: seconds * 1000,
    rounds: wholeOf(values.rounds ?? (quick ? '5' : '20'), 'rounds'),
    json: values.json ?? null,
  };
}
