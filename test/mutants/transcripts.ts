/**
 * Runs inside a planted copy: plays transcripts. One line of JSON: those that differ from what is written, or
 * whose play ends by an exception.
 *
 *   node test/mutants/transcripts.ts <path> <path>
 */
import { readFileSync } from 'node:fs';
import { perform } from '../golden/raft/perform.ts';

function differs(path: string): boolean {
  const text = readFileSync(path, 'utf8');
  try {
    return perform(text) !== text;
  } catch {
    return true;
  }
}

console.log(JSON.stringify(process.argv.slice(2).filter(differs)));
