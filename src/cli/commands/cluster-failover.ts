/** `sqlcc cluster failover`. */
import type { Run } from '../context.ts';
import { given } from '../flags.ts';
import { act } from './show-operation.ts';

const WAIT_DEFAULT_MS = 60_000;

export const clusterFailover: Run = (context, { flags }) =>
  act(context, {
    request: { kind: 'failover', ...given('to', flags.text('to')), ...given('reason', flags.text('reason')) },
    verb: 'cluster failover',
    consent: 'typed',
    isDryRun: flags.is('dryRun'),
    isWait: !flags.isOff('wait'),
    timeoutMs: flags.duration('timeout') ?? WAIT_DEFAULT_MS,
  });
