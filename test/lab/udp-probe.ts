/**
 * Numbered datagrams and their echoes, to see what a wire does to packets.
 *
 *   udp-probe.ts echo ADDRESS PORT                               sends back what comes, until its stdin ends
 *   udp-probe.ts ask ADDRESS PORT COUNT INTERVAL_MS BYTES        prints an EchoReport as JSON
 */
import { createSocket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';

export interface EchoReport {
  readonly sent: number;
  /** Different numbers that came back. */
  readonly echoed: number;
  /** Echoes beyond the first of a number. */
  readonly twice: number;
  /** Echoes that came behind a later number's. */
  readonly overtaken: number;
  readonly rttMs: { readonly min: number; readonly median: number; readonly max: number };
}

/** A machine that has no time may hold an echo back for as long; none is late by itself, so much is queued nowhere. */
const LINGER_MS = 1500;
const STEP_MS = 20;

function echo(address: string, port: number): void {
  const socket = createSocket('udp4');
  socket.on('message', (bytes, from) => socket.send(bytes, from.port, from.address));
  socket.bind(port, address, () => process.stdout.write('ready\n'));
  process.stdin.on('end', () => process.exit(0)).resume();
}

async function ask(address: string, port: number, shots: readonly number[]): Promise<EchoReport> {
  const [count = 1, intervalMs = 1, bytes = 64] = shots;
  const socket = createSocket('udp4');
  const sentAt: number[] = [];
  const rtts = new Map<number, number>();
  let [twice, overtaken, highest] = [0, 0, -1];
  socket.on('message', (message) => {
    const n = message.readUInt32LE(0);
    if (rtts.has(n)) {
      twice++;
      return;
    }
    rtts.set(n, performance.now() - (sentAt[n] ?? 0));
    if (n < highest) overtaken++;
    highest = Math.max(highest, n);
  });
  for (let n = 0; n < count; n++) {
    const message = Buffer.alloc(Math.max(4, bytes));
    message.writeUInt32LE(n, 0);
    sentAt.push(performance.now());
    socket.send(message, port, address);
    await sleep(intervalMs);
  }
  // what is not back by then is lost; when all are back only second copies may follow
  for (let waited = 0; waited < LINGER_MS && rtts.size < count; waited += STEP_MS) await sleep(STEP_MS);
  await sleep(2 * STEP_MS);
  socket.close();
  const sorted = [...rtts.values()].sort((a, b) => a - b);
  const at = (q: number): number =>
    Math.round((sorted[Math.floor(q * (sorted.length - 1))] ?? 0) * 100) / 100;
  return {
    ...{ sent: count, echoed: rtts.size, twice, overtaken },
    rttMs: { min: at(0), median: at(0.5), max: at(1) },
  };
}

const [what, address = '', port = '0', ...shots] = process.argv.slice(2);
if (what === 'echo') echo(address, Number(port));
else process.stdout.write(`${JSON.stringify(await ask(address, Number(port), shots.map(Number)))}\n`);
