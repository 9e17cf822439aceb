/** Is the machine ours? Figures are only as good as what else runs beside them. */
import { cpuMs, machineBusyMs } from './process-figures.ts';

/** Cores that something else may keep busy beside what counts. */
export const CALM_CORES = 0.15;
const LOOK_MS = 300;
const WAIT_MS = 10_000;

/** Cores that something else than `pids` kept busy, over a short look. */
export async function otherCores(pids: readonly number[]): Promise<number> {
  const others = (): number => machineBusyMs() - pids.reduce((sum, pid) => sum + cpuMs(pid), 0);
  const before = others();
  const began = performance.now();
  await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  return Math.max(0, others() - before) / (performance.now() - began);
}

/** Waits for calm, for a while, and answers what else ran at the last look, in cores. */
export async function untilCalm(pids: readonly number[]): Promise<number> {
  const deadline = performance.now() + WAIT_MS;
  for (;;) {
    const other = await otherCores(pids);
    if (other <= CALM_CORES || performance.now() > deadline) return other;
  }
}
