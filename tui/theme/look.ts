/** How this terminal is drawn to: theme and signs, decided once, before Ink is loaded. */
import type { TopOptions } from '../options.ts';
import { ASCII, type Symbols, UNICODE } from './symbols.ts';
import { THEMES, type Theme } from './themes.ts';

export interface Look {
  readonly theme: Theme;
  readonly symbols: Symbols;
  /** False under NO_COLOR, TERM=dumb or `--color never`; attributes such as bold remain. */
  readonly colour: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

function speaksUnicode(env: Environment): boolean {
  if (env['TERM'] === 'linux' || env['TERM'] === 'dumb') return false;
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || '';
  // no locale at all is common in containers, whose terminals speak UTF-8
  return locale === '' || /utf-?8/i.test(locale);
}

/** NO_COLOR (no-color.org: present and not empty) and TERM=dumb forbid colour; an option may too. */
export function chooseLook(options: TopOptions, env: Environment): Look {
  const noColor = options.noColor === true || (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb';
  const theme = noColor ? THEMES.mono : (options.ownTheme ?? THEMES[options.theme ?? 'default']);
  const ascii = options.ascii === true || !speaksUnicode(env);
  return { theme, symbols: ascii ? ASCII : UNICODE, colour: !noColor };
}
