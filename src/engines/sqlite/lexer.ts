/**
 * SQL text → tokens, by the rules of SQLite's own tokenizer. It does not parse: it
 * only tells words from strings and comments, so that a word inside a literal never
 * passes for a keyword.
 */

export interface Token {
  /** `word`: keyword or bare name; `quoted`: a name in quotes; `param`: `?`, `?1`, `:a`, `@a`, `$a`. */
  readonly kind: 'word' | 'quoted' | 'string' | 'number' | 'param' | 'sign';
  /** As written; words in upper case. */
  readonly text: string;
  /** Parentheses around it. */
  readonly depth: number;
  readonly at: number;
}

const SPACE = /[\s\uFEFF]+/y;
const COMMENT = /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/y;
const RULES: readonly (readonly [Token['kind'], RegExp])[] = [
  ['string', /[xX]?'(?:[^']|'')*(?:'|$)/y],
  ['quoted', /"(?:[^"]|"")*(?:"|$)|`(?:[^`]|``)*(?:`|$)|\[[^\]]*(?:\]|$)/y],
  ['param', /\?\d*|[:@$#][\w$\u0080-\uFFFF]+(?:::[\w$\u0080-\uFFFF]+)*/y],
  ['number', /(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?[\w]*/y],
  ['word', /[A-Za-z_\u0080-\uFFFF][\w$\u0080-\uFFFF]*/y],
  ['sign', /[\s\S]/y],
];

function match(rule: RegExp, sql: string, at: number): string | undefined {
  rule.lastIndex = at;
  return rule.exec(sql)?.[0];
}

/** All tokens of `sql`, comments and blanks left out. Total: any text gives tokens. */
export function tokens(sql: string): Token[] {
  const out: Token[] = [];
  let depth = 0;
  let at = 0;
  while (at < sql.length) {
    const blank = match(SPACE, sql, at) ?? match(COMMENT, sql, at);
    if (blank !== undefined) {
      at += blank.length;
      continue;
    }
    for (const [kind, rule] of RULES) {
      const text = match(rule, sql, at);
      if (text === undefined) continue;
      if (text === ')') depth = Math.max(0, depth - 1);
      out.push({ kind, text: kind === 'word' ? text.toUpperCase() : text, depth, at });
      if (text === '(') depth++;
      at += text.length;
      break;
    }
  }
  return out;
}
