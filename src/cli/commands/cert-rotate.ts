/** `sqlcc cert rotate-ca` and `cert renew --self`: a new CA for the cluster, and what people do then. */
import { SqlccError } from '../../base/index.ts';
import type { Run } from '../context.ts';
import { replaceFile, replaceKeyPair } from '../credentials.ts';
import { EXIT } from '../exit-codes.ts';
import { given } from '../flags.ts';
import { time } from '../output/words.ts';
import { act } from './show-operation.ts';

const WAIT_DEFAULT_MS = 180_000;
/** Where --timeout says nothing: nobody is in a hurry for a certificate, and the node may be busy. */
const RENEW_DEFAULT_MS = 20_000;

export const certRotateCa: Run = async (context, { flags }) => {
  const isFinish = flags.is('finish');
  const exit = await act(context, {
    request: { kind: isFinish ? 'retire-ca' : 'rotate-ca', ...given('reason', flags.text('reason')) },
    verb: `cert rotate-ca${isFinish ? ' --finish' : ''}`,
    consent: 'cluster',
    isDryRun: flags.is('dryRun'),
    isWait: !flags.isOff('wait'),
    timeoutMs: flags.duration('timeout') ?? WAIT_DEFAULT_MS,
  });
  if (
    exit === EXIT.ok &&
    !isFinish &&
    context.printer.isText &&
    !flags.is('dryRun') &&
    !flags.isOff('wait')
  ) {
    context.printer.note('next: sqlcc cert renew --self (each person and program), sqlcc cert list,');
    context.printer.note('then: sqlcc cert rotate-ca --finish');
  }
  return exit;
};

/** The key is made here and goes nowhere; the CAs of the answer replace the context's. */
export const certRenewSelf: Run = async (context) => {
  const { files, options } = await context.connection();
  const { ca, cert, key } = files;
  if (cert === undefined || key === undefined)
    throw new SqlccError('invalid_argument', 'a token has no certificate to renew', {
      hint: 'give --cert and --key, or a context that has them',
    });
  const client = await context.client();
  const { timeoutMs = RENEW_DEFAULT_MS } = options;
  const { newRequest } = await import('../../../daemon/index.ts');
  const fresh = await newRequest('self');
  const made = await client.people.renewOwn({ csr: fresh.csrPem }, { timeoutMs });
  // the CAs first: they hold those of before as long as anybody shows them
  replaceFile(ca, made.ca_certificate);
  replaceKeyPair({ cert, key }, { cert: made.certificate, key: fresh.keyPem });
  const { name, role, serial, not_after } = made;
  await context.printer.answer({ name, role, serial, not_after, ca, cert, key }, () =>
    context.printer.line(`${name} has certificate ${serial} in ${cert}, good until ${time(not_after)} UTC`),
  );
  return EXIT.ok;
};
