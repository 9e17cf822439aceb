import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bar, condensed, sparkline } from '../../../tui/format/chart.ts';
import { cellWidth, clean, cut, fitText } from '../../../tui/format/width.ts';
import {
  age,
  clockTime,
  count,
  dayOf,
  millis,
  offset,
  percent,
  rough,
  running,
  span,
  takeZone,
  timeWords,
  withLengths,
  zoneMark,
} from '../../../tui/format/words.ts';
import { live } from './model-kit.ts';
import { screenText } from './screen-text.ts';

describe('cellWidth', () => {
  it('cellWidth counts wide letters twice and marks not at all', () => {
    expect(cellWidth('node')).toBe(4);
    expect(cellWidth('节点')).toBe(4);
    expect(cellWidth('e\u0301')).toBe(1);
    expect(cellWidth('★ ● ◇ ▁█░…')).toBe(10);
  });

  it('fitText gives exactly the cells asked for, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 40 }),
        fc.integer({ min: 1, max: 60 }),
        (text, cells) => {
          expect(cellWidth(fitText(clean(text), cells))).toBe(cells);
        },
      ),
    );
  });

  it('cut marks what it leaves out', () => {
    expect(cut('ReplicaLag', 8)).toBe('Replica…');
    expect(cut('short', 8)).toBe('short');
    expect(cut('节点一', 4)).toBe('节…');
  });
});

describe('clean', () => {
  it('clean removes escape sequences, bidi marks and controls, and keeps the words', () => {
    expect(clean('\x1b[31mred\x1b[0m')).toBe('red');
    expect(clean('\x1b]0;title\x07name')).toBe('name');
    expect(clean('a\u202eb\u2066c\u200bd')).toBe('abcd');
    expect(clean('two\nlines\tand\rmore')).toBe('two lines and more');
    expect(clean('n1 🚀')).toBe('n1 □');
    expect(clean('⚠️ disk')).toBe('⚠ disk');
  });

  it('clean leaves nothing a terminal could obey', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        expect(clean(`\x1b[2J${text}`)).not.toMatch(/[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/);
      }),
    );
  });
});

describe('words', () => {
  it('count groups thousands, null is a dash', () => {
    expect([count(0), count(1_204_551), count(999), count(null)]).toEqual(['0', '1 204 551', '999', '—']);
  });

  it('ages and lengths name their units', () => {
    expect([age(4200), age(390_000), age(5_040_000), age(280_000_000)]).toEqual([
      '4s',
      '6m30s',
      '1h24m',
      '3d5h',
    ]);
    expect([rough(59_000), rough(725_000), rough(7_300_000)]).toEqual(['59s', '12m', '2h']);
    expect([span(180), span(2310), span(65_000), span(null)]).toEqual(['180 ms', '2.31 s', '1m05s', '—']);
    expect([millis(1.23), millis(38.4), millis(1204), percent(0.312), percent(null)]).toEqual([
      '1.2',
      '38',
      '1 204',
      '31.2',
      '—',
    ]);
  });

  it('time that runs has tenths below a minute, and one figure with ages above', () => {
    const all = [0, 250, 25_640, 59_940, 59_960, 65_000, 137_400];
    expect(all.map(running)).toEqual(['0.0 s', '0.3 s', '25.6 s', '59.9 s', '1m00s', '1m05s', '2m17s']);
    expect(running(137_400)).toBe(age(137_400));
  });

  it('what a node tells in thousands of ms is a length of time like every other', () => {
    expect(withLengths('n1 leads term 5 (no leader heard, 139802 ms without a leader)')).toBe(
      'n1 leads term 5 (no leader heard, 2m19s without a leader)',
    );
    expect(withLengths('a write took 9999 ms, one 12345.6 ms')).toBe('a write took 9999 ms, one 12.35 s');
    expect(withLengths('row 12345 of 99999')).toBe('row 12345 of 99999');
  });

  it('the offset of a step is exact to the ms, however far it lies', () => {
    const all = [0, -0.2, 139.4, -14, 9999, 10_000, 59_999.6, 139_797, 3_600_005];
    expect(all.map(offset)).toEqual([
      ...['0 ms', '0 ms', '139 ms', '-14 ms', '9 999 ms', '10.000 s', '1m00.000s', '2m19.797s', '60m00.005s'],
    ]);
  });

  it('clockTime is UTC and survives nonsense', () => {
    expect(clockTime('2026-03-04T12:04:31.123Z')).toBe('12:04:31');
    expect(clockTime('2026-03-04T12:04:31.123Z', true)).toBe('12:04:31.123');
    expect(clockTime('soon')).toBe('--:--:--');
  });
});

describe('charts', () => {
  it('bar never looks full below one', () => {
    expect(bar(1, 4, false)).toBe('████');
    expect(bar(0.999, 4, false)).toBe('███░');
    expect(bar(0, 4, true)).toBe('....');
  });

  it('sparkline shows the newest samples on the right', () => {
    expect(sparkline([0, 0.5, 1], 5, false)).toBe('  ▁▅█');
    expect(sparkline([0, 0.5, 1, null], 3, false)).toBe('▅█·');
    expect(sparkline([0.1, 0.9], 2, true)).toBe('_@');
  });

  it('condensed has the whole time in however few cells, the newest at the end', () => {
    expect(condensed([1, 3, 5, 7], 2, 4)).toEqual([2, 6]);
    expect(condensed([1, null, null, null], 2, 4)).toEqual([1, null]);
    // of a screen that was just opened there is no more than the end
    expect(condensed([5, 7], 2, 4)).toEqual([6]);
    expect(condensed([9, 9, 1, 3, 5, 7], 2, 4)).toEqual([2, 6]);
    expect(condensed([1, 2], 4, 4)).toEqual([1, 2]);
    const minute = Array.from({ length: 60 }, (_, i) => i);
    expect(condensed(minute, 8, 60)).toHaveLength(8);
    expect(condensed(minute, 8, 60).at(-1)).toBe(55.5);
  });
});

describe('times', () => {
  const at = '2026-03-04T23:04:31.120Z';
  const home = process.env['TZ'];
  // a program that another file of this process started may have chosen one
  beforeEach(() => takeZone(null));
  afterEach(() => {
    takeZone(null);
    if (home === undefined) delete process.env['TZ'];
    else process.env['TZ'] = home;
  });

  it('are of the machine’s own zone, summer and winter, or of UTC, which is said', () => {
    process.env['TZ'] = 'Europe/Berlin';
    const words = () => [clockTime(at), timeWords(at, 'date', 0), dayOf(at), clockTime(at, true), zoneMark()];
    const utc = ['23:04:31', '2026-03-04 23:04:31', '2026-03-04', '23:04:31.120'];
    expect(words()).toEqual([...utc, '']);
    takeZone('utc');
    expect(words()).toEqual([...utc, ' UTC']);
    takeZone('local');
    expect(words()).toEqual(['00:04:31', '2026-03-05 00:04:31', '2026-03-05', '00:04:31.120', '']);
    expect(clockTime('2026-07-01T12:00:00.000Z')).toBe('14:00:00');
    process.env['TZ'] = 'Asia/Kolkata';
    expect(clockTime(at)).toBe('04:34:31');
    expect(clockTime('never')).toBe('--:--:--');
    expect(dayOf('never')).toBe('—');
  });

  it('in UTC are called so beside the clock of the header', () => {
    takeZone('utc');
    expect(screenText(live(), 120, 36)).toMatch(/12:04:31 UTC .*LIVE/);
    expect(screenText(live(), 80, 24)).toMatch(/12:04:31 UTC .*LIVE/);
    takeZone(null);
    expect(screenText(live(), 120, 36)).not.toContain('UTC');
  });
});
