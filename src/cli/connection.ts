/**
 * From flags, environment and context file to a client, in this order. Addresses that a
 * cluster told earlier are remembered beside the context's certificates, so that a
 * command still finds the cluster when the node in the context file is the dead one.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { LIMITS, SqlccError } from '../base/index.ts';
import type { Credentials, SqlccClientOptions } from '../client/index.ts';
import { finishKeyPair } from './credentials.ts';
import { durationOf, type Flags } from './flags.ts';
import { chooseContext, parseEndpoints, profileFile, readProfile } from './profile.ts';
import { runningDemo } from './running-demo.ts';

export interface Connection {
  readonly contextName: string;
  readonly options: SqlccClientOptions;
  /** Where learned addresses are kept; null without a context. */
  readonly memory: string | null;
  /** Where the credentials were read from; `cert` and `key` are absent for a token. */
  readonly files: { readonly ca: string; readonly cert?: string; readonly key?: string };
}

type Env = Readonly<Record<string, string | undefined>>;

/** Addresses remembered in `file`; none when it is absent or damaged. */
function remembered(file: string | null): string[] {
  if (file === null) return [];
  try {
    return parseEndpoints((JSON.parse(readFileSync(file, 'utf8')) as string[]).join(','));
  } catch {
    return []; // a memory, not a promise
  }
}

/** Keeps `endpoints` for the next command; silently does nothing where it may not write. */
export function remember(file: string | null, endpoints: readonly string[]): void {
  if (file === null || JSON.stringify(remembered(file)) === JSON.stringify(endpoints)) return;
  try {
    writeFileSync(file, JSON.stringify(endpoints), { mode: 0o600 });
  } catch {
    // a read-only folder costs the memory, not the command
  }
}

interface Files {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly tokenFile?: string | undefined;
}

function filesOf(flags: Flags, env: Env): Files {
  return {
    ca: flags.text('ca') ?? env.SQLCC_CA,
    cert: flags.text('cert') ?? env.SQLCC_CERT,
    key: flags.text('key') ?? env.SQLCC_KEY,
    tokenFile: flags.text('tokenFile') ?? env.SQLCC_TOKEN_FILE,
  };
}

interface Found {
  readonly name: string;
  readonly endpoints: readonly string[];
  readonly files: Files;
  readonly memory: string | null;
}

async function contextOf(flags: Flags, env: Env, file: string): Promise<Found> {
  const wanted = flags.text('context') ?? env.SQLCC_CONTEXT;
  const findDemo = (): string | null => runningDemo(env['TMPDIR'] ?? '/tmp');
  const chosen = chooseContext(await readProfile(file), wanted, file, findDemo);
  const { name, context } = chosen;
  const path = (relative: string | undefined): string | undefined =>
    relative === undefined ? undefined : resolve(dirname(file), relative);
  const ca = path(context.ca);
  return {
    name,
    endpoints: context.endpoints,
    files: { ca, cert: path(context.cert), key: path(context.key), tokenFile: path(context.token_file) },
    memory: ca === undefined ? null : join(dirname(ca), 'endpoints.json'),
  };
}

/** Throws `invalid_argument` with what is missing; opens no socket. */
export async function findConnection(flags: Flags, env: Env): Promise<Connection> {
  const timeout = timeoutOf(flags, env);
  const own = filesOf(flags, env);
  const text = flags.text('endpoint') ?? env.SQLCC_ENDPOINT;
  const isComplete = text !== undefined && own.ca !== undefined && (own.cert ?? own.tokenFile) !== undefined;
  const context = isComplete ? null : await contextOf(flags, env, profileFile(env));
  const { ca, cert, key, tokenFile } = { ...context?.files, ...defined(own) };
  if (ca === undefined)
    throw new SqlccError('invalid_argument', 'no CA given', {
      hint: 'give --ca FILE, or a context that has one',
    });
  const memory = context?.memory ?? null;
  const endpoints =
    text === undefined
      ? [...new Set([...(context?.endpoints ?? []), ...remembered(memory)])]
      : parseEndpoints(text);
  // a token replaces the context's certificate: somebody who gives one wants to be seen as it
  const isToken = tokenFile !== undefined && (own.tokenFile !== undefined || cert === undefined);
  if (!isToken && (cert === undefined) !== (key === undefined)) {
    throw new SqlccError('invalid_argument', '--cert and --key belong together');
  }
  const isPair = !isToken && cert !== undefined && key !== undefined;
  const { readOwn } = await import('./pem-files.ts');
  const paths = { ...(isToken && { token: tokenFile }), ...(isPair && { cert, key }) };
  const credentials = (): Credentials => {
    if (isPair) finishKeyPair({ cert, key });
    return readOwn(ca, paths);
  };
  return {
    contextName: context?.name ?? endpoints[0] ?? '',
    memory: text === undefined ? memory : null,
    options: {
      endpoints: endpoints.slice(0, LIMITS.maxClientEndpoints),
      ...credentials(),
      ...{ credentials, ...timeout },
      failFast: true,
    },
    files: { ca, ...(isPair && { cert, key }) },
  };
}

function timeoutOf(flags: Flags, env: Env): { timeoutMs?: number } {
  const { SQLCC_TIMEOUT: usual } = env;
  const given =
    flags.duration('timeout') ?? (usual === undefined ? undefined : durationOf('$SQLCC_TIMEOUT', usual));
  return given === undefined ? {} : { timeoutMs: given };
}

function defined<T extends object>(record: T): Partial<T> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as Partial<T>;
}
