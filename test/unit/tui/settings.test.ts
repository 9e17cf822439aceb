import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bindingFor, bindingsOf, KEYMAP, takeKeymap } from '../../../tui/keymap.ts';
import { explainText } from '../../../tui/lines/explain.ts';
import { screenOf } from '../../../tui/lines/screen.ts';
import { refusal } from '../../../tui/model/gate.ts';
import { noConfigUndo } from '../../../tui/model/undo.ts';
import { keysOf } from '../../../tui/mouse.ts';
import { loadKeys, loadTheme } from '../../../tui/settings.ts';
import { UNICODE } from '../../../tui/theme/symbols.ts';
import { THEMES } from '../../../tui/theme/themes.ts';
import { textOf } from '../../../tui/theme/tokens.ts';
import { userTheme } from '../../../tui/theme/user-theme.ts';
import { withUserKeys } from '../../../tui/user-keys.ts';
import { full, press } from './model-kit.ts';
import { screenText } from './screen-text.ts';

const LOST = { kind: 'lost' as const, since: 0, error: '', via: 'n1', attempts: 1 };

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sqlcc-settings-'));
});
afterEach(() => {
  takeKeymap(KEYMAP);
  rmSync(dir, { recursive: true, force: true });
});

describe('userTheme', () => {
  it('userTheme changes what it names and keeps the rest of its base', () => {
    const theme = userTheme(
      { base: 'mono', tokens: { leader: 'bright-white on green bold', dead: 208, ok: 'plain' } },
      'f',
    );
    expect(theme).toEqual({ ...THEMES.mono, leader: '97;42;1', dead: '38;5;208', ok: '' });
  });

  it.each([
    [[], 'a theme is a mapping'],
    [{ colours: {} }, 'unknown key "colours"'],
    [{ base: 'toString' }, 'base is no theme'],
    [{ tokens: [] }, 'tokens is no mapping'],
    [{ tokens: { boss: 'red' } }, 'there is no token "boss"'],
    [{ tokens: { leader: 'mauve' } }, 'leader has "mauve"'],
    [{ tokens: { leader: '256' } }, 'leader has "256"'],
    [{ tokens: { leader: 'red on' } }, 'leader has ""'],
    [{ tokens: { leader: null } }, 'leader is no text'],
  ])('userTheme names what is wrong with %j', (value, words) => {
    expect(() => userTheme(value, 'my.yaml')).toThrow(words);
    expect(() => userTheme(value, 'my.yaml')).toThrow('my.yaml: ');
  });

  it('loadTheme knows the built-in ones, then files, and says which there are', async () => {
    mkdirSync(join(dir, 'themes'));
    writeFileSync(join(dir, 'themes', 'mine.yaml'), 'tokens: {ok: blue}');
    writeFileSync(join(dir, 'themes', 'torn.yaml'), 'tokens: {');
    expect(await loadTheme('mono', dir)).toBe(THEMES.mono);
    expect((await loadTheme('mine', dir)).ok).toBe('34');
    await expect(loadTheme('torn', dir)).rejects.toMatchObject({ code: 'config_invalid' });
    for (const name of ['none', '../themes/mine', 'constructor'])
      await expect(loadTheme(name, dir)).rejects.toThrow('there is no theme');
  });
});

describe('withUserKeys', () => {
  const keys = (value: unknown) => withUserKeys(KEYMAP, value, 'keys.yaml');

  it('withUserKeys moves a command to another key, and help says so', async () => {
    writeFileSync(join(dir, 'keys.yaml'), 'failover: Z\nfilter: [/, ctrl+f]\n');
    await loadKeys(dir);
    expect(bindingFor('main', 'Z', 'topology')?.id).toBe('failover');
    expect(bindingFor('main', 'F', 'topology')?.id).not.toBe('failover');
    expect(bindingFor('main', 'ctrl+f', 'topology')?.id).toBe('filter');
    expect(bindingsOf('main').find((b) => b.id === 'failover')?.label).toBe('Z');
  });

  it('every sentence that names a key names the one in force, and a click on a tab presses it', () => {
    const own = {
      ...{ help: 'h', freeze: 'z', 'view:raft': 'x', validate: '2', reconnect: 'Q', observer: '%' },
      ...{ last: 'b', 'second-back': ';', 'roll-back': 'Z', 'keep-config': 'Y', failover: 'V', ack: 'H' },
      ...{ filter: '=', 'log-of-node': '#' },
    };
    takeKeymap(keys(own));
    const frozen = press(full(), 'z');
    expect(screenText(frozen, 120, 36)).toContain('z returns to live');
    expect(refusal(frozen, 'failover')).toContain(': z returns');
    expect(screenText(full(), 120, 36)).toMatch(/ h help *$/);
    expect(screenText(full(), 44, 12)).toMatch(/= q hhelp *$/);
    expect(screenText(full(), 120, 36)).toContain('x Raft');
    const past = press(full(), ';');
    expect(refusal(past, 'failover')).toContain(': b returns');
    expect(screenText(past, 120, 36)).toMatch(/b live .*; ] 1 s/);
    expect(refusal({ ...full(), connection: { ...LOST } }, 'failover')).toContain('or Q for another node');
    expect(noConfigUndo(full())).toContain('select a version and Z');
    const view = { model: full({ selected: 'n2' }), symbols: UNICODE };
    const words = explainText(view, 0, { width: 100, rows: 30 }).lines.map(textOf).join('\n');
    expect(words).toContain('# its log, V makes it the leader');
    const screen = screenOf({ model: full(), symbols: UNICODE }, 120, 36);
    const x = textOf(screen.head[1]?.line ?? []).indexOf('x Raft');
    expect(keysOf({ kind: 'press', x: x + 3, y: 1 }, screen, null)).toEqual(['x']);
  });

  it('withUserKeys of an empty or absent file changes nothing', async () => {
    expect(keys(null)).toBe(KEYMAP);
    await loadKeys(dir);
    expect(bindingFor('main', 'F', 'topology')?.id).toBe('failover');
  });

  it.each([
    [{ quit: 'j' }, '"j" means'],
    [{ failover: 'f' }, '"f" is no capital letter'],
    [{ failover: 'ctrl+f' }, 'is no capital letter'],
    [{ failover: 'enter' }, 'is no capital letter'],
    [{ failovre: 'Z' }, 'there is no command "failovre"'],
    [{ interrupt: 'Z' }, "the key of interrupt can't be changed"],
    [{ quit: 'hello' }, 'has a key that is none'],
    [{ quit: '' }, 'has a key that is none'],
    [{ quit: '\u001b' }, 'has a key that is none'],
    [{ quit: { a: 1 } }, 'has a key that is none'],
    ['quit', 'keys are a mapping'],
  ])('withUserKeys refuses %j at the start', (value, words) => {
    expect(() => keys(value)).toThrow(words);
    expect(() => keys(value)).toThrow('keys.yaml: ');
  });
});
