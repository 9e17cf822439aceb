/**
 * `sqlcc cert issue`: a certificate for a person or program, signed on the spot with the
 * CA key in a voter's data folder. It asks no daemon, so it also works when the last
 * administrator's certificate has run out.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { SqlccError } from '../../base/index.ts';
import type { Run } from '../context.ts';

const DEFAULT_VALID_MS = 365 * 86_400_000;

export const certIssue: Run = async ({ printer }, { flags }) => {
  const dataDir = flags.required('dataDir');
  const name = flags.text('name') ?? 'admin';
  const out = resolve(flags.text('out') ?? '.');
  const files = { ca: join(out, 'ca.crt'), cert: join(out, `${name}.crt`), key: join(out, `${name}.key`) };
  for (const file of [files.cert, files.key]) {
    if (existsSync(file)) {
      throw new SqlccError('conflict', `${file} exists`, { hint: 'choose another --out or --name' });
    }
  }
  const { issueAdmin } = await import('../../../daemon/index.ts');
  const issued = await issueAdmin({
    dataDir,
    name,
    // the choices of the flag are the roles
    role: (flags.text('role') ?? 'admin') as Parameters<typeof issueAdmin>[0]['role'],
    validForMs: flags.duration('validFor') ?? DEFAULT_VALID_MS,
  });
  mkdirSync(out, { recursive: true, mode: 0o700 });
  writeFileSync(files.key, issued.key, { mode: 0o600, flag: 'wx', flush: true });
  writeFileSync(files.cert, issued.cert, { mode: 0o600, flag: 'wx' });
  writeFileSync(files.ca, issued.ca, { mode: 0o600 });
  const expires = new Date(issued.expires).toISOString();
  const document = { cluster: { name: issued.clusterName, id: issued.clusterId }, name, expires, ...files };
  await printer.answer(document, () => {
    printer.facts([
      ['Cluster', `${issued.clusterName} (${issued.clusterId})`],
      ['Name', name],
      ['Expires', expires],
      ['Certificate', files.cert],
      ['Key', files.key],
      ['CA', files.ca],
    ]);
    const use = `--ca ${files.ca} --cert ${files.cert} --key ${files.key}`;
    printer.line(`\nUse it with: sqlcc cluster status --endpoint HOST:PORT ${use}`);
  });
  return 0;
};
