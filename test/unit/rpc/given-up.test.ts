/** What is given up while a part of it waits for the other end is reset: Node 26 would write on without end. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';

/** What the process says, and how it ends; in native code without end it is killed. */
async function played(what: 'calls' | 'answer'): Promise<{ said: string; code: number | null }> {
  const file = new URL('./given-up.ts', import.meta.url);
  const child = spawn(process.execPath, [file.pathname, what], {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 20_000,
    killSignal: 'SIGKILL',
  });
  let said = '';
  child.stdout.on('data', (chunk) => {
    said += chunk;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { said, code };
}

describe('given up while a part waits', { timeout: 30_000 }, () => {
  it('calls of an HttpClient whose session goes on', async () => {
    expect(await played('calls')).toEqual({ said: 'went on\n', code: 0 });
  });

  it('an answer to a request whose body is not read', async () => {
    expect(await played('answer')).toEqual({ said: 'went on\n', code: 0 });
  });
});
