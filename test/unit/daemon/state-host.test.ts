/** When what was applied is written, over real message ports: the test plays the two other threads. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ConsensusToState, MainToState, StateToMain } from '../../../daemon/protocol.ts';
import { encodeCommand } from '../../../daemon/requests.ts';
import { StateHost } from '../../../daemon/state-host.ts';
import { LIMITS } from '../../../src/base/index.ts';
import { encodeEntries } from '../../../src/raft/index.ts';
import { StateReader } from '../../../src/state/index.ts';
import { SnapshotManager } from '../../../src/wal/index.ts';
import { snapshotMeta } from '../wal/wal-kit.ts';

type Applied = Extract<StateToMain, { kind: 'applied' }>;

let dir = '';
let ports: MessagePort[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sqlcc-host-'));
});
afterEach(() => {
  for (const port of ports.splice(0)) port.close();
  rmSync(dir, { recursive: true, force: true });
});

function start(scrubEveryMs?: number) {
  const [main, consensus] = [new MessageChannel(), new MessageChannel()];
  ports = [main.port1, main.port2, consensus.port1, consensus.port2];
  const said: StateToMain[] = [];
  const wakes: (() => void)[] = [];
  main.port1.on('message', (message: StateToMain) => {
    said.push(message);
    for (const wake of wakes.splice(0)) wake();
  });
  const facts = { clusterId: 'c', nodeId: 'n1', instanceId: 'i', dataDir: dir };
  const ends = { main: main.port2, consensus: consensus.port2 };
  const every = scrubEveryMs === undefined ? {} : { scrubEveryMs };
  new StateHost({ facts, snapshotThreshold: 1e9, ...ends, ...every }).start();
  const heard = async <K extends StateToMain['kind']>(
    kind: K,
  ): Promise<Extract<StateToMain, { kind: K }>> => {
    for (;;) {
      const at = said.findIndex((message) => message.kind === kind);
      if (at >= 0) return said.splice(at, 1)[0] as Extract<StateToMain, { kind: K }>;
      await new Promise<void>((resolve) => {
        wakes.push(resolve);
      });
    }
  };
  const tell = (message: MainToState): void => main.port1.postMessage(message);
  let index = 0;
  /** So many puts as one group; `isServing`: callers of this node wait for them. */
  const put = (count: number, isServing: boolean, value = 'v'): Promise<Applied> => {
    const first = index + 1;
    const entries = Array.from({ length: count }, () => {
      const command = { kind: 'kv-put', key: `k${++index}`, value, ifVersion: null } as const;
      const data = encodeCommand(command, 'ada');
      return { term: 1, index, kind: 'command', timestamp: 1000 + index, data } as const;
    });
    const tags = isServing ? [first, 70] : [];
    const message: ConsensusToState = { kind: 'apply', packed: encodeEntries(entries), tags };
    consensus.port1.postMessage(message);
    return heard('applied');
  };
  const stop = async (): Promise<void> => {
    tell({ kind: 'stop' });
    await heard('stopped');
  };
  return { heard, tell, put, stop };
}

describe('StateHost', () => {
  it('tells results at once, writes when a reader asks, and each group for a while behind it', async () => {
    const host = start();
    const applied = await host.put(2, true);
    expect(applied).toMatchObject({ appliedIndex: 2, settledIndex: 0, kvChanges: [{ count: 2, last: 2 }] });
    expect(applied.results.puts).toEqual(Float64Array.of(70, 1, 1, 1001));
    host.tell({ kind: 'settle' });
    expect(await host.heard('settled')).toEqual({ kind: 'settled', index: 2 });
    const reader = StateReader.open(join(dir, 'engine'));
    expect(reader.get('k2')).toMatchObject({ item: { version: 2 }, appliedIndex: 2 });
    reader.close();
    expect(await host.put(1, true)).toMatchObject({ appliedIndex: 3, settledIndex: 3 });
    await host.stop();
  });

  it.each([
    ['half of what may wait where callers wait', true, LIMITS.unsettledEntries / 2],
    ['all of it elsewhere', false, LIMITS.unsettledEntries],
  ])('writes by itself behind %s', async (_name, isServing, count) => {
    const host = start();
    // results first: their callers do not wait for what is written behind them
    expect(await host.put(count, isServing)).toMatchObject({ appliedIndex: count, settledIndex: 0 });
    // in steps: who comes meanwhile is answered before all of it is written
    let answered = await host.put(1, isServing);
    while (answered.settledIndex === 0) answered = await host.put(1, isServing);
    expect(answered.settledIndex).toBeLessThan(count + 3);
    expect(answered.appliedIndex).toBeGreaterThan(count + 3);
    await host.stop();
  });

  it('writes what waits when its time is over, and when it stops', async () => {
    const host = start();
    await host.put(1, true);
    const began = performance.now();
    const reader = StateReader.open(join(dir, 'engine'));
    const isThere = async (key: string): Promise<boolean> => reader.get(key).item !== null;
    while (!(await isThere('k1'))) {
      expect(performance.now() - began).toBeLessThan(10_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await host.put(1, true);
    await host.stop();
    expect(await isThere('k2')).toBe(true);
    reader.close();
  });

  it('applies no more while the main thread takes nothing, and goes on when it does', async () => {
    const host = start();
    const value = 'v'.repeat(LIMITS.maxValueBytes / 2);
    let told = 0;
    for (let asked = 0; told < LIMITS.maxUnheardBytes; asked++) {
      const { hear } = await host.put(8, false, value);
      told = hear ?? told;
      expect(asked).toBeLessThan(64);
    }
    let isApplied = false;
    const last = host.put(1, false).then((message) => {
      isApplied = true;
      return message;
    });
    // what is asked for meanwhile is answered
    for (let n = 0; n < 8; n++) {
      host.tell({ kind: 'settle' });
      await host.heard('settled');
    }
    expect(isApplied).toBe(false);
    host.tell({ kind: 'heard', upTo: told });
    expect((await last).appliedIndex % 8).toBe(1);
    await host.stop();
  });

  it('looks at cold files again and again, and tells of a snapshot that rots while nobody reads it', async () => {
    const snapshots = new SnapshotManager({ dir: join(dir, 'snapshots') });
    const copy = join(dir, 'copy');
    writeFileSync(copy, 'state '.repeat(10_000));
    const { id } = await snapshots.createSnapshot(copy, snapshotMeta(7));
    const host = start(5);
    expect(await host.heard('log')).toMatchObject({ event: 'scrubbed', fields: { files: 1, damaged: 0 } });
    const path = join(dir, 'snapshots', `${id}.snap`);
    const bytes = readFileSync(path);
    bytes.writeUInt8((bytes[120] ?? 0) ^ 1, 120);
    writeFileSync(path, bytes);
    let told = await host.heard('log');
    while (told.event === 'scrubbed') told = await host.heard('log');
    expect(told).toMatchObject({ level: 'error', event: 'cold-file-damaged' });
    expect(String(told.fields['error'])).toContain(path);
    await host.stop();
  });
});
