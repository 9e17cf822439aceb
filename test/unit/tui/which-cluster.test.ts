/** Whose cluster is on the screen is said at every size, and in every dialog of a change. */
import { describe, expect, it } from 'vitest';
import { layoutOf } from '../../../tui/layout.ts';
import { changeDialogText } from '../../../tui/lines/change-dialog.ts';
import { header } from '../../../tui/lines/head.ts';
import type { Model } from '../../../tui/model/model.ts';
import { VIEW_IDS } from '../../../tui/model/views.ts';
import { UNICODE } from '../../../tui/theme/symbols.ts';
import { lineWidth, textOf } from '../../../tui/theme/tokens.ts';
import { dialogOf } from './change-kit.ts';
import { full, press } from './model-kit.ts';

const LONG = 'customers-of-the-north-east-1';

function named(name: string, model: Model): Model {
  const { status } = model.picture;
  if (status === null) throw new Error('no status');
  const cluster = { ...status.cluster, name };
  return { ...model, picture: { ...model.picture, status: { ...status, cluster } } };
}

function head(model: Model, columns: number, rows: number): string {
  const line = header({ model, symbols: UNICODE }, layoutOf({ columns, rows, nodes: 6, focus: 'nodes' }));
  expect(lineWidth(line)).toBe(columns);
  return textOf(line);
}

describe('the cluster', () => {
  it.each([
    [200, 60],
    [120, 36],
    [80, 24],
    [60, 15],
    [44, 12],
  ])('is named in the first line at %ix%i, in every view, with whose view it is', (columns, rows) => {
    for (const view of VIEW_IDS) {
      expect(head(full({ view }), columns, rows), view).toMatch(/^ ?.*prod-eu.*★ n1.*4\/5.*via n1/);
    }
  });

  it('of a long name is cut, and leader, quorum and state stay', () => {
    for (const view of VIEW_IDS) {
      for (const [columns, rows] of [
        [60, 15],
        [44, 12],
      ] as const) {
        const text = head(named(LONG, full({ view })), columns, rows);
        expect(text, view).toMatch(/^ ?custom\S*…?.*★ n1 t9 +q4\/5.*● LIVE ?$/);
      }
    }
    const narrow = head(named(LONG, full({ view: 'operations' })), 32, 12);
    expect(narrow, 'whose view gives way to the name').toMatch(/^customers\S*… ★ n1 t9 q4\/5 ● LIVE$/);
  });

  it('is named in every dialog of a change, in the title or where it has no room in a line of its own', () => {
    const opened = [
      press(full({ view: 'alerts' }), 'S'),
      press(full({ view: 'config' }), 'C'),
      press(full({ view: 'config' }), 'x'),
      press(full({ view: 'config' }), 'j', 'B'),
      press(full({ view: 'operations' }), 'X'),
    ];
    for (const width of [40, 56, 100]) {
      for (const name of ['prod-eu', LONG]) {
        for (const model of opened) {
          const dialog = dialogOf(model);
          const view = { model: named(name, model), symbols: UNICODE };
          const { title, pinned = [] } = changeDialogText(dialog, view, { width, rows: 8 });
          const always = [title, ...pinned].filter((line) => lineWidth(line) < width);
          expect(always.map(textOf).join('\n'), `${dialog.act.kind} ${width}`).toContain(name);
        }
      }
    }
  });
});
