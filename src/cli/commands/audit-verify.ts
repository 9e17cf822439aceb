/**
 * `sqlcc audit verify`: computes every hash of every node's copy anew, here, and compares
 * the copies; no node's own word on its chain counts.
 */
import {
  type ChainEnd,
  type ChainGap,
  type DatedCopy,
  firstFork,
  firstGap,
  type Linked,
  verifyChain,
} from '../../audit/index.ts';
import { SqlccError } from '../../base/index.ts';
import type { SqlccClient } from '../../client/index.ts';
import type { Run } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import type { Column } from '../output/table.ts';

/** One chain of one node as it was found. */
interface Chain {
  readonly lines: number;
  readonly head: ChainEnd | null;
  /** The first line that is wrong, and how; null: none. */
  readonly broken: { readonly seq: number; readonly reason: string } | null;
}

interface Row {
  readonly node_id: string;
  readonly audit: Chain | null;
  readonly denials: Chain | null;
  /** Why the node could not be asked; null: it answered. */
  readonly error: string | null;
}

interface Answer {
  readonly anchor: ChainEnd;
  readonly records: readonly (Linked & { readonly at: string })[];
}

/** Lines as they were hashed: with the time as the number that it is in the record. */
function linesOf({ records }: Answer): readonly Linked[] {
  return records.map((record) => ({ ...record, at: Date.parse(record.at) }));
}

function chainOf(answer: Answer): Chain {
  const verdict = verifyChain(answer.anchor, linesOf(answer));
  const lines = answer.records.length;
  if (verdict.ok) return { lines, head: verdict.head, broken: null };
  return { lines, head: null, broken: { seq: verdict.seq, reason: verdict.reason } };
}

async function ask(client: SqlccClient, nodeId: string): Promise<{ row: Row; copy: DatedCopy | null }> {
  try {
    const audit = await client.audit({ node: nodeId, stale: true });
    const refusals = await client.denials({ node: nodeId });
    const denials = chainOf(refusals);
    const damaged = { seq: (denials.head?.seq ?? 0) + 1, reason: `${refusals.damage} is no line of a chain` };
    const row: Row = {
      ...{ node_id: nodeId, audit: chainOf(audit), error: null },
      denials: refusals.damage === null || denials.broken ? denials : { ...denials, broken: damaged },
    };
    const lines = audit.records.map((record) => ({ ...record, at: Date.parse(record.at) }));
    return { row, copy: { nodeId, anchor: audit.anchor, lines, appliedIndex: audit.read.applied_index } };
  } catch (error) {
    if (!(error instanceof SqlccError)) throw error;
    const row = { node_id: nodeId, audit: null, denials: null, error: `${error.code}: ${error.message}` };
    return { row, copy: null };
  }
}

function words(chain: Chain | null): string {
  if (chain === null) return '-';
  return chain.broken === null ? 'whole' : `line ${chain.broken.seq}: ${chain.broken.reason}`;
}

function gapText({ nodeId, seq, where }: ChainGap): string {
  return where === 'end'
    ? `${nodeId} lacks line ${seq} and what follows, though it has applied their entries: its copy was cut`
    : `${nodeId} lacks line ${seq} and what others have behind it: the beginning of its copy was cut`;
}

const COLUMNS: readonly Column<Row>[] = [
  { name: 'NODE', of: (r) => r.node_id },
  { name: 'LINES', of: (r) => r.audit?.lines, align: 'right' },
  { name: 'HEAD', of: (r) => r.audit?.head?.seq, align: 'right' },
  { name: 'HASH', of: (r) => r.audit?.head?.hash.slice(0, 12) },
  { name: 'AUDIT', of: (r) => (r.error === null ? words(r.audit) : { text: r.error, tone: 'bad' }) },
  { name: 'DENIALS', of: (r) => words(r.denials) },
];

export const auditVerify: Run = async (context) => {
  const client = await context.client();
  const { nodes } = await client.nodes({ stale: true });
  const asked = await Promise.all(nodes.map((n) => ask(client, n.node_id)));
  const rows = asked.map((a) => a.row);
  const copies = asked.flatMap(({ copy }) => (copy === null ? [] : [copy]));
  const fork = firstFork(copies);
  const gap = fork === null ? firstGap(copies) : null;
  const isBroken = fork !== null || gap !== null || rows.some((r) => r.audit?.broken || r.denials?.broken);
  const isPartial = rows.some((r) => r.error !== null);
  const { printer } = context;
  await printer.answer(
    { ok: !isBroken, complete: !isPartial, fork, gap, nodes: rows },
    () => {
      printer.table(COLUMNS, rows);
      if (gap !== null) printer.line(`\n${gapText(gap)}`);
      if (fork === null) return;
      const groups = fork.groups.map((ids) => ids.join(', ')).join(' against ');
      printer.line(`\nThe copies part at line ${fork.seq}: ${groups}`);
    },
    rows,
  );
  return isBroken ? EXIT.invalid : isPartial ? EXIT.partial : EXIT.ok;
};
