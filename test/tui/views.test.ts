/** Every view at every tier in a real terminal: one program a size, its views one after the other. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { VIEWS } from '../../tui/model/views.ts';
import { answers } from './answers.ts';
import { drawn, expectDrawn } from './golden.ts';
import { DEAF_MS } from './hands.ts';
import { buildProgram, FULL_CLEAR, type Program, pause, replaying, type Terminal } from './pty.ts';
import { calmWith } from './recording.ts';
import { SIZES } from './sizes.ts';

/** Words of this view that are there at the smallest size too; where there is room the first line names it. */
const SAYS: Readonly<Record<string, RegExp>> = {
  raft: /transfer by anna|18 ms/,
  alerts: /NodeDown/,
  config: /v39/,
  events: /bob|AUDIT/,
  log: /own-health/,
  operations: /replace/,
  fleet: /prod-us/,
  node: /connections|address/,
};

/** Shown by the view, with every question that it asks answered. */
function isWhole(text: string, { id, title }: (typeof VIEWS)[number], columns: number): boolean {
  const [first = ''] = text.split('\n');
  const isNamed = columns < 60 || new RegExp(`(^|▸) ?${title} `).test(first);
  return isNamed && (SAYS[id]?.test(text) ?? false) && !text.includes('asking the cluster');
}

/** Which frame of the spinner it is, depends on the moment. */
function withoutSpinner(text: string): string {
  return text.replace(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏](?= +\d+ ms)/g, '⠋');
}

let program: Program;
let recording: string;
const open: Terminal[] = [];

beforeAll(async () => {
  program = await buildProgram();
  recording = program.recording(calmWith(answers()));
});
afterEach(() => {
  for (const terminal of open.splice(0)) terminal.kill();
});
afterAll(() => program.remove());

async function shown(
  columns: number,
  rows: number,
  flags: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Terminal> {
  const terminal = replaying(program, recording, { columns, rows, flags, env });
  open.push(terminal);
  await terminal.until((t) => t.includes('n5') && /CPU|q4\/5/.test(t), 'the first picture');
  await terminal.still(300);
  return terminal;
}

describe('views', () => {
  it.each(SIZES)(
    'every view at %ix%i looks as drawn, and nothing is cleared in between',
    async (columns, rows) => {
      const terminal = await shown(columns, rows);
      const before = terminal.raw.length;
      for (const view of VIEWS) {
        const { id, key } = view;
        if (id === 'topology') continue;
        if (key === null) {
          terminal.type('1');
          await terminal.still(150);
          terminal.type('\r');
        } else terminal.type(key);
        await terminal.until((t) => isWhole(t, view, columns), `the view ${id}`);
        await expectDrawn(terminal, `view-${id}-${columns}x${rows}`, withoutSpinner);
      }
      expect(terminal.raw.slice(before)).not.toMatch(FULL_CLEAR);
    },
  );

  it('every view, resized between the tiers, is the view as drawn at that size', async () => {
    const terminal = await shown(120, 36);
    for (const view of VIEWS) {
      terminal.type(view.key ?? '1');
      if (view.key === null) {
        await terminal.still(120);
        terminal.type('\r');
      }
      await terminal.still(120);
      const name = view.id === 'topology' ? 'topology' : `view-${view.id}`;
      for (const [columns, rows] of [...SIZES, SIZES[1]]) {
        const wanted = drawn(`${name}-${columns}x${rows}`);
        terminal.resize(columns, rows);
        await terminal.until((t) => withoutSpinner(t) === wanted, `${name} at ${columns}x${rows}`);
      }
    }
  });

  it('every view in ASCII has no other character', async () => {
    const terminal = await shown(120, 36, ['--ascii']);
    for (const { id, key } of VIEWS) {
      if (key === null || id === 'topology') continue;
      terminal.type(key);
      await terminal.until((t) => SAYS[id]?.test(t) ?? false, `the view ${id}`);
      expect(await terminal.still(150), id).toMatch(/^[\x20-\x7e\n]*$/);
    }
  });

  it('a second of the past is shown by every view, and Esc or End is live again', async () => {
    const terminal = await shown(120, 36);
    terminal.type('(');
    await terminal.see('HISTORY');
    terminal.type('{');
    await terminal.see('(-1m02s)');
    await expectDrawn(terminal, 'past-topology-120x36');
    for (const { key, title } of VIEWS.filter((v) => /[2-7]/.test(v.key ?? ''))) {
      terminal.type(key ?? '');
      const isThen = (t: string) =>
        t.split('\n')[0]?.includes(`▸ ${title} `) === true && t.includes('(-1m02s)');
      await terminal.until(isThen, `${title} of then`);
      terminal.type('F');
      await terminal.see('history is read-only: End returns to live');
    }
    terminal.type('\x1b[F');
    await terminal.see('LIVE');
  });

  it('the palette finds a failover by letters, the action menu says why not, the observer list who says what', async () => {
    const terminal = await shown(80, 24);
    terminal.type(':');
    await terminal.see('Palette');
    terminal.type('fn2');
    await terminal.see('▌ failover n2');
    await expectDrawn(terminal, 'palette-80x24');
    terminal.type('\x1b');
    await terminal.until((t) => !t.includes('Palette'), 'the table again');
    terminal.type('a');
    await terminal.see('What can be done here');
    await expectDrawn(terminal, 'actions-80x24');
    terminal.type('\x1b');
    await terminal.until((t) => !t.includes('What can be done'), 'the table again');
    terminal.type('v');
    await terminal.see('leader n1, term 9');
    await expectDrawn(terminal, 'observer-80x24');
  });
});

describe('changes', () => {
  it('an alert is silenced by y and Enter, and U takes it back', async () => {
    const terminal = await shown(120, 36);
    terminal.type('3');
    await terminal.see('part by part');
    terminal.type('S');
    await terminal.see('SILENCE NodeDown on n5');
    await expectDrawn(terminal, 'silence-120x36');
    await pause(DEAF_MS);
    terminal.type('y');
    await terminal.see('armed: Enter confirms');
    terminal.type('\r');
    await terminal.see('U takes it back');
    terminal.type('U');
    await terminal.see('the silence of NodeDown on n5 has ended');
  });

  it('a rollback that touches elections is armed by its typed version and a reason', async () => {
    const terminal = await shown(80, 24);
    terminal.type('4');
    await terminal.see('v39');
    terminal.type('j');
    await terminal.see('▌v40');
    terminal.type('B');
    await terminal.see('Type v40 to arm');
    await expectDrawn(terminal, 'rollback-80x24');
    await pause(DEAF_MS);
    terminal.type('\r');
    await terminal.see('! a reason is required');
    terminal.type('\x1b');
    await terminal.see('cancelled: nothing was changed');
  });

  it('Ctrl-E gives the configuration to $EDITOR, which gets the keys, and what it wrote is checked', async () => {
    const EDITOR = 'sh -c \'cat "$1"; read -r word; test "$word" = no || echo "# $word" >> "$1"\' editor';
    const terminal = await shown(80, 24, [], { EDITOR });
    terminal.type('4');
    await terminal.see('v39');
    terminal.type('C');
    await terminal.see('in your editor');
    await pause(DEAF_MS);
    for (const [word, then] of [
      ['no', 'left as it is'],
      ['more', 'valid on every live node'],
    ] as const) {
      terminal.type('\x05');
      await terminal.see('name: prod-eu');
      expect(terminal.buffer).toBe('normal');
      terminal.type(`${word}\r`);
      await terminal.see(then);
      expect(terminal.buffer).toBe('alternate');
    }
    await terminal.see('Same as: sqlcc cluster config update');
  });

  it('a configuration is written, checked, put on trial', async () => {
    const terminal = await shown(80, 24);
    terminal.type('4');
    await terminal.see('v39');
    terminal.type('C');
    await terminal.see('Change:');
    await pause(DEAF_MS);
    for (const key of 'monitoring.interval_ms=250') terminal.type(key);
    await terminal.see('interval_ms=250');
    terminal.type('\r');
    await terminal.see('valid on every live node');
    await expectDrawn(terminal, 'apply-80x24');
    await pause(DEAF_MS);
    terminal.type('y');
    await terminal.see('armed');
    terminal.type('\r');
    await terminal.see('on trial for 1m');
  });
});
