/** Simulated seconds in a second of one core, in two worlds without faults, and in the seeds' own. */

import { calmOptions } from './options.ts';
import { makeCluster, nodesOf, type StorageKind } from './play.ts';
import type { SimResult } from './sim-result.ts';
import { addResult, emptyTally } from './tally.ts';

export interface Speed {
  readonly name: string;
  readonly simulatedSeconds: number;
  readonly cpuSeconds: number;
  readonly steps: number;
  /** Writes and reads that were answered. */
  readonly operations: number;
}

type Played = Pick<SimResult, 'simulatedMs' | 'steps' | 'acked' | 'reads'>;

function measured(name: string, run: () => Played): Speed {
  const before = process.cpuUsage();
  const { simulatedMs, steps, acked, reads } = run();
  const { user, system } = process.cpuUsage(before);
  const seconds = { simulatedSeconds: simulatedMs / 1000, cpuSeconds: (user + system) / 1e6 };
  return { name, ...seconds, steps, operations: acked + reads };
}

function calm(kind: StorageKind, load: { clients: number; thinkMs: number }, safetyMs: number) {
  return makeCluster(1, kind, 5, { ...calmOptions(5), ...load, safetyMs }).run();
}

/** Runs each world once to be warm, then measures. `scale` shortens everything, for a test. */
export function measureSpeed(scale = 1): Speed[] {
  const idle = { clients: 0, thinkMs: 0 };
  const light = { clients: 1, thinkMs: 300 };
  calm('memory', light, 60_000 * scale);
  calm('wal', light, 60_000 * scale);
  return [
    measured('core alone: 5 nodes, memory, objects, heartbeats only', () =>
      calm('memory', idle, 6_000_000 * scale),
    ),
    measured('5 nodes, memory, state, all checks, light load', () =>
      calm('memory', light, 1_500_000 * scale),
    ),
    measured('5 nodes, log on disk, state, all checks, light load', () =>
      calm('wal', light, 1_500_000 * scale),
    ),
    measured('seeds 1 to 60 with all their faults', () => {
      const tally = emptyTally();
      for (let seed = 1; seed <= 60 * scale; seed++)
        addResult(tally, makeCluster(seed, 'wal', nodesOf(seed), {}).run());
      return tally;
    }),
  ];
}

export function speedText({ name, simulatedSeconds, cpuSeconds, steps, operations }: Speed): string {
  const [speed, micros] = [simulatedSeconds / cpuSeconds, (cpuSeconds * 1e6) / steps];
  const rates = `${micros.toFixed(2)} µs a step, ${(operations / simulatedSeconds).toFixed(1)} operations a second`;
  return `${speed.toFixed(0).padStart(6)} simulated s/s, ${rates}: ${name}`;
}
