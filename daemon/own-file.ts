/**
 * The configuration file of this node as it lies on disk now: what it would change at the next start, and why
 * the node would not start with it. A running daemon needs it no more, so that nothing here stops one.
 */
import { readFileSync, statSync } from 'node:fs';
import { LIMITS, plural } from '../src/base/index.ts';
import type { ClusterConfig, ConfigChange, DistributedConfig } from '../src/config/index.ts';
import { changeText, overlayIssues, parseConfig } from '../src/config/index.ts';

/** Of a node's row: the rest is told by "config pending". */
const ISSUES_TOLD = 3;
const ISSUE_LENGTH = 240;

/** What the file says now. */
export type FileNow =
  | { readonly ok: true; readonly config: ClusterConfig }
  | { readonly ok: false; readonly issue: string };

export interface PendingRestart {
  readonly pending: readonly ConfigChange[];
  /** Why the node would not start; null = it would. */
  readonly fileIssue: string | null;
}

function readNow(file: string): FileNow {
  try {
    const size = statSync(file).size;
    if (size > LIMITS.maxConfigBytes) return { ok: false, issue: `${file} has ${size} bytes` };
    const parsed = parseConfig(readFileSync(file, 'utf8'), { source: file });
    if (parsed.ok) return parsed;
    const [first] = parsed.issues;
    const more = parsed.issues.length > 1 ? ` and ${parsed.issues.length - 1} more` : '';
    return { ok: false, issue: `${file}:${first?.line}:${first?.column}: ${first?.message}${more}` };
  } catch (error) {
    return { ok: false, issue: `${file} can't be read: ${(error as NodeJS.ErrnoException).code}` };
  }
}

export class OwnFile {
  readonly path: string;
  readonly #inForce: DistributedConfig;
  #key = '';
  #now: FileNow;
  #pendingKey = '';
  #pending: readonly ConfigChange[] = [];

  constructor(path: string, inForce: DistributedConfig) {
    this.path = path;
    this.#inForce = inForce;
    this.#now = { ok: true, config: inForce.config };
  }

  /** Reads the file again if it is another one than before. */
  read(): FileNow {
    const stat = statSync(this.path, { throwIfNoEntry: false });
    const key = stat === undefined ? 'none' : `${stat.ino} ${stat.size} ${stat.mtimeMs} ${stat.ctimeMs}`;
    if (key === this.#key) return this.#now;
    this.#key = key;
    this.#now = readNow(this.path);
    return this.#now;
  }

  pendingRestart(): PendingRestart {
    const now = this.read();
    if (!now.ok) return { pending: [], fileIssue: now.issue };
    // asked for with each picture of this node, and neither file nor version moves often
    const key = `${this.#key} ${this.#inForce.version}`;
    if (key !== this.#pendingKey) {
      this.#pendingKey = key;
      this.#pending = this.#inForce.pending(now.config);
    }
    return { pending: this.#pending, fileIssue: null };
  }

  /** Sentences for the node's row; few and short, because gossip carries them. */
  issues(): readonly string[] {
    const { pending, fileIssue } = this.pendingRestart();
    if (fileIssue !== null) return [`would not start again: ${fileIssue}`.slice(0, ISSUE_LENGTH)];
    const told = pending.map((change) => {
      const what = change.effect === 'forbidden' ? 'would not start again' : 'restart pending';
      return `${what}: ${changeText(change)}`.slice(0, ISSUE_LENGTH);
    });
    const rest = told.length - ISSUES_TOLD;
    return rest <= 0 ? told : [...told.slice(0, ISSUES_TOLD), `restart pending: ${plural(rest, 'more key')}`];
  }

  /** Why the node could not start with `shared`, though with its file alone it could. */
  refusals(shared: string) {
    const now = this.read();
    return now.ok ? overlayIssues(now.config, shared) : [];
  }
}
