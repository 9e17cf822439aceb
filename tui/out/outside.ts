/** What leaves the screen: copies for the person's clipboard, and pictures of the screen as files. */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqlccError } from '../../src/base/index.ts';
import type { Screen } from '../lines/screen.ts';
import type { TopIo } from '../options.ts';
import type { EditEffect } from '../session.ts';
import type { Look } from '../theme/look.ts';
import { cellsOf } from './cells.ts';
import { copyFile, osc52 } from './osc52.ts';
import { asAnsi, asSvg, asText } from './picture.ts';

/** Why no clipboard sequence is sent: the terminal takes none, or shows its letters; null = it may. */
function noClipboard(env: TopIo['env']): string | null {
  const term = env['TERM'] ?? '';
  if (['linux', 'dumb', 'vt100'].includes(term) || env['TERM_PROGRAM'] === 'Apple_Terminal')
    return 'this terminal has no clipboard';
  // behind ssh neither tmux nor screen says that it is there, and each drops what is wrapped for the other
  const isInner = /^screen/.test(term) && env['TMUX'] === undefined && env['STY'] === undefined;
  return isInner ? `TERM=${term}: it is not known which of tmux and screen would have to hand it on` : null;
}

/** 128 + SIGINT: a person ended it by Ctrl-C. */
const INTERRUPTED = 130;
const OF_THE_KEYS = ['SIGINT', 'SIGQUIT'] as const;

const deaf = (): void => undefined;
/** Who heeds these signals otherwise, while somebody else has the terminal. Signals are the process's. */
let heeding: readonly (readonly [NodeJS.Signals, readonly NodeJS.SignalsListener[]])[] | null = null;
let borrowers = 0;

function becomeDeaf(): void {
  borrowers++;
  heeding ??= OF_THE_KEYS.map((signal) => {
    const listeners = process.listeners(signal) as NodeJS.SignalsListener[];
    process.on(signal, deaf);
    for (const listener of listeners) process.off(signal, listener);
    return [signal, listeners] as const;
  });
}

function hearAgain(): void {
  if (--borrowers > 0) return;
  for (const [signal, listeners] of heeding ?? []) {
    for (const listener of listeners) process.on(signal, listener);
    process.off(signal, deaf);
  }
  heeding = null;
}

/**
 * Runs a command of the person with the file behind it, which has the terminal meanwhile. Ctrl-C and Ctrl-\
 * reach every process of the terminal's foreground group: they are meant for what is on the screen, so
 * neither this process nor the shell in between heeds them.
 */
function lend(command: string, path: string, env: TopIo['env']): SpawnSyncReturns<Buffer> {
  becomeDeaf();
  try {
    return spawnSync('/bin/sh', ['-c', `trap : INT QUIT; ${command} "$1"`, 'sh', path], {
      stdio: 'inherit',
      env: { ...env },
    });
  } finally {
    // what came meanwhile is delivered in the next turn of the event loop: the second one is behind it
    setImmediate(() => setImmediate(hearAgain));
  }
}

const NEWER = '# sqlcc: ';

/** What was written, under what the version in force has otherwise: saving it as it is undoes those. */
function ontoNewest(written: string, version: number, newest: string): string {
  const own = written.split('\n').filter((line) => !line.startsWith(NEWER));
  const others = newest.split('\n').filter((line) => line.trim() !== '' && !own.includes(line));
  const head = [
    `v${version} came into force meanwhile. Its lines that this text has otherwise, or not at all,`,
    'stand here; a text that is left as it is puts its own in their place:',
    ...others.map((line) => `  ${line}`),
  ];
  return [...head.map((line) => NEWER + line), ...own].join('\n');
}

export class Outside {
  readonly #io: TopIo;
  readonly #look: Look;
  readonly #folder: string;

  /** `folder`: a person's own files; null = the temporary one of the machine. */
  constructor(io: TopIo, look: Look, folder: string | null) {
    this.#io = io;
    this.#look = look;
    this.#folder = folder ?? join(tmpdir(), `sqlcc-${process.getuid?.() ?? 'me'}`);
  }

  /**
   * Answers the sentence that says where the text is now. No terminal tells whether it took a text into its
   * clipboard, and many drop it without a word (tmux as it comes, VTE, xterm): so it is in a file, always.
   */
  copy(what: string, text: string): string {
    const { env, stdout } = this.#io;
    const closed = noClipboard(env);
    const sequence = closed === null ? osc52(text, env) : null;
    if (sequence !== null) stdout.write(sequence);
    const path = copyFile(text, this.#folder, 'clipboard.txt');
    if (sequence !== null) return `sent to the clipboard: ${what} (also in ${path})`;
    return `${what} is in ${path}: ${closed ?? 'too long for the clipboard of a terminal'}`;
  }

  /** Writes the document and answers its path; the last one of a view is kept. */
  json(name: string, text: string): string {
    return copyFile(text, join(this.#folder, 'json'), `${name}.json`);
  }

  /** What this person reads long texts with; null = nothing is known of one. */
  get pager(): string | null {
    return this.#io.env['PAGER']?.trim() || null;
  }

  /**
   * Shows the file, and comes back when that ends; answers a sentence. Nothing else has a turn meanwhile: the
   * terminal's keys are the pager's, from the first one on.
   */
  page(path: string): string {
    const { status, error } = lend(this.pager ?? 'cat', path, this.#io.env);
    if (error === undefined && (status === 0 || status === INTERRUPTED)) return `JSON is in ${path}`;
    return `$PAGER ended with ${error?.message ?? status}: the JSON is in ${path}`;
  }

  /** The file for the editor; answers its path. */
  toEdit(version: number, source: EditEffect['source']): string {
    if ('text' in source) return this.configFile(version, source.text);
    if (source.newest === undefined) return source.path;
    const written = readFileSync(source.path, 'utf8');
    return this.configFile(version, ontoNewest(written, version, source.newest));
  }

  /** The configuration as a file for the editor; answers its path. Each has its own: none is written over. */
  configFile(version: number, text: string): string {
    const folder = join(this.#folder, 'edit');
    for (let n = 1; ; n++) {
      const name = `config-v${version}${n === 1 ? '' : `-${n}`}.yaml`;
      if (!existsSync(join(folder, name))) return copyFile(text, folder, name);
    }
  }

  /** Nothing was written into it: no copy of what is in force is kept. */
  forget(path: string): void {
    rmSync(path, { force: true });
  }

  /**
   * The file in the person's editor, which has the terminal meanwhile; true when it was written. Throws the
   * sentence of what went wrong.
   */
  edit(path: string): boolean {
    const { env } = this.#io;
    const editor = env['VISUAL']?.trim() || env['EDITOR']?.trim() || 'vi';
    const before = readFileSync(path, 'utf8');
    const { status, error } = lend(editor, path, env);
    if (error !== undefined || status !== 0)
      throw new SqlccError(
        'failed_precondition',
        `the editor ended with ${error?.message ?? status}: nothing was changed`,
      );
    return readFileSync(path, 'utf8') !== before;
  }

  /** The screen as text, as text with colours, and as SVG; answers the sentence that names the files. */
  save(screen: Screen, name: string, title: string): string {
    const grid = cellsOf(screen, this.#look);
    const folder = join(this.#folder, 'screens');
    const write = (end: string, text: string): string => copyFile(text, folder, `${name}.${end}`);
    write('txt', asText(grid));
    write('ans', asAnsi(grid));
    const path = write('svg', asSvg(grid, title));
    return `saved as ${path.slice(0, -4)}.txt .ans .svg`;
  }
}
