/**
 * Blocks the main thread of a running daemon through node's own inspector (SIGUSR1),
 * so that no debug route has to exist in the product. The worker threads go on.
 */
import { assert } from '../../src/base/index.ts';

interface Target {
  readonly webSocketDebuggerUrl: string;
}

const PORT = 9229;

async function target(): Promise<Target> {
  const deadline = performance.now() + 5000;
  while (performance.now() < deadline) {
    try {
      const answer = await fetch(`http://127.0.0.1:${PORT}/json/list`);
      const [first] = (await answer.json()) as Target[];
      if (first !== undefined) return first;
    } catch {
      // the inspector is opening
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert(false, 'the inspector did not open within 5 s');
}

function evaluate(url: string, expression: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    socket.onerror = () => reject(new TypeError('the inspector closed'));
    socket.onopen = () => {
      socket.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression } }));
    };
    socket.onmessage = (message) => {
      if ((JSON.parse(String(message.data)) as { id?: number }).id !== 1) return;
      socket.close();
      resolve();
    };
  });
}

/** Stalls the main thread of `pid` for `ms`, measured at the process itself; resolves when it runs again. */
export async function stallMainThread(pid: number, ms: number): Promise<number> {
  process.kill(pid, 'SIGUSR1');
  const { webSocketDebuggerUrl } = await target();
  const began = performance.now();
  await evaluate(webSocketDebuggerUrl, `{ const end = Date.now() + ${ms}; while (Date.now() < end); }`);
  const took = performance.now() - began;
  // close the inspector again, so that the next process can take the port
  await evaluate(webSocketDebuggerUrl, "process.getBuiltinModule('node:inspector').close()").catch(() => {});
  return took;
}
