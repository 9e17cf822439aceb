/** What is given up while a part of it waits for the other end is reset: Node 26 would write on without end. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';

/** What writes without end uses a core without end; a machine short of CPU only takes longer. */
const CPU_SECONDS = 20;
const WALL_MS = 120_000;

/** What the process says, and how it ends; in native code without end the kernel ends it. */
async function played(what: 'calls' | 'answer'): Promise<{ said: string; code: number | null }> {
  const file = new URL('./given-up.ts', import.meta.url);
  const limited = `ulimit -t ${CPU_SECONDS}; exec "$0" "$@"`;
  const child = spawn('sh', ['-c', limited, process.execPath, file.pathname, what], {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: WALL_MS,
    killSignal: 'SIGKILL',
  });
  let said = '';
  child.stdout.on('data', (chunk) => {
    said += chunk;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { said, code };
}

describe('given up while a part waits', { timeout: WALL_MS + 10_000 }, () => {
  it('calls of an HttpClient whose session goes on', async () => {
    expect(await played('calls')).toEqual({ said: 'went on\n', code: 0 });
  });

  it('an answer to a request whose body is not read', async () => {
    expect(await played('answer')).toEqual({ said: 'went on\n', code: 0 });
  });
});
