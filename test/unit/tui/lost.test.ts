/** What the screen counts once nobody answers any more: up to the last picture, and no further. */
import { describe, expect, it } from 'vitest';
import type { Model } from '../../../tui/model/model.ts';
import { event, START, status } from '../../tui/recording.ts';
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
    expect(text).toMatch(/NO LEADER for 2\.\d\d s/);
    expect(text).toMatch(/no leader 2\.\d+ s in 60 min to 12:04:33: led 99\.9/);
    expect(text).toMatch(/t9 +▲── n1 ─+\?/);
  });
});
