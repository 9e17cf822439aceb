/**
 * Somebody who only works here, in a thread of its own so that no attack of the test slows its clock: writes on one
 * connection, comes anew now and then, and scrapes. Told to tell, it posts those of its calls that took long.
 */
import { get } from 'node:http';
import { type ClientHttp2Session, connect } from 'node:http2';
import { parentPort, workerData } from 'node:worker_threads';
import { type Took, taking } from '../cluster/took.ts';

export interface Honest {
  readonly port: number;
  readonly clientPort: number;
  readonly metricsPort: number;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** Since the last time it was told to tell. */
export interface Waits {
  /** Those that were not answered at once; a newcomer's wait is from his first packet to his answer. */
  readonly slow: (Took & { readonly name: Kind })[];
  /** Calls that failed, with their reason. */
  readonly failures: string[];
}

type Kind = 'write' | 'newcomer' | 'scrape';

const SLOW_MS = 500;
const EVERY_MS = 20;
const NEWCOMER_EVERY_MS = 250;
const SCRAPE_EVERY_MS = 100;
/** The test says what is too long; a call that is given up would not be measured. */
const GIVE_UP_MS = 30_000;

const { port, clientPort, metricsPort, ...tls } = workerData as Honest;
const fresh = (): Waits => ({ slow: [], failures: [] });
let waits = fresh();

function open(to: number): ClientHttp2Session {
  const session = connect(`https://127.0.0.1:${to}`, tls);
  session.on('error', () => {}); // its calls tell
  return session;
}

function call(session: ClientHttp2Session, headers: Record<string, string>, body?: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const stream = session.request(headers, { endStream: body === undefined });
    const timer = setTimeout(() => stream.close(), GIVE_UP_MS);
    let status = 0;
    stream.once('response', (answer) => {
      status = Number(answer[':status']);
    });
    stream.on('error', () => {});
    stream.once('close', () => {
      clearTimeout(timer);
      if (status === 200) resolve();
      else reject(new Error(`${headers[':path']}: ${status}`));
    });
    stream.resume();
    stream.end(body);
  });
}

async function newcomer(to: number): Promise<void> {
  const session = open(to);
  try {
    await call(session, { ':path': '/v1/kv/honest?level=none' });
  } finally {
    session.destroy();
  }
}

function scrape(): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = get(
      { host: '127.0.0.1', port: metricsPort, path: '/livez', agent: false, timeout: GIVE_UP_MS },
      (answer) => {
        answer.resume();
        answer.once('end', resolve);
      },
    );
    request.once('timeout', () => request.destroy());
    request.once('error', reject);
  });
}

/** Who waits for the end of the next call of a kind. */
const told: Record<Kind, (() => void)[]> = { write: [], newcomer: [], scrape: [] };

/** Does `work` again and again, a while apart, and keeps what took long. */
async function repeat(name: Kind, everyMs: number, work: () => Promise<void>): Promise<never> {
  for (;;) {
    const tookOf = taking();
    try {
      await work();
    } catch (error) {
      waits.failures.push(`${name}: ${(error as Error).message}`);
    }
    const took = tookOf();
    if (took.ms > SLOW_MS) waits.slow.push({ name, ...took });
    for (const tell of told[name].splice(0)) tell();
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

let session = open(port);
const put = { ':method': 'PUT', ':path': '/v1/kv/honest', 'content-type': 'application/json' };
repeat('write', EVERY_MS, async () => {
  if (session.destroyed) session = open(port);
  await call(session, put, JSON.stringify({ value: 'v' }));
});
let turn = 0;
repeat('newcomer', NEWCOMER_EVERY_MS, () => newcomer(turn++ % 2 === 0 ? port : clientPort));
repeat('scrape', SCRAPE_EVERY_MS, scrape);
parentPort?.on('message', async (message: 'forget' | 'tell') => {
  // a call that is under way when it is told to tell belongs to what was before, and one of each kind ends first
  if (message === 'tell')
    await Promise.all(Object.values(told).map((waiting) => new Promise<void>((end) => waiting.push(end))));
  else waits = fresh();
  parentPort?.postMessage(waits);
  waits = fresh();
});
