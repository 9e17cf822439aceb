/** What the register says that a key asks for is what its dialog asks for. */
import { expect, it } from 'vitest';
import { type Binding, KEYMAP } from '../../../tui/keymap.ts';
import { armOf, ownPlan } from '../../../tui/model/change-plan.ts';
import { isTyped } from '../../../tui/model/dialog.ts';
import type { Model } from '../../../tui/model/model.ts';
import { status } from '../../tui/recording.ts';
import { full, press, pressed } from './model-kit.ts';

const PLAIN = ['cluster.monitoring.interval_ms'];
const RAFT = [...PLAIN, 'cluster.raft.heartbeat_interval_ms'];

const onTrial = { version: 42, previous: 41, expires: '2026-03-04T12:09:31.000Z' };

/** Models in each of which some of the keys do something. */
const PLACES: readonly (() => Model)[] = [
  () => full({ selected: 'n2' }),
  () => full({ selected: 'n5' }),
  () => full({ view: 'alerts' }),
  () => full({ view: 'operations' }),
  () => press(full({ view: 'config' }), 'j'),
  () => {
    const model = full({ view: 'config' });
    const trial = status({ config: { version: 42, tentative: onTrial } });
    return { ...model, picture: { ...model.picture, status: trial } };
  },
  () => {
    const model = full({ view: 'alerts' });
    const alerts = model.picture.alerts.map((a) => ({ ...a, silenced_by: 's1' }));
    return { ...model, picture: { ...model.picture, alerts } };
  },
  () => ({
    ...full({ view: 'config' }),
    undo: { act: { kind: 'rollback', version: 40, active: 41, confirmMs: null }, until: 1e9 },
  }),
];

/** `at once`, `y`, `name`, or `y, name for raft`; null where the key does nothing here. */
function asked(model: Model, binding: Binding): string | null {
  if (binding.views !== undefined && !binding.views.includes(model.view)) return null;
  const [after, effects] = pressed(model, binding.keys[0] ?? '');
  const { overlay } = after;
  if (overlay?.kind === 'action') return isTyped(overlay.action) ? 'name' : 'y';
  if (overlay?.kind === 'change') {
    const own = ownPlan(overlay.act);
    const arms = own === null ? [armOf(overlay.act, PLAIN), armOf(overlay.act, RAFT)] : [own.arm, own.arm];
    return arms.map((arm) => (arm === null ? 'y' : 'name')).join(' ');
  }
  return effects.some((e) => e.kind === 'act') ? 'at once' : null;
}

it('level and named of each binding are what its dialog asks for', () => {
  for (const binding of KEYMAP.filter((b) => b.context === 'main' && b.level !== undefined)) {
    const found = new Set(PLACES.map((place) => asked(place(), binding)).filter((a) => a !== null));
    const level = ['', 'at once', 'y', 'name'][binding.level ?? 0] ?? '';
    const told = binding.named === undefined ? [level, `${level} ${level}`] : [`${level} name`];
    expect(found.size, `${binding.id} does something somewhere`).toBe(1);
    expect(told, binding.id).toContain([...found][0]);
  }
});

it('a change of how nodes elect asks for a name, also where it is written, and a check asks for none', () => {
  const act = { kind: 'apply', text: 'raft.x=1', confirmMs: null } as const;
  expect(armOf(act, RAFT)).toBe('raft');
  expect(armOf(act, PLAIN)).toBeNull();
  expect(armOf({ ...act, checkOnly: true }, RAFT)).toBeNull();
  expect(armOf({ kind: 'rollback', version: 40, active: 41, confirmMs: null }, RAFT)).toBe('v40');
});
