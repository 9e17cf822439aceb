/** docs/themes.md is made from the themes, and its example is one. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { MEANINGS } from '../../../tui/theme/meanings.ts';
import { THEMES } from '../../../tui/theme/themes.ts';
import { userTheme } from '../../../tui/theme/user-theme.ts';
import { expectFile } from '../../cli/harness.ts';

const COLOURS = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'];
const ATTRIBUTES: Readonly<Record<string, string>> = { 1: 'bold', 2: 'dim', 4: 'underline', 7: 'inverse' };

/** SGR parameters in the words that a theme file takes. */
function wordsOf(sgr: string): string {
  if (sgr === '') return 'plain';
  const words: string[] = [];
  // `38;5;208` is one colour of 256, not three codes
  for (const part of sgr.match(/[34]8;5;\d+|\d+/g) ?? []) {
    const [code = 0, , number] = part.split(';').map(Number);
    const [bright, low] = [code >= 90, code >= 90 ? code - 60 : code];
    const isBack = low >= 40;
    if (ATTRIBUTES[code] !== undefined) words.push(ATTRIBUTES[code]);
    else {
      const named = `${bright ? 'bright-' : ''}${COLOURS[low % 10]}`;
      const colour = number === undefined ? named : String(number);
      words.push(isBack ? `on ${colour}` : colour);
    }
  }
  return words.join(' ');
}

const EXAMPLE = `base: colour-blind
tokens:
  leader: bright-white on blue bold
  dead: 208 bold
  muted: plain
`;

function page(): string {
  const names = Object.keys(THEMES) as (keyof typeof THEMES)[];
  const rows = (Object.keys(MEANINGS) as (keyof typeof MEANINGS)[]).map(
    (token) =>
      `| \`${token}\` | ${MEANINGS[token]} | ${names.map((name) => wordsOf(THEMES[name][token])).join(' | ')} |`,
  );
  return [
    '# Themes of `sqlcc top`\n',
    'Made from the program by `UPDATE=1 npm run unit -- test/unit/docs`; do not edit.\n',
    'Colour is the third sign: a symbol and a word always say the same. `--theme NAME` takes one of the four below,',
    'or `themes/NAME.yaml` beside the context file (`~/.config/sqlcc/themes/NAME.yaml`, or the folder of `$SQLCC_CONFIG`).',
    'With `NO_COLOR` it is `mono`.\n',
    '## A theme of your own\n',
    `\`\`\`yaml\n${EXAMPLE}\`\`\`\n`,
    '`base` is the theme that it begins with (`default` unless named); `tokens` has what is different. A value is any of:',
    `a colour (${COLOURS.join(', ')}; \`bright-\` before it; or a number from 0 to 255), \`on\` and a colour for the`,
    `background, ${Object.values(ATTRIBUTES).join(', ')}; or \`plain\` alone. A word that is none is refused at the start, with file and token.\n`,
    '## Tokens\n',
    `| token | means | ${names.map((name) => `\`${name}\``).join(' | ')} |`,
    `|---|---|${names.map(() => '---|').join('')}`,
    ...rows,
    '',
  ].join('\n');
}

describe('themes.md', () => {
  it('is what the themes are, in words that a theme takes', () => {
    expectFile(join(import.meta.dirname, '../../../docs/themes.md'), page());
    for (const theme of Object.values(THEMES)) {
      const tokens = Object.fromEntries(Object.entries(theme).map(([token, sgr]) => [token, wordsOf(sgr)]));
      expect(userTheme({ base: 'mono', tokens }, 'x.yaml')).toEqual(theme);
    }
  });

  it('has an example that can be written so', () => {
    const own = userTheme(parse(EXAMPLE), 'mine.yaml');
    expect(own).toEqual({ ...THEMES['colour-blind'], leader: '97;44;1', dead: '38;5;208;1', muted: '' });
  });
});
