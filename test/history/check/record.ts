/**
 * What a run writes down, one JSON object a line: every operation with the instants of
 * its call and its answer, every line of every watch, every fault. One clock: nanoseconds
 * since the run began, monotonic, of the one process that made all the calls.
 *
 * The checkers read nothing else and import nothing of the product.
 */

/** What a read saw of a key: its value and the revision that wrote it; absent is `null` and 0. */
export interface Seen {
  readonly v: string | null;
  readonly mod: number;
}

export type OpName = 'get' | 'scan' | 'put' | 'cas' | 'del' | 'append' | 'list' | 'add' | 'members';

/** One call of one client. Optional members are left out of the JSON where they say nothing. */
export interface Op {
  readonly e: 'op';
  /** The client's process; a new one after an unknown outcome, so that a process never overlaps itself. */
  readonly p: number;
  /** Serial number within the run. */
  readonly i: number;
  /** The node that answered, if it is known. */
  readonly node?: string;
  readonly f: OpName;
  /** The key; empty for a scan. */
  readonly k: string;
  /** Conditional writes: the revision that the key must have, 0 = must not exist, and the value behind it. */
  readonly exp?: number;
  readonly expv?: string | null;
  /** What is written or appended; no two writes of a run write the same. */
  readonly v?: string;
  readonly call: number;
  /** Left out when no answer came. */
  readonly ret?: number;
  /**
   * `fail` = the cluster said that nothing happened; with `err` `mismatch` because the condition did not
   * hold, and `res.mod` is the revision that the key had instead.
   */
  readonly ok: 'ok' | 'fail' | 'unknown';
  /** Writes: their own revision. Reads: the revision of the whole store that was read. */
  readonly rev?: number;
  readonly res?: Seen;
  /** Scans: what each key was. */
  readonly items?: Readonly<Record<string, Seen>>;
  /** A write that was sent again and recognised: it took effect at `rev` or before. */
  readonly replayed?: boolean;
  /** Deletes: whether there was something to delete. */
  readonly deleted?: boolean;
  readonly err?: string;
  /** Asked for and labelled as a read of the node's own state, however old. */
  readonly stale?: boolean;
}

/** A line of a watch: `start` says behind which revision, `end` up to which one it must be complete. */
export interface WatchEvent {
  readonly e: 'watch';
  readonly w: number;
  readonly at: number;
  readonly type: 'start' | 'put' | 'delete' | 'progress' | 'compacted' | 'end';
  /** The key; of `start` the prefix that is watched. */
  readonly k?: string;
  readonly v?: string;
  readonly rev: number;
}

/** Anything else that is worth keeping: faults, terms and roles. */
export interface Note {
  readonly e: 'note';
  readonly at: number;
  readonly kind: string;
  readonly [fact: string]: unknown;
}

export type HistoryLine = Op | WatchEvent | Note;

export interface History {
  readonly ops: readonly Op[];
  readonly watches: readonly WatchEvent[];
  readonly notes: readonly Note[];
}

/** Operations that change nothing. */
export function isReadOp({ f }: Pick<Op, 'f'>): boolean {
  return f === 'get' || f === 'scan' || f === 'list' || f === 'members';
}

/** Elements of a list as it is stored, or of a set as it is written down: each ends with a semicolon. */
export function elementsOf(list: string): string[] {
  return list.split(';').slice(0, -1);
}

/** Sorts lines by what they are; the order of the lines says nothing. */
export function historyOf(lines: Iterable<HistoryLine>): History {
  const history = { ops: [] as Op[], watches: [] as WatchEvent[], notes: [] as Note[] };
  for (const line of lines) {
    if (line.e === 'op') history.ops.push(line);
    else if (line.e === 'watch') history.watches.push(line);
    else history.notes.push(line);
  }
  return history;
}

/** Reads JSONL; throws SyntaxError with the number of a line that is no JSON. */
export function parseHistory(text: string): History {
  const lines = text.split('\n');
  return historyOf(
    lines.flatMap((line, n) => {
      if (line.trim() === '') return [];
      try {
        return [JSON.parse(line) as HistoryLine];
      } catch (error) {
        throw new SyntaxError(`line ${n + 1}: ${(error as Error).message}`);
      }
    }),
  );
}

/** How a violation names an operation. */
export function describeOp(op: Op): string {
  const what = op.v === undefined ? '' : `=${op.v}`;
  const condition = op.exp === undefined ? '' : ` if ${op.exp}`;
  const seen = op.res === undefined ? '' : ` saw ${op.res.v?.slice(-60) ?? 'nothing'}@${op.res.mod}`;
  const rev = op.rev === undefined ? '' : ` rev ${op.rev}`;
  const node = op.node === undefined ? '' : ` on ${op.node}`;
  return `op ${op.i} of p${op.p}${node}: ${op.f} ${op.k}${what}${condition} ${op.ok}${seen}${rev}`;
}
