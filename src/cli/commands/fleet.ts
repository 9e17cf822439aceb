/** `sqlcc top --once --all-contexts`: every cluster of the context file, one line each. */
import { LIMITS, SqlccError } from '../../base/index.ts';
import type { SqlccClient } from '../../client/index.ts';
import { findConnection } from '../connection.ts';
import type { CliContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { Flags } from '../flags.ts';
import { profileFile, readProfile } from '../profile.ts';
import { pause } from './pause.ts';

/** A client of one context, or why there is none. */
export interface FleetClient {
  readonly name: string;
  readonly client: SqlccClient | null;
  readonly error: string | null;
}

const ASK_MS = 3000;
const EXITS = {
  healthy: EXIT.ok,
  degraded: EXIT.degraded,
  critical: EXIT.critical,
  unreachable: EXIT.unreachable,
  unknown: EXIT.unreachable,
} as const;

/** Clients of the named contexts, or of all. A context that can't be used is an entry too. */
export async function fleetClients(context: CliContext, names?: readonly string[]): Promise<FleetClient[]> {
  const { env } = context.terminal;
  const { SqlccClient } = await import('../../client/index.ts');
  const file = profileFile(env);
  const { contexts } = await readProfile(file);
  const wanted = names ?? Object.keys(contexts);
  const unknown = wanted.find((name) => contexts[name] === undefined);
  if (unknown !== undefined) throw new SqlccError('not_found', `${file} has no context "${unknown}"`);
  if (wanted.length === 0) {
    throw new SqlccError('invalid_argument', `${file} has no context`, {
      hint: 'cluster init or context add makes one',
    });
  }
  // what the environment says of one cluster is not true of all
  const plain = { ...env, SQLCC_ENDPOINT: undefined, SQLCC_CA: undefined, SQLCC_CERT: undefined };
  const bare = { ...plain, SQLCC_KEY: undefined, SQLCC_TOKEN_FILE: undefined };
  return Promise.all(
    wanted.map(async (name) => {
      try {
        const { options } = await findConnection(new Flags({ context: name }), bare);
        return { name, client: new SqlccClient(options), error: null };
      } catch (error) {
        return { name, client: null, error: (error as Error).message };
      }
    }),
  );
}

/** The clusters of all contexts for the screen: a client is made when its cluster is asked for, once. */
export async function fleetOf(context: CliContext) {
  const { contexts } = await readProfile(profileFile(context.terminal.env));
  const made = new Map<string, Promise<FleetClient>>();
  const find = async (name: string): Promise<FleetClient> => {
    const [found] = await fleetClients(context, [name]);
    return found ?? { name, client: null, error: 'no such context' };
  };
  return {
    names: Object.keys(contexts).slice(0, LIMITS.screenContexts),
    connect: async (name: string) => {
      const found = made.get(name) ?? find(name);
      made.set(name, found);
      const { client, error } = await found;
      if (client === null) throw new SqlccError('invalid_argument', error ?? 'this context can’t be used');
      return { client };
    },
    close: async () => closeFleet(await Promise.all(made.values())),
  };
}

export async function closeFleet(fleet: readonly FleetClient[]): Promise<void> {
  await Promise.all(fleet.map(async ({ client }) => client?.close()));
}

async function askOne({ name, client, error }: FleetClient) {
  if (client === null) return { context: name, status: null, error };
  try {
    const status = await client.status({ stale: true, timeoutMs: ASK_MS });
    return { context: name, status, error: null };
  } catch (failure) {
    return { context: name, status: null, error: (failure as Error).message };
  }
}

interface FleetRun {
  /** Pictures; 0 = until interrupted. */
  readonly count: number;
  readonly delayMs: number;
  readonly check: boolean;
}

export async function showFleet(context: CliContext, run: FleetRun): Promise<number> {
  const { fleetDocument, fleetText } = await import('../../../tui/batch/index.ts');
  const { printer, terminal, interrupt } = context;
  const fleet = await fleetClients(context);
  printer.isStream = run.count !== 1;
  let code: number = EXIT.ok;
  try {
    for (let n = 1; !interrupt.aborted; n++) {
      const entries = await Promise.all(fleet.map(askOne));
      const document = fleetDocument(entries);
      await printer.answer(document, () => printer.raw(fleetText(entries, terminal.columns)));
      code = run.check ? EXITS[document.health] : EXIT.ok;
      if (n === run.count) break;
      if (printer.isText) printer.line('');
      await pause(run.delayMs, interrupt);
    }
  } finally {
    await closeFleet(fleet);
  }
  return code;
}
