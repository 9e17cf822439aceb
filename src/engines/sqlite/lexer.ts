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

/** Kinds in the order of the groups of `TOKEN`; the first group is what is left out. */
const KINDS = ['string', 'quoted', 'param', 'number', 'word', 'sign'] as const;
const TOKEN = new RegExp(
  [
    String.raw`((?:[\s\uFEFF]|--[^\n]*|/\*[\s\S]*?(?:\*/|$))+)`,
    "([xX]?'(?:[^']|'')*(?:'|$))",
    String.raw`("(?:[^"]|"")*(?:"|$)|${'`'}(?:[^${'`'}]|${'`'}${'`'})*(?:${'`'}|$)|\[[^\]]*(?:\]|$))`,
    String.raw`(\?\d*|[:@$#][\w$\u0080-\uFFFF]+(?:::[\w$\u0080-\uFFFF]+)*)`,
    String.raw`((?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?\w*)`,
    String.raw`([A-Za-z_\u0080-\uFFFF][\w$\u0080-\uFFFF]*)`,
    String.raw`([\s\S])`,
  ].join('|'),
  'y',
);

/** All tokens of `sql`, comments and blanks left out. Total: any text gives tokens. */
export function tokens(sql: string): Token[] {
  const out: Token[] = [];
  let depth = 0;
  let at = 0;
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(sql); match !== null; match = TOKEN.exec(sql)) {
    const [written] = match;
    const kind = KINDS.find((_, n) => match[n + 2] !== undefined);
    if (kind !== undefined) {
      if (written === ')') depth = Math.max(0, depth - 1);
      out.push({ kind, text: kind === 'word' ? written.toUpperCase() : written, depth, at });
      if (written === '(') depth++;
    }
    at += written.length;
  }
  return out;
}
