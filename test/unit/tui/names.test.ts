/** Names of nodes in every list: whole where there is room, and never two of them alike. */
import { describe, expect, it } from 'vitest';
import { textPicture } from '../../../tui/batch/text.ts';
import { namesIn } from '../../../tui/format/names.ts';
import { cellWidth } from '../../../tui/format/width.ts';
import { screenOf } from '../../../tui/lines/screen.ts';
import type { Model } from '../../../tui/model/model.ts';
import { VIEWS, type ViewId } from '../../../tui/model/views.ts';
import { cellsOf } from '../../../tui/out/cells.ts';
import { asText } from '../../../tui/out/picture.ts';
import { UNICODE } from '../../../tui/theme/symbols.ts';
import { THEMES } from '../../../tui/theme/themes.ts';
import { expectScreen } from '../../tui/golden.ts';
import { expectFits, SIZES } from '../../tui/sizes.ts';
import { full } from './model-kit.ts';

/** The recorded cluster with its nodes called so. */
function called(model: Model, name: (digit: string) => string): Model {
  return JSON.parse(JSON.stringify(model).replace(/\bn([1-7])\b/g, (_, digit) => name(digit))) as Model;
}

/** Above the panes: sentences, which are cut at their end. */
const BANNER_LINES = 3;

/** As the generator of a cluster calls them. */
const seed = (digit: string): string => `node-00${digit}`;
const long = (digit: string): string => `pg-frankfurt-${digit}`;

function draw(model: Model, columns: number, rows: number): string {
  const look = { theme: THEMES.mono, symbols: UNICODE, colour: false };
  return asText(cellsOf(screenOf({ model, symbols: UNICODE }, columns, rows), look));
}

describe('namesIn', () => {
  const shortened = (names: readonly string[], most: number): string[] => {
    const column = namesIn(names, most);
    const found = names.map((name) => column.fit(name));
    expect(found.map(cellWidth)).toEqual(names.map(() => column.width));
    return found;
  };

  it('is as wide as the longest of them, and no wider than it may be', () => {
    expect(shortened(['n1', 'node-12'], 20)).toEqual(['n1     ', 'node-12']);
    expect(namesIn([], 20).width).toBe(4);
    expect(namesIn(['n1'], 20, 7).width).toBe(7);
    expect(namesIn(['节点一'], 20).fit('节点一')).toBe('节点一');
  });

  it('keeps the end, by which names of one cluster differ', () => {
    expect(shortened(['node-001', 'node-002', 'n3'], 6)).toEqual(['…e-001', '…e-002', 'n3    ']);
    expect(shortened(['pg-frankfurt-1', 'pg-frankfurt-2'], 4)).toEqual(['…t-1', '…t-2']);
    expect(shortened(['节点一', '节点二'], 4)).toEqual(['…一 ', '…二 ']);
  });

  it('keeps what differs where the end is the same', () => {
    expect(shortened(['db1.eu.example.com', 'db2.eu.example.com'], 8)).toEqual(['…1.eu.e…', '…2.eu.e…']);
    const mixed = shortened(['a-eu-1.example', 'b-eu-1.example', 'a-us-1.example'], 9);
    expect(new Set(mixed).size).toBeGreaterThan(1);
  });
});

describe.each(SIZES)('at %ix%i', (columns, rows) => {
  const drawn = (view: ViewId, name: (digit: string) => string): string =>
    draw(called(full({ view }), name), columns, rows);

  it('the names of the seed look as drawn', () => {
    const views = VIEWS.filter(({ id }) => id !== 'fleet' && id !== 'log' && id !== 'node');
    const all = views.map(({ id }) => {
      const text = drawn(id, seed);
      expectFits(text, columns, rows, id);
      return `=== ${id}\n${text}`;
    });
    expectScreen(`${all.join('\n')}\n`, `names-${columns}x${rows}`);
  });

  it('no list has the beginning of a name for all of it', () => {
    for (const { id } of VIEWS) {
      for (const name of [seed, long]) {
        // a sentence that is cut at the end of its pane has nothing behind it but edges
        const body = drawn(id, name).split('\n').slice(BANNER_LINES, -1).join('\n');
        expect(body, id).not.toMatch(/(?:pg-[frankut]*-?|no(?:de?)?-?0*)… *[^ │┐\n]/);
      }
    }
  });
});

describe('the printed picture', () => {
  it('has whole names in each of its lists', () => {
    const model = called(full(), seed);
    for (const view of ['topology', 'raft', 'alerts', 'events'] as const) {
      const text = textPicture({ model, symbols: UNICODE }, { cells: 100, view });
      // but in a sentence that is cut at the end of its line
      expect(text, view).not.toMatch(/node?-?0*… *[^ \n]/);
      expect(text, view).toMatch(/node-00[1-6] /);
    }
  });
});
