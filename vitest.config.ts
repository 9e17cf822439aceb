import { defineConfig } from 'vitest/config';

/** A test that waits says itself what never came; these end what hangs. */
const REAL = { pool: 'forks', testTimeout: 240_000, hookTimeout: 240_000 } as const;

/** They judge how long something takes, or take all there is of the machine: one file at a time. */
const CALM = [
  'test/cluster/{availability,drill,life,maintenance,probes,rolling,snapshot,top}.test.ts',
  'test/cluster/state/reader-pool.test.ts',
  'test/lab/{pieces,proxies,scenarios,squeeze}.test.ts',
  'test/security/{abuse,flood,limits}.test.ts',
];

export default defineConfig({
  test: {
    projects: [
      {
        // Pure and in-process tests: one shared context a worker, no sleeps.
        test: {
          name: 'unit',
          include: ['test/{unit,golden,paper,contract,model}/**/*.test.ts', 'test/tidy.test.ts'],
          isolate: false,
          pool: 'forks',
          maxWorkers: 2,
          // exhaustive ones take seconds of one core, and a machine may be busy
          testTimeout: 30_000,
        },
      },
      {
        // Deterministic simulation: pure, but long. Beside real processes, at the least priority (scripts/test.mjs):
        // its time-outs are for what hangs.
        test: {
          name: 'sim',
          include: ['test/{detector,mutants,sim}/**/*.test.ts'],
          pool: 'forks',
          maxWorkers: 2,
          testTimeout: 1_200_000,
        },
      },
      {
        // Real processes, disks, sockets and terminals: a third of the time they wait, so three files at once.
        test: {
          name: 'cluster',
          include: ['test/{cluster,history,cli,lab,security,storage,tui}/**/*.test.ts'],
          exclude: CALM,
          ...REAL,
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: { name: 'calm', include: CALM, ...REAL, maxWorkers: 1, sequence: { groupOrder: 2 } },
      },
    ],
  },
});
