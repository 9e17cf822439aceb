/** The file behind `--record`: new, private, bounded. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { LIMITS, SqlccError } from '../../src/base/index.ts';
import type { Sink } from './feed.ts';

/** What is wrong with the name, and where. */
function refused(path: string, { code, message }: NodeJS.ErrnoException): SqlccError {
  const folder = dirname(resolve(path));
  const hint = 'give --record the name of a new file in a folder that you may write to';
  const [text, way] =
    code === 'ENOENT' || code === 'ENOTDIR'
      ? [`there is no folder ${folder}`, `make it first, or ${hint}`]
      : code === 'EEXIST' || code === 'EISDIR'
        ? [`${path} exists`, hint]
        : code === 'EACCES' || code === 'EPERM' || code === 'EROFS'
          ? [`nothing may be written in ${folder}`, hint]
          : [message, hint];
  return new SqlccError('invalid_argument', `--record: ${text}`, { hint: way });
}

/**
 * A sink that appends to a new file. An existing one is never overwritten: a recording is often the only
 * witness. When the file is full, or the disk, recording ends and watching goes on: `onEnd` is told why.
 */
export function recordingFile(
  path: string,
  onEnd: (why: string) => void,
  maxBytes: number = LIMITS.recordingBytes,
): Sink {
  let file: number | null;
  try {
    file = openSync(path, 'wx', 0o600);
  } catch (error) {
    throw refused(path, error as NodeJS.ErrnoException);
  }
  let bytes = 0;
  const end = (why: string): void => {
    if (file !== null) closeSync(file);
    file = null;
    onEnd(why);
  };
  return (line) => {
    if (file === null) return;
    const data = Buffer.from(`${line}\n`);
    if (bytes + data.length > maxBytes) return end(`the recording is full at ${bytes} bytes`);
    try {
      for (let done = 0; done < data.length; ) done += writeSync(file, data, done);
      bytes += data.length;
    } catch (error) {
      end(`the recording ended: ${(error as Error).message}`);
    }
  };
}
