/**
 * What this machine tells without anybody's help: kernel, processes, the data folder of a
 * node whose daemon may be dead, its log. Keys are listed and never opened.
 */
import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
} from 'node:fs';
import { arch, cpus, loadavg, platform, release, uptime } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { LIMITS } from '../../src/base/index.ts';
import { readDenials } from '../denial-chain.ts';
import { kernelFacts, textOf } from '../kernel-facts.ts';
import { type OfflineRecord, readRecord } from '../offline-record.ts';
import { readSealedJson } from '../sealed-json.ts';
import { VERSION } from '../version.ts';
import type { Bundle } from './bundle.ts';

const JOURNAL_MS = 5000;
const JOURNAL_LINES = 20_000;
const MOST_LISTED = 10_000;

function versions() {
  return {
    sqlcc: VERSION,
    node: process.versions.node,
    v8: process.versions.v8,
    openssl: process.versions.openssl,
    sqlite: process.versions.sqlite ?? null,
    platform: `${platform()} ${arch()} ${release()}`,
  };
}

function machine() {
  return {
    ...kernelFacts(),
    cores: cpus().length,
    cpu: cpus()[0]?.model ?? null,
    load: loadavg(),
    uptime_s: Math.round(uptime()),
    clocksource: textOf('/sys/devices/system/clocksource/clocksource0/current_clocksource')?.trim() ?? null,
    cgroup: textOf('/proc/self/cgroup')?.trim() ?? null,
    pressure: {
      cpu: textOf('/proc/pressure/cpu')?.trim() ?? null,
      io: textOf('/proc/pressure/io')?.trim() ?? null,
      memory: textOf('/proc/pressure/memory')?.trim() ?? null,
    },
  };
}

function listing(dataDir: string) {
  const names = readdirSync(dataDir, { recursive: true, encoding: 'utf8' }).sort();
  const files = names.slice(0, MOST_LISTED).map((name) => {
    const info = lstatSync(join(dataDir, name), { throwIfNoEntry: false });
    if (info === undefined) return { name, gone: true };
    const { size, mtime, mode, uid } = info;
    return { name, bytes: size, modified: mtime.toISOString(), mode: (mode & 0o7777).toString(8), uid };
  });
  return { folder: dataDir, files, more: Math.max(0, names.length - MOST_LISTED) };
}

function certificates(dataDir: string) {
  const folder = join(dataDir, 'pki');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.crt'))
    .map((name) => {
      const { subject, issuer, serialNumber, validFrom, validTo, fingerprint256, subjectAltName } =
        new X509Certificate(readFileSync(join(folder, name)));
      const names = { subject, issuer, subject_alt_name: subjectAltName ?? null };
      return { file: name, ...names, serial: serialNumber, from: validFrom, to: validTo, fingerprint256 };
    });
}

/** The record without what proves tokens, though it is only hashes of theirs. */
function shown(record: OfflineRecord): object {
  const { cluster } = record;
  if (cluster === null) return record;
  const tokens = Object.values(cluster.tokens).map(({ hash: _proof, ...token }) => token);
  return { ...record, cluster: { ...cluster, tokens } };
}

/** The last bytes of a file, from the beginning of a line. */
function tailOf(path: string): { text: string; cut: boolean } {
  const fd = openSync(path, 'r');
  try {
    const { size } = fstatSync(fd);
    const length = Math.min(size, LIMITS.maxSupportFileBytes);
    const bytes = Buffer.alloc(length);
    const read = readSync(fd, bytes, 0, length, size - length);
    const text = bytes.subarray(0, read).toString('utf8');
    const cut = length < size;
    return { text: cut ? text.slice(text.indexOf('\n') + 1) : text, cut };
  } finally {
    closeSync(fd);
  }
}

/** Where a running daemon writes its log, when that is a file: by its command line, or its stderr. */
function openLogOf(pid: number): string | null {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    const at = words.findIndex((word) => /^--log-file(=|$)/.test(word));
    const named = words[at]?.split('=')[1] ?? words[at + 1];
    const path =
      at >= 0 && named !== undefined
        ? resolve(readlinkSync(`/proc/${pid}/cwd`), named)
        : readlinkSync(`/proc/${pid}/fd/2`);
    return path.startsWith('/') && lstatSync(path).isFile() ? path : null;
  } catch {
    return null;
  }
}

function journal(): Promise<{ text: string; cut: boolean }> {
  const args = ['-u', 'sqlcc*', '-n', String(JOURNAL_LINES), '--no-pager', '-o', 'cat'];
  const options = { timeout: JOURNAL_MS, maxBuffer: 4 * LIMITS.maxSupportFileBytes };
  return new Promise((resolve, reject) => {
    execFile('journalctl', args, options, (error, stdout) => {
      if (error === null) resolve({ text: stdout, cut: stdout.split('\n').length > JOURNAL_LINES });
      else reject(error);
    });
  });
}

function processFacts(pid: number) {
  const of = (name: string): string | null => textOf(`/proc/${pid}/${name}`);
  return {
    pid,
    command: of('cmdline')?.replaceAll('\0', ' ').trim() ?? null,
    status: of('status'),
    limits: of('limits'),
    io: of('io'),
    oom_score: of('oom_score')?.trim() ?? null,
    open_files: existsSync(`/proc/${pid}/fd`) ? readdirSync(`/proc/${pid}/fd`).length : null,
  };
}

export interface LocalSources {
  readonly dataDir: string | null;
  readonly configFile: string | null;
  readonly logFiles: readonly string[];
  /** Of the daemon that runs on the folder; null: none does. */
  readonly pid: number | null;
}

export async function addMachine(bundle: Bundle): Promise<void> {
  await bundle.json({ name: 'versions.json', source: 'this program' }, versions);
  await bundle.json({ name: 'machine/kernel.json', source: '/proc, /sys' }, machine);
}

export async function addLogs(bundle: Bundle, { logFiles, pid }: LocalSources): Promise<void> {
  const own = pid === null ? null : openLogOf(pid);
  const paths = [...new Set(own === null ? logFiles : [...logFiles, own])];
  for (const [n, path] of paths.entries()) {
    const name = `logs/${n + 1}-${basename(path)
      .replace(/[^\w.-]/g, '_')
      .slice(0, 60)}`;
    await bundle.log({ name, source: path }, () => tailOf(path));
  }
  if (paths.length === 0) await bundle.log({ name: 'logs/journal.log', source: 'journalctl' }, journal);
}

export async function addNode(bundle: Bundle, { dataDir, configFile, pid }: LocalSources): Promise<void> {
  if (configFile !== null)
    await bundle.text({ name: 'node/config.yaml', source: configFile }, () =>
      readFileSync(configFile, 'utf8'),
    );
  if (dataDir === null) return;
  const at = (name: string): string => join(dataDir, name);
  await bundle.json({ name: 'node/identity.json', source: at('identity.json') }, () =>
    readSealedJson(at('identity.json')),
  );
  await bundle.json({ name: 'node/boot.json', source: at('boot.json') }, () =>
    readSealedJson(at('boot.json')),
  );
  await bundle.json({ name: 'node/files.json', source: dataDir }, () => listing(dataDir));
  await bundle.json({ name: 'node/certificates.json', source: at('pki') }, () => certificates(dataDir));
  await bundle.json({ name: 'node/record.json', source: at('engine') }, () => shown(readRecord(dataDir)));
  await bundle.json({ name: 'node/denials.json', source: at('denials.jsonl') }, () => readDenials(dataDir));
  if (pid === null) bundle.lacks('node/process.json', 'no daemon runs on this folder');
  else await bundle.json({ name: 'node/process.json', source: `/proc/${pid}` }, () => processFacts(pid));
}
