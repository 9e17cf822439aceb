/** The mail server of mail-server.py as a process, and what it got. */
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { until } from '../../unit/rpc/peer-fixture.ts';

/** The system's Python has Debian's packages; another one that stands first in PATH has not. */
const PYTHON = ['/usr/bin/python3', 'python3'].find((python) => {
  return spawnSync(python, ['-c', 'import aiosmtpd'], { stdio: 'ignore' }).status === 0;
});

/** Why it can't be started; null when it can. */
export const MAIL_SERVER_MISSING = PYTHON === undefined ? 'no aiosmtpd (Debian: python3-aiosmtpd)' : null;

export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly tls: boolean;
  readonly login: boolean;
  readonly bytes: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly parts: readonly (readonly [type: string, text: string])[];
  readonly defects: readonly string[];
}

/** Of a Python that starts on a busy machine. */
const PATIENCE_MS = 60_000;

interface Line extends Mail {
  readonly what: 'ready' | 'mail' | 'auth' | 'mood';
  readonly port: number;
}

export interface MailServerOptions {
  readonly mode: 'plain' | 'starttls' | 'smtps';
  readonly cert: string;
  readonly key: string;
  readonly login?: readonly [user: string, password: string];
}

export class MailServer {
  readonly #lines: Line[] = [];
  readonly #child: ChildProcessWithoutNullStreams;
  #errors = '';

  private constructor({ mode, cert, key, login = ['', ''] }: MailServerOptions) {
    const script = join(import.meta.dirname, 'mail-server.py');
    const words = login[0] === '' ? [] : login;
    this.#child = spawn(PYTHON ?? 'python3', [script, mode, cert, key, ...words]);
    createInterface({ input: this.#child.stdout }).on('line', (line) =>
      this.#lines.push(JSON.parse(line) as Line),
    );
    this.#child.stderr.on('data', (chunk: Buffer) => {
      this.#errors += chunk.toString();
    });
  }

  static async start(options: MailServerOptions): Promise<MailServer> {
    const server = new MailServer(options);
    const isUp = () => server.#lines.length > 0 || server.#child.exitCode !== null;
    await until('the mail server to listen', isUp, PATIENCE_MS);
    if (server.#lines.length === 0) throw new Error(`the mail server ended: ${server.#errors}`);
    return server;
  }

  get port(): number {
    return this.#lines[0]?.port ?? 0;
  }

  /** What it took so far: what was answered before this is asked is among it. */
  async mails(): Promise<readonly Mail[]> {
    await this.behave('');
    return this.#lines.filter((line) => line.what === 'mail');
  }

  /** Logins that were tried, and whether TLS hid them. */
  async logins(): Promise<readonly boolean[]> {
    await this.behave('');
    return this.#lines.filter((line) => line.what === 'auth').map((line) => line.tls);
  }

  /** How it takes messages from now on; as before with an empty word. */
  async behave(mood: string): Promise<void> {
    const before = this.#lines.length;
    this.#child.stdin.write(`${mood}\n`);
    const isChanged = () => this.#lines.slice(before).some((line) => line.what === 'mood');
    await until('the mood to change', isChanged, PATIENCE_MS);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }
}
