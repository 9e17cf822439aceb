/**
 * The screen in a real terminal: the program is bundled once as it is shipped, runs in
 * a pseudo-terminal, and an emulator keeps what a person would see.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type IPty, spawn } from '@lydell/node-pty';
import headless from '@xterm/headless';
import { build } from 'esbuild';
import { keptWidths } from '../../scripts/kept-widths.ts';
import { plainBuiltins } from '../../scripts/plain-builtins.ts';
import type { ReplayLine } from '../../tui/feed/replay-feed.ts';
import { asNdjson } from './recording.ts';

const ROOT = join(import.meta.dirname, '..', '..');

export interface Program {
  readonly file: string;
  readonly folder: string;
  recording(lines: readonly ReplayLine[]): string;
  remove(): void;
}

/** Bundles `test/tui/program.ts` into a folder inside the project, so that packages are found. */
export async function buildProgram(): Promise<Program> {
  const folder = mkdtempSync(join(tmpdir(), 'sqlcc-tui-'));
  const file = join(folder, 'program.mjs');
  await build({
    plugins: [keptWidths],
    absWorkingDir: ROOT,
    entryPoints: { program: 'test/tui/program.ts' },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    supported: { 'regexp-unicode-property-escapes': true, 'regexp-set-notation': true },
    jsx: 'automatic',
    minifySyntax: true,
    define: { 'process.env.NODE_ENV': '"production"', 'process.env.DEV': '"false"' },
    external: ['react-devtools-core'],
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
    logLevel: 'error',
  });
  plainBuiltins(folder);
  let count = 0;
  return {
    file,
    folder,
    recording: (lines) => {
      const path = join(folder, `recording-${count++}.ndjson`);
      writeFileSync(path, asNdjson(lines));
      return path;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export interface TerminalOptions {
  readonly columns: number;
  readonly rows: number;
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The terminal takes no more than so much: what is written then waits, as on a slow line. */
  readonly bytesPerSecond?: number;
  /** Keys reach the program, and what it writes the terminal, so much later: a line with twice this round trip. */
  readonly lateMs?: number;
  /** Standard input comes from nowhere instead of the terminal. */
  readonly noInput?: boolean;
}

/**
 * For what does not come at all: every wait ends with that for which it waits, and a machine that does much else
 * takes ten seconds to start a program.
 */
const PATIENCE_MS = 60_000;
/** For a screen that shall look as drawn, once what it shows has been seen. */
const REST_MS = 20_000;

/** A clear that would flicker: whole screen, or from the cursor down. */
export const FULL_CLEAR = /\x1b\[[0-3]?J|\x1bc/;

/** The screen on a recording. */
export function replaying(program: Program, recording: string, options: TerminalOptions): Terminal {
  return new Terminal([process.execPath, program.file, recording], options);
}

/** A running program with the screen it draws. */
export class Terminal {
  readonly #pty: IPty;
  readonly #screen: headless.Terminal;
  /** Everything that was written, for counting. */
  raw = '';
  /** How long nothing was read because the line is slow, ms; without the wait that lasts still. */
  heldMs = 0;
  #lastOutput = performance.now();
  readonly #awaited: { readonly words: string; readonly arrived: (at: number) => void }[] = [];
  readonly #late: number;
  exitCode: number | null = null;

  /** Runs `command`, with the options' flags behind it. */
  constructor(command: readonly string[], options: TerminalOptions) {
    const { columns, rows } = options;
    this.#screen = new headless.Terminal({ cols: columns, rows, allowProposedApi: true });
    const env: Record<string, string> = {
      PATH: process.env['PATH'] ?? '',
      HOME: process.env['HOME'] ?? '',
      TERM: 'xterm-256color',
      LANG: 'C.UTF-8',
      TZ: 'UTC',
      ...options.env,
    };
    const words = [...command, ...(options.flags ?? [])];
    const whole = options.noInput === true ? ['/bin/sh', '-c', 'exec "$0" "$@" </dev/null', ...words] : words;
    this.#pty = spawn(whole[0] ?? '', whole.slice(1), {
      name: env['TERM'] ?? 'xterm-256color',
      cols: columns,
      rows,
      env,
      cwd: ROOT,
    });
    this.#late = options.lateMs ?? 0;
    this.#pty.onData((data) => {
      this.#later(() => {
        this.raw += data;
        this.#lastOutput = performance.now();
        for (const one of [...this.#awaited]) {
          if (!this.raw.includes(one.words)) continue;
          this.#awaited.splice(this.#awaited.indexOf(one), 1);
          one.arrived(this.#lastOutput);
        }
        this.#screen.write(data);
      });
      if (options.bytesPerSecond === undefined) return;
      this.#pty.pause();
      const waitMs = (1000 * Buffer.byteLength(data)) / options.bytesPerSecond;
      const resume = (): void => {
        this.heldMs += waitMs;
        this.#pty.resume();
      };
      setTimeout(resume, waitMs).unref();
    });
    // who ends by a signal has no code of its own: it is what a shell says of it
    this.#pty.onExit(({ exitCode, signal }) => {
      this.exitCode = signal === undefined || signal === 0 ? exitCode : 128 + signal;
    });
  }

  get pid(): number {
    return this.#pty.pid;
  }

  /** Which buffer is shown: `alternate` while the program owns the screen. */
  get buffer(): 'normal' | 'alternate' {
    return this.#screen.buffer.active.type;
  }

  /** Whether a click would be reported. */
  get hearsMouse(): boolean {
    return this.#screen.modes.mouseTrackingMode !== 'none';
  }

  /** Whether a paste would come between brackets. */
  get hearsPastes(): boolean {
    return this.#screen.modes.bracketedPasteMode;
  }

  type(keys: string): void {
    this.#later(() => this.#pty.write(keys));
  }

  /** Over the line, in order: timers of one length end in the order in which they began. */
  #later(deliver: () => void): void {
    if (this.#late === 0) deliver();
    else setTimeout(deliver, this.#late);
  }

  /** Writes onto the screen behind the program's back, as another program's output does. */
  scribble(text: string): Promise<void> {
    return new Promise((resolve) => this.#screen.write(text, resolve));
  }

  resize(columns: number, rows: number): void {
    this.#screen.resize(columns, rows);
    this.#pty.resize(columns, rows);
  }

  /** What stands on the screen, without trailing blanks. */
  text(): string {
    const buffer = this.#screen.buffer.active;
    const lines: string[] = [];
    for (let y = 0; y < this.#screen.rows; y++) {
      lines.push(
        buffer
          .getLine(buffer.viewportY + y)
          // a line that became narrower may still hold what nobody sees
          ?.translateToString(true, 0, this.#screen.cols)
          .trimEnd() ?? '',
      );
    }
    return `${lines.join('\n').trimEnd()}\n`;
  }

  /** SGR attributes that are set somewhere on the screen: `fg`, `bold`, `inverse`, … */
  hasColour(): boolean {
    const buffer = this.#screen.buffer.active;
    for (let y = 0; y < this.#screen.rows; y++) {
      const line = buffer.getLine(buffer.viewportY + y);
      for (let x = 0; x < this.#screen.cols; x++) {
        const cell = line?.getCell(x);
        if (cell !== undefined && (!cell.isFgDefault() || !cell.isBgDefault())) return true;
      }
    }
    return false;
  }

  /** Waits until the screen fulfils `test`; says what stood there when it does not. */
  async until(test: (text: string) => boolean, what: string, timeoutMs = PATIENCE_MS): Promise<string> {
    const end = performance.now() + timeoutMs;
    for (;;) {
      const text = this.text();
      if (test(text)) return text;
      if (performance.now() > end) throw new Error(`never saw ${what}; the screen:\n${text}`);
      await pause(10);
    }
  }

  async see(words: string): Promise<string> {
    return await this.until((t) => t.includes(words), `"${words}"`);
  }

  /** The moment in which `words` had been written. Costs the machine nothing meanwhile, as polling would. */
  arrival(words: string): Promise<number> {
    if (this.raw.includes(words)) return Promise.resolve(this.#lastOutput);
    return new Promise((arrived) => this.#awaited.push({ words, arrived }));
  }

  /** Waits until nothing was written for `ms`. */
  async still(ms = 250): Promise<string> {
    await pause(ms);
    while (performance.now() - this.#lastOutput < ms) await pause(20);
    return this.text();
  }

  /**
   * The screen at rest that fulfils `test`, or what stands there at last. A program that gets no processor rests
   * half-way too, so that nothing written for a moment does not mean that nothing more comes.
   */
  async settled(test: (text: string) => boolean, ms = 250): Promise<string> {
    const end = performance.now() + REST_MS;
    for (;;) {
      const text = await this.still(ms);
      if (test(text) || performance.now() > end) return text;
    }
  }

  /** The exit code, once all that was written stands on the screen. */
  async exited(): Promise<number> {
    const end = performance.now() + PATIENCE_MS;
    while (this.exitCode === null) {
      if (performance.now() > end) throw new Error(`the program did not end; the screen:\n${this.text()}`);
      await pause(10);
    }
    if (this.#late > 0) await pause(2 * this.#late);
    await this.scribble('');
    return this.exitCode;
  }

  kill(signal = 'SIGKILL'): void {
    try {
      if (this.exitCode === null) process.kill(this.#pty.pid, signal);
    } catch (error) {
      // it has ended and its exit is still on the way to here
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The moment in which it holds. Polls without a pause, so that it adds at most a fraction of a millisecond. */
export async function when(test: () => boolean): Promise<number> {
  while (!test()) await new Promise((resolve) => setImmediate(resolve));
  return performance.now();
}
