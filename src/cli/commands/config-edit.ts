/**
 * `sqlcc cluster config edit`: the whole configuration in the editor of the person. What is wrong comes back
 * into the editor as comments, where there is a terminal; a text left as it was ends it; what could not be
 * sent is kept in a file.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqlccError } from '../../base/index.ts';
import type { ResponseOf } from '../../client/index.ts';
import type { CliContext, Run } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { changeFlags, tellChange } from './config-words.ts';

/** Lines of ours; they are taken away before anything is read. */
const MARK = '#!';

interface Issue {
  readonly line?: number;
  readonly column?: number;
  readonly message?: string;
  readonly hint?: string;
}

function introduction(version: number): string[] {
  return [
    `${MARK} The configuration, version ${version}. What you delete goes back to its default.`,
    `${MARK} Save and leave the editor to put it in force; leave it unchanged to stop.`,
  ];
}

/** The text below its head; places of issues count the lines of the head too. */
function withHead(head: readonly string[], text: string): string {
  return `${head.join('\n')}\n${text}`;
}

function complaints(version: number, error: SqlccError): string[] {
  const issues = (error.details['issues'] ?? []) as Issue[];
  const lines = introduction(version);
  const offset = lines.length + issues.length + 1;
  const told = issues.map(({ line = 1, column = 1, message, hint }) => {
    const oneLine = `${message} (${hint})`.replace(/\s+/g, ' ');
    return `${MARK} line ${line + offset}, column ${column}: ${oneLine}`;
  });
  return [...lines, `${MARK} Nothing was changed: ${error.message}`, ...told];
}

function stripped(text: string): string {
  const lines = text.split('\n');
  while (lines[0]?.startsWith(MARK)) lines.shift();
  return lines.join('\n');
}

function editorOf(context: CliContext): string {
  const { env, canAsk } = context.terminal;
  const editor = env.VISUAL || env.EDITOR;
  if (editor) return editor;
  if (canAsk) return 'vi';
  throw new SqlccError('invalid_argument', 'there is no terminal and no $EDITOR', {
    hint: 'set EDITOR, or use "cluster config set" or "cluster config update"',
  });
}

/** Resolves with the exit code. The editor is a command line, as git and others take it. */
function runEditor(editor: string, file: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn('/bin/sh', ['-c', `${editor} "$1"`, 'sh', file], { stdio: 'inherit' });
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? EXIT.declined));
  });
}

interface Session {
  readonly context: CliContext;
  readonly editor: string;
  readonly file: string;
  readonly put: (text: string) => Promise<ResponseOf<'putConfig'>>;
}

type Edited =
  | { readonly kind: 'put'; readonly answer: ResponseOf<'putConfig'> }
  | { readonly kind: 'same' }
  | { readonly kind: 'left' };

/** Editor and cluster in turn, until the text is taken or the person leaves it. */
async function editUntilTaken(session: Session, version: number, original: string): Promise<Edited> {
  const { editor, file, put } = session;
  let head = introduction(version);
  let text = original;
  let refusal: SqlccError | null = null;
  for (;;) {
    writeFileSync(file, withHead(head, text), { mode: 0o600 });
    if ((await runEditor(editor, file)) !== 0) return { kind: 'left' };
    const edited = stripped(readFileSync(file, 'utf8'));
    if (edited === text || edited.trim() === '') {
      if (refusal !== null) throw refusal;
      return { kind: 'same' };
    }
    text = edited;
    try {
      return { kind: 'put', answer: await put(text) };
    } catch (error) {
      if (!(error instanceof SqlccError) || error.code !== 'config_invalid') throw error;
      // a program in the place of an editor reads no complaints: it would be asked for ever
      if (!session.context.terminal.canAsk) throw error;
      refusal = error;
      head = complaints(version, error);
    }
  }
}

export const configEdit: Run = async (context, { flags }) => {
  const editor = editorOf(context);
  const client = await context.client();
  const { version, text } = await client.config();
  const folder = mkdtempSync(join(tmpdir(), 'sqlcc-edit-'));
  const file = join(folder, 'config.yaml');
  const change = { ifVersion: version.version, ...changeFlags(flags) };
  const put = (edited: string) => client.putConfig({ text: edited, replace: true, ...change });
  let isKept = false;
  try {
    const edited = await editUntilTaken({ context, editor, file, put }, version.version, text);
    if (edited.kind === 'put') return await tellChange(context, edited.answer);
    context.printer.note('nothing was changed');
    return edited.kind === 'left' ? EXIT.declined : EXIT.ok;
  } catch (error) {
    // what a person wrote is not thrown away because somebody else was first, or nobody answered
    isKept = true;
    context.printer.note(`your text is kept in ${file}`);
    throw error;
  } finally {
    if (!isKept) rmSync(folder, { recursive: true, force: true });
  }
};
