/** How meanings look: the table of the themes, and the attributes of two whole screens, cell by cell. */
import { describe, expect, it } from 'vitest';
import { screenOf } from '../../../tui/lines/screen.ts';
import type { Model } from '../../../tui/model/model.ts';
import { cellsOf } from '../../../tui/out/cells.ts';
import { UNICODE } from '../../../tui/theme/symbols.ts';
import { THEMES, type Theme } from '../../../tui/theme/themes.ts';
import type { Token } from '../../../tui/theme/tokens.ts';
import { expectScreen } from '../../tui/golden.ts';
import { full, press } from './model-kit.ts';

/** As the screen was designed: SGR parameters of default, high-contrast, colour-blind, mono. */
const DESIGN: Readonly<Partial<Record<Token, readonly [string, string, string, string]>>> = {
  leader: ['32;1', '97;42;1', '34;1', '1'],
  learner: ['36', '96', '36', '2'],
  candidate: ['33;1', '30;43', '33;1', '4'],
  suspect: ['33', '93', '33', '4'],
  dead: ['31;1', '97;41', '38;5;208;1', '7'],
  maintenance: ['35', '95', '35', '4'],
  critical: ['31;1', '97;41;1', '38;5;208;1', '7'],
  warning: ['33', '30;43', '33', '1'],
  info: ['34', '97;44', '34', ''],
  selected: ['7', '7', '7', '7'],
  live: ['32', '32', '34', ''],
  frozen: ['30;43', '30;43', '30;43', '7'],
  lost: ['97;41', '97;41', '30;48;5;208', '7'],
};

it('the themes show each state as the table of the design has it', () => {
  const themes: readonly Theme[] = Object.values(THEMES);
  expect(Object.keys(THEMES)).toEqual(['default', 'high-contrast', 'colour-blind', 'mono']);
  for (const [token, wanted] of Object.entries(DESIGN))
    expect(
      themes.map((theme) => theme[token as Token]),
      token,
    ).toEqual(wanted);
});

/** The screen as a map of attributes: a letter a cell, and what each letter stands for. */
function attributes(model: Model, theme: Theme): string {
  const look = { theme, symbols: UNICODE, colour: true };
  const rows = cellsOf(screenOf({ model, symbols: UNICODE }, 80, 24), look);
  const letters = new Map([['', '.']]);
  const map = rows.map((row) =>
    row
      .map(({ sgr }) => {
        if (!letters.has(sgr)) letters.set(sgr, String.fromCharCode(96 + letters.size));
        return letters.get(sgr);
      })
      .join(''),
  );
  const legend = [...letters].map(([sgr, letter]) => `${letter} = ${sgr === '' ? 'none' : sgr}`);
  return `${[...map, ...legend].join('\n')}\n`;
}

describe('the attributes', () => {
  it('of Topology in the default theme are as drawn', () => {
    expectScreen(attributes(full(), THEMES.default), 'attributes-topology');
  });

  it('of a dialog above a veil in the high-contrast theme are as drawn', () => {
    const open = press(full({ view: 'alerts' }), 'S', 'y');
    expectScreen(attributes(open, THEMES['high-contrast']), 'attributes-silence');
  });
});
