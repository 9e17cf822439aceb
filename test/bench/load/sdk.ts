/**
 * Load for the comparison through this project's SDK, as a process of its own. It speaks with its driver as the
 * Go program beside it does: lines of JSON on stdout, commands on stdin. Callers share one client (as
 * etcd's own benchmark shares a connection) or have one each, with a connection of its own.
 */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { SqlccClient } from '../../../src/client/index.ts';
import type { LoadRequest } from './loader.ts';

const CALL_TIMEOUT_MS = 10_000;
/** A put without an answer gets another one beside it after this long; see failover in load.go. */
const HEDGE_MS = 10;
const ATTEMPT_MS = 2000;
/** Clients that dial at the same time. */
const DIALLING = 16;

const request = JSON.parse(process.argv[2] ?? '{}') as LoadRequest;
const value = 'x'.repeat(request.valueBytes);
const keyOf = (n: number): string => `bench/${String(n).padStart(8, '0')}`;
const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

function newClient(endpoints: readonly string[]): SqlccClient {
  const { ca, cert, key } = request.tls ?? { ca: '', cert: '', key: '' };
  const pem = (file: string): string => readFileSync(file, 'utf8');
  const tls = { ca: pem(ca), cert: pem(cert), key: pem(key) };
  return new SqlccClient({ endpoints, ...tls, timeoutMs: CALL_TIMEOUT_MS });
}

async function newClients(): Promise<SqlccClient[]> {
  const clients = Array.from({ length: request.conns }, () => newClient(request.endpoints));
  for (let n = 0; n < clients.length; n += DIALLING)
    await Promise.all(clients.slice(n, n + DIALLING).map((client, i) => client.kv.put(keyOf(n + i), value)));
  return clients;
}

/** Every caller calls again as soon as it is answered; what ends in the counted time is counted. */
async function load(): Promise<void> {
  const clients = await newClients();
  const keys = Array.from({ length: request.keys }, (_, n) => keyOf(n));
  const latencyUs: number[] = [];
  let phase: 'warm' | 'counted' | 'over' = 'warm';
  let errors = 0;
  let firstError = '';
  const caller = async (c: number): Promise<void> => {
    const { kv } = clients[c % clients.length] as SqlccClient;
    let random = (c * 2_654_435_761 + 12_345) >>> 0;
    while (phase !== 'over') {
      random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
      const key = keys[(random >>> 8) % keys.length] as string;
      const began = performance.now();
      try {
        await (request.op === 'get' ? kv.get(key) : kv.put(key, value));
        if (phase === 'counted') latencyUs.push(Math.round((performance.now() - began) * 1000));
      } catch (error) {
        firstError ||= String(error);
        if (phase === 'counted') errors++;
        if (errors > 10_000) return;
      }
    }
  };
  const all = Array.from({ length: request.callers }, (_, c) => caller(c));
  await sleep(request.warmMs);
  const cpu = cpuMs();
  const began = performance.now();
  say({ event: 'begin' });
  phase = 'counted';
  await sleep(request.measureMs);
  phase = 'over';
  const seconds = (performance.now() - began) / 1000;
  say({ event: 'end' });
  const spent = cpuMs() - cpu;
  await Promise.all(all);
  const counted = { ops: latencyUs.length, errors, error: firstError, seconds, cpuMs: spent };
  say({ event: 'result', ...counted, latencyUs });
  await Promise.all(clients.map((client) => client.close()));
}

/** Writes `count` keys, one after the other, by all callers. */
async function fill(): Promise<void> {
  const clients = await newClients();
  let next = 0;
  let errors = 0;
  const cpu = cpuMs();
  const began = performance.now();
  say({ event: 'begin' });
  const caller = async (c: number): Promise<void> => {
    const { kv } = clients[c % clients.length] as SqlccClient;
    while (next < request.count) {
      await kv.put(keyOf(next++ % request.keys), value).catch(() => errors++);
    }
  };
  await Promise.all(Array.from({ length: request.callers }, (_, c) => caller(c)));
  const seconds = (performance.now() - began) / 1000;
  say({ event: 'end' });
  const counted = { ops: request.count, errors, error: '', seconds, cpuMs: cpuMs() - cpu };
  say({ event: 'result', ...counted, latencyUs: [] });
  await Promise.all(clients.map((client) => client.close()));
}

/** `SIGKILL PID` or `SIGTERM PID` on stdin sends that signal at once; the first accepted put of a later term ends the gap. */
async function failover(): Promise<void> {
  const client = newClient(request.endpoints);
  let term = 0;
  let killedAt = 0;
  let running = true;
  const put = async (n: number): Promise<void> => {
    const answer = await client.kv.put(keyOf(n % 1000), value, { timeoutMs: ATTEMPT_MS }).catch(() => null);
    if (answer === null || answer.term <= term) return;
    if (killedAt !== 0) say({ event: 'gap', ms: performance.now() - killedAt, term: answer.term });
    term = answer.term;
    killedAt = 0;
  };
  await put(0);
  await client.openSession(); // as every long-lived user of the SDK: it learns all nodes
  const writing = (async () => {
    for (let n = 0; running; n++) {
      const began = performance.now();
      const hedge = new AbortController();
      await Promise.race([put(n), later(HEDGE_MS, hedge.signal)]);
      hedge.abort();
      if (performance.now() - began < 1) await sleep(1); // refused at once
    }
  })();
  say({ event: 'begin' });
  for await (const line of createInterface({ input: process.stdin })) {
    const [signal, pid] = line.split(' ');
    killedAt = performance.now();
    process.kill(Number(pid), signal as 'SIGKILL' | 'SIGTERM');
  }
  running = false;
  await writing;
  await client.close();
}

function later(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => clearTimeout(timer));
  });
}

/** From the start of a put on the first endpoint to its change at the last one. */
async function watch(): Promise<void> {
  const writer = newClient(request.endpoints.slice(0, 1));
  const watcher = newClient(request.endpoints.slice(-1));
  const stop = new AbortController();
  const heard = new Map<string, () => void>();
  const following = (async () => {
    for await (const line of watcher.kv.watch({ prefix: 'watched/', signal: stop.signal }))
      heard.get(line.key ?? '')?.();
  })().catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  await writer.kv.put('first', value);
  await sleep(500);
  const latencyUs: number[] = [];
  for (let n = 0; n < request.count; n++) {
    const key = `watched/${n}`;
    const change = new Promise<void>((resolve) => heard.set(key, resolve));
    const began = performance.now();
    await Promise.all([writer.kv.put(key, value), change]);
    latencyUs.push(Math.round((performance.now() - began) * 1000));
    heard.delete(key);
    await sleep(2);
  }
  say({ event: 'result', ops: request.count, errors: 0, error: '', seconds: 0, cpuMs: 0, latencyUs });
  stop.abort();
  await following;
  await Promise.all([writer.close(), watcher.close()]);
}

const OPS = { put: load, get: load, fill, failover, watch };
await OPS[request.op]();
