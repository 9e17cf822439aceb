import { describe, expect, it } from 'vitest';
import { full, press } from './model-kit.ts';
import { screenText } from './screen-text.ts';

const marked = (model: ReturnType<typeof full>) => screenText(model, 160, 44).match(/▸ [A-Z]\w+/g) ?? [];
/** Without the crumbs of the header. */
const focusOf = (model: ReturnType<typeof full>) => marked(model).filter((m) => !/Topology|Alerts$/.test(m));

describe('the pane with the focus', () => {
  it('is marked in its title, not by colour alone', () => {
    expect(focusOf(full())).toEqual([]);
    const seen = [1, 2, 3, 4].map((n) => focusOf(press(full(), ...Array<string>(n).fill('tab'))).join());
    expect(seen).toContain('▸ Events');
    expect(seen).toContain('▸ Elections');
    expect(focusOf(press(full(), 'tab', 'escape'))).toEqual([]);
  });

  it('is at its newest lines again when somebody has left it', () => {
    const scrolled = press({ ...full(), focus: 'events' }, 'j', 'j');
    expect(scrolled.scroll.events).toBe(2);
    for (const keys of [['tab'], ['escape'], ['2', '1']])
      expect(press(scrolled, ...keys).scroll.events, keys.join()).toBe(0);
  });
});
