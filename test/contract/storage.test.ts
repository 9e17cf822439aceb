import { MemoryStorage } from '../../src/raft/index.ts';
import { initDurableStorage, openDurableStorage } from '../../src/wal/index.ts';
import { Bench, memoryDisk, optionsFor } from '../unit/wal/wal-kit.ts';
import { describeStorage } from './storage.ts';

describeStorage('MemoryStorage', () => {
  const storage = new MemoryStorage();
  return {
    storage,
    settle: () => storage.flush(),
    crash: () => {
      storage.crash();
      return storage;
    },
    breakDisk: () => storage.poison('broken'),
  };
});

let seed = 1;

for (const cacheBytes of [0, 1_000_000]) {
  describeStorage(`DurableStorage with a cache of ${cacheBytes} bytes`, () => {
    const bench = new Bench();
    const disk = memoryDisk(bench, seed++);
    const options = optionsFor(bench, disk, { cacheBytes });
    initDurableStorage({ ...options, bootstrap: null });
    return {
      storage: openDurableStorage(options).storage,
      settle: () => bench.run(100),
      crash: () => {
        bench.drop();
        disk.crash();
        return openDurableStorage(options).storage;
      },
      breakDisk: () => disk.failNextSync(),
    };
  });
}
