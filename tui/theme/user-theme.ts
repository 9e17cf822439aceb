/**
 * A person's own theme: YAML that names the theme it begins with and what is different.
 *
 *     base: default
 *     tokens:
 *       leader: bright-white on green bold
 *       dead: 208 bold          # one of the 256 colours
 */
import { SqlccError } from '../../src/base/index.ts';
import { MEANINGS } from './meanings.ts';
import { THEMES, type Theme } from './themes.ts';

const COLOURS = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'];
const ATTRIBUTES: Readonly<Record<string, string>> = { bold: '1', dim: '2', underline: '4', inverse: '7' };
const TOKENS = Object.keys(MEANINGS);

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** SGR parameters of a colour word; undefined = it is none. */
function colour(word: string, isBack: boolean): string | undefined {
  const bright = word.startsWith('bright-');
  const at = COLOURS.indexOf(bright ? word.slice(7) : word);
  if (at >= 0) return String((isBack ? 40 : 30) + (bright ? 60 : 0) + at);
  const number = /^\d{1,3}$/.test(word) ? Number(word) : 256;
  return number > 255 ? undefined : `${isBack ? 48 : 38};5;${number}`;
}

/** `bright-white on green bold` as SGR parameters; `plain` = none. */
function parameters(text: string, bad: (what: string) => never): string {
  const words = text.trim().split(/\s+/);
  if (words.join() === 'plain') return '';
  const out: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const isBack = words[i] === 'on';
    const word = (isBack ? words[++i] : words[i]) ?? '';
    const code = (isBack ? undefined : ATTRIBUTES[word]) ?? colour(word, isBack);
    out.push(code ?? bad(`has "${word}", which is no colour`));
  }
  return out.join(';');
}

/** The theme of a parsed file; throws with the file, the token and the word that can't be read. */
export function userTheme(value: unknown, file: string): Theme {
  const wrong = (what: string, hint: string): never => {
    throw new SqlccError('config_invalid', `${file}: ${what}`, { hint });
  };
  if (!isRecord(value)) return wrong('a theme is a mapping', 'write base: and tokens:');
  const other = Object.keys(value).find((key) => key !== 'base' && key !== 'tokens');
  if (other !== undefined) return wrong(`unknown key "${other}"`, 'a theme has base and tokens');
  const { base = 'default', tokens = {} } = value;
  const start =
    typeof base === 'string' && Object.hasOwn(THEMES, base) ? THEMES[base as keyof typeof THEMES] : null;
  if (start === null) return wrong(`base is no theme`, `one of ${Object.keys(THEMES).join(', ')}`);
  if (!isRecord(tokens)) return wrong('tokens is no mapping', `tokens are ${TOKENS.join(', ')}`);
  const own = Object.entries(tokens).map(([token, text]) => {
    if (!TOKENS.includes(token))
      return wrong(`there is no token "${token}"`, `tokens are ${TOKENS.join(', ')}`);
    const others = `on COLOUR, ${Object.keys(ATTRIBUTES).join(', ')} or plain`;
    const words = `a colour (${COLOURS.join(', ')}, bright-…, 0 to 255), ${others}`;
    if (typeof text !== 'string' && typeof text !== 'number') return wrong(`${token} is no text`, words);
    return [token, parameters(String(text), (what) => wrong(`${token} ${what}`, words))] as const;
  });
  return { ...start, ...Object.fromEntries(own) };
}
