/**
 * A context file as `writeProfile` writes it, read line by line: every command reads it, and the library for
 * YAML takes 10 ms to load. Whatever else stands in it (quotes, comments, lists in one line) is left to
 * that library.
 */

const WORD = /^[A-Za-z][\w./-]*$/;
const FILE = /^[A-Za-z/][\w./-]*$/;
const ENDPOINT = /^[A-Za-z0-9][\w.-]*:\d{1,5}$/;
/** What YAML takes for something else than a text. */
const NO_TEXT = /^(?:true|false|null)$/i;

type Context = Record<string, string | string[]>;

const isText = (shape: RegExp, text: string): boolean => shape.test(text) && !NO_TEXT.test(text);

/** The same that a parser of YAML answers; null where one is needed. */
export function readPlainProfile(text: string): unknown {
  const profile: { current?: string; contexts?: Record<string, Context | null> } = {};
  let context: Context | null = null;
  let endpoints: string[] | null = null;
  for (const line of text.replace(/\n$/, '').split('\n')) {
    const [, indent = '', dash, key = '', value] =
      /^( *)(?:(- )|([A-Za-z][\w.-]*):(?: (?=\S)|$))(\S*)$/.exec(line) ?? [];
    if (dash !== undefined) {
      if (indent.length !== 6 || endpoints === null || !isText(ENDPOINT, value ?? '')) return null;
      endpoints.push(value ?? '');
      continue;
    }
    // a list or a mapping of which nothing came is no list and no mapping
    if (key === '' || endpoints?.length === 0 || !isText(WORD, key)) return null;
    endpoints = null;
    const isBare = value === '';
    if (indent === '' && key === 'current' && profile.current === undefined && isText(WORD, value ?? '')) {
      profile.current = value ?? '';
    } else if (indent === '' && key === 'contexts' && profile.contexts === undefined && isBare) {
      profile.contexts = {};
    } else if (indent.length === 2 && isBare && profile.contexts !== undefined) {
      if (key in profile.contexts || (context !== null && Object.keys(context).length === 0)) return null;
      context = {};
      profile.contexts[key] = context;
    } else if (indent.length === 4 && context !== null && !(key in context)) {
      if (isBare !== (key === 'endpoints') || (!isBare && !isText(FILE, value ?? ''))) return null;
      if (isBare) endpoints = [];
      context[key] = endpoints ?? value ?? '';
    } else return null;
  }
  const isWhole = endpoints?.length !== 0 && context !== null && Object.keys(context).length > 0;
  return isWhole ? profile : null;
}
