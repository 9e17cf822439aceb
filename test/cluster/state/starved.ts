/** A state store that works on while its process has no descriptor left; says what became of its write-ahead log. */
import { closeSync, openSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { StateStore } from '../../../src/state/index.ts';
import { LogWriter, optionsIn } from '../../unit/state/log.ts';

const dir = process.argv[2] ?? '';
const store = StateStore.open(optionsIn(dir));
const log = new LogWriter();
const value = 'v'.repeat(20_000);
let next = 0;

/** Writes this many MB, each key once. */
function write(megabytes: number): void {
  for (let n = 0; n < megabytes; n++) {
    store.apply(Array.from({ length: 50 }, () => log.put(`k${next++}`, value)));
    store.settle();
  }
}

function walMegabytes(): number {
  const name = readdirSync(dir).find((file) => file.endsWith('-wal')) ?? '';
  return Math.round(statSync(join(dir, name)).size / 1e6);
}

write(1);
const held: number[] = [];
try {
  for (;;) held.push(openSync('/dev/null', 'r'));
} catch {
  // none is left
}
write(40);
const last = held.pop();
if (last !== undefined) closeSync(last); // to look with
const starved = walMegabytes();
for (const fd of held) closeSync(fd);
for (let n = 0; n < 40; n++) {
  write(1);
  if (store.isOutrun) await store.settled();
}
await store.settled();
const copied = walMegabytes();
// a log that was copied is written again from its start
write(10);
process.stdout.write(
  JSON.stringify({
    ...{ held: held.length, starved, grown: walMegabytes() - copied, applied: store.appliedIndex() },
  }),
);
await store.settled();
store.close();
