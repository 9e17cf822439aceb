/**
 * YAML text → plain values with their places, within bounds. Untrusted text costs a
 * bounded time: size, tokens, depth and aliases are counted before anything is built.
 */
import type { Document, ParsedNode } from 'yaml';
import { isAlias, isMap, isScalar, isSeq, Lexer, LineCounter, parseDocument, visit } from 'yaml';
import { LIMITS } from '../base/index.ts';
import type { ConfigIssue } from './cluster-config.ts';

/** Where a key or value stands; both count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

export type ReadYaml =
  | {
      readonly ok: true;
      readonly value: unknown;
      /** Place of the value at `path`, or of the innermost part of the path that exists. */
      readonly placeOf: (path: readonly PropertyKey[], of?: 'key' | 'value') => Place;
      /** Place of character `offset` of the value at `path` that is written as `text`, or of the value. */
      readonly placeIn: (path: readonly PropertyKey[], text: string, offset: number) => Place;
    }
  | { readonly ok: false; readonly issues: readonly ConfigIssue[] };

const encoder = new TextEncoder();
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

const HINTS: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'indent with spaces',
  DUPLICATE_KEY: 'keep one of them',
  BAD_INDENT: 'align it with its siblings',
  MULTIPLE_DOCS: 'one file is one document: remove the "---"',
};

/** Sentences of the parser that speak to programmers. */
const PLAIN_WORDS: Readonly<Record<string, string>> = {
  MULTIPLE_DOCS: 'more than one document',
  DUPLICATE_KEY: 'the key is there twice',
};

function issueAt(place: Place, message: string, hint: string, path = ''): ConfigIssue {
  return { ...place, path, message, hint };
}

const START: Place = { line: 1, column: 1 };

/** Bounds that can be checked without building anything; null when the text is within them. */
function boundsIssue(text: string): ConfigIssue | null {
  const bytes = encoder.encode(text).length;
  if (bytes > LIMITS.maxConfigBytes) {
    return issueAt(
      START,
      `the file has ${bytes} bytes, at most ${LIMITS.maxConfigBytes} are read`,
      'split it',
    );
  }
  let tokens = 0;
  let offset = 0;
  let depth = 0;
  for (const token of new Lexer().lex(text)) {
    tokens++;
    if (token === '[' || token === '{') depth++;
    if (token === ']' || token === '}') depth--;
    const tooMany = tokens > LIMITS.maxConfigTokens;
    if (tooMany || depth > LIMITS.maxConfigDepth) {
      const line = text.slice(0, offset).split('\n').length;
      const what = tooMany ? `more than ${LIMITS.maxConfigTokens} words` : 'brackets nested too deep';
      return issueAt({ line, column: 1 }, what, 'a configuration is small and flat: shorten it');
    }
    // the lexer marks scalars and documents with control characters that are not in the text
    if (token.charCodeAt(0) !== 0x1f && token !== '\u0002' && token !== '\u0018') offset += token.length;
  }
  return null;
}

interface Opened {
  readonly document: Document.Parsed;
  readonly lines: LineCounter;
}

function placeAt({ lines }: Opened, offset: number): Place {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

function syntaxIssues(opened: Opened): ConfigIssue[] {
  const seen = new Set<number>();
  return [...opened.document.errors, ...opened.document.warnings].flatMap((error) => {
    const place = placeAt(opened, error.pos[0]);
    // one mistake makes the parser stumble several times in the same line
    if (seen.has(place.line)) return [];
    seen.add(place.line);
    const plain = PLAIN_WORDS[error.code] ?? error.message;
    const message = plain.replace(/ at line \d+, column \d+:[\s\S]*$/, '');
    return [issueAt(place, lowerFirst(message), HINTS[error.code] ?? 'correct the YAML')];
  });
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** Aliases, depth, tags and keys that no configuration needs and that attack programs. */
function structureIssues(opened: Opened): ConfigIssue[] {
  const issues: ConfigIssue[] = [];
  let aliases = 0;
  const say = (node: { range?: readonly number[] | null }, message: string, hint: string): void => {
    issues.push(issueAt(placeAt(opened, node.range?.[0] ?? 0), message, hint));
  };
  visit(opened.document, {
    Alias(_key, node, path) {
      aliases++;
      const target = node.resolve(opened.document);
      if (target === undefined) say(node, `nothing is named &${node.source}`, 'write the value out');
      else if (path.some((above) => above === target)) {
        say(node, `*${node.source} contains itself`, 'write the value out');
      } else if (aliases === LIMITS.maxConfigAliases + 1) {
        say(node, `more than ${LIMITS.maxConfigAliases} aliases`, 'write the values out');
      }
    },
    Collection(_key, node, path) {
      if (path.length > LIMITS.maxConfigDepth * 2) {
        say(node, `nested deeper than ${LIMITS.maxConfigDepth} levels`, 'flatten it');
        return visit.SKIP;
      }
      return undefined;
    },
    Pair(_key, pair) {
      const key = pair.key;
      if (isAlias(key) || (key !== null && typeof key === 'object' && (isMap(key) || isSeq(key)))) {
        say(key, 'a key must be a plain word', 'write the key out');
      } else if (isScalar(key) && FORBIDDEN_KEYS.has(String(key.value))) {
        say(key, `"${String(key.value)}" is no key`, 'remove it');
      }
    },
  });
  return issues;
}

function findNode(root: ParsedNode | null, path: readonly PropertyKey[], of: 'key' | 'value'): number {
  let node: unknown = root;
  let offset = 0;
  path.forEach((step, n) => {
    const last = n === path.length - 1;
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step));
      if (pair === undefined) {
        node = null;
        return;
      }
      const keyOffset = (pair.key as ParsedNode).range?.[0] ?? offset;
      const valueOffset = (pair.value as ParsedNode | null)?.range?.[0];
      offset = last && of === 'value' ? (valueOffset ?? keyOffset) : keyOffset;
      node = pair.value;
    } else if (isSeq(node)) {
      const item: unknown = node.items[Number(step)];
      offset = (item as ParsedNode | undefined)?.range?.[0] ?? offset;
      node = item;
    } else node = null;
  });
  return offset;
}

/** Reads one document. A byte order mark is dropped; an empty text is an empty document (null). */
export function readYaml(text: string): ReadYaml {
  const bare = text.startsWith('\ufeff') ? text.slice(1) : text;
  const bounds = boundsIssue(bare);
  if (bounds !== null) return { ok: false, issues: [bounds] };
  const lines = new LineCounter();
  const document = parseDocument(bare, {
    lineCounter: lines,
    prettyErrors: true,
    uniqueKeys: true,
    strict: true,
    version: '1.2',
    schema: 'core',
  }) as Document.Parsed;
  const opened: Opened = { document, lines };
  const syntax = syntaxIssues(opened);
  if (syntax.length > 0) return { ok: false, issues: syntax };
  const structure = structureIssues(opened);
  if (structure.length > 0) return { ok: false, issues: structure };
  const value: unknown = document.toJS({ maxAliasCount: LIMITS.maxConfigAliases });
  return {
    ok: true,
    value,
    placeOf: (path, of = 'value') => placeAt(opened, findNode(document.contents, path, of)),
    placeIn: (path, inner, offset) => {
      const start = findNode(document.contents, path, 'value');
      const first = /^["']/.test(bare[start] ?? '') ? start + 1 : start;
      // escapes and folded lines move characters: then the value's own place is the best one
      return placeAt(opened, bare.startsWith(inner, first) ? first + offset : start);
    },
  };
}
