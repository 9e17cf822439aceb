/** docs/commands.md shows the commands, tables and documents that there are now; `npm run docs:commands` makes it anew. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { leaderResponse, nodesResponse, statusResponse } from '../../../src/api/schemas/cluster.ts';
import { operationResponse } from '../../../src/api/schemas/control.ts';
import { CONNECTION_FLAGS, OUTPUT_FLAG } from '../../../src/cli/command-spec.ts';
import { NODE_COLUMNS } from '../../../src/cli/output/node-columns.ts';
import { COMMANDS } from '../../../src/cli/tree/commands.ts';
import { SEED_VOCABULARY } from './seed-vocabulary.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const PAGE = readFileSync(join(ROOT, 'docs', 'commands.md'), 'utf8');

interface Shown {
  readonly line: string;
  readonly path: string;
  readonly printed: string;
}

/** The command that a line begins with; the longest one, so that `alert silence list` is not `alert`. */
function commandOf(line: string) {
  return COMMANDS.filter(({ path }) => `${line} `.startsWith(`${path} `)).sort(
    (a, b) => b.path.length - a.path.length,
  )[0];
}

const SHOWN: readonly Shown[] = [...PAGE.matchAll(/```console\n\$ sqlcc (.+)\n([\s\S]*?)```/g)].map(
  ([, line = '', printed = '']) => ({ line, path: commandOf(line)?.path ?? '', printed }),
);

/** Headings of every table of the command line, narrow and wide, as the code has them. */
function headings(): Set<string> {
  const found = new Set<string>();
  for (const folder of ['src/cli/commands', 'src/cli/output']) {
    for (const file of readdirSync(join(ROOT, folder))) {
      const text = readFileSync(join(ROOT, folder, file), 'utf8');
      for (const [, body = ''] of text.matchAll(/Column<[^=]*>\[\] = \[\n([\s\S]*?)\n\];/g)) {
        const columns = body.split(/\bname: '/).slice(1);
        const names = (all: boolean) =>
          columns.filter((column) => all || !column.includes('wide: true')).map((c) => c.split("'")[0]);
        found.add(names(false).join(' ')).add(names(true).join(' '));
      }
    }
  }
  return found;
}

/** Keys of a schema that a document lacks, optional ones too; of a list its first item is looked at. */
function absentKeys(schema: z.ZodType, value: unknown, path: string): string[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable)
    return absentKeys(schema.def.innerType as z.ZodType, value, path);
  if (schema instanceof z.ZodArray && Array.isArray(value))
    return value
      .slice(0, 1)
      .flatMap((item) => absentKeys(schema.def.element as z.ZodType, item, `${path}[]`));
  if (!(schema instanceof z.ZodObject) || typeof value !== 'object' || value === null) return [];
  return Object.entries(schema.shape).flatMap(([key, inner]) =>
    Object.hasOwn(value, key)
      ? absentKeys(inner as z.ZodType, (value as Record<string, unknown>)[key], `${path}.${key}`)
      : [`${path}.${key}`],
  );
}

describe('docs/commands.md', () => {
  it('has every command of the design document, with each of its flags', () => {
    const names = SEED_VOCABULARY['Commands'] ?? [];
    expect(names.length).toBeGreaterThan(15);
    const paths = new Set(SHOWN.map(({ path }) => path));
    expect(names.filter((name) => !name.startsWith('--') && !paths.has(name))).toEqual([]);
    const lines = SHOWN.map(({ line }) => line).join('\n');
    expect(names.filter((name) => name.startsWith('--') && !lines.includes(`${name} `))).toEqual([]);
  });

  it('types only commands and flags that there are', () => {
    const unknown = SHOWN.flatMap(({ line }) => {
      const command = commandOf(line);
      if (command === undefined) return [line];
      const specs = [...(command.flags ?? []), ...(command.online ? CONNECTION_FLAGS : []), OUTPUT_FLAG];
      const known = new Set(specs.flatMap(({ flags }) => flags.match(/(?<!\w)-{1,2}[a-z-]+/g) ?? []));
      return (line.match(/(?<= )-{1,2}[a-z][a-z-]*/g) ?? []).filter((flag) => !known.has(flag));
    });
    expect(unknown).toEqual([]);
  });

  it('has the tables of the code', () => {
    const known = headings();
    const shown = SHOWN.flatMap(({ printed }) => printed.split('\n'))
      .filter((line) => /^[A-Z][A-Z-]+(?: +[A-Z][A-Z0-9-]+)+$/.test(line))
      .map((line) => line.trim().split(/ +/).join(' '));
    expect(shown.length).toBeGreaterThan(8);
    expect(shown.filter((line) => !known.has(line))).toEqual([]);
    expect(shown).toContain(NODE_COLUMNS.map((column) => column.name).join(' '));
  });

  it.each([
    ['cluster status', statusResponse, []],
    ['node list', nodesResponse, []],
    ['node leader', leaderResponse, []],
    // either the plan or what became of it
    ['cluster failover', operationResponse, ['.plan']],
  ] as const)('has the document of %s as the API has it', (path, schema, absent) => {
    const json = SHOWN.filter((one) => one.path === path && one.line.endsWith('-o json'));
    expect(json).toHaveLength(1);
    const document = JSON.parse(json[0]?.printed ?? '') as Record<string, unknown>;
    // a schema drops what it does not know: nothing is shown that is gone, and nothing that is needed is missing
    const { schemaVersion: _, ...known } = schema.parse(document) as Record<string, unknown>;
    const { schemaVersion, ...shown } = document;
    expect(known).toEqual(shown);
    expect(schemaVersion).toBe(1);
    // an older build answers without what is optional since then
    expect(absentKeys(schema, document, '')).toEqual(absent);
  });
});
