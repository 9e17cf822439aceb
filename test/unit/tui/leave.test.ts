import { describe, expect, it } from 'vitest';
import { full, press, pressed, send } from './model-kit.ts';

const ENDS = 'the demo ends and its data goes';
const demo = () => full({ ends: ENDS });
const isLeft = (effects: readonly { readonly kind: string }[]) => effects.some((e) => e.kind === 'quit');

describe('q', () => {
  it('leaves at once where the cluster lives on', () => {
    expect(isLeft(pressed(full(), 'q')[1])).toBe(true);
  });

  it('asks once where the cluster ends with the screen, and says what goes', () => {
    const [asked, effects] = pressed(demo(), 'q');
    expect(isLeft(effects)).toBe(false);
    expect(asked.toast?.text).toBe(`${ENDS}: q again leaves, Esc goes back`);
    expect(isLeft(pressed(asked, 'q')[1])).toBe(true);
  });

  it('asks anew after Esc, after its time, and of two keys in one read', () => {
    const back = press(demo(), 'q', 'escape');
    expect(back.toast).toBeNull();
    expect(isLeft(pressed(back, 'q')[1])).toBe(false);
    const asked = press(demo(), 'q');
    const key = (burst: number, later: number) =>
      send(asked, { type: 'key', key: { name: 'q', burst }, mono: asked.mono + later })[1];
    expect(isLeft(key(1, 6000))).toBe(false);
    expect(isLeft(key(2, 100))).toBe(false);
    expect(isLeft(key(1, 100))).toBe(true);
  });
});
