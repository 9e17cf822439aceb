/** What the screen counts once nobody answers any more: up to the last picture, and no further. */
import { describe, expect, it } from 'vitest';
import { explainText } from '../../../tui/lines/explain.ts';
import type { Model } from '../../../tui/model/model.ts';
import { UNICODE } from '../../../tui/theme/symbols.ts';
import { textOf } from '../../../tui/theme/tokens.ts';
import { event, START, status } from '../../tui/recording.ts';
import { SIZES } from '../../tui/sizes.ts';
import { full, send } from './model-kit.ts';
import { screenText } from './screen-text.ts';

const failure = { code: 'unavailable' as const, message: 'refused', hint: '' };
const HOUR_MS = 3_600_000;

function lostFor(ms: number, model: Model): Model {
  const lost = { type: 'lost' as const, failure, now: model.now };
  return send(model, lost, { type: 'tick', now: model.now + ms, mono: ms })[0];
}

describe('a connection that is lost', () => {
  it('terms and what was led of the time end at the last picture, and behind it nobody knows', () => {
    const before = full({ view: 'raft' });
    const text = screenText(lostFor(HOUR_MS, before), 120, 36);
    expect(text).toContain('Terms · last 60 min to 12:04:31');
    expect(text).toMatch(/t9 +▲── n1 ─+\?/);
    expect(text).not.toContain('►');
    expect(text).toMatch(/11:04 +11:34 +12:04 /);
    expect(text).toContain('no leader 439 ms in 60 min to 12:04:31: led 99.988 %');
    expect(screenText(before, 120, 36)).toContain('no leader 439 ms in 60 min: led 99.988 %');
  });

  it('for how long nobody leads is not counted on in the dark', () => {
    const raft = { ...status().raft, leader_id: null };
    const gone = event(0, 'n2', 'leader-lost', 'knows no leader (term 9)', { data: { term: 9 } });
    const vacant = send(
      full({ view: 'raft' }),
      { type: 'events', events: [gone], now: START },
      { type: 'status', status: status({ raft }), now: START + 2000 },
    )[0];
    const text = screenText(lostFor(HOUR_MS, vacant), 120, 36);
    expect(text).toMatch(/NO LEADER 2\.\d s/);
    expect(text).toMatch(/NO LEADER for 2\.\d s/);
    expect(text).toMatch(/no leader 2\.\d+ s in 60 min to 12:04:33: led 99\.9/);
    expect(text).toMatch(/t9 +▲── n1 ─+\?/);
  });
});

describe('nobody answers any more', () => {
  const message = 'none of 3 nodes can be reached: connect ECONNREFUSED 127.0.0.1:5434 (a:1, b:1, c:1)';
  const all = { ...failure, message };
  const before = full();
  const gone = send(
    before,
    { type: 'lost', failure: all, now: before.now },
    { type: 'tick', now: before.now + 7000, mono: 7000 },
  )[0];

  it.each(SIZES)('at %ix%i the first line marks what was known as old, and calls nothing well', (c, r) => {
    const [first = ''] = screenText(gone, c, r).split('\n');
    expect(first).toMatch(/★ n1~ +(term 9|t9)~ .*q(uorum )?4\/5~/);
    expect(first).not.toContain('OK');
    expect(screenText(before, c, r).split('\n')[0]).not.toContain('~');
  });

  it.each(SIZES)('at %ix%i that no node does is read whole, and the key that asks them again', (c, r) => {
    const text = screenText(gone, c, r);
    expect(text).toMatch(
      c < 60
        ? /LOST 7s {2}no node of 3 answers .*R again/
        : /LOST n1 7s .*7s old · no node of 3 answers.* R again/,
    );
    expect(text).not.toContain('R another');
  });

  it('e has all of the reason', () => {
    const { lines } = explainText({ model: gone, symbols: UNICODE }, 0, { width: 400, rows: 40 });
    expect(lines.map(textOf).join('\n')).toContain(message.replace('none of 3 nodes can be reached: ', ''));
  });

  it('what may still be lost is not told of nodes that nobody hears', () => {
    expect(screenText(before, 120, 36)).toContain('up 4 · can lose 1 more');
    expect(screenText(gone, 120, 36)).toContain('up 4 · ~ of 12:04:31');
  });
});
