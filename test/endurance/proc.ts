/** What the kernel says of a process: memory, descriptors, CPU, network. Null where it has ended. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

function read(pid: number, file: string): string | null {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return null;
  }
}

function kib(text: string | null, name: string): number | null {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text ?? '');
  return found === null ? null : Number(found[1]);
}

export function rssMb(pid: number): number | null {
  const size = kib(read(pid, 'status'), 'VmRSS');
  return size === null ? null : size / 1024;
}

/** Memory with what is shared divided among those who share it, MB. */
export function pssMb(pid: number): number | null {
  const size = kib(read(pid, 'smaps_rollup'), 'Pss');
  return size === null ? null : size / 1024;
}

/** Open descriptors. */
export function descriptors(pid: number): number | null {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return null;
  }
}

/** User and system time of a process and its ended children, ms. */
export function cpuMs(pid: number): number | null {
  const stat = read(pid, 'stat');
  if (stat === null) return null;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12]) + Number(fields[13]) + Number(fields[14])) * 10;
}

/** Bytes that all devices but loopback have sent, where the process stands. */
export function sentBytes(pid: number): number | null {
  const table = read(pid, 'net/dev');
  if (table === null) return null;
  return table
    .split('\n')
    .filter((line) => line.includes(':') && !line.trim().startsWith('lo:'))
    .reduce((sum, line) => sum + Number(line.split(':')[1]?.trim().split(/\s+/)[8] ?? 0), 0);
}

/** Of a segment over IPv4: Ethernet 14, IP 20, TCP with its timestamps 32. */
const HEADER_BYTES = 66;

/**
 * Of `sentBytes` what open TCP connections from or to `port` have sent, headers and acknowledgements too. Not
 * of those that have closed.
 */
export function sentBytesAtPort(pid: number, port: number): number | null {
  const filter = `( sport = :${port} or dport = :${port} )`;
  const args = ['-t', String(pid), '-n', 'ss', '-tinHO', filter];
  let lines: string[];
  try {
    lines = execFileSync('nsenter', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split(
      '\n',
    );
  } catch {
    return null;
  }
  const field = (line: string, name: string): number =>
    Number(new RegExp(`\\b${name}:(\\d+)`).exec(line)?.[1] ?? 0);
  return lines.reduce(
    (sum, line) => sum + field(line, 'bytes_sent') + HEADER_BYTES * field(line, 'segs_out'),
    0,
  );
}

/** Established TCP connections where the process stands, without those over loopback. */
export function connections(pid: number): number | null {
  const table = read(pid, 'net/tcp');
  if (table === null) return null;
  const rows = table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/));
  return rows.filter(([, local = '', , state]) => state === '01' && !local.startsWith('0100007F')).length;
}
