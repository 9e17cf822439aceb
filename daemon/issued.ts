/**
 * What was signed on this disk without a daemon (`cert issue`), until the cluster's audit has it. The one who
 * signs appends a line before the certificate leaves; the daemon of the folder, running or at its next start,
 * tells the leader and forgets what was taken. A line that was taken while its answer got lost is told twice.
 */
import { appendFileSync, existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { isPersonRole } from '../src/auth/index.ts';
import { type Note, type NoteParts, tellNote } from './audit-notes.ts';
import { type KnownCertificate, tellCertificate } from './known-certificates.ts';
import { readSealedLine, sealedLine } from './sealed-json.ts';

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
  const line = sealedLine({ ...issued, by: userName() });
  // behind a line that a crash cut off this is one of its own
  appendFileSync(waitingPath(dataDir), `\n${line}\n`, { mode: 0o600, flush: true });
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? '?'}`; // a user that no database knows
  }
}

interface Waiting {
  readonly note: Note;
  readonly by: string;
  /** Null where the line rotted. */
  readonly known: KnownCertificate | null;
}

/** What is told of each line of a file. One that rotted names nobody, yet somebody was let in: told too. */
function notesOf(path: string): Waiting[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  const written = lines.filter((line) => line !== '');
  return written.map((line) => {
    const found = readSealedLine(line);
    const action = 'certificate-issue';
    if (found === null) {
      const reason = 'what was noted of it is damaged: the serial is not known';
      return { note: { action, target: 'person unknown', reason, after: null }, by: 'unknown', known: null };
    }
    const { name, role, serial, at, until, by } = found as unknown as Issued;
    const after = `serial ${serial}, role ${role}, until ${until}`;
    const life = { issued: Date.parse(at), expires: Date.parse(until) };
    const known = isPersonRole(role) ? { name, role, serial, ...life } : null;
    return { note: { action, target: `person ${name}`, reason: `signed at ${at}`, after }, by, known };
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
    for (const { note, by, known } of notesOf(sending)) {
      await tellNote(parts, note, {
        actor: `local:${by}`,
        credential: 'ca.key',
        from: `the disk of ${nodeId}`,
      });
      if (known !== null) await tellCertificate(parts, known, nodeId);
    }
  } catch (error) {
    parts.logger.log('debug', 'issued-not-told', { error: (error as Error).message });
    return false;
  }
  rmSync(sending, { force: true });
  return !existsSync(waiting);
}
