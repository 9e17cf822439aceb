/**
 * `sqlcc cluster init`: the daemon makes the cluster on disk, this file makes it reachable:
 * context and next steps.
 */
import { existsSync, mkdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SqlccError } from '../../base/index.ts';
import type { Run } from '../context.ts';
import { given } from '../flags.ts';
import { profileFile, readProfile, saveContext } from '../profile.ts';
import { placesOf } from './places.ts';

/** A context's name is a folder's name too. A taken one stays: its key may be somebody's only way in. */
async function freeContextName(clusterName: string, file: string): Promise<string> {
  const base = clusterName.replace(/[^A-Za-z0-9._-]/g, '-');
  const { contexts } = await readProfile(file);
  const isTaken = (name: string): boolean =>
    contexts[name] !== undefined || existsSync(join(dirname(file), name, 'admin.key'));
  for (let n = 1; ; n++) {
    const name = n === 1 ? base : `${base}-${n}`;
    if (!isTaken(name)) return name;
  }
}

/** More than the files that will be written take. */
const ROOM_BYTES = 64 * 1024;

/**
 * Makes the context's folder and proves that files can be written to it and beside the context file. Called
 * before the cluster is made: the only key of the administrator has no other place to go.
 */
function requireRoom(file: string, folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const probe of [join(folder, 'admin.key.new'), `${file}.${process.pid}.probe`]) {
      writeFileSync(probe, Buffer.alloc(ROOM_BYTES), { mode: 0o600 });
      rmSync(probe);
    }
  } catch (cause) {
    const why = (cause as Error).message;
    throw new SqlccError('invalid_argument', `the administrator’s key can't be kept in ${folder}: ${why}`, {
      cause,
      hint: 'nothing was made; name another context file with SQLCC_CONFIG=FILE',
    });
  }
}

function dropEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // it held something before
  }
}

export const clusterInit: Run = async (context, { flags }) => {
  const { printer, terminal } = context;
  const clusterName = flags.required('clusterName');
  const nodeId = flags.required('nodeId');
  const port = flags.port('port') ?? 5433;
  const file = profileFile(terminal.env);
  const name = await freeContextName(clusterName, file);
  const folder = join(dirname(file), name);
  requireRoom(file, folder);
  const { initCluster } = await import('../../../daemon/index.ts');
  const made = await initCluster({
    ...{ clusterName, nodeId, port, ...placesOf(flags, nodeId) },
    host: flags.text('host') ?? '127.0.0.1',
    clientPort: flags.port('clientPort') ?? 5434,
    peerPort: flags.port('peerPort') ?? port + 2,
    metricsPort: flags.port('metricsPort') ?? 9090,
    ...given('advertiseHost', flags.text('advertiseHost')),
    ...given('zone', flags.text('zone')),
  }).catch((error: unknown) => {
    dropEmpty(folder);
    throw error;
  });
  // the key first: everything else can be had again
  writeFileSync(join(folder, 'admin.key'), made.admin.key, { mode: 0o600, flush: true });
  writeFileSync(join(folder, 'admin.crt'), made.admin.cert, { mode: 0o600 });
  writeFileSync(join(folder, 'ca.crt'), made.admin.ca, { mode: 0o600 });
  await saveContext(file, name, {
    endpoints: [made.endpoint],
    ca: `${name}/ca.crt`,
    cert: `${name}/admin.crt`,
    key: `${name}/admin.key`,
  });
  const document = {
    cluster: { name: made.clusterName, id: made.clusterId },
    node_id: nodeId,
    join_token: made.joinToken,
    ca_sha256: made.caSha256,
    context: name,
    context_file: file,
    config: made.configFile,
    data_dir: made.dataDir,
  };
  await printer.answer(document, () => {
    printer.facts([
      ['Cluster', `${made.clusterName} (${made.clusterId})`],
      ['Node', `${nodeId} at ${made.endpoint}`],
      ['Config', made.configFile],
      ['Data', made.dataDir],
      ['Context', `${name} in ${file}`],
      ['CA sha256', made.caSha256],
    ]);
    printer.line('\nStart this node:');
    printer.line(`  sqlcc node start --config ${made.configFile} --data-dir ${made.dataDir}`);
    printer.line('\nThen join the next one, on its machine, within one hour:');
    printer.line(
      `  sqlcc node join --seed-node ${made.endpoint} --node-id NAME --host ADDRESS ` +
        `--token ${made.joinToken}`,
    );
    printer.line('\nEach further node needs a token of its own: sqlcc token create --join');
  });
  return 0;
};
