/** What the screen said stays to be read again. */
import { afterEach, describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/base/index.ts';
import { overlayText, screenOf } from '../../../tui/lines/screen.ts';
import type { Model } from '../../../tui/model/model.ts';
import { Session } from '../../../tui/session.ts';
import { Stage } from '../../../tui/stage.ts';
import { UNICODE } from '../../../tui/theme/symbols.ts';
import { textOf } from '../../../tui/theme/tokens.ts';
import { START } from '../../tui/recording.ts';
import { missingFeed } from './feed-kit.ts';
import { fresh, live, press, send } from './model-kit.ts';

function tell(model: Model, text: string, level: 'info' | 'warning' = 'info'): Model {
  return send(model, { type: 'told', text, level })[0];
}

function tick(model: Model, ms: number): Model {
  return send(model, { type: 'tick', now: START + ms, mono: model.mono + ms })[0];
}

function read(model: Model, width = 60): string[] {
  const text = overlayText({ model, symbols: UNICODE }, width, 20);
  return (text?.lines ?? []).map((line) => textOf(line).trimEnd());
}

const stages: Stage[] = [];
afterEach(() => {
  for (const stage of stages.splice(0)) stage.stop();
});

describe('a text above all', () => {
  /** As the screen says after each picture. */
  function drawn(model: Model): Model {
    const { mostScroll } = screenOf({ model, symbols: UNICODE }, 80, 24);
    return send(model, { type: 'page-rows', rows: 8, shift: 0, scroll: mostScroll })[0];
  }
  const shows = (model: Model): string =>
    (screenOf({ model, symbols: UNICODE }, 80, 24).overlay?.rows ?? []).map((r) => textOf(r.line)).join('\n');

  it('says how much more there is, pages, and is not scrolled beyond its end', () => {
    const help = drawn(press(live(), '?'));
    expect(shows(help)).toMatch(/│ ↓\d\d more lines: PgUp PgDn/);
    const lower = drawn(press(help, 'pagedown'));
    expect(lower.overlay).toMatchObject({ scroll: 10 });
    expect(shows(lower)).toMatch(/│ ↑10 ↓\d\d more lines/);
    const end = Array.from({ length: 30 }).reduce<Model>((model) => drawn(press(model, ' ')), lower);
    expect(shows(end)).toContain('act at once.');
    expect(shows(end).split('\n')).toHaveLength(shows(help).split('\n').length);
    expect(shows(press(end, 'up')), 'one key back is one line').not.toContain('act at once.');
  });

  it('that fits says nothing of more lines', () => {
    expect(shows(drawn(press(tell(live(), 'one'), 'm')))).not.toContain('more lines');
  });
});

describe('messages', () => {
  it('messages are read again with their times, newest first, when their toasts are long gone', () => {
    const said = tick(
      tell(tick(tell(tick(live(), 0), 'saved as x.txt'), 3000), 'not written: full', 'warning'),
      9000,
    );
    expect(tick(said, 60_000).toast).toBeNull();
    expect(read(press(tick(said, 60_000), 'm'))).toEqual([
      '12:04:34 not written: full',
      '12:04:31 saved as x.txt',
    ]);
    expect(read(press(live(), 'm'))).toEqual(['nothing was said yet']);
  });

  it('messages in a row that are the same are one, whole where they are long, and no more than the limit', () => {
    const three = [1, 2, 3].reduce((model) => press(model, 'U'), live());
    const [first = ''] = read(press(three, 'm'), 120);
    expect(first).toMatch(/^12:04:\d\d U .*\(3 times\)$/);
    expect(read(press(tell(live(), 'eins zwei drei vier fünf sechs sieben acht'), 'm'), 40)).toHaveLength(2);
    const many = Array.from({ length: LIMITS.screenMessages + 20 }, (_, i) => `number ${i}`);
    const { said } = many.reduce((model, text) => tell(model, text), live());
    expect(said).toHaveLength(LIMITS.screenMessages);
    expect(said.at(-1)?.text).toBe(many.at(-1));
  });

  it('messages have notices too, and go along to the next cluster', async () => {
    const session = new Session(missingFeed(), live());
    const open = async (name: string) => new Session(missingFeed(), fresh({ contextName: name }));
    const stage = new Stage(session, open);
    stages.push(stage);
    session.dispatch({ type: 'unsettled', words: 'outcome unknown: silence: sqlcc alert silence list' });
    await stage.go('prod-us');
    const words = 'outcome unknown: silence: sqlcc alert silence list';
    // there it was said, and here it is said of there
    expect(stage.session.model.said.map((s) => s.text)).toEqual([words, `in prod-eu: ${words}`]);
  });

  it('messages scroll by line and close like help', () => {
    const model = press(tell(tell(live(), 'one'), 'two'), 'm');
    expect(press(model, 'down').overlay).toEqual({ kind: 'messages', scroll: 1 });
    expect(press(model, 'escape').overlay).toBeNull();
  });
});
