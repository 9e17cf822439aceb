/** A cluster that answers wrongly: a sentence, and the picture stands. */
import { describe, expect, it } from 'vitest';
import { SqlccError } from '../../../src/base/index.ts';
import { textPicture } from '../../../tui/batch/text.ts';
import {
  checkAlerts,
  checkAnswer,
  checkHistory,
  checkOperation,
  checkPlan,
  checkStatus,
  checkViews,
  isEvent,
} from '../../../tui/feed/check.ts';
import { clientFeed } from '../../../tui/feed/client-feed.ts';
import type { SliceName } from '../../../tui/feed/slices.ts';
import { drawn } from '../../../tui/lines/drawn.ts';
import { screenOf } from '../../../tui/lines/screen.ts';
import type { ActionDialog, Model } from '../../../tui/model/model.ts';
import { updateSafely } from '../../../tui/model/safely.ts';
import { VIEW_IDS, type ViewId } from '../../../tui/model/views.ts';
import type { TopClient } from '../../../tui/options.ts';
import { UNICODE } from '../../../tui/theme/symbols.ts';
import { textOf } from '../../../tui/theme/tokens.ts';
import { wallPicture } from '../../../tui/wall/picture.ts';
import { answers } from '../../tui/answers.ts';
import { at, endedOperation, event, node, plan, START, status } from '../../tui/recording.ts';
import { full, live, press, send } from './model-kit.ts';

const BAD: readonly unknown[] = [null, undefined, 7, 'x', {}];

/** The value with each part of it, one at a time, replaced by each of the bad ones. */
function* damages(value: unknown, depth = 0): Generator<unknown> {
  if (depth > 0) yield* BAD;
  if (typeof value !== 'object' || value === null) return;
  for (const [key, part] of Object.entries(value))
    for (const bad of damages(part, depth + 1)) {
      const copy: Record<string, unknown> = Array.isArray(value) ? ([...value] as never) : { ...value };
      copy[key] = bad;
      yield copy;
    }
}

/** Draws everything that shows a model; throws what drawing throws. */
function drawAll(model: Model, views: readonly ViewId[] = VIEW_IDS): void {
  for (const view of views) screenOf({ model: { ...model, view }, symbols: UNICODE }, 120, 36);
  textPicture({ model, symbols: UNICODE }, { cells: 100 });
  wallPicture(model, []);
}

/** Each damage is refused with a sentence or can be shown. */
function proves(
  good: unknown,
  check: (value: unknown) => unknown,
  show: (value: never) => Model,
  views: readonly ViewId[] = VIEW_IDS,
): void {
  check(good);
  drawAll(show(good as never));
  let refused = 0;
  for (const bad of damages(good)) {
    try {
      check(bad);
    } catch (error) {
      expect(error).toBeInstanceOf(SqlccError);
      refused++;
      continue;
    }
    expect(() => drawAll(show(bad as never), views), JSON.stringify(bad)).not.toThrow();
  }
  expect(refused).toBeGreaterThan(3);
}

/** Where the answer to a question is drawn. */
const VIEWS_OF: Readonly<Record<string, readonly ViewId[]>> = {
  ...{ operations: ['operations'], versions: ['config'], pending: ['config'], diff: ['config'] },
  ...{ silences: ['alerts'], explain: ['alerts'], audit: ['events'], links: ['raft'], log: ['log'] },
};

const MAINTENANCE = { owner: 'anna', reason: 'x', since: at(-9000), expires: at(9000) };
const rich = () => {
  const [election] = status().elections;
  return status({
    nodes: [node('n1', { role: 'leader', maintenance: MAINTENANCE, issues: ['slow'] })],
    elections: [
      {
        ...(election as object),
        candidates: [{ node_id: 'n1', eligible: true, reasons: ['a'], lag_entries: 1 }],
      } as never,
    ],
    pause: MAINTENANCE,
    config: { version: 41, tentative: { version: 41, previous: 40, expires: at(9000) } },
  });
};

describe('answers that are damaged in one place', () => {
  it('a status is refused, or drawn', () => {
    proves(rich(), checkStatus, (value) => send(full(), { type: 'status', status: value, now: START })[0], [
      ...(['topology', 'raft', 'node'] as const),
    ]);
  });

  it('alerts, views and history are refused, or drawn', () => {
    const [alert] = full().picture.alerts;
    proves([alert], checkAlerts, (value) => send(live(), { type: 'alerts', alerts: value })[0], [
      ...(['topology', 'alerts'] as const),
    ]);
    proves(full().picture.views, checkViews, (value) => send(live(), { type: 'views', views: value })[0], [
      'topology',
    ]);
    const point = { at: at(-1000), node_id: 'n1', cpu_usage: 0.1, lag_entries: 1, applied_index: 5 };
    const history = { schemaVersion: 1, step_ms: 1000, points: [point] };
    proves(history, checkHistory, (value) => send(live(), { type: 'history', history: value })[0], ['node']);
  });

  it('an event is none, or drawn', () => {
    const good = event(0, 'n1', 'leader-elected', 'n1 leads');
    for (const bad of [good, ...damages(good)]) {
      if (!isEvent(bad)) continue;
      const model = send(live(), { type: 'events', events: [bad], now: START })[0];
      expect(() => drawAll(model, ['topology', 'events', 'raft']), JSON.stringify(bad)).not.toThrow();
    }
  });

  it('a plan and an operation are refused, or drawn in their dialog', () => {
    const asked = press(live(), 'F');
    const dialogId = asked.overlay?.kind === 'action' ? asked.overlay.id : 0;
    const planned = (value: never) => send(asked, { type: 'planned', dialogId, plan: value, mono: 0 })[0];
    const sent = { ...planned(plan() as never) };
    const starting = {
      ...sent,
      overlay: { ...(sent.overlay as object), step: { kind: 'starting', plan: plan() } },
    } as Model;
    const drawDialog = (model: Model) => screenOf({ model, symbols: UNICODE }, 120, 36);
    for (const bad of damages(plan())) {
      try {
        checkPlan(bad);
      } catch {
        continue;
      }
      expect(() => drawDialog(planned(bad as never)), JSON.stringify(bad)).not.toThrow();
    }
    for (const bad of damages(endedOperation())) {
      try {
        checkOperation(bad);
      } catch {
        continue;
      }
      const started = () => send(starting, { type: 'started', dialogId, operation: bad as never })[0];
      expect(() => drawDialog(started()), JSON.stringify(bad)).not.toThrow();
    }
    for (const check of [checkPlan, checkOperation])
      for (const bad of [null, 'x', {}, { phases: null }]) expect(() => check(bad)).toThrow(SqlccError);
  });

  it('the answers to the questions of single views are refused, or drawn', () => {
    for (const { answer } of answers()) {
      if (answer?.value === undefined) continue;
      const [slice = '', arg = ''] = answer.to.split(' ');
      const question = { slice: slice as SliceName, arg };
      const value = Array.isArray(answer.value) ? answer.value.slice(0, 1) : answer.value;
      if (slice === 'fleet') continue;
      for (const bad of damages(value)) {
        try {
          checkAnswer(question.slice, bad);
        } catch (error) {
          expect(error).toBeInstanceOf(SqlccError);
          continue;
        }
        const model = send(full(), { type: 'answer', question, value: bad as never, now: START })[0];
        expect(
          () => drawAll(model, VIEWS_OF[slice] ?? VIEW_IDS),
          `${answer.to} ${JSON.stringify(bad)}`,
        ).not.toThrow();
      }
    }
  });
});

describe('the feed of a cluster', () => {
  const feedOf = (answer: unknown) => {
    const say = async () => answer;
    const events = async function* () {
      yield* answer as readonly unknown[];
    };
    const client = { status: say, alerts: say, views: say, history: say, planOperation: say };
    return clientFeed({ ...client, runOperation: say, operation: say, events } as unknown as TopClient);
  };

  it('refuses each kind of answer that is none with a sentence', async () => {
    for (const answer of [null, 'x', { alerts: null }, {}]) {
      const feed = feedOf(answer);
      const asked = [feed.alerts(null), feed.views(null), feed.history(1), feed.status(null)];
      const acted = [feed.plan({ kind: 'failover' }), feed.run({ kind: 'failover' }), feed.operation('op-1')];
      for (const work of [...asked, ...acted])
        await expect(work).rejects.toThrow(/^the answer (can't be shown|is no status)/);
    }
  });

  it('goes on behind an event that can not be read, and says so in its place', async () => {
    const good = [event(0, 'n1', 'a', 'first'), event(1, 'n1', 'b', 'second')];
    const told = [];
    const feed = feedOf([good[0], { kind: 'broken' }, null, good[1]]);
    for await (const line of feed.events(undefined, new AbortController().signal, null)) told.push(line);
    expect(told.map((e) => e.kind)).toEqual(['a', 'unreadable', 'unreadable', 'b']);
    expect(told[1]?.cursor).toBe(good[0]?.cursor);
    expect(told[1]?.message).toContain('cannot be read');
  });
});

describe('what was sent and not understood', () => {
  const failure = {
    code: 'internal',
    message: "the answer can't be shown: operation.id is no text",
    hint: '',
  };

  it('an action whose answer can not be read may have happened', () => {
    const asked = press(live(), 'F');
    const dialogId = asked.overlay?.kind === 'action' ? asked.overlay.id : 0;
    const dialog = { ...(asked.overlay as object), step: { kind: 'starting', plan: plan() } };
    const sent = { ...asked, overlay: dialog } as unknown as Model;
    const step = (model: Model) => (model.overlay?.kind === 'action' ? model.overlay.step : null);
    expect(step(send(sent, { type: 'refused', dialogId, failure })[0])).toMatchObject({ unknown: true });
    // of a question nothing can have happened
    expect(step(send(asked, { type: 'refused', dialogId, failure })[0])).toMatchObject({ unknown: false });
  });
});

describe('the boundaries', () => {
  const broken = { ...live(), picture: { ...live().picture, alerts: null } } as unknown as Model;

  it('drawn keeps the picture before, and says below it why the next can not be drawn', () => {
    const before = screenOf({ model: live(), symbols: UNICODE }, 120, 36);
    const kept = drawn({ model: broken, symbols: UNICODE }, 120, 36, before);
    expect(kept.bands).toBe(before.bands);
    expect([before.isUndrawn, kept.isUndrawn]).toEqual([undefined, true]);
    expect(textOf(kept.foot.line)).toMatch(/this could not be drawn: .*q leaves/);
    const bare = drawn({ model: broken, symbols: UNICODE }, 80, 24, before);
    expect(textOf(bare.foot.line)).toContain('this could not be drawn');
    expect(drawn({ model: live(), symbols: UNICODE }, 120, 36, null).bands).toEqual(before.bands);
  });

  it('nothing is confirmed that can not be seen, and what was sent goes on', () => {
    const asked = press(live(), 'F');
    const dialog = asked.overlay as ActionDialog;
    expect(dialog.kind).toBe('action');
    const told = { type: 'planned', dialogId: dialog.id, plan: plan(), mono: asked.mono } as const;
    const planned = send(asked, told)[0];
    for (const model of [asked, planned]) expect(send(model, { type: 'undrawn' })[0].overlay).toBeNull();
    const step = { kind: 'running', operation: endedOperation() } as const;
    const sent = { ...asked, overlay: { ...dialog, step } };
    expect(send(sent, { type: 'undrawn' })[0].overlay).toEqual(sent.overlay);
  });

  it('updateSafely keeps the model, and tells what could not be taken in', () => {
    const model = live();
    const [next, effects] = updateSafely(model, { type: 'events', events: null, now: 1 } as never);
    expect({ ...next, toast: null }).toEqual({ ...model, toast: null });
    expect(next.toast?.text).toContain('could not take in what came (events)');
    expect(effects).toEqual([]);
  });
});
