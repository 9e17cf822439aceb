/** What is asked for in turns says when nobody has answered, and when the answer is no longer fresh. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { changesBetween } from '../../../tui/batch/plain.ts';
import { type TextView, textPicture } from '../../../tui/batch/text.ts';
import type { Message } from '../../../tui/model/messages.ts';
import type { Model } from '../../../tui/model/model.ts';
import { Session } from '../../../tui/session.ts';
import { UNICODE } from '../../../tui/theme/symbols.ts';
import { wallPicture } from '../../../tui/wall/picture.ts';
import { event } from '../../tui/recording.ts';
import { missingFeed, scriptedFeed } from './feed-kit.ts';
import { full, live, send } from './model-kit.ts';
import { screenText } from './screen-text.ts';

const refused = (what: 'alerts' | 'views'): Message => ({
  ...{ type: 'unheard', what },
  failure: { code: 'unavailable', message: 'connection refused', hint: '' },
});
const inAlerts = (model: Model) => screenText({ ...model, view: 'alerts' }, 120, 36);
const plain = (model: Model, view: TextView) =>
  textPicture({ model, symbols: UNICODE }, { cells: 100, view });

describe('alerts', () => {
  it('before anybody has answered nothing is said to be none', () => {
    const model = live();
    for (const text of [inAlerts(model), screenText(model, 120, 36), plain(model, 'alerts')]) {
      expect(text).toContain('asking the cluster');
      expect(text).not.toMatch(/none: nothing fires|none firing|firing 0/);
    }
    expect(wallPicture(model, []).alerts).toEqual(['asking the cluster…']);
  });

  it('an answer that nobody gives is a sentence, and a question mark where they are counted', () => {
    const model = send(live(), refused('alerts'))[0];
    for (const text of [inAlerts(model), screenText(model, 120, 36), plain(model, 'alerts')])
      expect(text).toContain('no answer: connection refused');
    expect(inAlerts(model)).toMatch(/3 Alerts \?/);
    expect(wallPicture(model, []).alerts).toEqual(['no answer: connection refused']);
    expect(changesBetween(live(), model)).toContain('what fires is not known: connection refused');
    expect(changesBetween(model, send(model, { type: 'alerts', alerts: [] })[0])).toContain(
      'no alert is firing',
    );
  });

  it('what was answered before stays, with the second it is of', () => {
    const model = send(full(), refused('alerts'))[0];
    for (const text of [inAlerts(model), screenText(model, 200, 60)]) {
      expect(text).toContain('node_down');
      expect(text).toMatch(/~ of \d\d:\d\d:\d\d, not refreshed: connection refused/);
    }
    expect(inAlerts(model)).toContain('3 Alerts ~');
    expect(wallPicture(model, []).alerts[0]).toMatch(/^~ of .* not refreshed: connection refused$/);
    expect(inAlerts(send(model, { type: 'alerts', alerts: [] })[0])).toContain('none: nothing fires');
  });

  it('Session tells a refused question, and the answer after it', async () => {
    const feed = scriptedFeed();
    const { alerts } = feed;
    feed.alerts = missingFeed().alerts;
    const session = new Session(feed, live());
    onTestFinished(() => session.stop());
    const until = (test: (model: Model) => boolean) =>
      new Promise<void>((resolve) => {
        const look = () => test(session.model) && resolve();
        session.subscribe(look);
        look();
      });
    session.start();
    await until((m) => m.picture.heard.alerts.error !== null);
    expect(inAlerts(session.model)).toContain('no answer: connection refused');
    feed.alerts = alerts;
    session.keys(['ctrl+r']);
    feed.tell({ ...event(0, 'n1', 'alert-firing', 'x'), cursor: '9' });
    await until((m) => m.picture.heard.alerts.at !== null);
    expect(inAlerts(session.model)).toContain('none: nothing fires');
  });
});
