/**
 * Cuts a script into statements at its semicolons: not at those inside quotes,
 * comments or a trigger's body. It knows no more SQL than that; the server says what
 * is wrong with a statement.
 */
const TRIGGER = /^create\s+(temp\s+|temporary\s+)?trigger\b/i;
const TRIGGER_END = /;\s*end\s*$/i;

/** Position behind the token that begins at `at`: a quoted text, a comment, or one character. */
function tokenEnd(text: string, at: number): number {
  const two = text.slice(at, at + 2);
  if (two === '--') return ends(text.indexOf('\n', at), 1, text.length);
  if (two === '/*') return ends(text.indexOf('*/', at + 2), 2, text.length);
  const open = text[at] ?? '';
  const close = open === '[' ? ']' : open;
  if (!['"', "'", '`', '['].includes(open)) return at + 1;
  // a doubled quote ends one text and begins the next: the same in effect
  return ends(text.indexOf(close, at + 1), 1, text.length);
}

function ends(found: number, width: number, length: number): number {
  return found === -1 ? length : found + width;
}

function isBlank(statement: string): boolean {
  return statement.replace(/--[^\n]*|\/\*[\s\S]*?\*\//g, '').trim() === '';
}

/** The statements, without their semicolons; blank ones and lone comments are left out. */
export function splitSql(text: string): string[] {
  const found: string[] = [];
  let from = 0;
  let bare = '';
  const cut = (to: number): void => {
    const statement = text.slice(from, to).trim();
    if (!isBlank(statement)) found.push(statement);
    bare = '';
  };
  for (let at = 0; at < text.length; ) {
    const next = tokenEnd(text, at);
    const isPlain = next === at + 1;
    const isOpen = TRIGGER.test(bare.trimStart()) && !TRIGGER_END.test(bare);
    if (isPlain && text[at] === ';' && !isOpen) {
      cut(at);
      from = next;
    } else {
      // comments count as a blank, quoted text as one sign that is no keyword
      bare += isPlain ? text[at] : /^(--|\/\*)/.test(text.slice(at, at + 2)) ? ' ' : '?';
    }
    at = next;
  }
  cut(text.length);
  return found;
}
