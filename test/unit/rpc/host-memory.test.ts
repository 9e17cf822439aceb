import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { keepHosts, recallHosts } from '../../../daemon/known-hosts.ts';
import { LIMITS } from '../../../src/base/index.ts';
import { HOSTS, HostMemory } from '../../../src/rpc/host-memory.ts';
import { dial } from '../../../src/rpc/tls.ts';
import { startApi } from './api-fixture.ts';
import { NodeFolders } from './node-folders.ts';

type Told = readonly { address: string; family: number }[];

/** A name server that says what a test wants, when it wants. */
class Server {
  asked = 0;
  #open: { resolve: (told: Told) => void; reject: (error: Error) => void }[] = [];

  readonly resolve = (): Promise<Told> => {
    this.asked++;
    return new Promise((resolve, reject) => this.#open.push({ resolve, reject }));
  };

  say(...addresses: string[]): void {
    const told = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    for (const { resolve } of this.#open.splice(0)) resolve(told);
  }

  fail(): void {
    for (const { reject } of this.#open.splice(0)) reject(new TypeError('EAI_AGAIN'));
  }
}

const server = (): { server: Server; memory: HostMemory } => {
  const made = new Server();
  return { server: made, memory: new HostMemory(made.resolve) };
};

function ask(memory: HostMemory, host = 'n2.test', family?: number): Promise<string[]> {
  return new Promise((resolve, reject) => {
    memory.lookup(host, { all: true, ...(family === undefined ? {} : { family }) }, (error, found) => {
      if (error !== null) reject(error);
      else resolve((found as Told).map((a) => a.address));
    });
  });
}

describe('HostMemory', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('says what the name server says, as long as it says anything soon', async () => {
    const { server: names, memory } = server();
    memory.learn({ 'n2.test': ['10.0.0.9'] });
    const first = ask(memory);
    names.say('10.0.0.1', '::5');
    expect(await first).toEqual(['10.0.0.1', '::5']);
    const second = ask(memory, 'n2.test', 6);
    names.say('10.0.0.1', '::5');
    expect(await second).toEqual(['::5']);
    const moved = ask(memory);
    names.say('10.0.0.2');
    expect(await moved).toEqual(['10.0.0.2']);
  });

  it('says what the name meant last when the name server fails, and its error of a name never heard', async () => {
    const { server: names, memory } = server();
    const first = ask(memory);
    names.say('10.0.0.1');
    await first;
    const later = [ask(memory), ask(memory, 'n3.test')] as const;
    names.fail();
    expect(await later[0]).toEqual(['10.0.0.1']);
    await expect(later[1]).rejects.toThrow('EAI_AGAIN');
  });

  it('waits 300 ms for a slow one, takes its word when it comes, and asks it once at a time', async () => {
    const { server: names, memory } = server();
    memory.learn({ 'n2.test': ['10.0.0.1'] });
    let answered: string[] | null = null;
    void ask(memory).then((found) => {
      answered = found;
    });
    await vi.advanceTimersByTimeAsync(299);
    expect(answered).toBeNull();
    await vi.advanceTimersByTimeAsync(1);
    expect(answered).toEqual(['10.0.0.1']);
    for (let n = 0; n < 20; n++) void ask(memory);
    await vi.advanceTimersByTimeAsync(300);
    expect(names.asked).toBe(1);
    names.say('10.0.0.2');
    await vi.advanceTimersByTimeAsync(0);
    const next = ask(memory);
    names.fail();
    expect(await next).toEqual(['10.0.0.2']);
    expect(names.asked).toBe(2);
  });

  it('tells of what is new, and not of the same in another order', async () => {
    const { server: names, memory } = server();
    const news: unknown[] = [];
    memory.onLearned(() => news.push(memory.table()));
    for (const told of [['10.0.0.1', '10.0.0.2'], ['10.0.0.2', '10.0.0.1'], ['10.0.0.3']]) {
      const answer = ask(memory);
      names.say(...told);
      await answer;
    }
    expect(news).toEqual([{ 'n2.test': ['10.0.0.1', '10.0.0.2'] }, { 'n2.test': ['10.0.0.3'] }]);
  });

  it('takes no rubbish from a file, and forgets the oldest beyond its limit', () => {
    const { memory } = server();
    for (const rubbish of [null, 7, 'x', { a: 1, b: ['no address', 7], c: [] }]) memory.learn(rubbish);
    expect(memory.table()).toEqual({});
    const table = Object.fromEntries(
      Array.from({ length: LIMITS.maxRememberedHosts + 3 }, (_, n) => [`h${n}`, ['10.0.0.1']]),
    );
    memory.learn(table);
    expect(Object.keys(memory.table())).toHaveLength(LIMITS.maxRememberedHosts);
    expect(memory.table()).not.toHaveProperty('h2');
  });
});

describe('dial', () => {
  it('reaches a node by its name though no name server knows it any more, after a restart too', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'sqlcc-hosts-'));
    onTestFinished(() => rmSync(dir, { recursive: true }));
    const file = join(dir, 'hosts.json');
    recallHosts(dir);
    keepHosts(dir);
    expect(existsSync(file)).toBe(false);
    // names below .invalid exist nowhere (RFC 6761); this one was heard of once
    writeFileSync(file, JSON.stringify({ hosts: { 'n1.invalid': ['127.0.0.1'] } }), { mode: 0o600 });
    recallHosts(dir);
    const folders = await NodeFolders.create();
    onTestFinished(() => folders.remove());
    const api = await startApi(folders, {});
    onTestFinished(() => api.server.stop(50));
    const admin = await folders.person('admin', 'admin');
    const reach = (host: string): Promise<string> =>
      new Promise((resolve) => {
        const options = { host, port: api.server.port, tls: admin, timeoutMs: 5000, judge: () => null };
        dial(options, (error, socket) => {
          socket?.destroy();
          resolve(error === null ? 'reached' : 'not reached');
        });
      });
    expect(await reach('n1.invalid')).toBe('reached');
    expect(await reach('n2.invalid')).toBe('not reached');
    // what it learns by itself is kept for the next life
    await reach('localhost');
    expect(JSON.parse(readFileSync(file, 'utf8')).hosts).toHaveProperty('localhost');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    // and a damaged file costs nothing
    writeFileSync(file, '{"hosts": {"n1.invalid": ["127.0.0.1"]}, "checksum": "0"}');
    recallHosts(dir);
    expect(HOSTS.table()).toHaveProperty('n1.invalid');
  });
});
