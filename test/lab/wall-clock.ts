/** A wall clock that jumps and runs at another speed (libfaketime); the monotonic clock is left alone. */
import { existsSync, mkdtempSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { must } from '../../src/base/index.ts';

/** Where Debian and its kin put the library: a folder by architecture. */
function libraryPath(): string | null {
  for (const lib of ['/usr/lib', '/usr/lib64']) {
    const folders = existsSync(lib)
      ? ['.', ...readdirSync(lib).filter((name) => name.includes('-linux-'))]
      : [];
    for (const folder of folders) {
      const path = join(lib, folder, 'faketime', 'libfaketime.so.1');
      if (existsSync(path)) return path;
    }
  }
  return null;
}

export class WallClock {
  readonly #file: string;
  #offsetMs = 0;
  #factor = 1;

  /** `dir` keeps the file that says the time; a temporary folder unless given. */
  constructor(dir: string = mkdtempSync(join(tmpdir(), 'sqlcc-clock-'))) {
    this.#file = join(dir, 'wall-clock');
    this.#write();
  }

  /** Why it can't be had here, or null. */
  static missing(): string | null {
    return libraryPath() === null ? 'libfaketime is not installed' : null;
  }

  /** What a process needs in its environment to live by this clock. */
  env(): Record<string, string> {
    return {
      LD_PRELOAD: must(libraryPath(), 'libfaketime'),
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_RESET: '1',
      DONT_FAKE_MONOTONIC: '1',
      NO_FAKE_STAT: '1',
    };
  }

  /** Jumps from where the clock stands, forwards or back. */
  jumpMs(ms: number): void {
    this.#offsetMs += ms;
    this.#write();
  }

  /** How fast the wall clock runs; 1 is true. */
  rate(factor: number): void {
    this.#factor = factor;
    this.#write();
  }

  /** The true time again, from now on. */
  reset(): void {
    this.#offsetMs = 0;
    this.#factor = 1;
    this.#write();
  }

  #write(): void {
    const sign = this.#offsetMs < 0 ? '-' : '+';
    const offset = `${sign}${(Math.abs(this.#offsetMs) / 1000).toFixed(3)}`;
    const speed = this.#factor === 1 ? '' : ` x${this.#factor}`;
    // a reader sees the old time or the new one, never half a line
    writeFileSync(`${this.#file}.new`, `${offset}${speed}\n`);
    renameSync(`${this.#file}.new`, this.#file);
  }
}
