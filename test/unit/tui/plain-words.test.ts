/** What a stranger stumbled over: words of panes that said more or less than was known. */
import { describe, expect, it } from 'vitest';
import { changeDialogText } from '../../../tui/lines/change-dialog.ts';
import { happenings } from '../../../tui/model/lists.ts';
import type { Model } from '../../../tui/model/model.ts';
import { UNICODE } from '../../../tui/theme/symbols.ts';
import { textOf } from '../../../tui/theme/tokens.ts';
import { dialogOf, silence } from './change-kit.ts';
import { fresh, full, live } from './model-kit.ts';
import { screenText } from './screen-text.ts';

describe('before the cluster has answered', () => {
  it('the Events view says that it asks, and not that it was quiet', () => {
    const text = screenText(fresh({ view: 'events' }), 120, 36);
    expect(text).toContain('asking the cluster…');
    expect(text).not.toContain('quiet so far');
    expect(screenText(live(undefined, { view: 'events' }), 120, 36)).toContain('quiet so far');
  });

  it('the Config view compares nothing that has not come', () => {
    const text = screenText(live(undefined, { view: 'config' }), 120, 36);
    expect(text).toContain('asking the cluster…');
    expect(text).not.toContain('the first version');
  });
});

describe('a level of severity', () => {
  it('leaves the audit out where only what is critical is asked for', () => {
    const audits = (eventLevel: Model['eventLevel']) =>
      happenings(full({ view: 'events', eventLevel })).filter((h) => 'audit' in h).length;
    expect(audits('warning')).toBeGreaterThan(0);
    expect(audits('critical')).toBe(0);
  });
});

describe('a change that has a length', () => {
  it('lists every step of the arrows, the chosen one marked', () => {
    const model = silence();
    const { lines } = changeDialogText(dialogOf(model), { model, symbols: UNICODE }, { width: 98, rows: 20 });
    expect(lines.map(textOf).join('\n')).toContain('← → changes: 15m [1h] 4h 1d');
  });
});

describe('the last line of Alerts', () => {
  it('offers U only where it can do something', () => {
    const foot = (model: Model) => screenText(model, 200, 60).split('\n').at(-1);
    const all = full({ view: 'alerts' });
    const free = { ...all, picture: { ...all.picture, alerts: all.picture.alerts.slice(0, 1) } };
    const open = free.picture.alerts.map((a) => ({ ...a, acknowledged_by: null, silenced_by: null }));
    expect(foot({ ...free, picture: { ...free.picture, alerts: open } })).not.toContain('unsilence');
    const mine = open.map((a) => ({ ...a, silenced_by: 's1' }));
    expect(foot({ ...free, picture: { ...free.picture, alerts: mine } })).toContain('unsilence');
  });
});

describe('a fleet of one', () => {
  it('shows its one row', () => {
    const text = screenText(live(undefined, { view: 'fleet' }), 120, 36);
    expect(text).toContain('1 cluster ');
    expect(text).toMatch(/prod-eu +! +degraded +n1/);
  });
});
