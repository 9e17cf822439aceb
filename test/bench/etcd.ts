/** Three members of etcd on loopback, at its defaults unless told otherwise, with real files and fsync. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { must, SqlccError } from '../../src/base/index.ts';
import { findTestPorts } from '../cluster/ports.ts';

const READY_TIMEOUT_MS = 90_000;
const PORTS_PER_MEMBER = 10;

export interface EtcdOptions {
  /** Members; 3 in every figure but those that say otherwise. */
  readonly members: number;
  /** etcd's own default without. */
  readonly heartbeatMs?: number;
  readonly electionMs?: number;
}

interface Member {
  readonly name: string;
  readonly port: number;
  readonly args: readonly string[];
  child: ChildProcess | null;
}

interface MemberStatus {
  readonly header: { readonly member_id: string; readonly raft_term: string };
  readonly leader?: string;
  readonly raftAppliedIndex?: string;
}

export class EtcdCluster {
  readonly dir: string;
  readonly #members: Member[];

  private constructor(dir: string, basePort: number, options: EtcdOptions) {
    this.dir = dir;
    const names = Array.from({ length: options.members }, (_, i) => `m${i + 1}`);
    const portOf = (i: number): number => basePort + i * PORTS_PER_MEMBER;
    const peers = names.map((name, i) => `${name}=http://127.0.0.1:${portOf(i) + 1}`).join(',');
    this.#members = names.map((name, i) => {
      const client = `http://127.0.0.1:${portOf(i)}`;
      const peer = `http://127.0.0.1:${portOf(i) + 1}`;
      const { heartbeatMs, electionMs } = options;
      const args = [
        ...['--name', name, '--data-dir', join(dir, name), '--initial-cluster', peers],
        ...['--listen-client-urls', client, '--advertise-client-urls', client],
        ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer],
        ...(heartbeatMs === undefined ? [] : ['--heartbeat-interval', `${heartbeatMs}`]),
        ...(electionMs === undefined ? [] : ['--election-timeout', `${electionMs}`]),
      ];
      return { name, port: portOf(i), args, child: null };
    });
  }

  static async start(options: EtcdOptions): Promise<EtcdCluster> {
    const dir = mkdtempSync(join(tmpdir(), 'bench-etcd-'));
    const cluster = new EtcdCluster(dir, await findTestPorts(options.members, 26_433), options);
    try {
      for (const member of cluster.#members) cluster.#spawn(member);
      await cluster.untilHealthy();
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  get endpoints(): string[] {
    return this.#members.map((m) => `127.0.0.1:${m.port}`);
  }

  pids(): number[] {
    return this.#members.flatMap((m) => m.child?.pid ?? []);
  }

  /** Null while none says that it leads. */
  async leader(): Promise<{ readonly endpoint: string; readonly pid: number } | null> {
    const member = (await this.#statuses()).find((s) => s.leads)?.member;
    const pid = member?.child?.pid;
    return member === undefined || pid === undefined ? null : { endpoint: `127.0.0.1:${member.port}`, pid };
  }

  /** A member that is not this one. */
  other({ endpoint }: { readonly endpoint: string }): string {
    return must(
      this.endpoints.find((e) => e !== endpoint),
      'a follower of etcd',
    );
  }

  /** Starts members that have ended. */
  async revive(): Promise<void> {
    for (const member of this.#members) {
      const { child } = member;
      if (child === null || child.exitCode !== null || child.signalCode !== null) this.#spawn(member);
    }
    await this.untilHealthy();
  }

  /** Until all members follow one leader in one term and have applied about the same. */
  async untilHealthy(): Promise<void> {
    const deadline = performance.now() + READY_TIMEOUT_MS;
    while (performance.now() < deadline) {
      const all = await this.#statuses();
      const terms = new Set(all.map((s) => s.term));
      const applied = all.map((s) => s.applied);
      const isEven = Math.max(...applied) - Math.min(...applied) < 100;
      if (all.length === this.#members.length && terms.size === 1 && isEven && all.some((s) => s.leads))
        return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new SqlccError(
      'deadline_exceeded',
      `etcd is not healthy after ${READY_TIMEOUT_MS} ms: ${this.dir}`,
    );
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.#members.map(async ({ child }) => {
        if (child === null || child.exitCode !== null || child.signalCode !== null) return;
        const gone = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGKILL');
        await gone;
      }),
    );
    rmSync(this.dir, { recursive: true, force: true });
  }

  async #statuses() {
    const answers = await Promise.all(
      this.#members.map(async (member) => {
        try {
          const answer = await fetch(`http://127.0.0.1:${member.port}/v3/maintenance/status`, {
            method: 'POST',
            body: '{}',
            signal: AbortSignal.timeout(2000),
          });
          const status = (await answer.json()) as MemberStatus;
          const { member_id: id, raft_term: term } = status.header;
          const applied = Number(status.raftAppliedIndex ?? 0);
          return [{ member, leads: status.leader === id, knows: status.leader !== undefined, term, applied }];
        } catch {
          return []; // not listening yet
        }
      }),
    );
    return answers.flat().filter((s) => s.knows);
  }

  #spawn(member: Member): void {
    const log = openSync(join(this.dir, `${member.name}.log`), 'a');
    const child = spawn('etcd', [...member.args], { stdio: ['ignore', log, log] });
    closeSync(log);
    const kill = (): void => void child.kill('SIGKILL');
    process.once('exit', kill);
    child.once('exit', () => process.off('exit', kill));
    member.child = child;
  }
}
