/** NDJSON on the way in: one document a line, bounded lines, and an end when the sender falls silent. */
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { LIMITS, SqlccError } from '../base/index.ts';
import { parseJson } from './json.ts';

export interface LinesOptions {
  /** No byte for so long: the sender is gone. */
  readonly silenceMs: number;
  /** Ends the iteration quietly. */
  readonly signal?: AbortSignal;
}

/** Throws `unavailable` at silence and `internal` at what is no NDJSON. */
export async function* linesOf(body: Readable, options: LinesOptions): AsyncGenerator<unknown> {
  let silent = false;
  const timer = setTimeout(() => {
    silent = true;
    body.destroy();
  }, options.silenceMs);
  const onAbort = (): void => void body.destroy();
  options.signal?.addEventListener('abort', onAbort, { once: true });
  if (options.signal?.aborted) body.destroy();
  try {
    const decoder = new StringDecoder('utf8');
    let rest = '';
    for await (const chunk of body as AsyncIterable<Buffer>) {
      timer.refresh();
      const lines = (rest + decoder.write(chunk)).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > LIMITS.maxFrameBytes)
        throw new SqlccError('internal', 'the node sent an endless line');
      for (const line of lines) if (line !== '') yield documentOf(line);
    }
  } catch (error) {
    if (silent) throw new SqlccError('unavailable', `nothing came for ${options.silenceMs} ms`);
    if (!options.signal?.aborted) throw error;
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', onAbort);
  }
}

function documentOf(line: string): unknown {
  const parsed = parseJson(line);
  if (!parsed.ok) throw new SqlccError('internal', `the node sent a line that is refused: ${parsed.reason}`);
  return parsed.value;
}
