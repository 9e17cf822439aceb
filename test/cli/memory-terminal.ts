/** A terminal in memory: answers from a list, keeps what was written. */
import { PassThrough } from 'node:stream';
import type { Terminal } from '../../src/cli/output/terminal.ts';

export interface MemoryTerminal extends Terminal {
  stdoutText(): string;
  stderrText(): string;
}

export interface MemoryTerminalOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Lines that a person would type; without, nobody is there to ask. */
  readonly typed?: readonly string[];
}

export function memoryTerminal({ env = {}, typed }: MemoryTerminalOptions = {}): MemoryTerminal {
  const stdin = new PassThrough();
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  let out = '';
  let err = '';
  stdout.on('data', (chunk) => (out += chunk));
  stderr.on('data', (chunk) => {
    err += chunk;
    // a person types once the question has been asked
    if (/(: |\[y\/N\] )$/.test(String(chunk)) && waiting.length > 0) stdin.write(`${waiting.shift()}\n`);
  });
  const waiting = [...(typed ?? [])];
  return {
    env: { NO_COLOR: '1', ...env },
    canAsk: typed !== undefined,
    isOutTty: false,
    columns: 100,
    stdin: stdin as unknown as NodeJS.ReadStream,
    stdout: stdout as unknown as NodeJS.WriteStream,
    stderr: stderr as unknown as NodeJS.WriteStream,
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    stdoutText: () => out + (stdout.read()?.toString() ?? ''),
    stderrText: () => err + (stderr.read()?.toString() ?? ''),
  };
}
