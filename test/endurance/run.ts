/** Runs scenarios, each as a process of its own with a network of its own, which ends by a deadline. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { Lab } from '../lab/index.ts';
import type { Report, Scenario } from './stage.ts';

export interface RunOptions {
  readonly minutes: number;
  readonly seed: number;
  /** Default: what the scenarios say goes to stderr. */
  readonly quiet?: boolean;
}

/** No single fault needs longer; an endurance run gets its minutes on top. */
const DEADLINE_MS = 300_000;

export function runScenario(
  { name, missing, limitMs = DEADLINE_MS }: Scenario,
  options: RunOptions,
): Promise<Report> {
  const blank = { scenario: name, seconds: 0, figures: {}, claims: [] };
  const skipped = Lab.missing() ?? missing();
  if (skipped !== null) return Promise.resolve({ ...blank, ok: true, skipped, error: null });
  const { minutes, seed, quiet = false } = options;
  const args = [join(import.meta.dirname, 'play.ts'), name, `${minutes}`, `${seed}`];
  const [program = '', ...argv] = Lab.inside([process.execPath, ...args]);
  return new Promise((resolve) => {
    const child = spawn(program, argv, { stdio: ['ignore', 'pipe', quiet ? 'ignore' : 'inherit'] });
    // SIGTERM lets it clear away; what can't even do that is ended, and swept by the next lab
    const terms = setTimeout(() => child.kill('SIGTERM'), limitMs + minutes * 60_000);
    const kills = setTimeout(() => child.kill('SIGKILL'), limitMs + 20_000 + minutes * 60_000);
    // who ends this process means the play too, which has networks and daemons to take away
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
    let ended: (typeof signals)[number] | null = null;
    const end = (signal: (typeof signals)[number]): void => {
      ended = signal;
      child.kill('SIGTERM');
    };
    for (const signal of signals) process.once(signal, end);
    let out = '';
    child.stdout?.on('data', (chunk) => {
      out += chunk;
    });
    child.on('close', (code, signal) => {
      clearTimeout(terms);
      clearTimeout(kills);
      for (const each of signals) process.removeListener(each, end);
      if (ended !== null) return void process.kill(process.pid, ended);
      const last = out.trim().split('\n').at(-1) ?? '';
      if (last.startsWith('{')) return resolve(JSON.parse(last) as Report);
      resolve({ ...blank, ok: false, skipped: null, error: `it ended with ${signal ?? code} and no report` });
    });
  });
}
