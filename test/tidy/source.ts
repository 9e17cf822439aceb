/** Reads the tree once: every source file with its text, syntax tree and imports. Knows nothing of the rules. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { parseSync } from 'oxc-parser';

export interface Import {
  readonly line: number;
  /** As written. */
  readonly specifier: string;
  /** Path from the root for relative imports, else null. */
  readonly target: string | null;
  readonly typeOnly: boolean;
  readonly dynamic: boolean;
}

/** A node of the syntax tree (ESTree); children are found by walking its properties. */
export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

export interface Source {
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
  readonly tree: Node;
  readonly comments: readonly { readonly value: string; readonly start: number }[];
  readonly imports: readonly Import[];
}

export const ROOT = join(import.meta.dirname, '..', '..');
export const FOLDERS = ['src', 'daemon', 'tui', 'test', 'scripts'] as const;

export function lineOf(source: { readonly text: string }, offset: number): number {
  let line = 1;
  for (let i = 0; i < offset; i++) if (source.text.charCodeAt(i) === 10) line++;
  return line;
}

function isNode(value: unknown): value is Node {
  return (
    typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string'
  );
}

/** Calls `visit` for each node, parents first. */
export function walk(
  node: Node,
  visit: (node: Node, parents: readonly Node[]) => void,
  parents: Node[] = [],
): void {
  visit(node, parents);
  parents.push(node);
  for (const key in node) {
    const value = node[key];
    if (Array.isArray(value)) for (const item of value) isNode(item) && walk(item, visit, parents);
    else if (isNode(value)) walk(value, visit, parents);
  }
  parents.pop();
}

function listFiles(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return listFiles(path);
    // a declaration file describes somebody else's package and is no code of this house
    return /(?<!\.d)\.(ts|tsx)$/.test(entry.name) ? [path] : [];
  });
}

function importsOf(path: string, text: string, tree: Node): Import[] {
  const found: Import[] = [];
  walk(tree, (node) => {
    const from = node.source;
    const kinds = [
      'ImportDeclaration',
      'ExportNamedDeclaration',
      'ExportAllDeclaration',
      'ImportExpression',
      'TSImportType',
    ];
    if (!kinds.includes(node.type) || !isNode(from) || typeof from.value !== 'string') return;
    const specifier = from.value;
    const specifiers = (node.specifiers as { importKind?: string; exportKind?: string }[] | undefined) ?? [];
    const allTypes =
      specifiers.length > 0 && specifiers.every((s) => s.importKind === 'type' || s.exportKind === 'type');
    found.push({
      line: lineOf({ text }, node.start),
      specifier,
      target: specifier.startsWith('.') ? normalize(join(dirname(path), specifier)) : null,
      typeOnly:
        node.importKind === 'type' || node.exportKind === 'type' || node.type === 'TSImportType' || allTypes,
      dynamic: node.type === 'ImportExpression',
    });
  });
  return found;
}

let cached: readonly Source[] | undefined;

/** All sources of the house. */
export function sources(): readonly Source[] {
  cached ??= FOLDERS.flatMap((folder) => {
    try {
      return listFiles(folder);
    } catch {
      return []; // a folder that is not there yet has no files
    }
  }).map((path) => {
    const text = readFileSync(join(ROOT, path), 'utf8');
    const parsed = parseSync(path, text);
    const tree = parsed.program as unknown as Node;
    return {
      path,
      text,
      lines: text.split('\n'),
      tree,
      comments: parsed.comments,
      imports: importsOf(path, text, tree),
    };
  });
  return cached;
}

/** The room that a file belongs to: `raft` for src/raft/x.ts, `daemon`, `tui`, `test`, `scripts`. */
export function roomOf(path: string): string {
  const parts = path.split('/');
  return parts[0] === 'src' ? (parts[1] as string) : (parts[0] as string);
}
