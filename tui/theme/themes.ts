/**
 * Themes: meaning → SGR parameters. Only the sixteen palette colours are used, so
 * that the terminal's own theme and contrast hold; the colour-blind theme needs one
 * orange of the 256. `mono` has attributes only, for NO_COLOR.
 */
import type { ThemeName } from '../options.ts';
import type { Line, Token } from './tokens.ts';

/** SGR parameters, `''` for none. */
export type Theme = Readonly<Record<Token, string>>;

const DEFAULT: Theme = {
  plain: '',
  title: '1',
  muted: '2',
  focus: '36;1',
  key: '36',
  leader: '32;1',
  learner: '36',
  candidate: '33;1',
  suspect: '33',
  dead: '31;1',
  maintenance: '35',
  ok: '32',
  warning: '33',
  critical: '31;1',
  info: '34',
  live: '32',
  frozen: '30;43',
  lost: '97;41',
  selected: '7',
  armed: '97;41;1',
};

const MONO: Theme = {
  plain: '',
  title: '1',
  muted: '2',
  focus: '1',
  key: '1',
  leader: '1',
  learner: '2',
  candidate: '4',
  suspect: '4',
  dead: '7',
  maintenance: '4',
  ok: '',
  warning: '1',
  critical: '7',
  info: '',
  live: '',
  frozen: '7',
  lost: '7',
  selected: '7',
  armed: '7;1',
};

export const THEMES: Readonly<Record<ThemeName, Theme>> = {
  default: DEFAULT,
  'high-contrast': {
    ...DEFAULT,
    muted: '',
    focus: '96;1',
    key: '96;1',
    leader: '97;42;1',
    learner: '96',
    candidate: '30;43',
    suspect: '93',
    dead: '97;41',
    maintenance: '95',
    critical: '97;41;1',
    warning: '30;43',
    info: '97;44',
  },
  'colour-blind': {
    ...DEFAULT,
    leader: '34;1',
    dead: '38;5;208;1',
    ok: '34',
    critical: '38;5;208;1',
    live: '34',
    lost: '30;48;5;208',
    armed: '30;48;5;208;1',
  },
  mono: MONO,
};

/** A line with its escape sequences; with `only`, all of it takes that one meaning. */
export function paint(spans: Line, theme: Theme, only?: Token): string {
  let out = '';
  let open = '';
  for (const s of spans) {
    const sgr = theme[only ?? s.token];
    if (sgr !== open) {
      out += (open === '' ? '' : '\x1b[0m') + (sgr === '' ? '' : `\x1b[${sgr}m`);
      open = sgr;
    }
    out += s.text;
  }
  return open === '' ? out : `${out}\x1b[0m`;
}
