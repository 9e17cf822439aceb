/**
 * What every command is given: flags, printer, client, terminal. Made once a run; opens
 * nothing by itself.
 */
import { SqlccError } from '../base/index.ts';
import type { SqlccClient } from '../client/index.ts';
import { type Connection, findConnection, remember } from './connection.ts';
import type { Flags } from './flags.ts';
import { parseFormat } from './output/format.ts';
import { Printer } from './output/printer.ts';
import type { Terminal } from './output/terminal.ts';

/** The arguments and options of one command line. */
export interface Invocation {
  readonly args: readonly string[];
  readonly flags: Flags;
}

/** A command: answers its exit code, throws SqlccError. */
export type Run = (context: CliContext, invocation: Invocation) => Promise<number>;

export interface CliContextOptions {
  readonly terminal: Terminal;
  readonly flags: Flags;
  /** Aborts on the first interrupt; asked for only by commands that end by it. */
  readonly interrupt: () => AbortSignal;
  /** What `-o` may be. */
  readonly formats: readonly string[];
}

export class CliContext {
  readonly terminal: Terminal;
  readonly printer: Printer;
  readonly #flags: Flags;
  readonly #interrupt: () => AbortSignal;
  #connection: Connection | null = null;
  #client: SqlccClient | null = null;

  constructor({ terminal, flags, interrupt, formats }: CliContextOptions) {
    this.terminal = terminal;
    this.#flags = flags;
    this.#interrupt = interrupt;
    const format = parseFormat(flags.text('output') ?? terminal.env.SQLCC_OUTPUT ?? 'table', formats);
    const { NO_COLOR = '', TERM } = terminal.env;
    const isPlain = flags.isOff('color') || NO_COLOR !== '' || TERM === 'dumb' || !terminal.isOutTty;
    this.printer = new Printer(terminal, format, !isPlain);
  }

  get interrupt(): AbortSignal {
    return this.#interrupt();
  }

  /** A program that wants a document is asked nothing, terminal or not. */
  get canAsk(): boolean {
    return this.terminal.canAsk && this.printer.isText;
  }

  /** `--yes` is never asked anything. */
  get isYes(): boolean {
    return this.#flags.is('yes');
  }

  /** `--yes-cluster`: what can't be undone takes the name of the cluster, given or typed. */
  get yesCluster(): string | undefined {
    return this.#flags.text('yesCluster');
  }

  async connection(): Promise<Connection> {
    this.#connection ??= await findConnection(this.#flags, this.terminal.env);
    return this.#connection;
  }

  async client(): Promise<SqlccClient> {
    if (this.#client !== null) return this.#client;
    const { options, memory } = await this.connection();
    const { RememberingClient } = await import('./remembering-client.ts');
    const { expiryNotice } = await import('./own-expiry.ts');
    const notice = expiryNotice(options.cert ?? '', Date.now());
    if (notice !== null) this.printer.note(notice);
    this.#client = new RememberingClient(options, memory);
    return this.#client;
  }

  /** What a command threw; where the one address that is known does not answer, with the way to another. */
  advised(thrown: unknown): unknown {
    const [known, ...others] = this.#client?.endpoints ?? [];
    if (known === undefined || others.length > 0 || !(thrown instanceof SqlccError)) return thrown;
    const { code, message, details } = thrown;
    // what has a reason of its own (a certificate) has its own advice
    const isUnreached = code === 'unavailable' && details.sent === false && details.endpoint === known;
    if (!isUnreached || thrown.hint !== new SqlccError(code, '').hint) return thrown;
    const hint = 'no other node is known here: give one with --endpoint, or check that this one runs';
    return new SqlccError(code, message, { details, hint, cause: thrown });
  }

  async close(): Promise<void> {
    if (this.#client === null || this.#connection === null) return;
    remember(this.#connection.memory, this.#client.endpoints);
    await this.#client.close();
  }
}
