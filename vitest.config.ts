import { defineConfig } from 'vitest/config';

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
        // Deterministic simulation: pure, but long.
        test: {
          name: 'sim',
          include: ['test/{detector,mutants,sim}/**/*.test.ts'],
          pool: 'forks',
          maxWorkers: 2,
          testTimeout: 300_000,
        },
      },
      {
        // Real processes, disks, sockets and terminals, one file at a time.
        test: {
          name: 'cluster',
          include: ['test/{cluster,history,cli,lab,security,storage,tui}/**/*.test.ts'],
          pool: 'forks',
          maxWorkers: 1,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
