/**
 * Memory of the screen over an hour and a half of a recorded cluster at 60 times its pace: what it keeps is
 * the last hour, so that it must be flat from the 60th minute on. A minute of views and keys in between.
 */
import { readFileSync } from 'node:fs';
import { LIMITS } from '../../src/base/index.ts';
import type { ReplayLine } from '../../tui/feed/replay-feed.ts';
import { VIEWS } from '../../tui/model/views.ts';
import { type Program, pause, type replaying as Replaying } from '../tui/pty.ts';
import { at, event, node, status } from '../tui/recording.ts';

const HOUR_MS = 3_600_000;
const MINUTES = 90;
const PACE = 60;
/** What garbage collection leaves lying about, of the RSS at the 60th minute. */
const FLAT_RATIO = 1.1;

export interface HourFigures {
  readonly nodes: number;
  readonly rss_mb: readonly number[];
  readonly at_60_min_mb: number;
  readonly most_after_60_min_mb: number;
  readonly flat: boolean;
}

/** A picture every `stepMs`, an event in every tenth. */
function recorded(count: number, stepMs: number): ReplayLine[] {
  const pictures = Math.floor((MINUTES * 60_000) / stepMs);
  return Array.from({ length: pictures }, (_, i): ReplayLine[] => {
    const ms = i * stepMs;
    const nodes = Array.from({ length: count }, (_, n) =>
      node(`n${n + 1}`, {
        cpu_usage: ((i * 7 + n * 13) % 100) / 100,
        match_index: 1_000_000 + i * 50,
        ...(n === 0 ? { role: 'leader' as const, state: 'LEADER' as const } : {}),
      }),
    );
    const picture = { at: at(ms), status: status({ nodes }) };
    const told = event(ms, 'n2', 'health-changed', `disk takes ${i} ms to sync`);
    return i % 10 === 0 ? [picture, { at: at(ms), event: told }] : [picture];
  }).flat();
}

function rssMb(pid: number): number {
  const kib = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kib) / 1024);
}

/** Takes 90 s and reads its memory every 3 s, which is three minutes of the recording. */
export async function hourOf(
  program: Program,
  count: number,
  replaying: typeof Replaying,
): Promise<HourFigures> {
  // as many pictures as the screen keeps of a cluster of that size at 1 Hz, and no fewer
  const stepMs = Math.max(1000, Math.ceil((HOUR_MS * count) / LIMITS.maxScreenRecordRows));
  const file = program.recording(recorded(count, stepMs));
  const terminal = replaying(program, file, { columns: 120, rows: 36, flags: [`--speed=${PACE}`] });
  await terminal.see('Follower');
  const rss: number[] = [];
  const digits = VIEWS.flatMap((v) => v.key ?? []);
  for (let read = 0; read < MINUTES / 3; read++) {
    await pause((180_000 / PACE) * 0.97);
    terminal.type(digits[read % digits.length] ?? '1');
    rss.push(rssMb(terminal.pid));
  }
  terminal.kill();
  await terminal.exited();
  const [at60, later] = [Math.max(...rss.slice(14, 20)), Math.max(...rss.slice(20))];
  return {
    ...{ nodes: count, rss_mb: rss, at_60_min_mb: at60, most_after_60_min_mb: later },
    flat: later <= at60 * FLAT_RATIO,
  };
}
