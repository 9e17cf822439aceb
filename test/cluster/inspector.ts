/**
 * Blocks the main thread of a running daemon through node's own inspector (SIGUSR1),
 * so that no debug route has to exist in the product. The worker threads go on.
 */
import { existsSync, readFileSync } from 'node:fs';
import type { DemoNode } from '../../daemon/demo-cluster.ts';
import { until } from './harness.ts';

/** Give daemons this environment, so that their inspectors never compete for a port. */
export const INSPECTABLE = { NODE_OPTIONS: '--inspect-port=0' };

const ANNOUNCED = /Debugger listening on (ws:\S+)/g;

/** Where the node's inspector listens, as it said last on stderr. */
function announced(node: DemoNode): string[] {
  const file = `${node.log}.stderr`;
  if (!existsSync(file)) return [];
  return [...readFileSync(file, 'utf8').matchAll(ANNOUNCED)].map((m) => m[1] as string);
}

async function openInspector(node: DemoNode): Promise<string> {
  const before = announced(node).length;
  node.child?.kill('SIGUSR1');
  return await until('the inspector', async () => announced(node)[before] ?? null);
}

function evaluate(url: string, expression: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    socket.onerror = () => reject(new TypeError('the inspector closed'));
    socket.onclose = () => reject(new TypeError('the inspector closed'));
    socket.onopen = () => {
      const params = { expression, awaitPromise: true };
      socket.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params }));
    };
    socket.onmessage = (message) => {
      if ((JSON.parse(String(message.data)) as { id?: number }).id !== 1) return;
      socket.close();
      resolve();
    };
  });
}

/** `call` in a turn of its own: as long as one is evaluated, the inspector hears nobody else. */
function inTurn(url: string, call: string): Promise<void> {
  return evaluate(url, `new Promise((resolve) => setTimeout(() => resolve(${call})))`);
}

/** Stalls the main thread of `node` for `ms`; resolves, when it runs again, with what it took. */
export async function stallMainThread(node: DemoNode, ms: number): Promise<number> {
  const url = await openInspector(node);
  const began = performance.now();
  await inTurn(url, `(function standsStill(end) { while (Date.now() < end); })(Date.now() + ${ms})`);
  const took = performance.now() - began;
  // closing waits for its sessions to end: let this one go first
  await evaluate(url, "setTimeout(() => process.getBuiltinModule('node:inspector').close(), 100), 0");
  return took;
}

/** The main thread of `node` takes `bytes`, and then runs without end; resolves when the node has ended. */
export async function runAwayWith(node: DemoNode, bytes: number): Promise<void> {
  const url = await openInspector(node);
  // what it takes counts from the last second in which it answered: it takes nothing before that is over
  const wait = 'for (const from = Date.now() + 2500; Date.now() < from; );';
  const hold = `${wait} for (let n = 0; n < ${bytes} / 2 ** 24; n++) held.push(Buffer.alloc(2 ** 24, 1));`;
  await inTurn(url, `(function runsAway(held) { ${hold} for (;;); })([])`).catch(() => undefined);
}
