/** `sqlcc context list|use|show|add|remove`: the context file, without any cluster. */
import { existsSync } from 'node:fs';
import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { SqlccError } from '../../base/index.ts';
import { askYes, requireConsent } from '../confirm.ts';
import type { CliContext, Run } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { type Flags, given } from '../flags.ts';
import type { Column } from '../output/table.ts';
import { readOwn } from '../pem-files.ts';
import {
  type Context,
  chooseContext,
  type Profile,
  parseEndpoints,
  profileFile,
  readProfile,
  writeProfile,
} from '../profile.ts';

interface ContextLine extends Context {
  readonly name: string;
  readonly current: boolean;
}

const COLUMNS: readonly Column<ContextLine>[] = [
  { name: 'CURRENT', of: (c) => (c.current ? '*' : ' ') },
  { name: 'NAME', of: (c) => c.name },
  { name: 'ENDPOINTS', of: (c) => c.endpoints.join(', ') },
  { name: 'AS', of: (c) => c.token_file ?? c.cert ?? null },
  { name: 'CA', of: (c) => c.ca ?? null, wide: true },
];

/** The context that a command without `--context` takes. */
function currentOf(profile: Profile): string | null {
  const names = Object.keys(profile.contexts);
  return profile.current ?? (names.length === 1 ? (names[0] ?? null) : null);
}

function linesOf(profile: Profile): ContextLine[] {
  const current = currentOf(profile);
  return Object.entries(profile.contexts).map(([name, c]) => ({ name, current: name === current, ...c }));
}

async function opened(context: CliContext): Promise<{ file: string; profile: Profile }> {
  const file = profileFile(context.terminal.env);
  return { file, profile: await readProfile(file) };
}

export const contextList: Run = async (context) => {
  const { file, profile } = await opened(context);
  const lines = linesOf(profile);
  const document = { file, current: currentOf(profile), contexts: lines };
  await context.printer.answer(document, () => context.printer.table(COLUMNS, lines), lines);
  if (lines.length === 0)
    context.printer.note(`${file} has no context yet; cluster init or context add makes one`);
  return EXIT.ok;
};

export const contextUse: Run = async (context, { args }) => {
  const { file, profile } = await opened(context);
  const { name } = chooseContext(profile, args[0] ?? '', file);
  await writeProfile(file, { ...profile, current: name });
  await context.printer.answer({ current: name }, () =>
    context.printer.line(`the current context is ${name}`),
  );
  return EXIT.ok;
};

export const contextShow: Run = async (context, { args }) => {
  const { file, profile } = await opened(context);
  const { name, context: found } = chooseContext(profile, args[0], file);
  const line = { name, current: name === currentOf(profile), ...found };
  const path = (text: string | undefined) => (text === undefined ? null : resolve(dirname(file), text));
  const missing = (text: string | undefined) => {
    const whole = path(text);
    return whole === null || existsSync(whole) ? whole : { text: `${whole} (missing)`, tone: 'bad' as const };
  };
  await context.printer.answer({ file, context: line }, () =>
    context.printer.facts([
      ['Name', name],
      ['Current', line.current ? 'yes' : 'no'],
      ['Endpoints', found.endpoints.join(', ')],
      ['CA', missing(found.ca)],
      ['Certificate', missing(found.cert)],
      ['Key', missing(found.key)],
      ['Token file', missing(found.token_file)],
      ['File', file],
    ]),
  );
  return EXIT.ok;
};

/** A file as the context file names it: relative to its folder where it lies in there. */
function kept(file: string, path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  const whole = resolve(path);
  if (!existsSync(whole)) {
    const hint =
      '--ca, --cert, --key and --token-file name files of this machine; "sqlcc cert issue" makes them';
    throw new SqlccError('invalid_argument', `there is no file ${whole}`, { hint });
  }
  const inside = relative(dirname(file), whole);
  return inside.startsWith('..') || isAbsolute(inside) ? whole : inside;
}

function contextOf(file: string, flags: Flags): Context {
  const [cert, key, token] = [flags.text('cert'), flags.text('key'), flags.text('tokenFile')];
  if ((cert === undefined) !== (key === undefined))
    throw new SqlccError('invalid_argument', '--cert and --key belong together');
  if ((cert === undefined) === (token === undefined)) {
    throw new SqlccError('invalid_argument', 'a context needs --cert with --key, or --token-file', {
      hint: 'sqlcc token create --role viewer makes a token',
    });
  }
  const ca = flags.required('ca');
  const context = {
    endpoints: parseEndpoints(flags.required('endpoint')),
    ...given('ca', kept(file, ca)),
    ...given('cert', kept(file, cert)),
    ...given('key', kept(file, key)),
    ...given('token_file', kept(file, token)),
  };
  // as the first command would: what it trips over is corrected while one still has the files at hand
  readOwn(ca, { ...given('cert', cert), ...given('key', key), ...given('token', token) });
  return context;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

export const contextAdd: Run = async (context, { args, flags }) => {
  const name = args[0] ?? '';
  if (!NAME.test(name)) {
    throw new SqlccError('invalid_argument', `"${name}" is no name for a context`, {
      hint: 'letters, digits, ".", "_" and "-", at most 63',
    });
  }
  const { file, profile } = await opened(context);
  if (profile.contexts[name] !== undefined && !flags.is('replace')) {
    throw new SqlccError('conflict', `${file} has a context "${name}" already`, {
      hint: 'choose another name, or give --replace',
    });
  }
  const contexts = { ...profile.contexts, [name]: contextOf(file, flags) };
  const current = flags.is('use') ? name : (currentOf(profile) ?? name);
  await writeProfile(file, { current, contexts });
  await context.printer.answer({ name, current }, () =>
    context.printer.line(`context ${name} is added to ${file}; the current one is ${current}`),
  );
  return EXIT.ok;
};

export const contextRemove: Run = async (context, { args }) => {
  const { file, profile } = await opened(context);
  const { name } = chooseContext(profile, args[0] ?? '', file);
  const { terminal, isYes, interrupt } = context;
  requireConsent(terminal.canAsk, isYes, 'context remove');
  if (!isYes && !(await askYes(terminal, `forget context ${name}?`, interrupt))) return EXIT.declined;
  const contexts = Object.fromEntries(Object.entries(profile.contexts).filter(([key]) => key !== name));
  // what commands mean without a name is never moved to another cluster silently
  const current = profile.current === name ? null : profile.current;
  await writeProfile(file, { current, contexts });
  await context.printer.answer({ removed: name }, () => context.printer.line(`context ${name} is forgotten`));
  return EXIT.ok;
};
