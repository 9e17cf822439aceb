/** The file behind `--record`: new, private, bounded. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { LIMITS, SqlccError } from '../../src/base/index.ts';
import type { Sink } from './feed.ts';

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
    const { code, message } = error as NodeJS.ErrnoException;
    throw new SqlccError('invalid_argument', code === 'EEXIST' ? `${path} exists` : message, {
      hint: 'give --record the name of a new file in a folder that you may write to',
    });
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
