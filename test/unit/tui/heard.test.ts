/** What is asked for in turns says when nobody has answered, and when the answer is no longer fresh. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { changesBetween } from '../../../tui/batch/plain.ts';
import { textPicture } from '../../../tui/batch/text.ts';
import type { Message } from '../../../tui/model/messages.ts';
import type { Model } from '../../../tui/model/model.ts';
import type { TextView } from '../../../tui/options.ts';
import { Session } from '../../../tui/session.ts';
import { UNICODE } from '../../../tui/theme/symbols.ts';
import { wallPicture } from '../../../tui/wall/picture.ts';
import { event, START } from '../../tui/recording.ts';
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
      expect(text).toContain('NodeDown');
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

describe('views', () => {
  const says = (node_id: string, leader_id: string | null, error: string | null = null) => ({
    ...{ node_id, leader_id, term: leader_id === null ? null : 9, error, round_trip_ms: 1 },
  });
  const views = (...list: readonly ReturnType<typeof says>[]): Message => ({
    ...{ type: 'views', views: { schemaVersion: 1, agree: true, views: list } as never },
  });
  const line = (model: Model) => /views.*?(?=\s*│)/.exec(screenText(model, 200, 60))?.[0] ?? '';

  it('agree only where everybody who was heard names the same leader', () => {
    const three = [says('n1', 'n1'), says('n2', 'n1'), says('n3', 'n1')];
    const agreed = send(live(), views(...three, says('n4', 'n1'), says('n6', 'n1')))[0];
    expect(line(agreed)).toBe('views agree 5/5: n1 term 9');
    const two = send(live(), views(...three, says('n4', null), says('n6', null)))[0];
    expect(line(two)).toBe('views 3 of 5 name n1 term 9, 2 name nobody');
    const one = send(live(), views(...three, says('n4', null), says('n6', null, 'refused')))[0];
    expect(line(one)).toBe('views 3 of 5 name n1 term 9, 1 name nobody, 1 not heard');
    const away = send(live(), views(...three, says('n4', null, 'refused'), says('n6', null, 'refused')))[0];
    expect(line(away)).toBe('views agree 3/5: n1 term 9');
    const none = send(live(), views(says('n1', null), says('n2', null)))[0];
    expect(line(none)).toBe('views 2 name nobody');
  });

  it('are not called agreed by answers of before somebody was lost, or elected', () => {
    const told = (ms: number, kind: string, data: object): Message => ({
      ...{ type: 'events', now: START + ms },
      events: [event(ms, 'n2', kind, kind, { data: { ...data } })],
    });
    const lost = send(full(), told(100, 'leader-lost', { term: 9 }))[0];
    expect(line(lost)).toBe('views not heard since the leader was lost');
    expect(screenText(lost, 120, 36)).toContain('primary none · epoch 9');
    const won = send(lost, told(200, 'role-changed', { role: 'leader', term: 10 }))[0];
    expect(line(won)).toBe('views not heard since n2 leads');
    expect(screenText(won, 120, 36)).toContain('primary n2 · epoch 10');
    const now = ['n1', 'n2', 'n3'].map((id) => ({ ...says(id, 'n2'), term: 10 }));
    expect(line(send(won, views(...now))[0])).toBe('views agree 3/3: n2 term 10');
    // through another node: what it said itself counts
    const nobody = send(lost, views(says('n1', null), says('n2', null)))[0];
    expect(line(nobody)).toBe('views 2 name nobody');
  });

  it('are not told while one answer alone has two leaders, and are a banner with the second', () => {
    const split = views(says('n1', 'n1'), says('n2', 'n2'));
    const once = send(live(), split)[0];
    expect(line(once)).toBe('');
    expect(screenText(once, 200, 60)).not.toContain('agree');
    expect(screenText(send(once, split)[0], 200, 60)).toContain('!! VIEWS DISAGREE');
  });

  it('are of their second when nobody answers any more', () => {
    const agreed = send(live(), views(says('n1', 'n1')))[0];
    expect(line(send(agreed, refused('views'))[0])).toMatch(
      /^views agree 1\/1: n1 term 9 ~ of \d\d:\d\d:\d\d$/,
    );
    const failure = { code: 'unavailable', message: 'gone', hint: '' };
    expect(line(send(agreed, { type: 'lost', failure, now: 1 })[0])).toMatch(/ ~ of \d\d:\d\d:\d\d$/);
    expect(line(send(live(), refused('views'))[0])).toBe('');
  });
});
