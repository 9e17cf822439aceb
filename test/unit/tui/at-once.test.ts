/** Keys that come in one read or faster than the answers: each counts, or it is said that it did not. */
import { describe, expect, it } from 'vitest';
import type { Message } from '../../../tui/model/messages.ts';
import type { Model } from '../../../tui/model/model.ts';
import { plan } from '../../tui/recording.ts';
import { silence } from './change-kit.ts';
import { dialogOf, full, live, press, pressed, runs, send } from './model-kit.ts';

/** Keys of one read, so many ms after what was there. */
function burst(model: Model, ...names: readonly string[]): Model {
  const mono = model.mono + 1000;
  const keys = names.map((name): Message => ({ type: 'key', key: { name, burst: names.length }, mono }));
  return send(model, ...keys)[0];
}

function reviewed(model: Model, patch: Parameters<typeof plan>[0] = {}): Model {
  const { id: dialogId } = dialogOf(model);
  return send(model, { type: 'planned', dialogId, plan: plan(patch), mono: model.mono })[0];
}

const maintenance = reviewed(press(live(), 'j', 'j', 'M'), { kind: 'maintenance', to: 'n3', candidates: [] });
const failover = reviewed(press(live(), 'F'));

describe('dialogKey: keys at once', () => {
  it('each arrow counts, also while the plan of the one before is on its way, and just after it', () => {
    const thrice = burst(maintenance, 'left', 'left', 'left');
    expect(dialogOf(thrice).request.for_ms).toBe(600_000);
    const came = reviewed(thrice, { kind: 'maintenance', to: 'n3', candidates: [] });
    const next: Message = { type: 'key', key: { name: 'left', burst: 1 }, mono: came.mono + 20 };
    expect(dialogOf(send(came, next)[0]).request.for_ms).toBe(300_000);
  });

  it('each arrow chooses another target', () => {
    const candidates = plan().candidates.map((c) => ({ ...c, eligible: c.node_id !== 'n5' }));
    const three = reviewed(press(live(), 'F'), { candidates });
    const targetOf = (model: Model) => dialogOf(model).request.to;
    expect(['n2', 'n6', 'n3'].map((_, i) => targetOf(burst(three, ...Array(i + 1).fill('down'))))).toEqual([
      ...['n6', 'n3', 'n2'],
    ]);
    expect(targetOf(burst(three, 'down', 'up'))).toBe('n2');
  });

  it('an Enter or a y that came with other keys does nothing and says so', () => {
    const written = burst(failover, ...'why', 'enter');
    expect(dialogOf(written)).toMatchObject({ reason: 'why', field: 'reason' });
    expect(dialogOf(written).note).toBe('keys came all at once: press Enter again');
    expect(dialogOf(press(written, 'enter'))).toMatchObject({ field: 'confirm', note: '' });
    expect(dialogOf(burst(maintenance, 'y', 'y'))).toMatchObject({
      ...{ yes: false, note: 'keys came all at once: press y again' },
    });
    const armed = burst(press(maintenance, 'y'), 'enter', 'enter');
    expect(dialogOf(armed)).toMatchObject({ note: 'keys came all at once: press Enter again', yes: true });
    expect(burst(silence(), 'y', 'y').overlay).toMatchObject({ note: expect.stringContaining('press y') });
    const sure = press(silence(), 'y');
    expect(burst(sure, 'enter', 'enter').overlay).toMatchObject({ note: expect.stringContaining('Enter') });
  });

  it('a y or an Enter that a dialog is still deaf to says so', () => {
    const early: Message = { type: 'key', key: { name: 'y', burst: 1 }, mono: maintenance.mono + 20 };
    const [model] = send(maintenance, early);
    expect(dialogOf(model)).toMatchObject({ yes: false, note: 'too early: press y again' });
    expect(runs(pressed(model, 'enter')[1])).toEqual([]);
  });

  it('an Enter that came with a name in the palette takes nothing and says so', () => {
    const model = burst(press(full(), ':'), ...'raft', 'enter');
    expect(model.overlay).toMatchObject({ text: 'raft', note: 'keys came all at once: press Enter again' });
    expect(press(model, 'enter').view).toBe('raft');
  });

  it('outside of dialogs a capital that came with other keys says so', () => {
    const model = burst(full(), 'F', 'F');
    expect(model.overlay).toBeNull();
    expect(model.toast?.text).toBe('F failover: keys came all at once: press F again');
  });
});
