/** A demo that runs on this machine, for whoever has no context: its screen hides what it said on start. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

interface Manifest {
  readonly context_file: string;
  readonly nodes: readonly { readonly pid: number | null }[];
}

function isAlive(pid: number | null): boolean {
  if (pid === null) return false;
  try {
    return process.kill(pid, 0);
  } catch {
    return false; // ended, or somebody else's
  }
}

/** The context file of one; anybody may write to a temporary folder, so only our own are looked at. */
function contextFileIn(dir: string): string | null {
  try {
    if (statSync(dir).uid !== process.getuid?.()) return null;
    const { context_file, nodes } = JSON.parse(readFileSync(join(dir, 'demo.json'), 'utf8')) as Manifest;
    return nodes.some((n) => isAlive(n.pid)) && existsSync(context_file) ? context_file : null;
  } catch {
    return null; // it is starting, or going
  }
}

/** The context file of a demo in this folder for temporary files whose daemons live; null = there is none. */
export function runningDemo(folder: string): string | null {
  try {
    const names = readdirSync(folder).filter((name) => name.startsWith('sqlcc-demo-'));
    return names.map((name) => contextFileIn(join(folder, name))).find((file) => file !== null) ?? null;
  } catch {
    return null;
  }
}
