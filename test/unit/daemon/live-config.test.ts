import { describe, expect, it } from 'vitest';
import { LiveConfig } from '../../../daemon/live-config.ts';
import type { LogLevel } from '../../../src/base/index.ts';
import { DistributedConfig, parseConfig, renderSharedConfig } from '../../../src/config/index.ts';
import { SEED_CLUSTER } from '../config/seed-file.ts';

function ownConfig() {
  const parsed = parseConfig(SEED_CLUSTER, { source: 'test' });
  if (!parsed.ok) throw new TypeError('the seed loads');
  return parsed.config;
}

const OWN = ownConfig();
const text = (from: string, to: string) => renderSharedConfig(OWN).replace(from, to);

function rig() {
  const levels: (LogLevel | null)[] = [];
  const thresholds: number[] = [];
  const inForce = new DistributedConfig(OWN);
  const live = new LiveConfig(inForce, {
    logger: { setLevel: (level) => levels.push(level) },
    state: { snapshotThreshold: (entries) => thresholds.push(entries) },
  });
  return { live, levels, thresholds };
}

describe('LiveConfig', () => {
  it('hands log level and threshold over, from the file first and from each version', () => {
    const { live, levels, thresholds } = rig();
    live.take({ version: 2, text: text('engine: sqlite', 'engine: sqlite\n  log_level: DEBUG') });
    live.take({ version: 3, text: text('threshold: 1000', 'threshold: 500') });
    expect(levels).toEqual([null, 'debug', null]);
    expect(thresholds).toEqual([1000, 1000, 500]);
  });

  it('tells listeners what changed, behind the parts, and nothing of what is old or equal', () => {
    const { live } = rig();
    const told: string[] = [];
    live.listen((config, changes) =>
      told.push(`${config.replication.minReplicas} ${changes.map((c) => c.path)}`),
    );
    live.take({ version: 2, text: text('min_replicas: 2', 'min_replicas: 3') });
    live.take({ version: 1, text: text('min_replicas: 2', 'min_replicas: 4') });
    live.take({ version: 3, text: text('min_replicas: 2', 'min_replicas: 3') });
    expect(told).toEqual(['3 cluster.replication.min_replicas']);
  });

  it('says that it runs with a version when everybody was told, not when it was taken', async () => {
    const { live } = rig();
    const reached = live.until(2, 60_000);
    let isSettled = false;
    void reached.then(() => {
      isSettled = true;
    });
    live.take({ version: 2, text: text('min_replicas: 2', 'min_replicas: 3') });
    await Promise.resolve();
    expect([live.version, isSettled]).toEqual([0, false]);
    live.acknowledge();
    expect(await reached).toBe(true);
    expect(live.version).toBe(2);
    expect(await live.until(1, 0)).toBe(true);
    expect(await live.until(3, 0)).toBe(false);
  });
});
