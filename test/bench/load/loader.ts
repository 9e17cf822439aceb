/** Runs a load process, Go or Node, and hears what it says: lines of JSON on stdout. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { must, SqlccError } from '../../../src/base/index.ts';

export type LoadOp = 'put' | 'get' | 'fill' | 'failover' | 'watch';

export interface LoadRequest {
  readonly op: LoadOp;
  /** `host:port`; the first one gets the load, the last one the watch. */
  readonly endpoints: readonly string[];
  /** Callers at once, each waiting for its own answer, over `conns` connections. */
  readonly callers: number;
  readonly conns: number;
  readonly keys: number;
  readonly valueBytes: number;
  /** Calls in all, for `fill` and `watch`. */
  readonly count: number;
  readonly warmMs: number;
  readonly measureMs: number;
  /** PEM files; null = no TLS. */
  readonly tls: { readonly ca: string; readonly cert: string; readonly key: string } | null;
}

/** `sdk` is this project's client in Node; the others are the Go program. */
export type Generator = 'sdk' | 'etcd' | 'http';

export interface LoadResult {
  readonly ops: number;
  readonly errors: number;
  /** Text of the first error; '' without any. */
  readonly error: string;
  readonly seconds: number;
  /** CPU that the load process spent in the counted time. */
  readonly cpuMs: number;
  readonly latencyUs: readonly number[];
}

/** Whoever wants to know when the counted time begins and ends. */
export interface Moments {
  begin?(): void;
  end?(): void;
}

interface Line {
  readonly event: 'begin' | 'end' | 'result' | 'gap';
}

/** Flags of the Go program. */
export function flagsOf(generator: Generator, request: LoadRequest): Record<string, string | number> {
  const { op, endpoints, callers, conns, keys, valueBytes, count, warmMs, measureMs, tls } = request;
  return {
    ...{ target: generator, op, endpoints: endpoints.join(','), callers, conns, keys, count },
    ...{ 'value-bytes': valueBytes, 'warm-ms': warmMs, 'measure-ms': measureMs, ...tls },
  };
}

function commandOf(generator: Generator, goProgram: string | null, request: LoadRequest): [string, string[]] {
  if (generator === 'sdk')
    return [process.execPath, [join(import.meta.dirname, 'sdk.ts'), JSON.stringify(request)]];
  const flags = Object.entries(flagsOf(generator, request));
  return [must(goProgram, 'the Go load program'), flags.map(([name, value]) => `-${name}=${value}`)];
}

/** A load process that runs; ends with its owner, whatever happens. */
export class Loader {
  readonly #child: ChildProcess;
  readonly #listeners = new Set<(line: Line) => void>();
  readonly #over: Promise<void>;

  constructor(generator: Generator, goProgram: string | null, request: LoadRequest) {
    const [command, args] = commandOf(generator, goProgram, request);
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child = child;
    child.stdin.on('error', () => {}); // it ended: 'exit' tells
    const stopWithUs = (): void => void child.kill('SIGKILL');
    process.once('exit', stopWithUs);
    createInterface({ input: child.stdout }).on('line', (text) => {
      const line = JSON.parse(text) as Line;
      for (const listener of [...this.#listeners]) listener(line);
    });
    this.#over = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => {
        process.off('exit', stopWithUs);
        if (code === 0) resolve();
        else reject(new SqlccError('internal', `the load (${generator}) ended with ${code}`));
      });
    });
    this.#over.catch(() => {}); // who waits for a line is told
  }

  /** The next line of this kind; rejects when the process ends without one. */
  line<T>(event: Line['event'], timeoutMs: number): Promise<T> {
    return new Promise((resolve, reject) => {
      const done = (finish: () => void): void => {
        clearTimeout(timer);
        this.#listeners.delete(listen);
        finish();
      };
      const fail = (text: string) => () => reject(new SqlccError('deadline_exceeded', text));
      const late = fail(`the load said no "${event}" within ${timeoutMs} ms`);
      const timer = setTimeout(() => done(late), timeoutMs);
      const listen = (line: Line): void => {
        if (line.event === event) done(() => resolve(line as T));
      };
      this.#listeners.add(listen);
      this.#over.then(
        () => done(fail(`the load ended without a "${event}"`)),
        (error: unknown) => done(() => reject(error)),
      );
    });
  }

  get pid(): number {
    return must(this.#child.pid, 'a load that runs');
  }

  tell(text: string): void {
    must(this.#child.stdin, 'stdin of the load').write(`${text}\n`);
  }

  /** Lets it end by itself. */
  async finish(): Promise<void> {
    this.#child.stdin?.end();
    await this.#over;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

/** One load from start to end. */
export async function runLoad(loader: Loader, timeoutMs: number, moments: Moments = {}): Promise<LoadResult> {
  const begin = moments.begin === undefined ? null : loader.line('begin', timeoutMs).then(moments.begin);
  const end = moments.end === undefined ? null : loader.line('end', timeoutMs).then(moments.end);
  try {
    const result = await loader.line<LoadResult>('result', timeoutMs);
    await Promise.all([begin, end]);
    await loader.finish();
    return result;
  } catch (error) {
    begin?.catch(() => {});
    end?.catch(() => {});
    loader.kill();
    throw error;
  }
}
