import { describe, expect, it } from 'vitest';
import { screenOf } from '../../../tui/lines/screen.ts';
import { keysOf, type MouseEvent, MouseFilter } from '../../../tui/mouse.ts';
import { UNICODE } from '../../../tui/theme/symbols.ts';
import { full, press } from './model-kit.ts';

describe('MouseFilter', () => {
  it('MouseFilter takes reports out of what is read, also cut at any place, and leaves all else', () => {
    const text = 'j\x1b[<0;20;7Mk\x1b[<0;20;7m\x1b[A\x1b[<65;1;1Mé\x1b';
    for (let cut = 0; cut <= text.length; cut++) {
      const filter = new MouseFilter();
      const parts = [filter.take(text.slice(0, cut)), filter.take(text.slice(cut))];
      // cut behind the bare escape it can't be told from the key
      if (/\x1b\[?$/.test(text.slice(0, cut)) && cut < text.length) continue;
      expect(parts.map((p) => p.rest).join(''), `cut at ${cut}`).toBe('jk\x1b[Aé\x1b');
      expect(parts.flatMap((p) => p.events)).toEqual([
        { kind: 'press', x: 19, y: 6 },
        { kind: 'wheel-down', x: 0, y: 0 },
      ]);
    }
  });
});

describe('keysOf', () => {
  const click = (x: number, y: number): MouseEvent => ({ kind: 'press', x, y });
  const wheel: MouseEvent = { kind: 'wheel-up', x: 1, y: 1 };

  it('keysOf gives only arrows and digits, whatever is clicked', () => {
    for (const model of [full(), full({ view: 'alerts' }), press(full(), '?'), press(full(), ':')]) {
      for (const [columns, rows] of [
        [120, 36],
        [80, 24],
        [44, 12],
      ] as const) {
        const screen = screenOf({ model, symbols: UNICODE }, columns, rows);
        for (let y = 0; y < rows; y++) {
          for (let x = 0; x < columns; x += 3)
            for (const key of keysOf(click(x, y), screen, model.overlay))
              expect(key).toMatch(/^(up|down|\d)$/);
        }
      }
    }
  });

  it('keysOf moves to the clicked row, opens the clicked tab, and leaves dialogs alone', () => {
    const screen = screenOf({ model: full(), symbols: UNICODE }, 120, 36);
    expect(keysOf(click(20, 7), screen, null)).toEqual(['down', 'down']);
    expect(keysOf(click(20, 3), screen, null), 'the edge').toEqual([]);
    expect(keysOf(click(17, 1), screen, null)).toEqual(['2']);
    expect(keysOf(wheel, screen, null)).toEqual(['up', 'up', 'up']);
    const help = press(full(), '?');
    const opened = screenOf({ model: help, symbols: UNICODE }, 120, 36);
    expect(keysOf(click(20, 7), opened, help.overlay)).toEqual([]);
    expect(keysOf(wheel, opened, help.overlay), 'help is scrolled').toEqual(['up', 'up', 'up']);
  });

  it('keysOf gives a dialog nothing: the wheel would choose another target and void the typed name', () => {
    const asked = press(full(), 'F');
    const silence = press(full({ view: 'alerts' }), 'S');
    for (const model of [asked, silence]) {
      expect(['action', 'change']).toContain(model.overlay?.kind);
      const screen = screenOf({ model, symbols: UNICODE }, 120, 36);
      for (const kind of ['press', 'wheel-up', 'wheel-down'] as const)
        for (let y = 0; y < 36; y++) expect(keysOf({ kind, x: 40, y }, screen, model.overlay)).toEqual([]);
    }
  });
});
