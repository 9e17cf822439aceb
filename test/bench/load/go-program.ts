/** Builds the Go load program against Debian's sources of etcd's client; says what is missing where it can't. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Where golang-etcd-server-dev and what it depends on lie. */
const GOCODE = '/usr/share/gocode';

export type GoProgram = { readonly path: string } | { readonly missing: string };

/** Runs `command --version` or its like; false when there is no such command. */
function has(command: string, flag: string): boolean {
  return spawnSync(command, [flag], { stdio: 'ignore' }).error === undefined;
}

/** What is not installed that the comparison takes; null when all is. */
export function missingGo(): string | null {
  const install = 'apt-get install etcd-server golang-go golang-etcd-server-dev';
  if (!has('etcd', '--version')) return `etcd is not installed (${install})`;
  if (!has('go', 'version')) return `go is not installed (${install})`;
  if (!existsSync(join(GOCODE, 'src/go.etcd.io/etcd/clientv3')))
    return `the sources of etcd's client are not installed (${install})`;
  return null;
}

/** The program built into `folder`, or the sentence that says why there is no comparison. */
export function buildGoProgram(folder: string): GoProgram {
  const missing = missingGo();
  if (missing !== null) return { missing };
  const path = join(folder, 'load');
  const { status, stderr } = spawnSync('go', ['build', '-o', path, '.'], {
    cwd: import.meta.dirname,
    env: { ...process.env, GO111MODULE: 'off', GOPATH: GOCODE, GOFLAGS: '' },
    encoding: 'utf8',
  });
  return status === 0 ? { path } : { missing: `the load program did not build: ${stderr.trim()}` };
}

/** `3.4.23`, as etcd says. */
export function etcdVersion(): string {
  const { stdout } = spawnSync('etcd', ['--version'], { encoding: 'utf8' });
  return /etcd Version: (\S+)/.exec(stdout)?.[1] ?? 'unknown';
}
