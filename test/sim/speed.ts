/** Simulated seconds in a second of one core, in two worlds without faults, and in the seeds' own. */
import { calmOptions } from './options.ts';
import { makeCluster, nodesOf, type StorageKind } from './play.ts';

export interface Speed {
  readonly name: string;
  readonly simulatedSeconds: number;
  readonly cpuSeconds: number;
  readonly steps: number;
}

function measured(name: string, run: () => { simulatedMs: number; steps: number }): Speed {
  const before = process.cpuUsage();
  const { simulatedMs, steps } = run();
  const { user, system } = process.cpuUsage(before);
  return { name, simulatedSeconds: simulatedMs / 1000, cpuSeconds: (user + system) / 1e6, steps };
}

function calm(kind: StorageKind, load: { clients: number; thinkMs: number }, safetyMs: number) {
  return makeCluster(1, kind, 5, { ...calmOptions(5), ...load, safetyMs }).run();
}

/** Runs each world once to be warm, then measures. `scale` shortens everything, for a test. */
export function measureSpeed(scale = 1): Speed[] {
  const idle = { clients: 0, thinkMs: 0 };
  const light = { clients: 1, thinkMs: 100 };
  calm('memory', light, 60_000 * scale);
  calm('wal', light, 60_000 * scale);
  return [
    measured('core alone: 5 nodes, memory, objects, heartbeats only', () =>
      calm('memory', idle, 6_000_000 * scale),
    ),
    measured('5 nodes, memory, state, all checks, 8 operations a second', () =>
      calm('memory', light, 1_500_000 * scale),
    ),
    measured('5 nodes, log on disk, state, all checks, 8 operations a second', () =>
      calm('wal', light, 1_500_000 * scale),
    ),
    measured('seeds 1 to 60 with all their faults', () => {
      const sum = { simulatedMs: 0, steps: 0 };
      for (let seed = 1; seed <= 60 * scale; seed++) {
        const { simulatedMs, steps } = makeCluster(seed, 'wal', nodesOf(seed), {}).run();
        sum.simulatedMs += simulatedMs;
        sum.steps += steps;
      }
      return sum;
    }),
  ];
}

export function speedText({ name, simulatedSeconds, cpuSeconds, steps }: Speed): string {
  const [speed, micros] = [simulatedSeconds / cpuSeconds, (cpuSeconds * 1e6) / steps];
  return `${speed.toFixed(0).padStart(6)} simulated s/s, ${micros.toFixed(2)} µs a step: ${name}`;
}
