import { describe, expect, it } from 'vitest';
import { checkAnswer } from '../../../tui/feed/check.ts';
import type { SliceName } from '../../../tui/feed/slices.ts';
import { screenOf } from '../../../tui/lines/screen.ts';
import type { Message } from '../../../tui/model/messages.ts';
import { VIEW_IDS } from '../../../tui/model/views.ts';
import { UNICODE } from '../../../tui/theme/symbols.ts';
import { answers } from '../../tui/answers.ts';
import { event } from '../../tui/recording.ts';
import { full, send } from './model-kit.ts';

const recorded = answers().flatMap(({ answer }) =>
  answer?.value === undefined ? [] : [{ to: answer.to, value: answer.value }],
);

describe('checkAnswer', () => {
  it('checkAnswer lets through what the cluster answers, and what it knows more', () => {
    for (const { to, value } of recorded) {
      const slice = to.split(' ')[0] as SliceName;
      expect(checkAnswer(slice, value)).toBe(value);
      const more = Array.isArray(value) ? value.map((row) => ({ ...row, newer: 1 })) : { ...value, newer: 1 };
      expect(checkAnswer(slice, more)).toBe(more);
    }
  });

  it('checkAnswer names what is wrong, for every field that a view needs', () => {
    for (const { to, value } of recorded) {
      const slice = to.split(' ')[0] as SliceName;
      for (const bad of [null, 'x', 7, {}])
        expect(() => checkAnswer(slice, bad), to).toThrow(/can't be shown|is no status/);
      if (!Array.isArray(value)) continue;
      expect(() => checkAnswer(slice, [null])).toThrow(/\.0 is no object/);
      expect(() => checkAnswer(slice, [{}])).toThrow(/\.0\.\w+ is no/);
    }
  });

  it('a row with nothing but its checked fields is drawn, by every view', () => {
    for (const { to } of recorded) {
      const [slice, arg = ''] = to.split(' ');
      const wanted = /\.0\.(\w+) is no (\w+)/;
      const row: Record<string, unknown> = {};
      for (let tries = 0; tries < 20; tries++) {
        try {
          checkAnswer(slice as SliceName, [row]);
          break;
        } catch (error) {
          const [, key = '', kind] = wanted.exec((error as Error).message) ?? [];
          if (key !== '') row[key] = kind === 'list' ? [] : kind === 'number' ? 1 : 'x';
        }
      }
      if (Object.keys(row).length === 0) continue;
      const question = { slice: slice as SliceName, arg };
      const news = { type: 'answer', question, value: [row], now: 0 } as unknown as Message;
      for (const view of VIEW_IDS) {
        const model = send(full({ view }), news)[0];
        expect(() => screenOf({ model, symbols: UNICODE }, 120, 36), `${to} in ${view}`).not.toThrow();
      }
    }
  });
});

describe('what a newer node says', () => {
  it('kinds and severities that nobody knows here are shown as they are', () => {
    const odd = event(0, 'n1', 'cosmic-ray', 'a bit flipped', { severity: 'apocalyptic' as 'info' });
    const alert = { ...full().picture.alerts[0], severity: 'fatal' };
    for (const view of VIEW_IDS) {
      const told: Message[] = [
        { type: 'events', events: [odd], now: 0 },
        { type: 'alerts', alerts: [alert as never] },
      ];
      const model = send(full({ view }), ...told)[0];
      expect(() => screenOf({ model, symbols: UNICODE }, 120, 36), view).not.toThrow();
    }
  });
});
