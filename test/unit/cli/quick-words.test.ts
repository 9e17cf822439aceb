import type { Command } from 'commander';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { must } from '../../../src/base/index.ts';
import { CONNECTION_FLAGS, type CommandSpec, OUTPUT_FLAG } from '../../../src/cli/command-spec.ts';
import { buildProgram } from '../../../src/cli/program.ts';
import { findQuickly } from '../../../src/cli/quick-words.ts';
import { COMMANDS } from '../../../src/cli/tree/commands.ts';
import { flagsOf } from '../../../src/cli/watch-flags.ts';

const io = { out: () => undefined, err: () => undefined, columns: 80 };

/** What a line says: the command, its words, its flags. */
interface Line {
  readonly path: string;
  readonly args: readonly string[];
  readonly values: object;
}

/** As commander reads it; null where it refuses the line, or shows a help. */
async function byCommander(words: readonly string[]): Promise<Line | null> {
  const found: Line[] = [];
  const program: Command = buildProgram(
    async (spec, { args }) => {
      const find = (at: Command | undefined, name: string) => at?.commands.find((c) => c.name() === name);
      const command = must(spec.path.split(' ').reduce(find, program as Command | undefined), spec.path);
      found.push({ path: spec.path, args: [...args], values: { ...command.opts() } });
    },
    io,
    words,
  );
  try {
    await program.parseAsync([...words], { from: 'user' });
  } catch {
    return null;
  }
  return found[0] ?? null;
}

function quickly(words: readonly string[]): Line | null {
  const found = findQuickly(COMMANDS, words);
  return found === null ? null : { path: found.spec.path, ...found.quick };
}

const TEXTS = ['n1', '5', '30s', 'json', 'raft', 'a=b', 'x:1,y:2', '', 'list', 'ok'];
const ODD = ['-', '--', '-h', '--help', '-x', '--no-such', '-oyaml', '--output=json', '-1', '-ny', '--yes=1'];

/** Words that may stand behind a command: its flags with and without values, words, and what nobody meant. */
function wordsFor(spec: CommandSpec): fc.Arbitrary<string[]> {
  const flags = [...flagsOf(spec), OUTPUT_FLAG, ...CONNECTION_FLAGS];
  const flag = fc
    .constantFrom(...flags)
    .chain(({ flags: text, choices }) =>
      fc
        .tuple(
          fc.constantFrom(...(text.match(/(?<![\w-])--?[a-z][a-z-]*/gi) ?? [])),
          fc.constantFrom(...TEXTS, ...(choices ?? [])),
          fc.boolean(),
        )
        .map(([word, value, isBare]) => (text.includes('<') !== isBare ? [word, value] : [word])),
    );
  const text = fc.constantFrom(...TEXTS).map((word) => [word]);
  const odd = fc.constantFrom(...ODD).map((word) => [word]);
  const one = fc.oneof(
    { weight: 6, arbitrary: flag },
    { weight: 4, arbitrary: text },
    { weight: 1, arbitrary: odd },
  );
  return fc.array(one, { maxLength: 6 }).map((words) => words.flat());
}

const lines = fc
  .constantFrom(...COMMANDS)
  .chain((spec) => wordsFor(spec).map((words) => [...spec.path.split(' '), ...words]));

describe('findQuickly', () => {
  it('findQuickly reads a line as commander does, or leaves it to commander', async () => {
    let read = 0;
    await fc.assert(
      fc.asyncProperty(lines, async (words) => {
        const quick = quickly(words);
        if (quick === null) return;
        read++;
        expect(quick, words.join(' ')).toEqual(await byCommander(words));
      }),
      { numRuns: 600 },
    );
    expect(read).toBeGreaterThan(100);
  });

  it('findQuickly reads each command by itself that commander reads without flags', async () => {
    for (const { path, args = [] } of COMMANDS) {
      const words = [...path.split(' '), ...args.filter((a) => a.startsWith('<')).map(() => 'x')];
      expect(quickly(words), path).toEqual(await byCommander(words));
      expect(quickly(words), path).not.toBeNull();
    }
  });

  it.each([
    ['top --once -o json', { once: true, output: 'json', color: true, incremental: true }],
    ['top --no-color --context prod', { color: false, context: 'prod', incremental: true }],
    ['node list -e a:1 --timeout 2s', { endpoint: 'a:1', timeout: '2s' }],
  ])('findQuickly reads %j', (line, values) => {
    expect(quickly(line.split(' '))?.values).toEqual(values);
  });

  it.each([
    '',
    '--help',
    'top --help',
    'top --bogus',
    'top extra',
    'node',
    'no-such',
    'node list -w',
    'top -n',
  ])('findQuickly leaves %j to commander', (line) => {
    expect(quickly(line.split(' '))).toBeNull();
  });
});
