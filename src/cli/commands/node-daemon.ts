/** `sqlcc node start` and `node join`: flags to the daemon's door, nothing more. */
import { readFileSync } from 'node:fs';
import { SqlccError } from '../../base/index.ts';
import { ask } from '../confirm.ts';
import type { CliContext, Run } from '../context.ts';
import { type Flags, given } from '../flags.ts';
import { placesOf } from './places.ts';

/** The daemon, loaded only by what runs it. */
const daemon = () => import('../../../daemon/index.ts');

function logOf(flags: Flags): { logLevel?: string; logFile?: string } {
  return { ...given('logLevel', flags.text('logLevel')), ...given('logFile', flags.text('logFile')) };
}

export const nodeStart: Run = async (_context, { flags }) => {
  const { configFile } = placesOf(flags, '');
  const { startNode } = await daemon();
  return startNode({ configFile, ...given('dataDir', flags.text('dataDir')), ...logOf(flags) });
};

async function tokenOf(context: CliContext, flags: Flags, seedNode: string): Promise<string> {
  const token = flags.text('token');
  if (token !== undefined) return token;
  const file = flags.text('tokenFile') ?? context.terminal.env.SQLCC_JOIN_TOKEN_FILE;
  if (file !== undefined) {
    try {
      return readFileSync(file === '-' ? 0 : file, 'utf8').trim();
    } catch (error) {
      throw new SqlccError('invalid_argument', `the token can't be read: ${(error as Error).message}`);
    }
  }
  if (!context.terminal.canAsk) {
    throw new SqlccError(
      'invalid_argument',
      'a node joins with a token, and there is no terminal to ask for it on',
      {
        hint:
          `on any node of the cluster: sqlcc token create --join --node ${flags.required('nodeId')}; ` +
          'then give --token-file FILE',
      },
    );
  }
  const { seedFingerprint } = await daemon();
  context.printer.note(`the cluster at ${seedNode} has the CA with the key fingerprint (SHA-256)`);
  context.printer.note(`  ${await seedFingerprint(seedNode)}`);
  context.printer.note(
    'compare it with what cluster init or token create printed, then paste the join token',
  );
  const answer = await ask(context.terminal, 'join token: ', context.interrupt);
  if (answer === null || answer === '') throw new SqlccError('invalid_argument', 'no token given');
  return answer;
}

export const nodeJoin: Run = async (context, { flags }) => {
  const seedNode = flags.required('seedNode');
  const nodeId = flags.required('nodeId');
  const port = flags.port('port') ?? 5433;
  const token = await tokenOf(context, flags, seedNode);
  const { joinCluster } = await daemon();
  return joinCluster({
    ...{ seedNode, nodeId, port, token, ...placesOf(flags, nodeId), ...logOf(flags) },
    host: flags.text('host') ?? '127.0.0.1',
    clientPort: flags.port('clientPort') ?? 5434,
    peerPort: flags.port('peerPort') ?? port + 2,
    metricsPort: flags.port('metricsPort') ?? 9090,
    noStart: flags.isOff('start'),
    ...given('advertiseHost', flags.text('advertiseHost')),
    ...given('zone', flags.text('zone')),
  });
};
