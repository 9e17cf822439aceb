/** `sqlcc wall`: contexts to the wallboard. */
import { SqlccError } from '../../base/index.ts';
import type { Run } from '../context.ts';
import { INTERVAL } from '../flags.ts';
import { closeFleet, fleetClients } from './fleet.ts';

const ROTATE_MS = 20_000;
const REFRESH_MS = 1000;

export const wall: Run = async (context, { flags }) => {
  const rotateMs = flags.duration('rotate', { leastMs: 1000 }) ?? ROTATE_MS;
  const refreshMs = flags.duration('delay', INTERVAL) ?? REFRESH_MS;
  const names = flags.text('contexts')?.split(',').filter(Boolean);
  const isFleet = names !== undefined || flags.is('allContexts');
  const { stdin, stdout, stderr, env } = context.terminal;
  const fleet = isFleet ? await fleetClients(context, names) : [];
  const clusters = fleet.map(({ name, client, error }) =>
    client === null ? { name, client, error: error ?? 'no reason is known' } : { name, client },
  );
  for (const { name, error } of fleet) if (error !== null) context.printer.note(`${name}: ${error}`);
  if (isFleet && fleet.every(({ client }) => client === null)) {
    throw new SqlccError('invalid_argument', 'none of these contexts can be used', {
      hint: 'see context show',
    });
  }
  const single = async () => [
    { name: (await context.connection()).contextName, client: await context.client() },
  ];
  const { runWall } = await import('../../../tui/wall/index.ts');
  try {
    return await runWall({
      clusters: isFleet ? clusters : await single(),
      ...{ rotateMs, refreshMs },
      ascii: flags.is('ascii'),
      utc: flags.is('utc'),
      noColor: !context.printer.color,
      io: { stdin, stdout, stderr, env },
    });
  } finally {
    await closeFleet(fleet);
  }
};
