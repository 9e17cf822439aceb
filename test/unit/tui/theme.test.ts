import { describe, expect, it } from 'vitest';
import { chooseLook } from '../../../tui/theme/look.ts';
import { ASCII, toAscii, UNICODE } from '../../../tui/theme/symbols.ts';
import { paint, THEMES } from '../../../tui/theme/themes.ts';
import { fitLine, lineWidth, span, spread, type Token, textOf } from '../../../tui/theme/tokens.ts';

const STATES: readonly Token[] = [
  'leader',
  'candidate',
  'suspect',
  'dead',
  'maintenance',
  'critical',
  'warning',
];

describe('THEMES', () => {
  it('THEMES set attributes only; mono none that is a colour', () => {
    for (const theme of Object.values(THEMES)) {
      for (const sgr of Object.values(theme)) expect(sgr).toMatch(/^(\d+(;\d+)*)?$/);
    }
    for (const sgr of Object.values(THEMES.mono)) expect(sgr).not.toMatch(/(^|;)[34]\d/);
  });

  it('THEMES make each state of the colour-blind theme differ without red against green', () => {
    const theme = THEMES['colour-blind'];
    for (const token of STATES) expect(theme[token]).not.toMatch(/(^|;)3[12](;|$)/);
  });

  it('paint closes what it opens and covers everything with one meaning on demand', () => {
    const line = [span('a', 'ok'), span('b'), span('c', 'dead')];
    expect(paint(line, THEMES.default)).toBe('\x1b[32ma\x1b[0mb\x1b[31;1mc\x1b[0m');
    expect(paint(line, THEMES.default, 'selected')).toBe('\x1b[7mabc\x1b[0m');
  });
});

describe('chooseLook', () => {
  it('chooseLook obeys NO_COLOR only when it is not empty, and TERM=dumb', () => {
    expect(chooseLook({}, { NO_COLOR: '1' }).colour).toBe(false);
    expect(chooseLook({}, { NO_COLOR: '' }).colour).toBe(true);
    expect(chooseLook({}, { TERM: 'dumb' }).colour).toBe(false);
    expect(chooseLook({ noColor: true }, {}).theme).toBe(THEMES.mono);
  });

  it('chooseLook falls back to ASCII where the terminal has no Unicode', () => {
    expect(chooseLook({}, { TERM: 'linux', LANG: 'C.UTF-8' }).symbols).toBe(ASCII);
    expect(chooseLook({}, { LANG: 'de_DE.ISO-8859-1' }).symbols).toBe(ASCII);
    expect(chooseLook({ ascii: false }, { LC_ALL: 'C' }).symbols).toBe(ASCII);
    expect(chooseLook({}, { LANG: 'en_US.utf8' }).symbols).toBe(UNICODE);
    expect(chooseLook({ ascii: true }, { LANG: 'en_US.utf8' }).symbols).toBe(ASCII);
  });

  it('toAscii replaces cell for cell', () => {
    expect(toAscii('n1 → n2 · 31 ms …')).toBe('n1 > n2 - 31 ms .');
  });
});

describe('lines', () => {
  it('spread keeps the right part and cuts the left, a blank between them', () => {
    expect(textOf(spread([span('a long left part')], [span('right')], 12))).toBe('a lon… right');
    expect(lineWidth(fitLine([span('节点'), span('abc')], 4))).toBe(4);
  });
});
