/** The hour before the screen was opened, as a daemon keeps it, of few nodes and of many. */
import { describe, expect, it } from 'vitest';
import { History, type HistoryPoint } from '../../../daemon/history.ts';
import { LIMITS } from '../../../src/base/index.ts';
import { pastOf } from '../../../tui/feed/past.ts';
import type { HistoryResponse } from '../../../tui/feed/wire.ts';
import { isOld } from '../../../tui/model/old.ts';
import { shown } from '../../../tui/model/selectors.ts';
import { reach, travel } from '../../../tui/model/time.ts';
import { at, event, node, START, status } from '../../tui/recording.ts';
import { live, send } from './model-kit.ts';

const MINUTE = 60_000;
const namesOf = (count: number) => Array.from({ length: count }, (_, i) => `n${i + 1}`);

/** What the daemon's ring holds after an hour; the load of each node is the part of the hour that is over. */
function ringOf(nodes: readonly string[]): History {
  const history = new History();
  const stepMs = nodes.length > 50 ? 10_000 : 1000;
  for (let ms = -60 * MINUTE; ms < 0; ms += stepMs) {
    const point = { at: START + ms, cpuUsage: 1 + ms / (60 * MINUTE), lagEntries: 0, appliedIndex: 1 };
    history.add(
      START + ms,
      nodes.map((nodeId): HistoryPoint => ({ ...point, nodeId })),
    );
  }
  return history;
}

/** As `GET /v1/history` answers, now or before it knew steps. */
function askable(history: History, knowsSteps: boolean) {
  const asked: string[] = [];
  return {
    asked,
    history: async (seconds: number, stepMs?: number): Promise<HistoryResponse> => {
      const { points, stepMs: step } = history.since(seconds, START, knowsSteps ? stepMs : 0);
      asked.push(`${seconds} ${stepMs ?? 'all'}`);
      return {
        ...{ schemaVersion: 1, step_ms: step, ...(knowsSteps ? { kept_step_ms: history.stepMs } : {}) },
        points: points.map((p) => ({
          ...{ at: new Date(p.at).toISOString(), node_id: p.nodeId, cpu_usage: p.cpuUsage },
          ...{ lag_entries: p.lagEntries, applied_index: p.appliedIndex },
        })),
      };
    },
  };
}

const opened = new Map<string, ReturnType<typeof open>>();

/** Made once for all tests: nothing of it changes. */
function openedOn(names: readonly string[], knowsSteps = true): ReturnType<typeof open> {
  const key = `${names.length} ${knowsSteps}`;
  const made = opened.get(key) ?? open(names, knowsSteps);
  opened.set(key, made);
  return made;
}

async function open(names: readonly string[], knowsSteps: boolean) {
  const feed = askable(ringOf(names), knowsSteps);
  const answers: HistoryResponse[] = [];
  for await (const answer of pastOf(feed, names.length)) answers.push(answer);
  const begun = event(-59 * MINUTE, 'n1', 'node-started', 'started');
  const elections = status().elections.map((e) => ({ ...e, at: at(-60 * MINUTE) }));
  const screen = live(status({ nodes: names.map((n) => node(n)), elections }));
  const messages = answers.map((history) => ({ type: 'history' as const, history }));
  const model = send(screen, { type: 'events', events: [begun], now: START }, ...messages)[0];
  return { asked: feed.asked, answers, model };
}

const cpusAt = (model: ReturnType<typeof live>, ms: number) =>
  (shown(travel(model, START + ms)).status?.nodes ?? []).map((n) => n.cpu_usage);

describe('the hour before the screen was opened', () => {
  it.each([
    [3, ['3600 all'], 1000],
    [50, ['60 all', '3600 3000'], 3000],
    [1000, ['60 all', '3600 60000'], 60_000],
  ])(
    'is there of %i nodes, at each minute, within what the screen holds',
    async (count, questions, stepMs) => {
      const names = namesOf(count);
      const { asked, answers, model } = await openedOn(names);
      expect(asked).toEqual(questions);
      for (const { points } of answers) expect(points.length).toBeLessThanOrEqual(LIMITS.historyPoints);
      expect(answers.at(-1)?.step_ms).toBe(stepMs);
      expect(reach(model).from).toBeLessThanOrEqual(START - 59 * MINUTE);
      for (const minutes of [58.5, 40.2, 20.9, 5.3]) {
        const cpus = cpusAt(model, -minutes * MINUTE);
        expect(cpus).toHaveLength(count);
        const then = 1 - minutes / 60;
        // not older than a step, and never of later
        for (const cpu of cpus) {
          expect(cpu).not.toBeNull();
          expect(cpu ?? 1).toBeLessThanOrEqual(then);
          expect(cpu ?? 0).toBeGreaterThan(then - 1.2 / 60);
        }
      }
    },
  );

  it('of 50 nodes has a figure for each three seconds, none of them marked as old', async () => {
    const { model } = await openedOn(namesOf(50));
    // each at another place between two points
    const seconds = Array.from({ length: 41 }, (_, i) => START - MINUTE - i * 83_700);
    const marked = seconds.filter((second) => isOld(travel(model, second), 'n7'));
    expect(seconds.at(-1)).toBeLessThan(START - 55 * MINUTE);
    expect(marked).toEqual([]);
  });

  it('leaves the last minute as fine as it is kept, and the sparklines to it', async () => {
    const { model } = await openedOn(namesOf(50));
    const times = (model.trace['n7'] ?? []).map((p) => p.at).filter((t) => t >= START - MINUTE);
    expect(times).toHaveLength(61);
    expect(shown(model).samples['n7']).toHaveLength(LIMITS.screenSamples);
    expect(shown(model).samples['n7']?.[0]).toBeCloseTo(59 / 60, 3);
  });

  it('is asked of a node that knows no steps in as many seconds as the screen holds', async () => {
    const old = await openedOn(namesOf(50), false);
    expect(old.asked).toEqual(['60 all', '1200 all']);
    expect(cpusAt(old.model, -19 * MINUTE).every((cpu) => cpu !== null)).toBe(true);
    expect(cpusAt(old.model, -30 * MINUTE).every((cpu) => cpu === null)).toBe(true);
    expect((await openedOn(namesOf(1000), false)).asked).toEqual(['60 all']);
  });
});
