/**
 * What `sqlcc doctor` says of the facts that it measured: a row each, with what to do.
 * Only judgements here; the probes beside it read the machine.
 */
import type { SqlccError } from '../../src/base/index.ts';
import { ERROR_TABLE, formatDuration, formatSize, LIMITS, plural } from '../../src/base/index.ts';

export interface DoctorRow {
  readonly name: string;
  readonly state: 'ok' | 'warn' | 'fail';
  /** What was found. */
  readonly text: string;
  /** What to do; empty when nothing. */
  readonly advice: string;
}

/** Spinning disks and network volumes lie above it: each write waits for a sync on a quorum. */
const SLOW_SYNC_MS = 10;
/** Half of the shortest election timeout: above it a busy disk looks like a dead leader. */
const TOO_SLOW_SYNC_MS = 75;
const FEW_FILES = 16_384;
const TOO_FEW_FILES = 1024;
const FEW_PROCESSES = 1024;
const TOO_FEW_PROCESSES = 64;
const LOW_SPACE_BYTES = 1024 ** 3;
const LITTLE_MEMORY_BYTES = 512 * 1024 ** 2;
/** Certificates and tokens are judged by wall time. */
const SKEW_WARN_MS = 500;
const SKEW_FAIL_MS = 30_000;
/** A clock this much faster or slower than another's: timeouts of 150 to 300 ms no longer mean the same. */
const RATE_WARN = 0.005;
const RATE_FAIL = 0.05;
const DAY_MS = 86_400_000;
const NEEDED_NODE = [24, 12] as const;

export function row(name: string, state: DoctorRow['state'], text: string, advice = ''): DoctorRow {
  return { name, state, text, advice: state === 'ok' ? '' : advice };
}

export function versionRow(version: string): DoctorRow {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const isEnough = major > NEEDED_NODE[0] || (major === NEEDED_NODE[0] && minor >= NEEDED_NODE[1]);
  const advice = `run it with Node ${NEEDED_NODE.join('.')} or newer; the package brings Node 26`;
  return row('node version', isEnough ? 'ok' : 'fail', version, advice);
}

/** `p50`, `p99` and `max` of real syncs of 4 KiB, ms. */
export interface SyncFigures {
  readonly syncs: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export function syncRow({ syncs, p50, p99, max }: SyncFigures): DoctorRow {
  const [a, b, c] = [p50, p99, max].map((ms) => ms.toFixed(2));
  const text = `p50 ${a} ms, p99 ${b} ms, max ${c} ms of ${syncs} syncs`;
  const state = p99 > TOO_SLOW_SYNC_MS ? 'fail' : p99 > SLOW_SYNC_MS ? 'warn' : 'ok';
  const advice = 'put the data folder on a local SSD; look for other writers on this disk (iostat -x 1)';
  return row('fsync', state, text, advice);
}

/** By the magic number of statfs(2). */
const FILE_SYSTEMS: Readonly<Record<number, readonly [name: string, state: DoctorRow['state']]>> = {
  61267: ['ext4', 'ok'],
  1481003842: ['xfs', 'ok'],
  2435016766: ['btrfs', 'ok'],
  801189825: ['zfs', 'ok'],
  4076150800: ['f2fs', 'ok'],
  2035054128: ['overlay', 'warn'],
  16914836: ['tmpfs', 'fail'],
  2240043254: ['ramfs', 'fail'],
  26985: ['nfs', 'fail'],
  4283649346: ['cifs', 'fail'],
  4266872130: ['smb2', 'fail'],
  1702057286: ['fuse', 'warn'],
  16914839: ['9p', 'fail'],
};

export function fileSystemRow(magic: number): DoctorRow {
  const [name, state] = FILE_SYSTEMS[magic] ?? [`unknown (0x${magic.toString(16)})`, 'warn'];
  const advice =
    name === 'overlay'
      ? 'what a container writes is gone with it: mount a volume'
      : 'put the data folder on a local ext4 or xfs: it must survive the power and lie to nobody about syncs';
  return row('file system', state, name, advice);
}

export function spaceRow(free: number, total: number): DoctorRow {
  const text = `${formatSize(free)} of ${formatSize(total)} free`;
  const state =
    free < LIMITS.minFreeDiskBytes ? 'fail' : free < LOW_SPACE_BYTES || free < total * 0.05 ? 'warn' : 'ok';
  const need = formatSize(LIMITS.minFreeDiskBytes);
  return row('free space', state, text, `free some: a node takes no writes with less than ${need}`);
}

/** Soft limits; null = unlimited. */
export function limitsRows(files: number | null, processes: number | null): DoctorRow[] {
  const words = (n: number | null): string => (n === null ? 'unlimited' : String(n));
  const judge = (n: number | null, few: number, tooFew: number): DoctorRow['state'] =>
    n === null || n >= few ? 'ok' : n >= tooFew ? 'warn' : 'fail';
  return [
    row(
      'open files',
      judge(files, FEW_FILES, TOO_FEW_FILES),
      `limit ${words(files)}`,
      'ulimit -n 65536, or LimitNOFILE=65536 in the unit ("sqlcc node systemd" prints one)',
    ),
    row(
      'processes',
      judge(processes, FEW_PROCESSES, TOO_FEW_PROCESSES),
      `limit ${words(processes)}`,
      'ulimit -u 4096, or TasksMax=4096 in the unit',
    ),
  ];
}

/** `setting`: the text of `transparent_hugepage/enabled`; null: the kernel has none. */
export function hugePagesRow(setting: string | null): DoctorRow {
  const chosen = /\[(\w+)\]/.exec(setting ?? '')?.[1] ?? 'none';
  const advice = 'echo madvise > /sys/kernel/mm/transparent_hugepage/enabled: compaction stalls the process';
  return row('huge pages', chosen === 'always' ? 'warn' : 'ok', `transparent_hugepage is ${chosen}`, advice);
}

export function swapRow(swapBytes: number, swappiness: number | null): DoctorRow {
  if (swapBytes === 0) return row('swap', 'ok', 'none');
  const text = `${formatSize(swapBytes)}, swappiness ${swappiness ?? 'unknown'}`;
  const isEager = swappiness === null || swappiness > 10;
  const advice = 'sysctl vm.swappiness=1, or swapoff -a: a heap that was swapped out costs elections';
  return row('swap', isEager ? 'warn' : 'ok', text, advice);
}

/** Of the machine, or of the cgroup if that allows less. */
export function memoryRow(bytes: number): DoctorRow {
  const state = bytes < LITTLE_MEMORY_BYTES ? 'warn' : 'ok';
  return row('memory', state, formatSize(bytes), 'give it 512 MB or more: a node takes 130 to 200 MB');
}

/** How this machine's clock goes beside another's: `skewMs` ahead of it, ± `errorMs`. */
export interface PeerClock {
  readonly peer: string;
  readonly skewMs: number;
  readonly errorMs: number;
  /** Its ms for each of ours, minus 1, ± `rateError`; null: not measured. */
  readonly rate: number | null;
  readonly rateError: number;
}

function percent(ratio: number): string {
  return `${(ratio * 100).toFixed(2)} %`;
}

export function peerClockRow({ peer, skewMs, errorMs, rate, rateError }: PeerClock): DoctorRow {
  // what the measurement itself may be wrong by is nobody's fault
  const skew = Math.max(0, Math.abs(skewMs) - errorMs);
  const drift = rate === null ? 0 : Math.max(0, Math.abs(rate) - rateError);
  const side = skewMs < 0 ? 'behind' : 'ahead';
  const ahead = `${Math.abs(skewMs).toFixed(0)} ms ${side} (± ${errorMs.toFixed(0)} ms)`;
  const pace = rate === null ? '' : `, its rate differs by ${percent(rate)} (± ${percent(rateError)})`;
  const isBad = skew > SKEW_FAIL_MS || drift > RATE_FAIL;
  const state = isBad ? 'fail' : skew > SKEW_WARN_MS || drift > RATE_WARN ? 'warn' : 'ok';
  return row(
    `clock of ${peer}`,
    state,
    `${ahead}${pace}`,
    'run chrony or systemd-timesyncd on both machines',
  );
}

/** Wall time beside the monotonic clock over `ms`: they part while somebody sets or slews the clock. */
export function ownClockRow(wallMs: number, ms: number): DoctorRow {
  const rate = wallMs / ms - 1;
  const drift = Math.max(0, Math.abs(rate) - 2 / ms);
  const state = drift > RATE_FAIL ? 'fail' : drift > RATE_WARN ? 'warn' : 'ok';
  const text = `wall time went ${percent(rate)} faster than the monotonic clock in ${formatDuration(ms)}`;
  return row('clock rate', state, text, 'something sets this clock by force: let one service slew it');
}

/** A certificate's life. */
export function certificateRow(file: string, validTo: number, now: number): DoctorRow {
  const left = validTo - now;
  const until = new Date(validTo).toISOString().slice(0, 10);
  const days = Math.floor(left / DAY_MS);
  // nodes renew at two thirds of 90 days: with 14 left, renewal has failed for two weeks
  const state = left <= 0 ? 'fail' : left < 14 * DAY_MS ? 'warn' : 'ok';
  const text = left <= 0 ? `${file} ended ${until}` : `${file} ends ${until}, in ${plural(days, 'day')}`;
  return row('certificate', state, text, certificateAdvice(file, left));
}

/** A voter signs for itself also what has ended; every other node asks one, with what is still good. */
function certificateAdvice(file: string, left: number): string {
  if (file === 'ca.crt')
    return 'make a new cluster CA before it ends: sqlcc cert rotate-ca, then sqlcc cert rotate-ca --finish';
  if (left <= 0)
    return 'restart this node: a voter signs its own anew as it starts; others leave and join again';
  return (
    'restart this node: it renews as it starts, where a voter can sign; renewal-failed or certificate-due ' +
    'in its log say why it has not'
  );
}

/** A peer that did not tell its time: the advice of its certificate or of this node's, or the usual one. */
export function unaskedRow(peer: string, endpoint: string, error: SqlccError): DoctorRow {
  const { code, message, hint } = error;
  const why = message.startsWith(endpoint) ? message : `${endpoint}: ${message}`;
  const usual = 'start it, or look at the network between the two';
  const told = hint === ERROR_TABLE[code].hint ? usual : hint;
  const advice = code === 'unauthenticated' ? 'mend this node’s certificate first, see its row' : told;
  return row(`clock of ${peer}`, 'warn', `can’t be asked: ${why}`, advice);
}
