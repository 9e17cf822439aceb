/**
 * How soon a new leader is on the screen once its event has come: on a recording in which another node leads
 * every 1.137 s, at another place of the second each time. The screen records what comes (`--record`), which
 * it does before it looks at it: that tells when an event was there.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { ReplayLine } from '../../tui/feed/replay-feed.ts';
import { type Program, type replaying as Replaying, type Terminal, when } from '../tui/pty.ts';
import { at, event, node, status } from '../tui/recording.ts';

const ELECTIONS = 12;
const FIRST_TERM = 10;
const EVERY_MS = 1137;
const LEADERLESS_MS = 210;

const electedAt = (term: number): number => 2000 + (term - FIRST_TERM) * EVERY_MS;
const leaderOf = (term: number): string => (term % 2 === 0 ? 'n2' : 'n1');
const TERMS = Array.from({ length: ELECTIONS }, (_, i) => FIRST_TERM + i);

/** A picture each second, and the elections between them. */
function recorded(count: number): ReplayLine[] {
  const seconds = Math.ceil(electedAt(FIRST_TERM + ELECTIONS) / 1000) + 2;
  const pictures = Array.from({ length: seconds }, (_, second): ReplayLine => {
    const term = TERMS.findLast((t) => electedAt(t) <= second * 1000) ?? FIRST_TERM - 1;
    const leader = leaderOf(term);
    const nodes = Array.from({ length: count }, (_, i) => {
      const leads = leader === `n${i + 1}` ? { role: 'leader' as const, state: 'LEADER' as const } : {};
      return node(`n${i + 1}`, { term, cpu_usage: ((second * 7 + i * 13) % 100) / 100, ...leads });
    });
    const raft = { ...status().raft, leader_id: leader, term };
    return { at: at(second * 1000), status: status({ nodes, raft, elections: [] }) };
  });
  const told = TERMS.flatMap((term): ReplayLine[] => {
    const [lost, won] = [electedAt(term) - LEADERLESS_MS, electedAt(term)];
    const [old, leader] = [leaderOf(term - 1), leaderOf(term)];
    return [
      {
        at: at(lost),
        event: event(lost, old, 'leader-lost', 'knows no leader', { data: { term: term - 1 } }),
      },
      { at: at(won), event: event(won, leader, 'leader-elected', `leads term ${term}`, { data: { term } }) },
    ];
  });
  return [...pictures, ...told].sort((a, b) => (a.at < b.at ? -1 : 1));
}

/** What is added to a file, as it is added. */
class Tail {
  readonly #file: number;
  readonly #chunk = Buffer.alloc(1 << 20);
  #text = '';

  constructor(path: string) {
    this.#file = openSync(path, 'r');
  }

  /** Whether `words` have come since they were looked for last. */
  has(words: string): boolean {
    for (let n = 1; n > 0; ) {
      n = readSync(this.#file, this.#chunk);
      this.#text += this.#chunk.toString('latin1', 0, n);
    }
    const found = this.#text.indexOf(words);
    this.#text = found < 0 ? this.#text.slice(-words.length) : this.#text.slice(found + words.length);
    return found >= 0;
  }

  close(): void {
    closeSync(this.#file);
  }
}

function shows(terminal: Terminal, term: number): boolean {
  const [first = ''] = terminal.text().split('\n');
  return first.includes(`★ ${leaderOf(term)} `) && first.includes(`term ${term} `);
}

/** From an event at the client to the paint of it, one figure an election, ms. */
export async function leaderTimes(
  program: Program,
  count: number,
  replaying: typeof Replaying,
): Promise<number[]> {
  const kept = join(program.folder, `kept-${count}.ndjson`);
  const flags = ['--speed=1', `--record=${kept}`];
  const terminal = replaying(program, program.recording(recorded(count)), { columns: 120, rows: 36, flags });
  await terminal.see('Follower');
  const tail = new Tail(kept);
  const times: number[] = [];
  for (const term of TERMS) {
    const cameAt = await when(() => tail.has(`leads term ${term}`));
    times.push((await when(() => shows(terminal, term))) - cameAt);
  }
  tail.close();
  terminal.kill();
  await terminal.exited();
  return times;
}
