/** Bodies on real sockets: bounded and timed on the way in, paced by the reader on the way out. */
import type { Readable, Writable } from 'node:stream';
import { SqlccError } from '../base/index.ts';
import type { OpenBody } from './under-way.ts';

/** A sender or a reader that makes no progress for so long is cut. */
const BODY_IDLE_MS = 10_000;

/** How much of a body is read, and how long. */
export interface BodyLimits {
  readonly maxBytes: number;
  readonly timeoutMs: number;
}

/**
 * The whole body. Throws `invalid_argument` above its size, `deadline_exceeded` when it trickles or is not
 * there in time, `overloaded` where its caller has too much under way: then nothing has happened yet.
 */
export function readWholeBody(
  stream: Readable,
  contentLength: string | undefined,
  { maxBytes, timeoutMs }: BodyLimits,
  counted: Pick<OpenBody, 'take'>,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const finish = (error: SqlccError | null): void => {
      clearTimeout(timer);
      clearTimeout(deadline);
      stream.off('data', onData);
      stream.off('close', onClose);
      if (error === null) resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, size));
      else reject(error);
    };
    const tooLarge = (): SqlccError =>
      new SqlccError('invalid_argument', `a body has at most ${maxBytes} bytes here`);
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      timer.refresh();
      if (size > maxBytes) return finish(tooLarge());
      try {
        counted.take(chunk.length);
        chunks.push(chunk);
      } catch (error) {
        finish(error as SqlccError);
      }
    };
    const late = (text: string): void => finish(new SqlccError('deadline_exceeded', text));
    const onClose = (): void => finish(new SqlccError('unavailable', 'the caller went away'));
    const timer = setTimeout(() => late(`no byte of the body for ${BODY_IDLE_MS} ms`), BODY_IDLE_MS);
    const deadline = setTimeout(() => late('the body was not there by the deadline'), timeoutMs);
    if (Number(contentLength ?? 0) > maxBytes) {
      finish(tooLarge());
      return;
    }
    stream.on('data', onData);
    stream.once('end', () => finish(null));
    stream.once('close', onClose);
  });
}

/**
 * Writes one JSON document a line until the source ends or the reader is gone. A slow
 * reader slows the source; one that takes nothing for BODY_IDLE_MS is cut. Rejects with
 * what the source throws.
 */
export async function writeLines(sink: Writable, source: AsyncIterable<unknown>): Promise<void> {
  for await (const line of source) {
    if (sink.destroyed || sink.writableEnded) return;
    if (!sink.write(`${JSON.stringify(line)}\n`) && !(await drained(sink))) return;
  }
  sink.end();
}

/** False when the reader is gone or asleep. */
function drained(sink: Writable): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (goOn: boolean): void => {
      clearTimeout(timer);
      sink.off('drain', onDrain);
      sink.off('close', onClose);
      if (!goOn) sink.destroy();
      resolve(goOn);
    };
    const onDrain = (): void => settle(true);
    const onClose = (): void => settle(false);
    const timer = setTimeout(() => settle(false), BODY_IDLE_MS);
    sink.once('drain', onDrain);
    sink.once('close', onClose);
  });
}
