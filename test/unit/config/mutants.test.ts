/** A thousand broken configuration files: each is refused with a place and a hint, or good in every respect. */
import { describe, expect, it } from 'vitest';
import {
  checkText,
  checkUpdate,
  overlayConfig,
  overlayIssues,
  parseConfig,
  renderConfig,
  renderSharedConfig,
  sampleConfig,
} from '../../../src/config/index.ts';
import { LOCAL, OWN } from './loaded.ts';
import { mutatedFiles } from './mutate.ts';
import { SEED_ALERTS, SEED_CLUSTER, SEED_METRICS } from './seed-file.ts';

const SEED = Number(process.env['CONFIG_MUTANTS_SEED'] ?? 20_261);
/** `CONFIG_MUTANTS=10000` tries more of them. */
const COUNT = Number(process.env['CONFIG_MUTANTS'] ?? 1000);
/** Time of the processor for one file. */
const MAX_MS = 1000;

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const CURRENT = renderSharedConfig(OWN);
const BASES = [
  SEED_CLUSTER,
  `${SEED_CLUSTER}${SEED_METRICS}${SEED_ALERTS}`,
  SEED_ALERTS,
  CURRENT,
  renderConfig(OWN),
  sampleConfig(),
];

describe('a thousand mutated files', () => {
  const files = mutatedFiles(BASES, SEED, COUNT);

  it('are many different ones, and the same each time', () => {
    expect(new Set(files).size).toBeGreaterThan(0.9 * COUNT);
    expect(mutatedFiles(BASES, SEED, COUNT)).toEqual(files);
  });

  it('are refused with a place, a sentence and a hint, or accepted and then run with', {
    // 4 s on two cores that do nothing else: for what hangs
    timeout: 120 * COUNT,
  }, () => {
    const counts = { accepted: 0, refused: 0, started: 0 };
    files.forEach((text, n) => {
      const what = `file ${n}: ${JSON.stringify(text)}`;
      const began = cpuMs();
      const started = parseConfig(text, { source: 'f' });
      if (started.ok) counts.started++;
      else expect(started.issues.length, what).toBeGreaterThan(0);
      const update = checkUpdate(CURRENT, text, LOCAL);
      expect(cpuMs() - began, what).toBeLessThan(MAX_MS);
      if (!update.ok) {
        counts.refused++;
        expect(update.issues.length, what).toBeGreaterThan(0);
        for (const { line, column, message, hint } of update.issues) {
          expect(line, what).toBeGreaterThanOrEqual(1);
          expect(line, what).toBeLessThanOrEqual(text.split('\n').length + 1);
          expect(column, what).toBeGreaterThanOrEqual(1);
          expect(message, what).not.toBe('');
          expect(hint, what).not.toBe('');
        }
        return;
      }
      counts.accepted++;
      expect(checkText(text), what).toEqual([]);
      expect(overlayIssues(OWN, update.text), what).toEqual([]);
      const next = overlayConfig(OWN, update.text);
      expect(next.raft.heartbeatIntervalMs * 2, what).toBeLessThanOrEqual(next.raft.electionTimeoutMs);
      expect({ ...next.network, id: next.nodeId }, what).toEqual({ ...OWN.network, id: OWN.nodeId });
      expect(checkUpdate(update.text, update.text, LOCAL, 'replace'), what).toMatchObject({ changes: [] });
    });
    // both ways out are well trodden
    expect(counts.refused).toBeGreaterThan(0.4 * COUNT);
    expect(counts.accepted).toBeGreaterThan(0.1 * COUNT);
    expect(counts.started).toBeGreaterThan(0.1 * COUNT);
  });
});
