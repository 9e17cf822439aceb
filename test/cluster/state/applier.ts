/**
 * A process that applies entries without end and can be killed at any point. Each
 * entry increments a counter and adds a row, so that applying one twice, or half of
 * one, shows. Says the applied index on its channel after each group.
 */
import { StateStore } from '../../../src/state/index.ts';
import { LogWriter, optionsIn } from '../../unit/state/log.ts';

const store = StateStore.open(optionsIn(process.argv[2] ?? ''));
const log = new LogWriter();
const increment = 'INSERT INTO total VALUES (1, 1) ON CONFLICT DO UPDATE SET n = n + 1';
const all = [
  log.sql(['CREATE TABLE total (id INTEGER PRIMARY KEY, n)', 'CREATE TABLE t (id INTEGER PRIMARY KEY, x)']),
];
const upTo = (index: number): void => {
  while (all.length < index)
    all.push(log.sql([increment, ['INSERT INTO t (x) VALUES (?)', 'x'.repeat(500)]]));
};

for (;;) {
  const applied = store.appliedIndex();
  const size = 1 + (applied % 13);
  upTo(applied + size);
  store.apply(all.slice(applied, applied + size));
  process.send?.(store.appliedIndex());
  // as a daemon does between two messages: the log is copied meanwhile
  await new Promise((resolve) => setImmediate(resolve));
}
