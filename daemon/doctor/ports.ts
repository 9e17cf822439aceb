/** Whether a daemon could listen where its configuration says, and who does it already. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { textOf } from '../kernel-facts.ts';
import { type DoctorRow, row } from './rows.ts';

export interface PortWish {
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

/** Null when it could listen; else the error's code. */
function tryListen(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(null)));
  });
}

const LISTENING = '0A';

/** Inodes of sockets that listen on `port`. */
function listeningInodes(port: number): Set<string> {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  const inodes = new Set<string>();
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of (textOf(table) ?? '').split('\n').slice(1)) {
      const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
      if (local?.endsWith(`:${wanted}`) && state === LISTENING && inode !== undefined) inodes.add(inode);
    }
  }
  return inodes;
}

function holdsOne(pid: string, inodes: ReadonlySet<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      try {
        const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1];
        return inode !== undefined && inodes.has(inode);
      } catch {
        return false; // closed meanwhile
      }
    });
  } catch {
    return false; // another user's, or gone
  }
}

/** The process that listens on `port`, as far as this user may see; null when it can't be told. */
export function holderOf(port: number): { readonly pid: number; readonly command: string } | null {
  const inodes = listeningInodes(port);
  if (inodes.size === 0) return null;
  try {
    const pid = readdirSync('/proc').find((name) => /^\d+$/.test(name) && holdsOne(name, inodes));
    if (pid === undefined) return null;
    return { pid: Number(pid), command: readFileSync(`/proc/${pid}/comm`, 'utf8').trim() };
  } catch {
    return null;
  }
}

/** `ownPid`: the daemon of this very data folder, when one runs. */
export async function portRow({ name, host, port }: PortWish, ownPid: number | null): Promise<DoctorRow> {
  const title = `port ${port}`;
  const code = await tryListen(host, port);
  if (code === null) return row(title, 'ok', `${name}: free on ${host}`);
  if (code === 'EADDRINUSE') {
    const holder = holderOf(port);
    if (holder !== null && holder.pid === ownPid)
      return row(title, 'ok', `${name}: held by this node (pid ${ownPid})`);
    const who =
      holder === null ? 'a process that this user can’t see' : `${holder.command} (pid ${holder.pid})`;
    return row(title, 'fail', `${name}: held by ${who}`, 'stop that process, or choose another port');
  }
  if (code === 'EADDRNOTAVAIL') {
    const advice = 'set network.host to an address of this machine (ip address), or to 0.0.0.0';
    return row(title, 'fail', `${name}: ${host} is no address of this machine`, advice);
  }
  const advice =
    code === 'EACCES' ? 'ports below 1024 need a capability: choose a higher one' : 'look at the host';
  return row(title, 'fail', `${name}: ${host} can’t be listened on: ${code}`, advice);
}
