/**
 * Partitions without network namespaces: the proxies alone, between processes that say little, and the
 * minority's scenario on real daemons behind them, which any user of a plain Linux can play.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { must } from '../../src/base/index.ts';
import { MINORITY_BEHIND_PROXIES } from '../endurance/scenes/minority.ts';
import { play } from '../endurance/stage.ts';
import type { LabHost } from './index.ts';
import { ProxyLab } from './index.ts';
import { skipVisibly } from './skip.ts';

/** Connects stdin and stdout with a port of a host; says with which error it ended. */
const DIALLER = `
  const [port, host] = process.argv.slice(1);
  const socket = require('node:net').connect(Number(port), host, () => process.stdout.write('+'));
  socket.on('data', (data) => process.stdout.write(data));
  socket.on('error', (error) => process.stdout.write(error.code));
  socket.on('close', () => process.exit(0));
  process.stdin.pipe(socket);
`;

interface Talk {
  readonly said: () => string;
  readonly say: (text: string) => void;
}

/** A host's process that dials another host; it says `+` once it is connected. */
function dial(lab: ProxyLab, from: LabHost, to: LabHost): Talk & { readonly child: ChildProcess } {
  const { firstPort } = must(to.listen, 'ports');
  const child = spawn(process.execPath, ['-e', DIALLER, `${firstPort}`, to.address]);
  onTestFinished(() => void child.kill('SIGKILL'));
  lab.began(from, must(child.pid, 'a process'));
  let said = '';
  child.stdout.on('data', (chunk) => {
    said += chunk;
  });
  child.stdin.on('error', () => {});
  return { child, said: () => said, say: (text) => child.stdin.write(text) };
}

/** A listener on a host: what it heard on all connections, which it answers all at once. */
async function listen(host: LabHost): Promise<Talk & { readonly ended: () => readonly string[] }> {
  const { address, firstPort } = must(host.listen, 'ports');
  const sockets: Socket[] = [];
  const ended: string[] = [];
  let said = '';
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('data', (chunk) => {
      said += chunk;
    });
    socket.on('error', (error: NodeJS.ErrnoException) => ended.push(error.code ?? error.message));
  });
  server.listen(firstPort, address);
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return {
    ...{ said: () => said, ended: () => ended },
    say: (text) => {
      for (const socket of sockets) socket.write(text);
    },
  };
}

async function labOf(hosts: number): Promise<{ lab: ProxyLab; hosts: readonly LabHost[] }> {
  const lab = await ProxyLab.up(hosts);
  onTestFinished(() => lab.down());
  return { lab, hosts: lab.hosts };
}

const skip = skipVisibly('a laboratory of proxies', ProxyLab.missing());
const becomes = (what: () => unknown) => expect.poll(what, { timeout: 60_000, interval: 5 });

describe.skipIf(skip)('ProxyLab', () => {
  it('cuts each direction alone; what was held back comes in order once it is healed', async () => {
    const { lab, hosts } = await labOf(2);
    const [h1, h2] = hosts as [LabHost, LabHost];
    const server = await listen(h2);
    const client = dial(lab, h1, h2);
    client.say('a');
    await becomes(server.said).toBe('a');
    lab.cut(h1, h2);
    client.say('b');
    server.say('1');
    await becomes(client.said).toBe('+1');
    lab.cut(h2, h1);
    client.say('c');
    server.say('2');
    lab.restore(h1, h2);
    await becomes(server.said).toBe('abc');
    expect(client.said()).toBe('+1');
    lab.heal();
    await becomes(client.said).toBe('+12');
  });

  it('takes a new connection while it is cut, and answers it later, unless it was given up', async () => {
    const { lab, hosts } = await labOf(2);
    const [h1, h2] = hosts as [LabHost, LabHost];
    const server = await listen(h2);
    lab.cut(h2, h1);
    const givesUp = dial(lab, h1, h2);
    const waits = dial(lab, h1, h2);
    givesUp.say('given up');
    waits.say('late');
    await becomes(() => lab.waiting).toBe(2);
    await becomes(() => givesUp.said() + waits.said()).toBe('++');
    givesUp.child.kill('SIGKILL');
    await becomes(() => lab.waiting).toBe(1);
    lab.heal();
    await becomes(server.said).toBe('late');
  });

  it('an end does not pass a cut either', async () => {
    const { lab, hosts } = await labOf(2);
    const [h1, h2] = hosts as [LabHost, LabHost];
    const server = await listen(h2);
    const client = dial(lab, h1, h2);
    const other = dial(lab, lab.client, h2);
    client.say('a');
    other.say('b');
    await becomes(() => [...server.said()].sort().join('')).toBe('ab');
    lab.together(() => {
      lab.cut(h1, h2);
      lab.cut(h2, h1);
    });
    client.child.kill('SIGKILL');
    await once(client.child, 'exit');
    // what a client says still comes through, and behind it nothing of the end
    other.say('c');
    await becomes(() => [...server.said()].sort().join('')).toBe('abc');
    expect(server.ended()).toEqual([]);
    server.say('1');
    await becomes(other.said).toBe('+1');
  });

  it('resets the connections of a pair, and no others; who is no process of a host is the client', async () => {
    const { lab, hosts } = await labOf(3);
    const [h1, h2, h3] = hosts as [LabHost, LabHost, LabHost];
    const server = await listen(h2);
    const talks = [dial(lab, h1, h2), dial(lab, h3, h2), dial(lab, lab.client, h2)] as const;
    for (const talk of talks) talk.say('a');
    await becomes(server.said).toBe('aaa');
    lab.reset(h2, h1);
    await becomes(talks[0].said).toBe('+ECONNRESET');
    await becomes(server.ended).toEqual(['ECONNRESET']);
    lab.cut(h2, h3);
    server.say('1');
    await becomes(talks[2].said).toBe('+1');
    expect(talks[1].said()).toBe('+');
  });

  it('a port where nobody listens ends the connection', async () => {
    const { lab, hosts } = await labOf(2);
    const [h1, h2] = hosts as [LabHost, LabHost];
    const client = dial(lab, h1, h2);
    await once(client.child, 'exit');
    expect(client.said()).toMatch(/^\+(ECONNRESET)?$/);
  });
});

describe.skipIf(skip)('without namespaces', () => {
  it('a minority stops by itself, says why, catches up and is compared', async () => {
    const report = await play(MINORITY_BEHIND_PROXIES, { minutes: 0, seed: 1, say: () => {} });
    expect(report.error).toBeNull();
    expect(report.claims.filter((claim) => !claim.ok)).toEqual([]);
    expect(report).toMatchObject({ ok: true, skipped: null });
  });
});
