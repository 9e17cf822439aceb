/**
 * The rules of the house (ARCHITECTURE.md, "Rules"), one test a rule. A failure
 * names file and line and says what to write instead. Style is not discussed in
 * review because this file says it.
 */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ARROWS, LAZY, PACKAGES, PURE } from './tidy/arrows.ts';
import { lineOf, type Node, ROOT, roomOf, type Source, sources, walk } from './tidy/source.ts';

const product = sources().filter((s) => /^(src|daemon|tui)\//.test(s.path));

/** All findings of a rule, as `file:line text`. */
function findings(
  files: readonly Source[],
  rule: (source: Source, say: (line: number, text: string) => void) => void,
) {
  const found: string[] = [];
  for (const source of files) rule(source, (line, text) => found.push(`${source.path}:${line} ${text}`));
  return found;
}

function identifiersUsed(
  source: Source,
  visit: (name: string, node: Node, parents: readonly Node[]) => void,
) {
  walk(source.tree, (node, parents) => {
    if (node.type === 'Identifier') visit(node.name as string, node, parents);
  });
}

describe('arrows', () => {
  it('imports go only where the picture has an arrow', () => {
    const found = findings(product, (source, say) => {
      const from = roomOf(source.path);
      for (const i of source.imports) {
        if (i.target === null) continue;
        const to = roomOf(i.target);
        const arrow = ARROWS[from]?.[to];
        const lazy = i.dynamic && LAZY.some(([where, room]) => where.test(source.path) && room === to);
        const lazyType = i.typeOnly && LAZY.some(([where, room]) => where.test(source.path) && room === to);
        if (to === from || lazy || lazyType || arrow === 'value' || (arrow === 'types' && i.typeOnly))
          continue;
        const advice = arrow === 'types' ? 'use import type' : 'see test/tidy/arrows.ts, or move the code';
        say(i.line, `${from} may not import ${to} (${advice})`);
      }
    });
    expect(found).toEqual([]);
  });

  it('rooms are entered by their door, and never from inside', () => {
    const found = findings(product, (source, say) => {
      for (const i of source.imports) {
        if (i.target === null || !i.target.startsWith('src/')) continue;
        const inside = roomOf(source.path) === roomOf(i.target);
        const door = /^src\/[^/]+\/index\.ts$/.test(i.target);
        if (inside && door) say(i.line, 'a room does not use its own door: import the file');
        if (!inside && !door && !i.dynamic) say(i.line, `enter ${roomOf(i.target)} by its index.ts`);
      }
    });
    expect(found).toEqual([]);
  });

  it('packages stay in their room', () => {
    const found = findings(product, (source, say) => {
      for (const i of source.imports) {
        if (i.target !== null || i.specifier.startsWith('node:')) continue;
        const name = i.specifier
          .split('/')
          .slice(0, i.specifier.startsWith('@') ? 2 : 1)
          .join('/');
        const rooms = PACKAGES[name];
        if (!rooms?.includes(roomOf(source.path))) say(i.line, `${name} is not for ${roomOf(source.path)}`);
      }
    });
    expect(found).toEqual([]);
  });

  it('the checkers of histories know nothing of the product, nor do the histories that they are checked by', () => {
    const rooms = { check: ['check'], corpus: ['check', 'corpus'] };
    for (const [room, allowed] of Object.entries(rooms)) {
      const files = sources().filter((s) => s.path.startsWith(`test/history/${room}/`));
      expect(files.length).toBeGreaterThan(5);
      const found = findings(files, (source, say) => {
        for (const i of source.imports)
          if (!allowed.some((to) => i.target?.startsWith(`test/history/${to}/`)))
            say(i.line, `${i.specifier} in test/history/${room}`);
      });
      expect(found).toEqual([]);
    }
  });

  it('no cycles between files', () => {
    expect(cycles(sources())).toEqual([]);
  });
});

/** Groups of files that import each other, types included. */
function cycles(files: readonly Source[]): string[] {
  const graph = new Map(files.map((s) => [s.path, s.imports.filter((i) => !i.dynamic).map((i) => i.target)]));
  const state = new Map<string, 'open' | 'done'>();
  const found: string[] = [];
  const visit = (path: string, trail: string[]): void => {
    state.set(path, 'open');
    for (const next of graph.get(path) ?? []) {
      if (next === null || !graph.has(next)) continue;
      if (state.get(next) === 'open')
        found.push([...trail.slice(trail.indexOf(next)), path, next].join(' → '));
      else if (!state.has(next)) visit(next, [...trail, path]);
    }
    state.set(path, 'done');
  };
  for (const path of graph.keys()) if (!state.has(path)) visit(path, []);
  return found;
}

describe('purity', () => {
  const pure = product.filter((s) => PURE.includes(roomOf(s.path)) && s.path.startsWith('src/'));
  const banned = new Set([
    'Date',
    'performance',
    'process',
    'console',
    'Promise',
    'Buffer',
    'fetch',
    'queueMicrotask',
  ]);
  const timers = /^(set|clear)(Timeout|Interval|Immediate)$/;

  it('cores know no I/O, clock, chance or async', () => {
    const found = findings(pure, (source, say) => {
      for (const i of source.imports) {
        const hashing =
          /^src\/(config\/hash|audit\/chain)\.ts$/.test(source.path) && i.specifier === 'node:crypto';
        if (i.specifier.startsWith('node:') && !hashing) say(i.line, `${i.specifier} in a core: take a port`);
      }
      walk(source.tree, (node) => {
        if (node.async === true || node.type === 'AwaitExpression')
          say(lineOf(source, node.start), 'async in a core');
        if (node.type === 'MemberExpression') {
          const object = node.object as Node;
          const property = node.property as Node;
          if (object.name === 'Math' && property.name === 'random')
            say(lineOf(source, node.start), 'use Random');
        }
      });
      identifiersUsed(source, (name, node, parents) => {
        const parent = parents.at(-1);
        const isProperty =
          parent?.type === 'MemberExpression' && parent.property === node && parent.computed !== true;
        const isKey =
          /Property|MethodDefinition|TSMethodSignature|TSPropertySignature/.test(parent?.type ?? '') &&
          parent?.key === node;
        const isType = parent?.type === 'TSTypeReference';
        if (!isProperty && !isKey && !isType && (banned.has(name) || timers.test(name))) {
          // `new Date(x)` with an argument only formats a given timestamp; everything else reads the clock
          const formats =
            name === 'Date' && parent?.type === 'NewExpression' && (parent.arguments as unknown[]).length > 0;
          if (!formats) say(lineOf(source, node.start), `${name} in a core: take a port or an argument`);
        }
      });
    });
    expect(found).toEqual([]);
  });
});

describe('limits', () => {
  it('files ≤ 450 lines, lines ≤ 110 columns', () => {
    const found = findings(sources(), (source, say) => {
      if (source.lines.length > 451) say(451, `${source.lines.length} lines: split by idea`);
      source.lines.forEach((line, n) => {
        // a URL or a table row in a test may be longer than a sentence
        if (line.length > 110 && !/https?:\/\//.test(line) && !source.path.startsWith('test/')) {
          say(n + 1, `${line.length} columns`);
        }
      });
    });
    expect(found).toEqual([]);
  });

  it('functions ≤ 70 lines and ≤ 4 parameters', () => {
    const found = findings(product, (source, say) => {
      walk(source.tree, (node) => {
        if (!/^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type)) return;
        const first = lineOf(source, node.start);
        const length = lineOf(source, node.end) - first + 1;
        if (length > 70) say(first, `a function of ${length} lines: push the loops and leaves out`);
        const params = node.params as { items?: unknown[] } | unknown[];
        const count = Array.isArray(params) ? params.length : (params.items?.length ?? 0);
        if (count > 4) say(first, `${count} parameters: take an options record`);
      });
    });
    expect(found).toEqual([]);
  });
});

describe('syntax', () => {
  it('nothing in a daemon loads the tables of a language: 15 to 40 ms at the first comparison', () => {
    const found = findings(product, (source, say) => {
      if (!/^(daemon|src)\//.test(source.path) || source.path.startsWith('src/cli/')) return;
      source.lines.forEach((line, n) => {
        if (/\.localeCompare\(|\bIntl\.|\.toLocale\w+\(/.test(line)) say(n + 1, 'compareText, or no Intl');
      });
    });
    expect(found).toEqual([]);
  });

  it('erasable TypeScript, named exports, suffixed imports, kebab-case names', () => {
    const found = findings(sources(), (source, say) => {
      if (!/^[a-z0-9-]+(\.(test|d))?\.tsx?$/.test(basename(source.path))) say(1, 'file names are kebab-case');
      const bannedNodes: Record<string, string> = {
        TSEnumDeclaration: 'use a union of strings',
        TSModuleDeclaration: 'use a module',
        TSParameterProperty: 'declare and assign the field',
        Decorator: 'call a function',
        TSAnyKeyword: 'use unknown and narrow it',
        TSNonNullExpression: 'use must()',
      };
      walk(source.tree, (node) => {
        const advice = bannedNodes[node.type];
        const ambient = node.type === 'TSModuleDeclaration' && node.declare === true;
        if (advice !== undefined && !ambient) say(lineOf(source, node.start), `${node.type}: ${advice}`);
        if (node.type === 'ExportDefaultDeclaration') say(lineOf(source, node.start), 'named exports only');
        if (node.type === 'ExportAllDeclaration') say(lineOf(source, node.start), 'name what you re-export');
      });
      for (const i of source.imports) {
        if (i.target !== null && !/\.(tsx?|json|mjs|js)$/.test(i.target))
          say(i.line, `${i.specifier} needs its .ts suffix`);
      }
    });
    expect(found).toEqual([]);
  });

  it('no name hides behind Manager, Helper, Util, Common or Misc', () => {
    const seed = /^(NodeManager|RaftLogManager|SnapshotManager|ConfigUpdateManager|ConfigVersionManager)$/;
    const bad = /(Manager|Helpers?|Utils?|Common|Misc)$/;
    const found = findings(product, (source, say) => {
      walk(source.tree, (node) => {
        if (!/Declaration$/.test(node.type) && node.type !== 'VariableDeclarator') return;
        const name = (node.id as { name?: string } | null | undefined)?.name;
        if (name && bad.test(name) && !seed.test(name))
          say(lineOf(source, node.start), `${name}: say what it is`);
      });
    });
    expect(found).toEqual([]);
  });
});

describe('speech', () => {
  const speakers = /^(src\/cli\/output\/|daemon\/logger\.ts$|tui\/main\.tsx$)/;
  const edges = /^(src\/cli\/main\.ts|daemon\/main\.ts)$/;

  it('console and the standard streams belong to the printers, process.exit to the two mains', () => {
    const found = findings(product, (source, say) => {
      walk(source.tree, (node) => {
        if (node.type !== 'MemberExpression') return;
        const object = (node.object as Node).name;
        const property = (node.property as Node).name as string;
        const line = lineOf(source, node.start);
        if (object === 'console' && !speakers.test(source.path))
          say(line, 'speak through the logger or the output port');
        if (object === 'process' && /^std(out|err)$/.test(property) && !speakers.test(source.path)) {
          say(line, `process.${property}: take it from the caller`);
        }
        if (object === 'process' && property === 'exit' && !edges.test(source.path))
          say(line, 'return an exit code');
      });
    });
    expect(found).toEqual([]);
  });

  it('errors are assertions or SqlccError', () => {
    const found = findings(product, (source, say) => {
      walk(source.tree, (node) => {
        if (node.type !== 'ThrowStatement') return;
        const thrown = node.argument as Node;
        const callee = thrown.type === 'NewExpression' ? (thrown.callee as Node).name : null;
        if (callee === 'Error') say(lineOf(source, node.start), 'assert(), or SqlccError with a code');
      });
    });
    expect(found).toEqual([]);
  });
});

describe('leftovers', () => {
  it('no focused or skipped tests, no notes to self, no unreasoned suppressions', () => {
    const found = findings(sources(), (source, say) => {
      const focus = /\b(it|test|describe)\.(only|todo|fails)\b/;
      source.lines.forEach((line, n) => {
        if (focus.test(line) && !source.path.startsWith('test/tidy')) say(n + 1, 'focused test');
        if (/biome-ignore [a-z/]+:?\s*$/i.test(line)) say(n + 1, 'a suppression needs its reason');
        if (/@ts-(ignore|nocheck|expect-error)/.test(line) && !source.path.startsWith('test/tidy'))
          say(n + 1, 'type system off');
      });
      for (const comment of source.comments) {
        if (/\b(TODO|FIXME|XXX|HACK)\b/.test(comment.value))
          say(lineOf(source, comment.start), 'a note to self: do it or file it');
      }
    });
    expect(found).toEqual([]);
  });

  it('no test is skipped without a line that says why', () => {
    const tests = sources().filter((s) => s.path.endsWith('.test.ts') && !s.path.startsWith('test/tidy'));
    const found = findings(tests, (source, say) => {
      walk(source.tree, (node) => {
        if (node.type !== 'CallExpression') return;
        const callee = node.callee as Node;
        const name = (callee.property as Node | undefined)?.name;
        const line = lineOf(source, node.start);
        // the reporter prints neither the reason of `test.skip(reason)` nor the title of what is skipped
        if (name === 'skip' || name === 'runIf') say(line, `${name}(): skipIf() with skipVisibly()`);
        if (name === 'skipIf' && !source.imports.some((i) => i.target === 'test/lab/skip.ts'))
          say(line, 'skipIf() takes what skipVisibly() answers');
      });
    });
    expect(found).toEqual([]);
  });

  it('every file is reached from a main, a door or a test', () => {
    const roots = sources().filter(
      (s) =>
        s.path.startsWith('test/') ||
        /\/(index|main|consensus-worker|state-worker|reader-process)\.tsx?$/.test(s.path),
    );
    const reached = new Set<string>();
    const all = new Map(sources().map((s) => [s.path, s]));
    const visit = (path: string): void => {
      if (reached.has(path)) return;
      reached.add(path);
      for (const i of all.get(path)?.imports ?? []) if (i.target !== null) visit(i.target);
    };
    for (const root of roots) visit(root.path);
    expect(product.map((s) => s.path).filter((p) => !reached.has(p))).toEqual([]);
  });

  it('the lock file names no registry host', () => {
    expect(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')).not.toMatch(/"resolved"/);
  });
});
