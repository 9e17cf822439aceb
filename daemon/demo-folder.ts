/**
 * The folder of a demo, and what may be taken away of it: all of a temporary one, and of
 * one that a person named only what this run put there. It is never anybody's data: a
 * folder that holds something already is refused.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { SqlccError } from '../src/base/index.ts';

export class DemoFolder {
  readonly path: string;
  readonly #isTemporary: boolean;
  /** The topmost folder that was made for it; null when it stood there before. */
  readonly #made: string | null;

  private constructor(path: string, isTemporary: boolean, made: string | null) {
    this.path = path;
    this.#isTemporary = isTemporary;
    this.#made = made;
  }

  /** A temporary folder for null, else `dir`, made if it is missing; throws when something is in it. */
  static claim(dir: string | null): DemoFolder {
    if (dir === null) return new DemoFolder(mkdtempSync(join(tmpdir(), 'sqlcc-demo-')), true, null);
    const path = resolve(dir);
    const made = mkdirSync(path, { recursive: true, mode: 0o700 }) ?? null;
    if (made === null) requireEmpty(path);
    return new DemoFolder(path, false, made);
  }

  /** Removes `names` in it, and the folder itself where this run made it and nothing else came in. */
  remove(names: readonly string[]): void {
    if (this.#isTemporary) {
      rmSync(this.path, { recursive: true, force: true });
      return;
    }
    for (const name of names) rmSync(join(this.path, name), { recursive: true, force: true });
    if (this.#made === null) return;
    try {
      for (let path = this.path; path.length >= this.#made.length; path = dirname(path)) rmdirSync(path);
    } catch {
      // somebody put something there meanwhile: it is theirs
    }
  }
}

/** Keys will lie in it: nobody else may write there, and nothing may be in the way. */
function requireEmpty(path: string): void {
  if (readdirSync(path).length > 0) {
    throw new SqlccError('conflict', `${path} is not empty`, {
      hint: 'give --dir a new or an empty folder; the demo never touches what is there',
    });
  }
  const mode = statSync(path).mode & 0o777;
  if ((mode & 0o022) !== 0) {
    throw new SqlccError('invalid_argument', `${path} may be written by others (mode ${mode.toString(8)})`, {
      hint: `chmod 700 ${path}, or give --dir a new folder`,
    });
  }
}
