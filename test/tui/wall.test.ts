/** The wallboard in a real terminal: it draws, rotates, follows the size, survives a loss, and leaves it as it was. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { wallLayout } from '../../tui/wall/board.ts';
import { expectDrawn } from './golden.ts';
import { expectAsBefore, noting, signalInside } from './left.ts';
import { Terminal, type TerminalOptions } from './pty.ts';

const PROGRAM = join(import.meta.dirname, 'wall-program.ts');
const STILL = join(import.meta.dirname, 'wall-still.ts');
let terminal: Terminal | null = null;
afterEach(() => terminal?.kill());

function wall(options: TerminalOptions): Terminal {
  terminal = new Terminal([process.execPath, PROGRAM], options);
  return terminal;
}

/** How each pane is titled, as much of it as the narrowest one shows. */
const TITLES = {
  ...{ latency: 'commit latency', throughput: 'commits a', map: 'regions' },
  ...{ elections: 'elections', alerts: 'alerts', log: 'log' },
} as const;

const LARGE = { columns: 120, rows: 36 };
const BRAILLE = /[\u2801-\u28ff]/;

describe('wall', () => {
  it('wall has regions, latency, throughput, elections, alerts and log', async () => {
    const screen = wall(LARGE);
    // what the clusters answer comes in whatever order
    const text = await screen.until(
      (t) =>
        BRAILLE.test(t) && t.includes('n1  leads first') && t.includes('first  DEGRADED  leader n1  term 9'),
      'charts, log and head',
    );
    for (const title of [
      'commit latency p95 ms',
      'commits a second',
      'regions',
      'elections',
      'alerts',
      'log',
    ])
      expect(text).toContain(title);
    expect(text).toContain('n5 heartbeat lost');
    expect(text).toContain('★');
  });

  it.each([
    [200, 60, []],
    [120, 36, []],
    [80, 24, []],
    [120, 36, ['--ascii']],
  ] as const)('wall of the recording looks as drawn at %ix%i %j', async (columns, rows, flags) => {
    terminal = new Terminal([process.execPath, STILL], { columns, rows, flags });
    await terminal.see('q quit');
    await expectDrawn(terminal, `wall-${columns}x${rows}${flags.length === 0 ? '' : '-ascii'}`);
    terminal.type('q');
    expect(await terminal.exited()).toBe(0);
  });

  it.each([
    [200, '─ regions, not placed: n7 (sqlcc node set n7 --zone eu-central) ─'],
    [120, '─ regions, not placed: n7 ─'],
  ])(
    'wall names who has no place, and where it fits whole the command for it, at %i cells',
    async (columns, frame) => {
      terminal = new Terminal([process.execPath, STILL], { columns, rows: 36 });
      const text = await terminal.until((t) => BRAILLE.test(t) && t.includes('q quit'), 'the map');
      expect(text.split('\n').find((line) => line.includes('not placed'))).toContain(frame);
    },
  );

  it('wall goes round the clusters and follows the size of the terminal', async () => {
    const screen = wall(LARGE);
    await screen.see('[first] second');
    screen.type('n');
    await screen.see('first [second]');
    await screen.see('n1  leads second');
    for (const [columns, rows] of [
      [60, 15],
      [44, 12],
      [160, 45],
    ] as const) {
      const panes = Object.keys(wallLayout(columns, rows)) as (keyof typeof TITLES)[];
      expect(panes.length).toBeGreaterThan(1);
      screen.resize(columns, rows);
      const text = await screen.until(
        // a terminal that became lower shows the end of the old board first, its foot in the right row
        (t) =>
          (t.split('\n')[rows - 1] ?? '').includes('q quit') &&
          /^ second {2}\w+ {2}leader n1 /.test(t) &&
          panes.every((pane) => t.includes(TITLES[pane])),
        `head and foot of ${rows} rows, and in between ${panes}`,
      );
      expect(Math.max(...text.split('\n').map((l) => l.length))).toBeLessThanOrEqual(columns);
    }
    await screen.until((t) => BRAILLE.test(t), 'charts again');
  });

  it('wall keeps its picture while nobody answers, says so, and goes on', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sqlcc-wall-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const gone = join(folder, 'gone');
    const screen = wall({ ...LARGE, flags: [`--lost-by=${gone}`] });
    await screen.until((t) => t.includes('DEGRADED') && t.includes('n5 heartbeat lost'), 'the cluster');
    writeFileSync(gone, '');
    const lost = await screen.see('LOST, picture');
    expect(lost).toContain('n5 heartbeat lost');
    rmSync(gone);
    await screen.until((t) => !t.includes('LOST, picture') && t.includes('DEGRADED'), 'the cluster again');
  });

  it.each([
    ['q', 0],
    ['\u0003', 0],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
    ['SIGINT', 130],
    ['SIGQUIT', 131],
    ['an error that nobody caught', 1],
  ])('wall leaves the terminal as it was after %j', async (how, code) => {
    const folder = mkdtempSync(join(tmpdir(), 'sqlcc-wall-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const failing =
      "process.on('SIGUSR2', () => setTimeout(() => { throw new Error('out of the blue'); }, 1));";
    const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(failing)}` };
    const screen = new Terminal(noting(folder, [process.execPath, PROGRAM]), { ...LARGE, env });
    terminal = screen;
    await screen.see('[first] second');
    expect(screen.buffer).toBe('alternate');
    if (how.startsWith('SIG')) signalInside(screen, how);
    else if (code === 1) signalInside(screen, 'SIGUSR2');
    else screen.type(how);
    expect(await screen.exited()).toBe(code);
    expectAsBefore(screen, folder, false);
    if (code === 1) expect(screen.text()).toContain('out of the blue');
  });

  it('wall needs no colour and no Unicode, and where there is no terminal it says what to do', async () => {
    const plain = wall({ ...LARGE, flags: ['--ascii'], env: { NO_COLOR: '1' } });
    const text = await plain.until(
      (t) => t.includes('n1  leads first') && /p95|latency/.test(t),
      'the board',
    );
    expect(text.replace(/\n/g, '')).toMatch(/^[\x20-\x7e]*$/);
    expect(plain.hasColour()).toBe(false);
    plain.kill();
    const dumb = wall({ ...LARGE, env: { TERM: 'dumb' } });
    expect(await dumb.exited()).toBe(2);
    expect(dumb.raw).toContain('the wallboard needs a terminal');
  });
});
