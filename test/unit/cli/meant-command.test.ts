/** Words that lead to no command: which one was meant. */
import { describe, expect, it } from 'vitest';
import { meantCommands } from '../../../src/cli/meant-command.ts';
import { COMMANDS, GROUPS } from '../../../src/cli/tree/commands.ts';

const PATHS = [...COMMANDS.map((spec) => spec.path), ...Object.keys(GROUPS)];
const meant = (line: string): readonly string[] => meantCommands(line.split(' '), PATHS);

describe('meantCommands', () => {
  it.each([
    ['config update sqlcc.yaml', 'cluster config update'],
    ['failover', 'cluster failover'],
    ['node failover n2', 'cluster failover'],
    ['node config show 3', 'cluster config show'],
    ['silence list', 'alert silence list'],
    ['config', 'cluster config'],
  ])('finds right words that stand elsewhere in the tree: %s', (line, path) => {
    expect(meant(line)).toEqual([path]);
  });

  it.each([
    ['clutser', 'cluster'],
    ['nodes', 'node'],
    ['op lsit', 'op list'],
    ['cluster stats', 'cluster status'],
    ['cluster conifg update', 'cluster config update'],
    ['confg updaet sqlcc.yaml', 'cluster config update'],
  ])('finds mistyped words, where they were typed before elsewhere: %s', (line, path) => {
    expect(meant(line)).toEqual([path]);
  });

  it.each([
    ['cluster config get', 'cluster config show'],
    ['context rm lab', 'context remove'],
    ['node ls', 'node list'],
  ])('takes other programs’ words for ours, in the group that was typed first: %s', (line, path) => {
    expect(meant(line)).toEqual([path]);
  });

  it('names all commands that a word may have meant', () => {
    const lists = COMMANDS.map((spec) => spec.path).filter((path) => path.endsWith(' list'));
    expect(meant('list')).toEqual(lists);
    expect(meant('lst')).toEqual(lists);
  });

  it.each(['foo', 'frobnicate', 'xyzzy plugh', 'a'.repeat(10_000), '-'])(
    'finds nothing like %.20s',
    (line) => {
      expect(meant(line)).toEqual([]);
    },
  );

  it('leads each command back to itself when one letter of its last word is missing', () => {
    for (const { path } of COMMANDS) {
      const last = path.split(' ').at(-1) ?? '';
      if (last.length > 4) expect(meant(path.slice(0, -1)), path).toContain(path);
    }
  });
});
