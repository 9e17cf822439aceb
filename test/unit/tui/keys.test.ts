/** Keys that look, compare, copy and go elsewhere: none of them changes a cluster. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { assert } from '../../../src/base/index.ts';
import type { NodeRow } from '../../../tui/feed/wire.ts';
import { screenOf } from '../../../tui/lines/screen.ts';
import { answerOf, logRows, rowKeys, wanted } from '../../../tui/model/lists.ts';
import type { Model } from '../../../tui/model/model.ts';
import { VIEW_IDS } from '../../../tui/model/views.ts';
import { Outside } from '../../../tui/out/outside.ts';
import { chooseLook } from '../../../tui/theme/look.ts';
import { UNICODE } from '../../../tui/theme/symbols.ts';
import { dropCells, lineWidth, span, textOf, wrapLine } from '../../../tui/theme/tokens.ts';
import { event, START, sixNodes, status } from '../../tui/recording.ts';
import { full, live, press, pressed, send } from './model-kit.ts';

function textAt(model: Model, columns = 120, rows = 36): string {
  const screen = screenOf({ model, symbols: UNICODE }, columns, rows);
  const body = screen.bands.flatMap((b) => b.panes.flatMap((p) => p.rows));
  const all = [...screen.head, ...body, ...(screen.overlay?.rows ?? []), screen.foot];
  return all.map((r) => textOf(r.line)).join('\n');
}

describe('y', () => {
  it('offers name, row and command of the selected row in every view, and Enter copies it', () => {
    for (const view of VIEW_IDS) {
      const open = press(full({ view }), 'y');
      expect(textAt(open), view).toContain('row as JSON');
      const [model, effects] = pressed(open, 'down', 'enter');
      expect(model.overlay, view).toBeNull();
      expect(effects[0], view).toMatchObject({ kind: 'copy', what: 'row as JSON' });
      const { text } = effects[0] as { text: string };
      expect(() => JSON.parse(text), view).not.toThrow();
    }
    const node = pressed(full(), 'j', 'y', 'down', 'down', 'enter')[1];
    expect(node).toEqual([{ kind: 'copy', what: 'command', text: 'sqlcc node show n2' }]);
    expect(textAt(press(live(undefined, { view: 'operations' }), 'y'))).toContain('nothing is selected');
  });
});

function outside(env: Record<string, string>) {
  const folder = mkdtempSync(join(tmpdir(), 'sqlcc-out-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const written: string[] = [];
  const stdout = { write: (text: string) => written.push(text) } as unknown as NodeJS.WriteStream;
  const io = { stdin: process.stdin, stdout, stderr: process.stderr, env };
  return { written, folder, to: new Outside(io, chooseLook({}, {}), folder) };
}

describe('Outside', () => {
  it('Outside copies by OSC 52 where a terminal may take it, into a file always, and says both', () => {
    const modern = outside({ TERM: 'xterm-256color' });
    const path = join(modern.folder, 'clipboard.txt');
    const told = modern.to.copy('name', 'n3');
    expect(told).toBe(`sent to the clipboard: name (also in ${path})`);
    expect(readFileSync(path, 'utf8')).toBe('n3');
    expect(told, 'no terminal says that it took it').not.toContain('copied');
    expect(modern.written).toEqual(['\x1b]52;c;bjM=\x07']);
    const long = modern.to.copy('row', 'x'.repeat(80_000));
    expect(long).toContain('too long for the clipboard');
    expect(long).toContain(join(modern.folder, 'clipboard.txt'));
    const bare = outside({ TERM: 'linux' });
    expect(bare.to.copy('name', 'n3')).toContain('this terminal has no clipboard');
    expect(bare.written).toEqual([]);
    expect(readFileSync(join(bare.folder, 'clipboard.txt'), 'utf8')).toBe('n3');
    const behind = outside({ TERM: 'screen-256color' });
    expect(behind.to.copy('name', 'n3'), 'sent nowhere, said so').toContain('it is not known which of tmux');
    expect(behind.written).toEqual([]);
    const inside = outside({ TERM: 'screen-256color', STY: '1.pts' });
    expect(inside.to.copy('name', 'n3')).toContain('sent to the clipboard');
    expect(inside.written.join('')).toMatch(/^\x1bP\x1b\]52;c;bjM=\x07\x1b\\$/);
  });

  it('Outside saves the screen three ways, all of the same picture', () => {
    const { to, folder } = outside({});
    const screen = screenOf({ model: full(), symbols: UNICODE }, 80, 24);
    expect(to.save(screen, 'topology-1', 'sqlcc top')).toContain('topology-1.txt .ans .svg');
    const files = readdirSync(join(folder, 'screens')).sort();
    expect(files).toEqual(['topology-1.ans', 'topology-1.svg', 'topology-1.txt']);
    const read = (end: string) => readFileSync(join(folder, 'screens', `topology-1.${end}`), 'utf8');
    expect(read('txt').split('\n')).toHaveLength(25);
    expect(
      read('ans')
        .replace(/\x1b\[[\d;]*m/g, '')
        .replace(/ +$/gm, ''),
    ).toBe(read('txt'));
    expect(read('svg')).toContain('<svg');
    expect(pressed(full(), 'P')[1]).toEqual([{ kind: 'save' }]);
  });
});

describe('J', () => {
  it('gives what each view shows as one document, that of the filter and of the second looked at', () => {
    for (const view of VIEW_IDS) {
      const [effect, ...more] = pressed(full({ view }), 'J')[1];
      expect(more, view).toEqual([]);
      assert(effect?.kind === 'json', view);
      const document = JSON.parse(effect.text);
      expect(document, view).toMatchObject({ schema: 'sqlcc.view/1', view, observer: 'n1' });
    }
    const read = (...keys: string[]) => {
      const effect = pressed(full(), ...keys, 'J')[1].at(-1);
      assert(effect?.kind === 'json', 'a document');
      return JSON.parse(effect.text) as { as_of: string; nodes: { node_id: string }[] };
    };
    expect(read('/', ...'eu-b', 'enter').nodes.map((n) => n.node_id)).toEqual(['n3', 'n6']);
    expect(Date.parse(read('[').as_of)).toBe(Date.parse(read().as_of) - 1000);
  });

  it('holds nothing that a terminal or a pager obeys, and says the same', () => {
    const name = 'n\x1b[2J\u202e\u009b31m';
    const nodes = [{ ...sixNodes()[0], node_id: name } as NodeRow];
    const effect = pressed(live(status({ nodes })), 'J')[1][0];
    assert(effect?.kind === 'json', 'a document');
    expect(effect.text).toMatch(/^[\x20-\x7e\n]*$/);
    expect(JSON.parse(effect.text).nodes[0].node_id).toBe(name);
  });

  it('Outside puts the document into a file and shows it by $PAGER, whose end is told', () => {
    const { to, folder } = outside({ PAGER: 'cp -t "$HOME"', HOME: tmpdir() });
    const path = to.json('raft', '{}\n');
    expect(path).toBe(join(folder, 'json', 'raft.json'));
    expect(readFileSync(path, 'utf8')).toBe('{}\n');
    expect(to.page(path)).toBe(`JSON is in ${path}`);
    expect(outside({ PAGER: 'false' }).to.page(path)).toContain('$PAGER ended with 1');
    expect(outside({ PAGER: ' ' }).to.pager).toBeNull();
  });
});

describe('Ctrl-C in $PAGER and $EDITOR', () => {
  const turns = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
  };

  it.each(['SIGINT', 'SIGQUIT'] as const)(
    '%s belongs to what is on the screen, and to the program again behind it',
    async (signal) => {
      await turns(4); // behind what tests before this one ran
      let heard = 0;
      const listener = (): void => void heard++;
      process.on(signal, listener);
      onTestFinished(() => void process.off(signal, listener));
      const before = process.listeners(signal);
      // the terminal sends it to the whole foreground group: this process, the shell, and the pager
      const interrupt = `kill -${signal.slice(3)} $PPID $$; test -f`;
      const { to, folder } = outside({ PAGER: interrupt, EDITOR: interrupt });
      expect(to.page(to.json('raft', '{}\n'))).toBe(`JSON is in ${join(folder, 'json', 'raft.json')}`);
      await turns(4);
      expect(to.edit(to.configFile(41, 'cluster: {}\n')), 'no edit, and no error').toBe(false);
      await turns(4);
      expect(heard).toBe(0);
      expect(process.listeners(signal)).toEqual(before);
      process.kill(process.pid, signal);
      await expect.poll(() => heard).toBe(1);
    },
  );

  it('a pager that ends by it has shown the document', () => {
    const { to } = outside({ PAGER: "sh -c 'kill -INT $$'" });
    expect(to.page(to.json('raft', '{}\n'))).toMatch(/^JSON is in /);
  });
});

describe('the editor', () => {
  it('Outside opens a private file in $VISUAL or $EDITOR, and says what came of it', () => {
    const { to, folder } = outside({ VISUAL: ' ', EDITOR: 'echo "# more" >>' });
    const path = to.configFile(41, 'cluster: {}\n');
    expect(path).toBe(join(folder, 'edit', 'config-v41.yaml'));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(to.edit(path), 'written').toBe(true);
    expect(readFileSync(path, 'utf8')).toBe('cluster: {}\n# more\n');
    expect(outside({ VISUAL: 'test -f', EDITOR: 'false' }).to.edit(path), 'left as it was').toBe(false);
    expect(to.configFile(41, 'other: {}\n'), 'none is written over').toBe(
      join(folder, 'edit', 'config-v41-2.yaml'),
    );
    expect(readFileSync(path, 'utf8')).toBe('cluster: {}\n# more\n');
    to.forget(join(folder, 'edit', 'config-v41-2.yaml'));
    expect(readdirSync(join(folder, 'edit'))).toEqual(['config-v41.yaml']);
    expect(() => outside({ EDITOR: 'false' }).to.edit(path)).toThrow('the editor ended with 1: nothing was');
    expect(() => outside({ EDITOR: '/no/such/editor' }).to.edit(path)).toThrow('ended with 127');
  });

  it('Outside puts what was written under what came into force meanwhile, once, and keeps both files', () => {
    const { to } = outside({});
    const path = to.configFile(41, 'raft:\n  heartbeat_ms: 40\n');
    expect(to.toEdit(41, { path })).toBe(path);
    const newer = to.toEdit(43, { path, newest: 'raft:\n  heartbeat_ms: 50\nzone: eu\n' });
    const text = readFileSync(newer, 'utf8');
    expect(text).toMatch(/^# sqlcc: v43 came into force meanwhile/);
    expect(text).toContain('# sqlcc:     heartbeat_ms: 50\n# sqlcc:   zone: eu\nraft:\n  heartbeat_ms: 40\n');
    expect(readFileSync(path, 'utf8')).toBe('raft:\n  heartbeat_ms: 40\n');
    const third = readFileSync(to.toEdit(44, { path: newer, newest: 'zone: eu\n' }), 'utf8');
    expect(third.match(/came into force/g)).toHaveLength(1);
    expect(third).not.toContain('heartbeat_ms: 50');
  });
});

describe('f and l', () => {
  it('f stays with the newest line and follows again, live, in events and log', () => {
    for (const view of ['events', 'log'] as const) {
      const model = full({ view });
      expect(textAt(model), view).toContain('follows');
      const stands = press(model, 'f');
      expect(textAt(stands), view).toContain('stands');
      const [newest] = rowKeys(stands);
      expect(stands.cursor[view], view).toBe(newest);
      expect(press(stands, 'f').cursor[view], view).toBeUndefined();
      const back = press(press(press(stands, 'j'), '['), 'f');
      expect([back.cursor[view], back.past], view).toEqual([undefined, null]);
      expect(press(press(model, ' '), 'f').frozen, view).toBeNull();
    }
  });

  it('a line that is stood on stays the one, whatever comes and goes above and below it', () => {
    const stands = press(full({ view: 'log' }), 'j');
    const before = logRows(stands).find((r) => r.key === stands.cursor.log)?.line;
    const [oldest, ...rest] = answerOf(stands.picture, 'log', 'n1')?.value ?? [];
    assert(oldest !== undefined && before !== undefined, 'lines');
    const value = [...rest, { ...oldest, at: new Date(START + 5000).toISOString() }];
    const news = {
      type: 'answer' as const,
      question: { slice: 'log' as const, arg: 'n1' },
      value,
      now: START,
    };
    const after = send(stands, news)[0];
    expect(logRows(after)).toHaveLength(logRows(stands).length);
    expect(logRows(after).find((r) => r.key === after.cursor.log)?.line).toEqual(before);
  });

  it('l leaves out what is less severe, of the log too, and Esc brings it back', () => {
    const levels = (model: Model) => new Set(logRows(model).map((r) => r.line.level));
    const all = full({ view: 'log' });
    const warnings = press(all, 'l');
    expect(levels(all)).toContain('INFO');
    expect([...levels(warnings)].sort()).toEqual([...levels(all)].filter((l) => /WARN|ERROR/.test(l)).sort());
    expect(textAt(warnings)).toContain('warning and worse');
    expect(textAt(press(all, 'l', 'l'))).toMatch(/critical and worse/);
    const back = press(warnings, 'escape');
    expect([back.view, back.eventLevel]).toEqual(['log', 'info']);
  });
});

/** As a terminal of this size tells the model what fits. */
function sized(model: Model, columns: number, rows: number): Model {
  const { mostShift } = screenOf({ model, symbols: UNICODE }, columns, rows);
  return send(model, { type: 'page-rows', rows: 8, shift: mostShift })[0];
}

describe('← → and w', () => {
  it('→ brings the columns that do not fit, up to the last one, and ← goes back', () => {
    const heading = (model: Model) => textAt(model, 80, 24).split('\n')[4] ?? '';
    let model = sized(full(), 80, 24);
    expect(heading(model)).not.toContain('DISK%');
    const seen: string[] = [];
    for (let i = 0; i < 20; i++) {
      model = press(model, 'right');
      seen.push(heading(model));
    }
    expect(seen.at(-1)).toMatch(/CPU \d+ s/);
    expect(seen.at(-1)).toContain('NODE');
    expect(seen.some((h) => h.includes('P95 ms'))).toBe(true);
    expect(textAt(model, 80, 24)).toMatch(/←\d+ columns/);
    // what was pressed beyond the end does not have to be taken back
    expect(heading(press(model, 'left'))).not.toBe(seen.at(-1));
    expect(sized(model, 200, 60).shift, 'a wider screen shows all').toBe(0);
    expect(press(model, '2').shift, 'a view begins at its left').toBe(0);
  });

  it('→ moves the pane with the focus, by cells, until its longest line ends', () => {
    const long = event(0, 'n3', 'health-changed', `begins ${'x'.repeat(150)} ends`);
    const told = send(full({ view: 'events' }), { type: 'events', events: [long], now: START })[0];
    const model = sized(told, 80, 24);
    expect(textAt(model, 80, 24)).not.toContain('xx ends');
    const end = press(model, ...Array.from({ length: 40 }, () => 'right'));
    expect(textAt(end, 80, 24)).toContain('xx ends');
    expect(textAt(end, 80, 24)).toMatch(/←\d+/);
    expect(press(end, 'tab').shift).toBe(0);
    expect(sized(live(), 44, 12).mostShift, 'a line of a tiny table has no columns').toBe(0);
  });

  it('w shows the selected line whole, over as many rows as it takes, and cut again', () => {
    const long = event(0, 'n3', 'health-changed', `begins ${'x'.repeat(150)} ends`);
    const model = send(full({ view: 'events' }), { type: 'events', events: [long], now: START })[0];
    const listed = (m: Model) => textAt(m, 80, 24).split('All about it')[0] ?? '';
    expect(listed(model)).not.toContain('ends');
    const whole = press(model, 'w');
    expect(listed(whole)).toContain('ends');
    expect(listed(whole).match(/▌/g)).toHaveLength(3);
    expect(listed(press(whole, 'w'))).toBe(listed(model));
  });

  it('dropCells and wrapLine lose no letter, halve no wide one, and fill no row beyond its cells', () => {
    const line = [span('ab数据', 'title'), span('cd')];
    expect(textOf(dropCells(line, 3))).toBe(' 据cd');
    expect(textOf(dropCells(line, 8))).toBe('');
    for (let cells = 4; cells < 12; cells++) {
      const rows = wrapLine(line, cells);
      expect(Math.max(...rows.map(lineWidth)), String(cells)).toBeLessThanOrEqual(cells);
      expect(rows.map((row, i) => textOf(row).slice(i === 0 ? 0 : 2)).join(''), String(cells)).toBe(
        'ab数据cd',
      );
    }
  });
});

describe('e', () => {
  it('explains the node, the alert and the cluster in sentences, with what to do', () => {
    const node = textAt(press(full(), 'j', 'j', 'j', 'e'));
    expect(node).toContain('In words');
    expect(node).toMatch(/The cluster is degraded/);
    expect(textAt(press({ ...full(), selected: 'n5' }, 'e'))).toContain('Start its daemon');
    const alert = textAt(press(full({ view: 'alerts' }), 'e'));
    expect(alert).toContain('It fires while: node_up == 0');
    expect(alert).toContain('docs/runbooks/NodeDown.md');
    const alone = textAt(press(full({ view: 'config' }), 'e'));
    expect(alone).toContain('n1 leads in term 9');
    expect(press(full(), 'e', 'escape').overlay).toBeNull();
  });
});

describe('d and x', () => {
  it('d compares with the selected version from now on, and again with the one before', () => {
    const at40 = press(full({ view: 'config' }), 'j', 'd');
    expect(at40.diffBase).toBe(40);
    expect(wanted(press(at40, 'k'))).toContainEqual({ slice: 'diff', arg: '40..41' });
    expect(wanted(press(at40, 'j'))).toContainEqual({ slice: 'diff', arg: '39..40' });
    expect(press(at40, 'd').diffBase).toBeNull();
  });

  it('w shows all of the selected version, with what nobody set, and again what it changed', () => {
    const view = full({ view: 'config' });
    expect(textAt(view)).not.toContain('snapshot_threshold: 50000');
    const whole = press(view, 'w');
    expect(textAt(whole)).toMatch(
      /Whole v41[\s\S]*election_timeout_ms: \[1500, 3000\][\s\S]*threshold: 50000/,
    );
    expect(wanted(whole)).toContainEqual({ slice: 'text', arg: '41' });
    expect(wanted(whole).some((q) => q.slice === 'diff')).toBe(false);
    expect(textAt(press(whole, 'w'))).toMatch(/Diff v40 → v41/);
    // there is nothing to compare the oldest one with: it is shown whole by itself
    const oldest = press(view, 'down', 'down');
    expect(wanted(oldest)).toContainEqual({ slice: 'text', arg: '39' });
    expect(textAt(oldest)).toMatch(/Whole v39[\s\S]*the oldest that is kept: all of it[\s\S]*name: prod-eu/);
  });

  it('x checks a configuration on the nodes and can never put it in force', () => {
    const typed = press(full({ view: 'config' }), 'x', ...'a.b=1');
    expect(textAt(typed)).toContain('VALIDATE CONFIG');
    const [asked, effects] = pressed(typed, 'enter');
    expect(effects).toMatchObject([{ kind: 'preflight', act: { kind: 'apply', checkOnly: true } }]);
    const plan = { checks: [], effects: ['a.b: 0 → 1'], allowed: true, arm: null, base: 41 };
    const dialogId = asked.overlay?.kind === 'change' ? asked.overlay.id : 0;
    const after = send(asked, { type: 'preflight', dialogId, plan, mono: asked.mono })[0];
    const [, done] = pressed(after, 'y', 'enter', 'tab', 'y', 'enter');
    expect(done.filter((e) => e.kind === 'act')).toEqual([]);
    expect(textAt(after)).toContain('Valid: C applies it. Nothing has changed.');
    expect(textAt(after)).toContain('--dry-run');
  });
});

describe('t, w, n and N', () => {
  it('t writes times as clock, age and date', () => {
    const events = full({ view: 'events' });
    expect(textAt(events)).toMatch(/12:0\d:\d\d\.\d{3}/);
    expect(textAt(press(events, 't'))).toMatch(/\d+[ms]\S* ago/);
    expect(textAt(press(events, 't', 't'))).toMatch(/2026-03-04 12:0\d:\d\d/);
    expect(press(events, 't', 't', 't').timeFormat).toBe('clock');
  });

  it('w shows columns that a narrow table leaves out', () => {
    const heading = (model: Model) => textAt(model, 80, 24).split('\n')[4] ?? '';
    expect(heading(full())).not.toContain('DISK%');
    expect(heading(press(full(), 'w'))).toContain('TERM');
    expect(heading(press(full(), 'w', 'w'))).toContain('DISK%');
    expect(heading(press(full(), 'w', 'w', 'w'))).toBe(heading(full()));
  });

  it('n and N go from match to match of the last filter, round the end, also when all rows are shown', () => {
    const cleared = press(full(), '/', ...'eu-b', 'enter', 'escape');
    expect(cleared.filter.text).toBe('');
    const first = press(cleared, 'n');
    expect([first.selected, press(first, 'n').selected, press(first, 'N').selected]).toEqual([
      'n3',
      'n6',
      'n6',
    ]);
    expect(press(full(), 'n').toast?.text).toContain('nothing was searched for');
    expect(press(cleared, '2', 'n').toast?.text, 'a search ends with its view').toContain('nothing was');
  });
});

describe('the fleet', () => {
  it('has one line a cluster, the sick ones first, and says what it does not know', () => {
    for (const [columns, rows] of [
      [200, 60],
      [120, 36],
      [80, 24],
      [60, 15],
      [44, 12],
    ] as const) {
      const lines = textAt(full({ view: 'fleet' }), columns, rows).split('\n');
      const at = (name: string) => lines.findIndex((l, i) => i > 0 && new RegExp(`^[│▌ ]*${name} `).test(l));
      const order = ['dr-site', 'staging', 'prod-eu', 'prod-us'].map(at);
      expect(order, `${columns}x${rows}`).toEqual([...order].sort((a, b) => a - b));
      expect(order[0], `${columns}x${rows}`).toBeGreaterThan(0);
      expect(lines[order[1] ?? 0]).toContain('unreachab');
    }
    const asked = textAt({ ...full({ view: 'fleet' }), contexts: ['somewhere'] });
    expect(asked).toContain('asking…');
    expect(textAt(full({ view: 'fleet', contexts: [] }))).toContain('sqlcc context add');
  });

  it('asks every cluster apart, so that a silent one keeps nobody waiting', () => {
    expect(wanted(full({ view: 'fleet' })).map((q) => `${q.slice} ${q.arg}`)).toEqual([
      ...['fleet prod-eu', 'fleet prod-us', 'fleet dr-site', 'fleet staging'],
    ]);
  });

  it('Enter, c and :context go to a cluster; to the one that is shown nobody goes', () => {
    const go = (...keys: string[]) => pressed(full(), ...keys)[1].filter((e) => e.kind === 'context');
    expect(go('8', 'enter')).toEqual([{ kind: 'context', name: 'dr-site' }]);
    expect(go('c', ...'prod-us', 'enter')).toEqual([{ kind: 'context', name: 'prod-us' }]);
    expect(go(':', ...'context staging', 'enter')).toEqual([{ kind: 'context', name: 'staging' }]);
    expect(go('c', ...'prod-eu', 'enter')).toEqual([]);
  });
});
