/** `sqlcc audit list`: the chain of control operations, or what nodes refused. */
import { parseDuration, SqlccError } from '../../base/index.ts';
import type { AuditRow, DenialRow, SqlccClient } from '../../client/index.ts';
import type { CliContext, Run } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import type { Flags } from '../flags.ts';
import type { Column } from '../output/table.ts';
import { time } from '../output/words.ts';

const COLUMNS: readonly Column<AuditRow>[] = [
  { name: 'SEQ', of: (a) => a.seq, align: 'right' },
  { name: 'TIME', of: (a) => time(a.at) },
  { name: 'ACTOR', of: (a) => a.actor },
  { name: 'FROM', of: (a) => a.from },
  { name: 'ACTION', of: (a) => a.action },
  { name: 'TARGET', of: (a) => a.target },
  { name: 'OUTCOME', of: (a) => a.outcome },
  { name: 'REASON', of: (a) => a.reason },
  { name: 'BEFORE', of: (a) => a.before, wide: true },
  { name: 'AFTER', of: (a) => a.after, wide: true },
  { name: 'CREDENTIAL', of: (a) => a.credential, wide: true },
  { name: 'INDEX', of: (a) => a.index, align: 'right', wide: true },
  { name: 'HASH', of: (a) => a.hash, wide: true },
];

interface Refusal extends DenialRow {
  readonly node_id: string;
}

const DENIED: readonly Column<Refusal>[] = [
  { name: 'TIME', of: (d) => time(d.at) },
  { name: 'NODE', of: (d) => d.node_id },
  { name: 'WHO', of: (d) => d.who },
  { name: 'FROM', of: (d) => d.from },
  { name: 'WHAT', of: (d) => d.what },
  { name: 'TIMES', of: (d) => d.count, align: 'right' },
  { name: 'SEQ', of: (d) => d.seq, align: 'right', wide: true },
  { name: 'HASH', of: (d) => d.hash, wide: true },
];

/** `--since` as ms since the epoch; throws invalid_argument for what is neither length nor time. */
export function sinceOf(text: string | undefined, now: number): number {
  if (text === undefined) return 0;
  const ago = parseDuration(text, null);
  // of a bare number Date makes some year or other
  const isTime = /^\d{4}-/.test(text);
  const at = ago === undefined ? (isTime ? Date.parse(text) : Number.NaN) : now - ago;
  if (Number.isNaN(at)) {
    throw new SqlccError('invalid_argument', `--since takes a duration or a time, not "${text}"`, {
      hint: 'e.g. 2h, or 2026-01-31T12:00:00Z',
    });
  }
  return at;
}

/** `id` as a word of its own: n1 is not in n10. */
function names(text: string | null, id: string): boolean {
  return text?.split(/[\s,;:"→]+/).includes(id) === true;
}

function filterOf(flags: Flags, since: number): (row: AuditRow) => boolean {
  const [actor, verb, node] = [flags.text('actor'), flags.text('verb'), flags.text('node')];
  return (row) =>
    Date.parse(row.at) >= since &&
    (actor === undefined || row.actor === actor) &&
    (verb === undefined || row.action === verb) &&
    (node === undefined || [row.target, row.before, row.after].some((text) => names(text, node)));
}

export const auditList: Run = async (context, { flags }) => {
  const since = sinceOf(flags.text('since'), Date.now());
  const client = await context.client();
  if (flags.is('denied')) return denied(context, client, { since, node: flags.text('node') });
  const answer = await client.audit();
  const records = answer.records.filter(filterOf(flags, since));
  await context.printer.answer(
    { ...answer, records },
    () => context.printer.table(COLUMNS, records),
    records,
  );
  return EXIT.ok;
};

interface Wanted {
  readonly since: number;
  readonly node: string | undefined;
}

/** Refusals stay on the node that made them: each is asked, and one that can't be is told of. */
async function denied(context: CliContext, client: SqlccClient, { since, node }: Wanted): Promise<number> {
  const ids = node === undefined ? (await client.nodes({ stale: true })).nodes.map((n) => n.node_id) : [node];
  const rows: Refusal[] = [];
  const unreachable: { node_id: string; error: string }[] = [];
  for (const id of ids) {
    try {
      const { records } = await client.denials({ node: id });
      rows.push(...records.map((record) => ({ ...record, node_id: id })));
    } catch (error) {
      if (!(error instanceof SqlccError) || ids.length === 1) throw error;
      unreachable.push({ node_id: id, error: `${error.code}: ${error.message}` });
      context.printer.note(`${id}: ${error.code}: ${error.message}`);
    }
  }
  const records = rows
    .filter((row) => Date.parse(row.at) >= since)
    .sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
  await context.printer.answer(
    { records, unreachable },
    () => context.printer.table(DENIED, records),
    records,
  );
  return unreachable.length === 0 ? EXIT.ok : EXIT.partial;
}
