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

const SEED = 20_261;

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
  const files = mutatedFiles(BASES, SEED, 1000);

  it('are many different ones, and the same each time', () => {
    expect(new Set(files).size).toBeGreaterThan(900);
    expect(mutatedFiles(BASES, SEED, 1000)).toEqual(files);
  });

  it('are refused with a place, a sentence and a hint, or accepted and then run with', () => {
    const counts = { accepted: 0, refused: 0, started: 0 };
    files.forEach((text, n) => {
      const what = `file ${n}: ${JSON.stringify(text)}`;
      const started = parseConfig(text, { source: 'f' });
      if (started.ok) counts.started++;
      else expect(started.issues.length, what).toBeGreaterThan(0);
      const update = checkUpdate(CURRENT, text, LOCAL);
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
    expect(counts.refused).toBeGreaterThan(400);
    expect(counts.accepted).toBeGreaterThan(100);
    expect(counts.started).toBeGreaterThan(100);
  });
});
