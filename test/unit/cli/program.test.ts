import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { must } from '../../../src/base/index.ts';
import { buildProgram, readWords } from '../../../src/cli/program.ts';
import { COMMANDS } from '../../../src/cli/tree/commands.ts';

const io = { out: () => undefined, err: () => undefined, columns: 80 };

function program(...words: string[]): Command {
  return buildProgram(async () => undefined, io, words);
}

/** Options of a command by its path. */
function optionsOf(root: Command, path: string): number {
  const find = (at: Command | undefined, name: string) => at?.commands.find((c) => c.name() === name);
  return must(path.split(' ').reduce(find, root as Command | undefined), path).options.length;
}

describe('buildProgram', () => {
  it('buildProgram gives flags to what is asked for and its neighbours, names to all', () => {
    const top = program('top', '--once');
    expect(optionsOf(top, 'top')).toBeGreaterThan(10);
    expect(optionsOf(top, 'node list')).toBe(0);
    const node = program('node', 'list');
    expect(optionsOf(node, 'node list')).toBeGreaterThan(5);
    expect(optionsOf(node, 'node show')).toBeGreaterThan(5);
    expect(node.commands.map((c) => c.name())).toEqual(top.commands.map((c) => c.name()));
  });

  it.each([[[]], [['--help']], [['no-such-command']]])('buildProgram is whole for %j', (words) => {
    const whole = program(...words);
    expect(optionsOf(whole, 'top')).toBeGreaterThan(10);
    expect(optionsOf(whole, 'node list')).toBeGreaterThan(5);
  });
});

describe('a line that can not be read', () => {
  const hint = async (line: string): Promise<string | undefined> => {
    const unread = await readWords(async () => undefined, io, line.split(' '));
    return unread?.message.includes('\n') === true ? unread.message.split('\n')[1] : unread?.hint;
  };

  it('with a flag that nothing is like names the help of its own command', async () => {
    expect(await hint('top --bogus')).toBe('"sqlcc top --help" lists its flags');
    expect(await hint('alert silence add --bogus')).toBe('"sqlcc alert silence add --help" lists its flags');
    expect(await hint('--bogus')).toBe('"sqlcc --help" lists its flags');
    expect(await hint('top --replai f'), 'one that is near is named').toBe('(Did you mean --replay?)');
    expect(await hint('top --json'), 'and one that is called otherwise').toContain('-o json');
  });

  it('for any other reason names it too', async () => {
    expect(await hint('op show')).toBe('see sqlcc op show --help');
    expect(await hint('node leader n1')).toBe('see sqlcc node leader --help');
    expect(await hint('frobnicate')).toBe('see sqlcc --help');
  });
});

/** Lists that take neither -w nor --until, and why. */
const UNWATCHED: Readonly<Record<string, string>> = {
  'context list': 'is about a file of this machine and asks no cluster',
};

it('each list can be watched and waited with, or says here why not', () => {
  const lists = COMMANDS.filter((c) => / (list|pending|history)$/.test(c.path));
  expect(lists.length).toBeGreaterThan(12);
  const without = lists.filter((c) => c.watchable !== true && !(c.path in UNWATCHED)).map((c) => c.path);
  expect(without).toEqual([]);
  expect(Object.keys(UNWATCHED).filter((path) => !lists.some((c) => c.path === path))).toEqual([]);
});
