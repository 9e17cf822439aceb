/** A configuration on trial is told of in every view, and so is that it was taken back. */
import { describe, expect, it } from 'vitest';
import { screenOf } from '../../../tui/lines/screen.ts';
import type { Model } from '../../../tui/model/model.ts';
import { VIEW_IDS } from '../../../tui/model/views.ts';
import { UNICODE } from '../../../tui/theme/symbols.ts';
import { textOf } from '../../../tui/theme/tokens.ts';
import { START, status } from '../../tui/recording.ts';
import { live, send } from './model-kit.ts';
import { screenText } from './screen-text.ts';

const END = START + 42_000;
const tentative = { version: 42, previous: 41, expires: new Date(END).toISOString() };
const onTrial = () => live(status({ config: { version: 42, tentative } }));

function then(config: { version: number; tentative: typeof tentative | null }, now: number): Model {
  return send(onTrial(), { type: 'status', status: status({ config }), now })[0];
}

describe('a configuration on trial', () => {
  it.each([
    [120, 36],
    [80, 24],
    [60, 15],
    [44, 12],
  ])('has its countdown and its key above every view at %ix%i', (columns, rows) => {
    for (const view of VIEW_IDS) {
      const model = { ...onTrial(), view };
      // beside a reason that needs the cells it is short
      const words = columns === 80 ? 'v42 trial 42s: K ' : 'v42 on trial 42s: K keeps it';
      expect(screenText(model, columns, rows), view).toContain(words);
      expect(screenText({ ...model, now: END - 7000 }, columns, rows), view).toMatch(/v42( on)? trial 7s: K/);
    }
  });

  it('is what the title of the versions names, and no version is called active', () => {
    const { bands } = screenOf({ model: { ...onTrial(), view: 'config' }, symbols: UNICODE }, 120, 36);
    const titles = bands.flatMap((b) => b.panes.map((p) => textOf(p.rows[0]?.line ?? []))).join('\n');
    expect(titles).toContain('v42 on trial');
    expect(titles).not.toContain('active');
  });

  it('that is taken back is told, with the reason; one that is kept is not', () => {
    const said = (model: Model) => model.toast?.text ?? null;
    expect(said(then({ version: 43, tentative: null }, END))).toBe(
      'v42 was taken back, nobody kept it in its time: what v41 says is in force again',
    );
    expect(said(then({ version: 43, tentative: null }, END - 20_000))).toBe(
      'v42 was taken back, another change ended its trial: v43 is in force',
    );
    expect(said(then({ version: 42, tentative: null }, END - 20_000)), 'kept').toBeNull();
    expect(said(then({ version: 42, tentative }, END)), 'not yet').toBeNull();
  });
});

describe('beside other marks at 80 columns', () => {
  const banner = (patch: Parameters<typeof status>[0], columns = 80) => {
    const cluster = { ...status().cluster, reasons: ['n5 is dead', 'alert NodeDown on n5 is firing'] };
    const model = live(status({ config: { version: 42, tentative }, cluster, ...patch }));
    return screenText(model, columns, 24).split('\n')[2] ?? '';
  };
  const caller = { id: 'otto', role: 'viewer' as const, scopes: ['view' as const] };

  it('what is wrong comes first, and how long the trial has still is read', () => {
    expect(banner({})).toMatch(/degraded: n5 is dead · alert NodeDown on n5 is firing +v42 trial 42s: K $/);
    expect(banner({}, 120)).toMatch(/ v42 on trial 42s: K keeps it $/);
    expect(banner({ operation: 'op-7' })).toMatch(
      /degraded: n5 is dead .*e reads on op-7 runs v42 trial 42s: K $/,
    );
    expect(banner({ caller })).toMatch(/degraded: n5 is dead .*e reads on READ-ONLY v42 trial 42s $/);
    expect(banner({ caller }, 160)).toContain('READ-ONLY (viewer)  v42 on trial 42s ');
  });

  it('nobody who may only look is told of the key that keeps it', () => {
    for (const columns of [80, 120, 200]) expect(banner({ caller }, columns)).not.toMatch(/K keeps|: K /);
  });
});
