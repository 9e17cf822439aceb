/**
 * The first sketch of `bin/sqlcc top`: painted before the command line is read to its end, drawn over without a
 * flash, gone without a trace where the line turns out to be wrong or somebody leaves.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAuthority } from '../../src/pki/index.ts';
import { kept, SQLCC } from './accept/kit.ts';
import { expectAsBefore, noting, signalInside } from './left.ts';
import { FULL_CLEAR, Terminal, type TerminalOptions } from './pty.ts';
import { asNdjson, calm } from './recording.ts';

const ENTER = '\x1b[?1049h';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sqlcc-sketch-'));
  writeFileSync(join(folder, 'calm.ndjson'), asNdjson(calm()));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function sqlcc(words: readonly string[], options: Partial<TerminalOptions> = {}): Terminal {
  const env = { SQLCC_CONFIG: join(folder, 'none.yaml'), ...options.env };
  const command = noting(folder, [SQLCC, ...words]);
  return kept(new Terminal(command, { columns: 100, rows: 30, ...options, env }));
}

const replay = (...flags: string[]): string[] => [
  ...['top', '--replay', join(folder, 'calm.ndjson'), '--speed', '0', ...flags],
];

/** Takes connections and answers none: whoever asks waits for as long as it has patience. */
async function startSilent(): Promise<{ at: readonly string[]; server: Server }> {
  const names = { clusterId: '7f1c0c52-3c3e-4a53-9d31-3c2f3a6f5a10', clusterName: 't' } as const;
  const authority = await createAuthority({ ...names, now: Date.now() });
  const [ca, token] = [join(folder, 'ca.crt'), join(folder, 'token')];
  writeFileSync(ca, authority.certPem);
  writeFileSync(token, 'none', { mode: 0o600 });
  const server = createServer((socket) => socket.on('error', () => {}));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { at: ['-e', `127.0.0.1:${port}`, '--ca', ca, '--token-file', token], server };
}

/** Nodes, and where there is room the events and the last minute of a node: they come one after the other. */
function isWhole(text: string, columns: number, rows: number): boolean {
  const events = rows < 12 || /DEGRADED/.test(text);
  return /n5 .*DEAD/.test(text) && events && (columns < 80 || /\d [▁-▇+=_.*-]{8}/.test(text));
}

describe('the first sketch', () => {
  it.each([
    [100, 30, []],
    [80, 24, ['--ascii', '--no-color']],
    [50, 12, []],
    [30, 6, []],
  ])(
    'at %ix%i %j is drawn over, wiped by nobody, and nothing of it is left',
    async (columns, rows, flags) => {
      const terminal = sqlcc(replay(...flags), { columns, rows });
      await terminal.until((t) => isWhole(t, columns, rows), 'a picture');
      const text = await terminal.still();
      expect(text).not.toContain('connecting…');
      expect(terminal.raw.indexOf(`${ENTER}\x1b[?25l\x1b[H\x1b[1m sqlcc top`), 'it came first').toBe(0);
      expect(terminal.raw).not.toMatch(FULL_CLEAR);
      expect(terminal.raw.split(ENTER).length - 1, 'the screen is entered once').toBe(1);
      const before = terminal.raw.length;
      terminal.type('\x0c');
      await terminal.until(() => terminal.raw.length > before, 'each line painted anew');
      expect(await terminal.settled((t) => t === text)).toBe(text);
      terminal.type('q');
      expect(await terminal.exited()).toBe(0);
      expectAsBefore(terminal, folder);
    },
  );

  it.each([
    [['top', '--delay', 'soon'], '--delay takes a duration'],
    [['top', '--context', 'no-such'], 'has no context "no-such"'],
    [['top'], 'no context is chosen'],
    [replay('--speed', 'x'), '--speed takes a number'],
    [replay('--theme', 'no-such'), 'no-such'],
  ])('%j is painted, taken back, and the error stands behind it', async (words, told) => {
    const terminal = sqlcc(words);
    const code = await terminal.exited();
    expect(code, terminal.text()).toBeGreaterThan(0);
    expect(terminal.text()).toContain(told);
    expect(terminal.text()).toContain('hint: ');
    expect(terminal.raw).toContain(ENTER);
    expectAsBefore(terminal, folder, false);
  });

  it.each([
    [['top', '--bogus'], {}],
    [['top', 'extra'], {}],
    [['top', '--help'], {}],
    [['top', '-n'], {}],
    [replay('--once'), {}],
    [replay('--check'), {}],
    [replay('--batch', '-n', '1'), {}],
    [replay('-o', 'json'), {}],
    [replay(), { SQLCC_OUTPUT: 'json' }],
    [replay(), { TERM: 'dumb' }],
  ] as const)('%j with %j paints none', async (words, env) => {
    const terminal = sqlcc(words, { env });
    await terminal.exited();
    expect(terminal.text().trim()).not.toBe('');
    expect(terminal.raw).not.toContain(ENTER);
  });

  it.each(['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT'])(
    '%s while it stands leaves the terminal as it was',
    async (signal) => {
      const { at, server } = await startSilent();
      try {
        const terminal = sqlcc(['top', ...at]);
        await terminal.until(() => terminal.raw.includes('connecting'), 'the sketch');
        signalInside(terminal, signal);
        expect(await terminal.exited()).toBeGreaterThan(0);
        expectAsBefore(terminal, folder, false);
      } finally {
        server.close();
      }
    },
  );
});
