/**
 * Where clusters are: the context file. It is small and read by every command, so it is
 * checked by hand (the schema library would cost more than the whole rest of a start).
 *
 *     current: prod
 *     contexts:
 *       prod: {endpoints: [10.0.0.1:5433], ca: prod/ca.crt, cert: prod/admin.crt, key: prod/admin.key}
 *
 * Files are relative to the folder of the context file.
 */
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { SqlccError, shellWord } from '../base/index.ts';
import { readPlainProfile } from './plain-profile.ts';

export interface Context {
  readonly endpoints: readonly string[];
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly token_file?: string;
}

export interface Profile {
  readonly current: string | null;
  readonly contexts: Readonly<Record<string, Context>>;
}

const FILE_KEYS = ['ca', 'cert', 'key', 'token_file'] as const;
const ENDPOINT = /^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):(\d{1,5})$/;

type Env = Readonly<Record<string, string | undefined>>;

export function profileFile(env: Env): string {
  if (env.SQLCC_CONFIG) return resolve(env.SQLCC_CONFIG);
  const home = env.XDG_CONFIG_HOME ?? join(env.HOME ?? homedir(), '.config');
  return join(home, 'sqlcc', 'config.yaml');
}

/** `a:1,b:2` as a list; throws on what is no `host:port`. */
export function parseEndpoints(text: string): string[] {
  const list = text
    .split(',')
    .map((e) => e.trim())
    .filter((e) => e !== '');
  for (const endpoint of list) {
    const port = Number(ENDPOINT.exec(endpoint)?.[1] ?? 0);
    if (port < 1 || port > 65_535) {
      throw new SqlccError('invalid_argument', `"${endpoint}" is no endpoint`, {
        hint: 'write host:port, e.g. 127.0.0.1:5433',
      });
    }
  }
  if (list.length === 0)
    throw new SqlccError('invalid_argument', 'no endpoint given', { hint: 'write host:port' });
  return list;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function checkContext(file: string, name: string, value: unknown): Context {
  const bad = (what: string): never => {
    throw new SqlccError('config_invalid', `${file}: context "${name}" ${what}`);
  };
  if (!isRecord(value)) return bad('is no mapping');
  const { endpoints } = value;
  if (!Array.isArray(endpoints) || endpoints.length === 0 || !endpoints.every((e) => typeof e === 'string')) {
    return bad('needs endpoints: a list of host:port');
  }
  parseEndpoints(endpoints.join(','));
  for (const key of FILE_KEYS) {
    if (value[key] !== undefined && typeof value[key] !== 'string') bad(`has a ${key} that is no file name`);
  }
  const unknown = Object.keys(value).filter((k) => k !== 'endpoints' && !FILE_KEYS.some((f) => f === k));
  if (unknown.length > 0) bad(`has an unknown key "${unknown[0]}"`);
  return value as unknown as Context;
}

/** Checks the parsed YAML; every complaint names the file. */
export function checkProfile(file: string, value: unknown): Profile {
  if (value === null || value === undefined) return { current: null, contexts: {} };
  if (!isRecord(value) || (value.contexts !== undefined && !isRecord(value.contexts))) {
    throw new SqlccError('config_invalid', `${file}: expected the keys current and contexts`);
  }
  const entries = Object.entries(value.contexts ?? {}).map(([name, context]) => [
    name,
    checkContext(file, name, context),
  ]);
  return {
    current: typeof value.current === 'string' ? value.current : null,
    contexts: Object.fromEntries(entries) as Record<string, Context>,
  };
}

/** The profile; an absent file is an empty one. */
export async function readProfile(file: string): Promise<Profile> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { current: null, contexts: {} };
    throw new SqlccError('config_invalid', `${file} can't be read: ${(error as Error).message}`);
  }
  const plain = readPlainProfile(text);
  if (plain !== null) return checkProfile(file, plain);
  const { parseYaml } = await import('./output/yaml.ts');
  try {
    return checkProfile(file, parseYaml(text));
  } catch (error) {
    if (error instanceof SqlccError) throw error;
    throw new SqlccError('config_invalid', `${file}: ${(error as Error).message}`);
  }
}

/** Replaces the file: written aside and renamed, 0600. */
export async function writeProfile(file: string, profile: Profile): Promise<void> {
  const { formatYaml } = await import('./output/yaml.ts');
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const aside = `${file}.${process.pid}.new`;
  writeFileSync(aside, formatYaml(profile), { mode: 0o600 });
  chmodSync(aside, 0o600);
  renameSync(aside, file);
}

/** Adds or replaces a context and makes it the current one. */
export async function saveContext(file: string, name: string, context: Context): Promise<void> {
  const { contexts } = await readProfile(file);
  await writeProfile(file, { current: name, contexts: { ...contexts, [name]: context } });
}

/** The context by name, else the current, else the only one; without any `findDemo` may know one. */
export function chooseContext(
  profile: Profile,
  name: string | undefined,
  file: string,
  findDemo: () => string | null = () => null,
): { name: string; context: Context } {
  const names = Object.keys(profile.contexts);
  const wanted = name ?? profile.current ?? (names.length === 1 ? names[0] : undefined);
  const context = wanted === undefined ? undefined : profile.contexts[wanted];
  if (wanted !== undefined && context !== undefined) return { name: wanted, context };
  const known = names.length === 0 ? 'it has none yet' : `it has ${names.join(', ')}`;
  const found = wanted === undefined ? findDemo() : null;
  const first =
    found === null ? '' : `a demo runs: put SQLCC_CONFIG=${shellWord(found)} before the command; or `;
  throw new SqlccError(
    name === undefined ? 'invalid_argument' : 'not_found',
    wanted === undefined ? `no context is chosen in ${file}` : `${file} has no context "${wanted}"`,
    {
      hint:
        `${first}give --context NAME (${known}), or --endpoint with --ca and a certificate or token; ` +
        'cluster init writes a context, sqlcc demo starts a cluster to look at',
    },
  );
}
