/** Runs `sqlcc` as a process and compares what it says with a file; only `UPDATE=1` writes the file. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');

export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
}

/** One run without a terminal; nothing of the caller's own settings reaches it. */
export function sqlcc(args: readonly string[], { env = {}, stdin = '' }: RunOptions = {}): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...args], {
      env: {
        PATH: process.env.PATH,
        HOME: '/nowhere',
        SQLCC_CONFIG: '/nowhere/config.yaml',
        TMPDIR: '/nowhere',
        NO_COLOR: '1',
        ...env,
      },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => (stdout += chunk));
    child.stderr.on('data', (chunk) => (stderr += chunk));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
    child.stdin.end(stdin);
  });
}

/** A run as people see it in a terminal's history. */
export function transcript(args: readonly string[], { code, stdout, stderr }: Result): string {
  const shown = args.map((a) => (/[\s;"']/.test(a) ? JSON.stringify(a) : a)).join(' ');
  const part = (name: string, text: string): string =>
    text === '' ? '' : `${name}\n${text.trimEnd().replace(/^/gm, '| ')}\n`;
  return `$ sqlcc ${shown}\n${part('stdout', stdout)}${part('stderr', stderr)}exit ${code}\n`;
}

/**
 * Compares with a file, or writes it with `UPDATE=1`. An absent file is a failure: a test that makes its own
 * answer proves nothing.
 */
export function expectFile(file: string, text: string): void {
  if (process.env.UPDATE === '1') writeFileSync(file, text);
  expect(existsSync(file), `${file} is missing: UPDATE=1 writes it, then read it`).toBe(true);
  expect(text).toBe(readFileSync(file, 'utf8'));
}

export function expectGolden(name: string, text: string): void {
  expectFile(join(import.meta.dirname, 'golden', `${name}.golden`), text);
}
