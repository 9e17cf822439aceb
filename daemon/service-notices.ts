/**
 * What a service manager is told (sd_notify(3)): READY once the node serves, STOPPING when
 * it begins to stop, and a sign of life within the time that its watchdog allows. Node
 * has no datagram socket of the Unix kind, so `systemd-notify` is run for each; the unit
 * says `NotifyAccess=all` for it. Without NOTIFY_SOCKET nothing is done.
 */
import { execFile } from 'node:child_process';
import type { Logger } from '../src/base/index.ts';

const TOLD_WITHIN_MS = 2000;
/** Signs of life in the time that the watchdog allows: one may be late. */
const SIGNS = 3;

type Env = Readonly<Record<string, string | undefined>>;

/** How often the watchdog wants a sign from this process, ms; null: it wants none. */
export function watchdogMs({ WATCHDOG_USEC: usec, WATCHDOG_PID: pid }: Env): number | null {
  const ms = Number(usec) / 1000;
  const isMeant = pid === undefined || Number(pid) === process.pid;
  return isMeant && Number.isFinite(ms) && ms > 0 ? ms : null;
}

export class ServiceNotices {
  readonly #env: Env;
  readonly #logger: Logger;
  #timer: NodeJS.Timeout | null = null;
  #failed = false;

  constructor(env: Env, logger: Logger) {
    this.#env = env;
    this.#logger = logger;
  }

  /** The node serves. From now on there are signs of life while `isAlive` says so. */
  async ready(status: string, isAlive: () => boolean): Promise<void> {
    await this.#tell('READY=1', `STATUS=${status}`);
    const allowedMs = watchdogMs(this.#env);
    if (allowedMs === null || this.#env['NOTIFY_SOCKET'] === undefined) return;
    this.#timer = setInterval(() => {
      if (isAlive()) void this.#tell('WATCHDOG=1');
    }, allowedMs / SIGNS);
    this.#timer.unref();
  }

  async stopping(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#tell('STOPPING=1');
  }

  /** Never fails: a service manager that can't be told is a line in the log, once. */
  #tell(...words: string[]): Promise<void> {
    if (this.#env['NOTIFY_SOCKET'] === undefined) return Promise.resolve();
    const options = { env: this.#env, timeout: TOLD_WITHIN_MS };
    return new Promise((resolve) => {
      execFile('systemd-notify', words, options, (error) => {
        if (error !== null && !this.#failed) {
          this.#failed = true;
          this.#logger.log('warn', 'service-manager-not-told', { error: error.message });
        }
        resolve();
      });
    });
  }
}
