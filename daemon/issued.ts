/**
 * What was signed on this disk without a daemon (`cert issue`), until the cluster's audit has it. The one who
 * signs appends a line before the certificate leaves; the daemon of the folder, running or at its next start,
 * tells the leader and forgets what was taken. A line that was taken while its answer got lost is told twice.
 */
import { appendFileSync, existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { type NoteParts, tellNote } from './audit-notes.ts';

interface Issued {
  readonly name: string;
  readonly role: string;
  readonly serial: string;
  /** RFC 3339. */
  readonly at: string;
  readonly until: string;
  /** Whose process signed it, by the system's name. */
  readonly by: string;
}

const waitingPath = (dataDir: string): string => join(dataDir, 'pki', 'issued.jsonl');
const sendingPath = (dataDir: string): string => join(dataDir, 'pki', 'issued.sending.jsonl');

export function noteIssued(dataDir: string, issued: Omit<Issued, 'by'>): void {
  const line = JSON.stringify({ ...issued, by: userName() });
  appendFileSync(waitingPath(dataDir), `${line}\n`, { mode: 0o600, flush: true });
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? '?'}`; // a user that no database knows
  }
}

/** Lines of a file; one that was cut off in writing is told as far as it is known: not at all. */
function linesOf(path: string): Issued[] {
  const texts = readFileSync(path, 'utf8')
    .split('\n')
    .filter((text) => text !== '');
  return texts.flatMap((text) => {
    try {
      return [JSON.parse(text) as Issued];
    } catch {
      return [];
    }
  });
}

export interface IssuedParts extends NoteParts {
  readonly facts: { readonly nodeId: string; readonly dataDir: string };
}

/** Tells what waits; true when nothing does any more. What can't be told now is kept for the next time. */
export async function tellIssued(parts: IssuedParts): Promise<boolean> {
  const { dataDir, nodeId } = parts.facts;
  const [waiting, sending] = [waitingPath(dataDir), sendingPath(dataDir)];
  if (!existsSync(sending)) {
    if (!existsSync(waiting)) return true;
    renameSync(waiting, sending);
  }
  try {
    for (const { name, role, serial, at, until, by } of linesOf(sending)) {
      const after = `serial ${serial}, role ${role}, until ${until}`;
      const note = {
        action: 'certificate-issue',
        target: `person ${name}`,
        reason: `signed at ${at}`,
        after,
      };
      await tellNote(parts, note, {
        actor: `local:${by}`,
        credential: 'ca.key',
        from: `the disk of ${nodeId}`,
      });
    }
  } catch (error) {
    parts.logger.log('debug', 'issued-not-told', { error: (error as Error).message });
    return false;
  }
  rmSync(sending, { force: true });
  return !existsSync(waiting);
}
