/** A recording is no live cluster: the screen says so, and offers nothing that would change one. */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { recordFeed } from '../../../tui/feed/record-feed.ts';
import { type ReplayLine, replayFeed } from '../../../tui/feed/replay-feed.ts';
import type { Model } from '../../../tui/model/model.ts';
import { event, plan, START, status } from '../../tui/recording.ts';
import { SIZES } from '../../tui/sizes.ts';
import { full, live, press, send } from './model-kit.ts';
import { screenText } from './screen-text.ts';

const at = (ms: number) => new Date(START + ms).toISOString();
const pictures: readonly ReplayLine[] = [0, 1000, 9000].map((ms) => ({ at: at(ms), status: status() }));

describe('replayFeed', () => {
  it('tells how far it goes, and whether there is anything to act on or to tell in it', () => {
    expect(replayFeed(pictures, 4).replay).toEqual({ until: START + 9000, acts: false, tells: false });
    const more: readonly ReplayLine[] = [
      ...pictures,
      { at: at(9500), plan: plan() },
      { at: at(9600), event: event(0, 'n1', 'leader-elected', 'n1 leads') },
    ];
    const feed = replayFeed(more, 1);
    expect(feed.replay).toEqual({ until: START + 9600, acts: true, tells: true });
    expect(recordFeed(feed, () => undefined).replay).toEqual(feed.replay);
    const still = { until: START + 9000, acts: false, tells: false, stands: true };
    expect(replayFeed(pictures, 0).replay, 'a still is no film, and no cluster either').toEqual(still);
  });

  it('gives each picture its own time, also where the machine stood still when it was due', async () => {
    vi.useFakeTimers({ toFake: ['performance', 'setTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const feed = replayFeed(pictures, 1);
    await feed.status(null);
    expect(feed.wall()).toBe(START);
    const second = feed.status(null);
    vi.advanceTimersByTime(8000);
    await second;
    expect(feed.wall()).toBe(START + 1000);
    const third = feed.status(null);
    expect(feed.wall(), 'as late as the clock on the wall').toBe(START + 8000);
    vi.advanceTimersByTime(1000);
    await third;
    expect(feed.wall()).toBe(START + 9000);
  });
});

describe('a recording on the screen', () => {
  const replay = { until: START + 9000, acts: false, tells: false };
  const played = (now: number, patch: Partial<Model> = {}) => live(undefined, { replay, now, ...patch });
  const head = (model: Model, columns = 120, rows = 36) => screenText(model, columns, rows).split('\n')[0];

  it('is called a replay until its end, and then its end', () => {
    for (const [columns, rows] of SIZES) {
      expect(head(played(START), columns, rows)).toMatch(/REPLAY ?$/);
      const over = send(played(START), { type: 'tick', now: START + 9000, mono: 1 })[0];
      expect(head(over, columns, rows)).toMatch(/END ?$/);
      expect(head(live(), columns, rows)).toMatch(/LIVE ?$/);
    }
  });

  it('that does not play is called so from the first picture on, at every size, and nothing is live', () => {
    const still = played(START, { replay: { ...replay, stands: true } });
    for (const [columns, rows] of SIZES) {
      const first = head(still, columns, rows) ?? '';
      expect(first, `${columns}`).toMatch(columns >= 110 ? /RECORDED, stands still ?$/ : /RECORDED ?$/);
      expect(first, `${columns}`).not.toMatch(/LIVE|END/);
      // who leads and the quorum have their room
      expect(first, `${columns}`).toMatch(/n1 .*(q|quorum )4\/5/);
    }
    expect(press(still, 'F').toast?.text).toContain('a recording can’t be changed');
    // what is looked back at is the past of it, and End returns to where it stands
    const back = press(full({ replay: { ...replay, stands: true } }), '{');
    expect(head(back)).toContain('HISTORY');
    expect(head(press(back, 'end'))).toMatch(/RECORDED, stands still ?$/);
  });

  it('offers nothing that changes a cluster and says why, unless it was recorded', () => {
    const model = full({ replay });
    const foot = (m: Model) => screenText(m, 120, 36).split('\n').at(-1) ?? '';
    expect(foot(model)).not.toMatch(/failover|maint/);
    expect(foot(full())).toMatch(/F failover {2}M maint/);
    for (const key of ['F', 'M'])
      expect(press(model, key).toast?.text, key).toContain('a recording can’t be changed');
    expect(press(full({ replay: { ...replay, acts: true } }), 'F').overlay?.kind).toBe('action');
  });

  it('says that it has no events, where it has none', () => {
    expect(screenText(played(START), 120, 36)).toContain('the recording has no events');
    const tells = { ...replay, tells: true };
    expect(screenText(played(START, { replay: tells }), 120, 36)).toContain('quiet so far');
  });
});
