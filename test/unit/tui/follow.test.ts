/** An operation that was begun here and that can't be read any more. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { SqlccError } from '../../../src/base/index.ts';
import { actionDialogText } from '../../../tui/lines/action-dialog.ts';
import type { ActionDialog, Model } from '../../../tui/model/model.ts';
import { Session } from '../../../tui/session.ts';
import { UNICODE } from '../../../tui/theme/symbols.ts';
import { textOf } from '../../../tui/theme/tokens.ts';
import { endedOperation, operation, plan, START, status } from '../../tui/recording.ts';
import { scriptedFeed } from './feed-kit.ts';
import { live, press, send } from './model-kit.ts';
import { screenText } from './screen-text.ts';

/** A failover that was sent and has begun. */
function running(): Model {
  const asked = press(live(), 'F');
  const dialog = { ...(asked.overlay as ActionDialog), step: { kind: 'starting' as const, plan: plan() } };
  const begun = { type: 'started' as const, dialogId: dialog.id, operation: operation() };
  return send({ ...asked, overlay: dialog }, begun)[0];
}

const gone = {
  type: 'unfollowed' as const,
  id: 'op-7',
  failure: { code: 'not_found', message: 'no op-7', hint: '' },
};

function dialogText(model: Model): string {
  const dialog = model.overlay as ActionDialog;
  const { lines } = actionDialogText(dialog, { model, symbols: UNICODE }, { width: 80, rows: 20 });
  return lines.map(textOf).join('\n');
}

describe('an operation that can not be read any more', () => {
  it('has an unknown outcome in its dialog, with the command that shows it', () => {
    const model = send(running(), gone)[0];
    expect(model.running).toBeNull();
    expect(model.overlay).toMatchObject({
      step: { kind: 'failed', unknown: true, hint: 'sqlcc op show op-7' },
    });
    expect(dialogText(model)).toContain('outcome unknown');
  });

  it('has an unknown outcome above the table where its dialog is hidden', () => {
    const hidden = press(running(), 'escape');
    expect(hidden.running).not.toBeNull();
    const model = send(hidden, gone)[0];
    expect(model).toMatchObject({ running: null, overlay: null });
    expect(model.unsettled[0]).toMatch(/^sqlcc op show op-7: failover.*, outcome unknown \(no op-7/);
    expect(send(hidden, { ...gone, id: 'op-9' })[0].running).toBe(hidden.running);
  });

  it('says how long nothing was heard of it', () => {
    const model = running();
    expect(dialogText(model)).not.toContain('last heard');
    const later = send(model, { type: 'tick', now: START + 12_000, mono: 1 })[0];
    expect(dialogText(later)).toContain('last heard 12s ago');
    const news = { type: 'operation' as const, operation: operation() };
    expect(dialogText(send(later, news)[0])).not.toContain('last heard');
  });

  it('Session ends following what asking again would not give, and goes on where it may', async () => {
    const answers = ['unavailable', 'not_found'] as const;
    let asked = 0;
    const feed = {
      ...scriptedFeed(),
      operation: async () => {
        throw new SqlccError(answers[Math.min(asked++, 1)] ?? 'not_found', 'no such operation');
      },
    };
    const session = new Session(feed, press(running(), 'escape'));
    onTestFinished(() => session.stop());
    const told = new Promise<void>((resolve) => {
      session.subscribe(() => session.model.unsettled.length > 0 && resolve());
    });
    const lost = { code: 'unavailable', message: 'gone', hint: '' };
    session.dispatch({ type: 'lost', failure: lost, now: START });
    session.start();
    await told;
    expect(session.model.running).toBeNull();
    expect(asked).toBe(2);
  });
});

it('an operation that is known to have ended runs no longer in the banner', () => {
  const { id } = endedOperation();
  const runs = live(status({ operation: id }));
  expect(screenText(runs, 120, 36)).toContain(`operation ${id} runs`);
  const other = send(runs, { type: 'operation', operation: { ...endedOperation(), id: 'another' } })[0];
  expect(screenText(other, 120, 36)).toContain(`operation ${id} runs`);
  const ended = send(runs, { type: 'operation', operation: endedOperation() })[0];
  expect(screenText(ended, 120, 36)).not.toContain('runs');
});
