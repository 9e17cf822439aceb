/**
 * What a file of tests can be asked for by name: titles of `it`, `test` and `describe` with all that may hang on
 * them (`it.each(…)(…)`, `it.skipIf(…)(…)`), names of scenarios (`{ name: 'mtu', …, play }`) and exported names.
 * From the syntax tree, so that neither a comment nor an expected value passes for a test.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync } from 'oxc-parser';
import { assert } from '../../../src/base/index.ts';
import { type Node, ROOT, walk } from '../../tidy/source.ts';

export interface Named {
  readonly tests: readonly string[];
  readonly scenarios: readonly string[];
  readonly exported: readonly string[];
}

const ROOTS = new Set(['it', 'test', 'describe']);

/** `it` of `it.skipIf(x)`, `it.each(…)(…)`, `it`. */
function rootOf(callee: Node): string {
  if (callee.type === 'Identifier') return callee['name'] as string;
  if (callee.type === 'MemberExpression') return rootOf(callee['object'] as Node);
  if (callee.type === 'CallExpression') return rootOf(callee['callee'] as Node);
  if (callee.type === 'TaggedTemplateExpression') return rootOf(callee['tag'] as Node);
  return '';
}

/** The text of a literal; what is filled in stands as `…`. */
function textOf(node: Node | undefined): string | null {
  if (node?.type === 'Literal' && typeof node['value'] === 'string') return node['value'];
  if (node?.type === 'TemplateLiteral')
    return (node['quasis'] as { value: { cooked: string } }[]).map((q) => q.value.cooked).join('…');
  if (node?.type === 'BinaryExpression' && node['operator'] === '+')
    return `${textOf(node['left'] as Node) ?? '…'}${textOf(node['right'] as Node) ?? '…'}`;
  return null;
}

function keyOf(property: Node): string | undefined {
  return (property['key'] as { name?: string } | undefined)?.name;
}

function scenarioOf(node: Node): string | null {
  const properties = node['properties'] as Node[];
  if (!properties.some((p) => keyOf(p) === 'play')) return null;
  return textOf(properties.find((p) => keyOf(p) === 'name')?.['value'] as Node | undefined);
}

function exportedBy(node: Node): string[] {
  const declared = node['declaration'] as Node | null;
  if (declared === null) return [];
  const ids = (declared['declarations'] as Node[] | undefined) ?? [declared];
  return ids.flatMap((d) => (d['id'] as { name?: string } | undefined)?.name ?? []);
}

export function namedIn(path: string, text: string): Named {
  const tests: string[] = [];
  const scenarios: string[] = [];
  const exported: string[] = [];
  const { program, errors } = parseSync(path, text);
  assert(errors.length === 0, `${path} does not parse`);
  walk(program as unknown as Node, (node) => {
    const args = node['arguments'] as Node[] | undefined;
    // a test has a body: `test.skip(reason)` has none
    if (node.type === 'CallExpression' && ROOTS.has(rootOf(node['callee'] as Node)) && args?.[1]) {
      const title = textOf(args[0]);
      if (title !== null) tests.push(title);
    } else if (node.type === 'ObjectExpression') {
      const name = scenarioOf(node);
      if (name !== null) scenarios.push(name);
    } else if (node.type === 'ExportNamedDeclaration') exported.push(...exportedBy(node));
  });
  return { tests, scenarios, exported };
}

/** A part of a title that is shorter names too little, unless it is the whole title. */
const MIN_PART = 10;

/** The title of a test or a good part of it, or the whole name of a scenario or of what the file exports. */
export function isNamed({ tests, scenarios, exported }: Named, name: string): boolean {
  if (scenarios.includes(name) || exported.includes(name)) return true;
  return tests.some((title) => title === name || (name.length >= MIN_PART && title.includes(name)));
}

const cached = new Map<string, Named>();

/** What stands in a file of this repository, by its path from the root. */
export function namedInFile(path: string): Named {
  const known = cached.get(path) ?? namedIn(path, readFileSync(join(ROOT, path), 'utf8'));
  cached.set(path, known);
  return known;
}
