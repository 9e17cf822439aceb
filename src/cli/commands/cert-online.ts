/** `sqlcc cert list|renew|revoke`: what running nodes know of certificates. */
import { compareText, SqlccError } from '../../base/index.ts';
import type { CertificateRow, SqlccClient } from '../../client/index.ts';
import type { CliContext, Run } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { given } from '../flags.ts';
import type { Column } from '../output/table.ts';
import { time } from '../output/words.ts';

interface Row extends CertificateRow {
  /** Nodes that hold it or were shown it. */
  readonly nodes: readonly string[];
}

const COLUMNS: readonly Column<Row>[] = [
  { name: 'SERIAL', of: (c) => c.serial },
  { name: 'NAME', of: (c) => c.name },
  { name: 'ROLE', of: (c) => (c.kind === 'ca' ? 'CA' : c.role) },
  { name: 'STATE', of: (c) => c.state },
  { name: 'CA', of: (c) => authorityWord(c) },
  { name: 'DAYS', of: (c) => c.days_left.toFixed(1), align: 'right' },
  { name: 'NOT-AFTER', of: (c) => time(c.not_after) },
  { name: 'NODES', of: (c) => c.nodes.join(',') },
  { name: 'WHERE', of: (c) => c.where.join(',') },
  { name: 'NOT-BEFORE', of: (c) => time(c.not_before), wide: true },
  { name: 'LAST-SEEN', of: (c) => (c.last_seen === null ? null : time(c.last_seen)), wide: true },
];

/** Which CA signed it, and whether that one signs now. */
function authorityWord({ signed_by, is_signing }: Row): string | null {
  if (signed_by === null) return null;
  return is_signing === null
    ? signed_by.slice(0, 8)
    : `${signed_by.slice(0, 8)} ${is_signing ? 'signs' : 'trusted'}`;
}

type Answer = Awaited<ReturnType<SqlccClient['people']['certificates']>>;

/** One row a certificate, whoever told of it. */
function merged(answers: readonly Answer[]): Row[] {
  const rows = new Map<string, Row>();
  for (const { node_id: nodeId, certificates } of answers) {
    for (const row of certificates) {
      const known = rows.get(row.serial);
      const where = [...new Set([...(known?.where ?? []), ...row.where])];
      const seen = [known?.last_seen ?? '', row.last_seen ?? ''].sort()[1] ?? '';
      const last_seen = seen === '' ? null : seen;
      // who knows it from the record alone was not shown it, and does not know its CA
      const isRecorded = row.where.every((w) => w === 'record');
      const nodes = [...(known?.nodes ?? []), ...(isRecorded ? [] : [nodeId])];
      rows.set(row.serial, { ...row, ...(isRecorded ? known : {}), where, last_seen, nodes });
    }
  }
  return [...rows.values()].sort((a, b) => compareText(a.not_after, b.not_after));
}

/** Each node is asked for what it knows; one that can't be is told of. */
async function everywhere(context: CliContext, client: SqlccClient) {
  const ids = (await client.nodes({ stale: true })).nodes.map((n) => n.node_id);
  const answers: Answer[] = [];
  const unreachable: { node_id: string; error: string }[] = [];
  for (const id of ids) {
    try {
      answers.push(await client.people.certificates({ node: id }));
    } catch (error) {
      if (!(error instanceof SqlccError)) throw error;
      unreachable.push({ node_id: id, error: `${error.code}: ${error.message}` });
      context.printer.note(`${id}: ${error.code}: ${error.message}`);
    }
  }
  return { answers, unreachable };
}

export const certList: Run = async (context) => {
  const client = await context.client();
  const { answers, unreachable } = await everywhere(context, client);
  const certificates = merged(answers);
  const revoked = answers[0]?.revoked ?? [];
  const document = { schemaVersion: 1, certificates, revoked, unreachable };
  await context.printer.answer(
    document,
    () => {
      context.printer.table(COLUMNS, certificates);
      for (const r of revoked)
        context.printer.note(
          `revoked: ${r.serial ?? `all of ${r.name}`} at ${time(r.at)} by ${r.by} ${r.reason}`,
        );
    },
    certificates,
  );
  return unreachable.length === 0 ? EXIT.ok : EXIT.partial;
};

export const certRenew: Run = async (context, invocation) => {
  const { flags } = invocation;
  if (flags.is('self')) {
    if (flags.text('node') !== undefined)
      throw new SqlccError('invalid_argument', '--self is your own certificate, --node that of a node');
    const { certRenewSelf } = await import('./cert-rotate.ts');
    return certRenewSelf(context, invocation);
  }
  const client = await context.client();
  const node = flags.text('node');
  const done = await client.people.renewNode({ ...given('node', node) });
  await context.printer.answer(done, () =>
    context.printer.line(
      `${done.node_id} has certificate ${done.serial}, good until ${time(done.not_after)} UTC`,
    ),
  );
  return EXIT.ok;
};

/** 128 bits in hex, as `cert list` and openssl write them; a name is never that. */
function isSerial(text: string): boolean {
  return /^[0-9a-f]{32}$/i.test(text.replaceAll(':', ''));
}

/** On record as a user, or seen in a certificate by any node since its start; others may exist too. */
async function wasHeardOf(context: CliContext, client: SqlccClient, what: string): Promise<boolean> {
  const { users } = await client.people.users();
  if (users.some(({ name }) => name === what)) return true;
  const serial = what.replaceAll(':', '').toLowerCase();
  const { answers } = await everywhere(context, client);
  return merged(answers).some((row) => row.name === what || row.serial === serial);
}

export const certRevoke: Run = async (context, { args, flags }) => {
  const what = args[0] ?? '';
  const subject = isSerial(what) ? { serial: what.replaceAll(':', '').toLowerCase() } : { name: what };
  const client = await context.client();
  const isKnown = await wasHeardOf(context, client, what);
  await client.people.revokeCertificate({ ...subject, ...given('reason', flags.text('reason')) });
  await context.printer.answer({ ...subject, revoked: true }, () => {
    const words =
      'serial' in subject ? `certificate ${subject.serial}` : `every certificate of ${what} so far`;
    context.printer.line(`${words} is revoked`);
    context.printer.note('every node refuses it within 10 s, open sessions included');
    if (!isKnown)
      context.printer.note(
        `no node has heard of ${what} since its start: is it written as in "sqlcc cert list"?`,
      );
  });
  return EXIT.ok;
};
