/** What a person sees and does in a terminal: golden screens, keys, exits. The clock of the recording stands still. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { answers } from './answers.ts';
import { expectDrawn } from './golden.ts';
import { DEAF_MS, Hands, LATE_MS, onButton } from './hands.ts';
import { expectAsBefore, noting, signalInside } from './left.ts';
import {
  buildProgram,
  FULL_CLEAR,
  type Program,
  pause,
  replaying,
  Terminal,
  type TerminalOptions,
} from './pty.ts';
import { at, calm, calmWith, status } from './recording.ts';
import { SIZES } from './sizes.ts';

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

function start(options: TerminalOptions, file = recording): Terminal {
  const terminal = replaying(program, file, options);
  open.push(terminal);
  return terminal;
}

/** A running screen with its first whole picture. */
async function shown(
  columns = 120,
  rows = 36,
  more: Partial<TerminalOptions> = {},
  file = recording,
): Promise<Terminal> {
  const terminal = start({ columns, rows, ...more }, file);
  await terminal.until(
    (t) => t.includes('n5') && t.includes('DEGRADED') && /CPU|q4\/5/.test(t),
    'the first picture',
  );
  await terminal.still(400);
  return terminal;
}

/** The failover dialog, past its deaf time. */
async function failoverDialog(terminal: Terminal): Promise<void> {
  terminal.type('F');
  await terminal.see('Expected write pause');
  await pause(DEAF_MS);
}

describe('topology', () => {
  it.each(SIZES)('topology at %ix%i looks as drawn', async (columns, rows) => {
    const terminal = await shown(columns, rows);
    await expectDrawn(terminal, `topology-${columns}x${rows}`);
  });

  it('topology in ASCII has no other character', async () => {
    const terminal = await shown(120, 36, { flags: ['--ascii'] });
    expect(await expectDrawn(terminal, 'topology-120x36-ascii')).toMatch(/^[\x20-\x7e\n]*$/);
  });

  it('nothing is cleared after the first picture', async () => {
    const terminal = await shown();
    const before = terminal.raw.length;
    terminal.type('j');
    await terminal.still();
    terminal.type('?');
    await terminal.see('Help');
    terminal.type('\x1b');
    // an Esc and a capital letter in one read would be a burst
    await terminal.until((t) => !t.includes('Help'), 'the table again');
    await failoverDialog(terminal);
    expect(terminal.raw.slice(before)).not.toMatch(FULL_CLEAR);
    expect(terminal.raw.length).toBeGreaterThan(before);
  });

  it('--no-incremental writes whole lines, and the same screen', async () => {
    const bytes: number[] = [];
    for (const flags of [[], ['--no-incremental']]) {
      const terminal = await shown(80, 24, { flags });
      await expectDrawn(terminal, 'topology-80x24');
      const before = terminal.raw.length;
      terminal.type('j');
      await terminal.see('▌● n2');
      terminal.type('k');
      await terminal.see('▌★ n1');
      await expectDrawn(terminal, 'topology-80x24');
      bytes.push(terminal.raw.length - before);
    }
    expect(bytes[1]).toBeGreaterThan(2 * (bytes[0] ?? 0));
  });

  it('help and filter look as drawn', async () => {
    const terminal = await shown(80, 24);
    terminal.type('?');
    await terminal.see('Help');
    await expectDrawn(terminal, 'help-80x24');
    terminal.type('\x1b');
    await terminal.until((t) => !t.includes('Help'), 'the table again');
    terminal.type('/');
    await terminal.see('Enter keep');
    terminal.type('state:dead');
    await terminal.see('1 of 6');
    await expectDrawn(terminal, 'filter-80x24');
  });
});

describe('keys', () => {
  it('a burst jjj moves three rows', async () => {
    const terminal = await shown();
    terminal.type('jjj');
    await terminal.see('▌✖ n5');
  });

  it('a pasted page starts nothing, with and without brackets', async () => {
    const terminal = await shown();
    await expectDrawn(terminal, 'topology-120x36');
    terminal.type('\x1b[200~FAILOVER NOW y\r\x1b[201~');
    terminal.type('FAILOVER NOW y\r');
    await terminal.still(600);
    await expectDrawn(terminal, 'topology-120x36');
  });

  it('read-only answers every action with the reason', async () => {
    const terminal = await shown(120, 36, { flags: ['--read-only'] });
    expect(terminal.text()).toContain('READ-ONLY');
    for (const action of ['F failover', 'M maint']) {
      terminal.type(action.slice(0, 1));
      await terminal.until((t) => new RegExp(`${action}.*: this session is read-only`).test(t), action);
    }
    expect(terminal.text()).not.toContain('FAILOVER ·');
  });

  it('the wheel and clicks select rows and tabs, only where --mouse asks for it, and are heard no more behind it', async () => {
    const terminal = await shown(120, 36, { flags: ['--mouse'] });
    expect(terminal.raw).toContain('\x1b[?1000h');
    terminal.type('\x1b[<65;20;10M');
    await terminal.see('▌✖ n5');
    terminal.type('\x1b[<0;20;');
    await terminal.still(100);
    terminal.type('7M\x1b[<0;20;7m');
    await terminal.see('▌● n2');
    terminal.type('\x1b[<0;18;2M');
    await terminal.see('[2 Raft]');
    terminal.type('1F');
    await terminal.see('▌● n2');
    terminal.type('q');
    await terminal.exited();
    expect(terminal.raw.lastIndexOf('\x1b[?1000l')).toBeGreaterThan(terminal.raw.lastIndexOf('\x1b[?1000h'));
    const ended = await shown(120, 36, { flags: ['--mouse'] });
    ended.kill('SIGTERM');
    await ended.exited();
    expect(ended.raw.lastIndexOf('\x1b[?1000l')).toBeGreaterThan(ended.raw.lastIndexOf('\x1b[?1000h'));
    const without = await shown();
    expect(without.raw).not.toContain('\x1b[?1000h');
  });

  it('a line that takes 5 KB a second shows the same, a little later, and q ends it', async () => {
    const terminal = start({ columns: 120, rows: 36, bytesPerSecond: 5000 });
    await terminal.until((t) => t.includes('n5') && t.includes('CPU'), 'the first picture');
    // the picture is some 5 KB, of which the last read has not been waited for: 476 ms
    expect(terminal.heldMs, 'it was slow indeed').toBeGreaterThan(200);
    for (const key of 'jjj') {
      terminal.type(key);
      await pause(120);
    }
    await terminal.see('▌✖ n5');
    terminal.type('k');
    await terminal.see('▌● n3');
    // what it writes at its end is lost with this line's reader: how a terminal is left is tried below
    terminal.type('q');
    expect(await terminal.exited()).toBe(0);
  });

  it('Ctrl-L paints again what was torn', async () => {
    const terminal = await shown();
    await expectDrawn(terminal, 'topology-120x36');
    await terminal.scribble('\x1b7\x1b[3;5Hwrote this\x1b[20;1H\x1b[2Kand that\x1b8');
    expect(terminal.text()).toMatch(/wrote this[\s\S]*\nand that\n/);
    terminal.type('\x0c');
    await expectDrawn(terminal, 'topology-120x36');
  });
});

describe('actions', () => {
  it('a failover over a line of 100 ms takes at most 8 keys, beside name and reason', async () => {
    const terminal = await shown(80, 24, { lateMs: LATE_MS });
    const hands = new Hands(terminal);
    const began = performance.now();
    terminal.type('j');
    await terminal.see('▌● n2');
    expect(performance.now() - began, 'it was late indeed').toBeGreaterThanOrEqual(2 * LATE_MS);
    const { done } = await hands.failOver('kernel update');
    expect(done).toContain('done: n2 in 122 ms');
    expect(hands.presses).toBeLessThanOrEqual(8);
  });

  it('a failover by keyboard: plan, reason, name, phases, end', async () => {
    const terminal = await shown(80, 24);
    await failoverDialog(terminal);
    await expectDrawn(terminal, 'failover-80x24');
    terminal.type('kernel update');
    terminal.type('\t');
    await terminal.see('Reason (needed): kernel update');
    terminal.type('n2');
    await terminal.see('arm: n2');
    terminal.type('\t');
    await onButton(terminal);
    terminal.type('\r');
    await terminal.see('done: n2 in 122 ms');
    await expectDrawn(terminal, 'failover-done-80x24');
  });

  it('a failover at 120x36 shows candidates, checks, pause and command', async () => {
    const terminal = await shown();
    await failoverDialog(terminal);
    await expectDrawn(terminal, 'failover-120x36');
  });

  it('Enter after F asks for the reason and does nothing else; Esc says that nothing was changed', async () => {
    const terminal = await shown();
    await failoverDialog(terminal);
    terminal.type('\r');
    await terminal.see('! a reason is required');
    terminal.type('\x1b');
    await terminal.see('cancelled: nothing was changed');
    expect(terminal.text()).not.toContain('FAILOVER ·');
  });

  it('maintenance asks for y, then Enter', async () => {
    const terminal = await shown();
    terminal.type('jjjjj');
    await terminal.see('▌◇ n4');
    terminal.type('M');
    await terminal.see('MAINTENANCE ON · n4');
    await expectDrawn(terminal, 'maintenance-120x36');
    await pause(DEAF_MS);
    terminal.type('y');
    await terminal.see('armed: Enter confirms');
  });
});

describe('connection', () => {
  it('a lost connection keeps the picture, says so, and closes actions', async () => {
    const lost = program.recording([...calm(), { at: at(7000), lost: 'connection refused' }]);
    const terminal = await shown(120, 36, {}, lost);
    await terminal.see('LOST');
    await expectDrawn(terminal, 'lost-120x36');
    terminal.type('F');
    await terminal.see('F failover: not connected');
  });

  it('another node that answers makes it live again', async () => {
    const read = { ...status().cluster.read, node_id: 'n3' };
    const back = { at: at(7100), status: status({ cluster: { ...status().cluster, read } }) };
    const file = program.recording([...calm(), { at: at(7000), lost: 'connection refused' }, back]);
    const terminal = await shown(120, 36, {}, file);
    await terminal.see('via n3');
    expect(terminal.text()).toContain('LIVE');
  });

  it('without a leader the header counts and actions of the election are listed', async () => {
    const raft = { ...status().raft, leader_id: null, term: 10 };
    const cluster = { ...status().cluster, health: 'critical' as const, reasons: ['no leader is known'] };
    const events = calm().flatMap((l) => (l.event === undefined ? [] : [l.event]));
    const campaign = {
      ...events[0],
      cursor: '9',
      at: at(0),
      node_id: 'n2',
      kind: 'campaign-started',
      message: 'asks for votes in term 10',
    };
    const file = program.recording([
      ...calm(),
      { at: at(10), status: status({ raft, cluster }) },
      { at: at(120), event: campaign as NonNullable<(typeof events)[0]> },
    ]);
    const terminal = await shown(120, 36, {}, file);
    await terminal.see('NO LEADER');
    await terminal.see('asks for votes in term 10');
    expect(terminal.text()).toContain('NO WRITES: no leader is known');
  });
});

describe('terminal', () => {
  /** The screen, with the mouse, in a shell that notes how the terminal is set. */
  async function noted(): Promise<Terminal> {
    const command = noting(program.folder, [process.execPath, program.file, recording, '--mouse']);
    const terminal = new Terminal(command, { columns: 120, rows: 36 });
    open.push(terminal);
    await terminal.until((t) => t.includes('n5') && t.includes('CPU'), 'the first picture');
    await terminal.still(200);
    expect([terminal.buffer, terminal.hearsMouse]).toEqual(['alternate', true]);
    return terminal;
  }

  it.each([
    ['q', 0],
    ['\x03', 0],
  ])('key %j leaves the screen as it was', async (key, code) => {
    const terminal = await noted();
    terminal.type(key);
    expect(await terminal.exited()).toBe(code);
    expectAsBefore(terminal, program.folder);
  });

  it.each([
    ['SIGTERM', 143],
    ['SIGHUP', 129],
    ['SIGINT', 130],
    ['SIGQUIT', 131],
  ])('%s leaves the screen as it was', async (signal, code) => {
    const terminal = await noted();
    signalInside(terminal, signal);
    expect(await terminal.exited()).toBe(code);
    expectAsBefore(terminal, program.folder);
  });

  it('a signal during the first sketch leaves the screen as it was', async () => {
    const terminal = start({ columns: 80, rows: 24 });
    await terminal.until(() => terminal.raw.includes('connecting'), 'the sketch');
    terminal.kill('SIGTERM');
    await terminal.exited();
    expect(terminal.buffer).toBe('normal');
  });

  it('Ctrl-Z where nothing can be stopped comes back to the same screen', async () => {
    const terminal = await shown();
    await expectDrawn(terminal, 'topology-120x36');
    terminal.type('\x1a');
    await terminal.still(500);
    await expectDrawn(terminal, 'topology-120x36');
    terminal.type('jjj');
    await terminal.see('▌✖ n5');
  });

  it('J shows the view in $PAGER, which gets the first key and Ctrl-C but no mouse, and the same screen comes back', async () => {
    const PAGER =
      'sh -c \'trap "" INT; head -c 40 "$1"; read -r word; echo "told $word"; read -r more\' pager';
    const terminal = await shown(80, 24, { flags: ['--mouse'], env: { PAGER } });
    const table = (t: string): string => t.split('\n').slice(0, -2).join('\n');
    const before = table(await expectDrawn(terminal, 'topology-80x24'));
    terminal.type('J');
    await terminal.see('"schema": "sqlcc.view/1"');
    expect(terminal.buffer).toBe('normal');
    expect(terminal.hearsMouse).toBe(false);
    terminal.type('\x03wo');
    terminal.type('rd\r');
    await terminal.see('told word');
    terminal.type('\r');
    await terminal.see('JSON is in ');
    expect(terminal.buffer).toBe('alternate');
    expect(terminal.hearsMouse).toBe(true);
    expect(table(await terminal.settled((t) => table(t) === before))).toBe(before);
    terminal.type('j');
    await terminal.see('▌● n2');
  });

  it('Ctrl-C closes a dialog first', async () => {
    const terminal = await shown();
    terminal.type('?');
    await terminal.see('Help');
    terminal.type('\x03');
    await terminal.until((t) => !t.includes('Help'), 'the table again');
    expect(terminal.exitCode).toBeNull();
  });

  it('NO_COLOR has no colour, CI does not stop the drawing', async () => {
    const grey = await shown(80, 24, { env: { NO_COLOR: '1', CI: 'true' } });
    expect(grey.hasColour()).toBe(false);
    const colourful = await shown(80, 24);
    expect(colourful.hasColour()).toBe(true);
    for (const terminal of [grey, colourful]) await expectDrawn(terminal, 'topology-80x24');
  });

  it('TERM=dumb is refused with a sentence', async () => {
    const terminal = start({ columns: 80, rows: 24, env: { TERM: 'dumb' } });
    expect(await terminal.exited()).toBe(2);
    expect(terminal.raw).toContain('TERM=dumb');
  });
});
