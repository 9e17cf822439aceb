/** `sqlcc support dump FILE`. */
import { resolve } from 'node:path';
import { SqlccError } from '../../base/index.ts';
import type { CliContext, Run } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { type Flags, given } from '../flags.ts';
import { size } from '../output/words.ts';

/** The caller's own way to the cluster, where one was named; a node's data folder has a way of its own. */
async function connectionOf(context: CliContext, flags: Flags, isLocal: boolean) {
  const isNamed = flags.text('context') !== undefined || flags.text('endpoint') !== undefined;
  if (isLocal && !isNamed) return null;
  const { options } = await context.connection();
  const { endpoints, ca, cert, key, token } = options;
  const proof = token === undefined ? { ...given('cert', cert), ...given('key', key) } : { token };
  return { endpoints, credentials: { ca, ...proof } };
}

export const supportDump: Run = async (context, { args, flags }) => {
  const { printer } = context;
  const [configFile, dataDir] = [flags.text('config'), flags.text('dataDir')];
  const isLocal = configFile !== undefined || dataDir !== undefined;
  const connection = await connectionOf(context, flags, isLocal).catch((error: unknown) => {
    if (!(error instanceof SqlccError)) throw error;
    throw new SqlccError(error.code, error.message, {
      hint: 'give --config or --data-dir of a node on this machine, or a context',
    });
  });
  const { dumpSupport } = await import('../../../daemon/index.ts');
  const dumped = await dumpSupport({
    file: resolve(args[0] ?? ''),
    ...given('configFile', configFile),
    ...given('dataDir', dataDir),
    logFiles: flags.texts('logFile').map((file) => resolve(file)),
    connection,
  });
  const { file, bytes, files, missing, nodes } = dumped;
  await printer.answer({ file, bytes, nodes, files, missing }, () => {
    printer.facts([
      ['File', file],
      ['Size', size(bytes)],
      ['Holds', `${files.length} files; nodes that answered: ${nodes.join(', ') || 'none'}`],
    ]);
    for (const { name, reason } of missing) printer.note(`not in it: ${name}: ${reason}`);
    printer.note('secrets and data were left out; look into it before you give it away');
  });
  return EXIT.ok;
};
