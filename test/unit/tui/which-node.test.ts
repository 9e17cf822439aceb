/** What a key would be done to is what the bar is on. */
import { describe, expect, it } from 'vitest';
import { choices } from '../../../tui/model/chooser.ts';
import { happenings } from '../../../tui/model/lists.ts';
import type { Model } from '../../../tui/model/model.ts';
import { full, press, pressed } from './model-kit.ts';

/** Why the key does nothing; throws where it does something. */
function refused(model: Model, key: string): string {
  const [after, effects] = pressed(model, key);
  expect(after.overlay, key).toBeNull();
  expect(effects.filter((e) => e.kind === 'plan' || e.kind === 'act')).toEqual([]);
  return after.toast?.text ?? '';
}

/** What `M` asks a plan for. */
function subject(model: Model, key = 'M'): unknown {
  const [, effects] = pressed(model, key);
  const [asked] = effects.filter((e) => e.kind === 'plan');
  return asked?.request.node_id ?? asked?.request.to;
}

describe('a key that acts on a node', () => {
  it('takes the one under the bar, whatever was selected elsewhere', () => {
    expect(subject(full({ selected: 'n3' }))).toBe('n3');
    const alerts = full({ view: 'alerts', selected: 'n3' });
    expect(subject(alerts), 'NodeDown on n5').toBe('n5');
    const events = full({ view: 'events', selected: 'n1' });
    const [row] = happenings(events);
    if (row === undefined || !('event' in row)) throw new Error('no event on top');
    expect(row.event.node_id).not.toBe('n1');
    expect(subject(events)).toBe(row.event.node_id);
    expect(subject(full({ view: 'node', selected: 'n2' }), 'F')).toBe('n2');
    expect(subject(full({ view: 'raft', selected: 'n3' }), 'F'), 'the leader chooses').toBeUndefined();
  });

  it('does nothing where no row is of a node, and says where one is selected', () => {
    for (const view of ['raft', 'config', 'operations'] as const)
      expect(refused(full({ view, selected: 'n3' }), 'M')).toContain('no row here is a node: 1 selects one');
    const clusterWide = full({ view: 'alerts', selected: 'n3' });
    const alerts = clusterWide.picture.alerts.map((a) => ({ ...a, node_id: null }));
    const model = { ...clusterWide, picture: { ...clusterWide.picture, alerts } };
    expect(refused(model, 'M')).toContain('the selected row is of no node: 1 selects one');
    const none = press(full({ selected: 'n3' }), '/', ...'nobody', 'enter');
    expect(refused(none, 'M')).toContain('no node matches the filter');
    const gone = clusterWide.picture.alerts.map((a) => ({ ...a, node_id: 'n9' }));
    const left = { ...clusterWide, picture: { ...clusterWide.picture, alerts: gone } };
    expect(refused(left, 'M')).toContain('n9 is no member of the cluster');
  });

  it('begins nothing from Fleet, where the bar is on another cluster', () => {
    for (const key of ['F', 'D', 'M', 'K'])
      expect(refused(full({ view: 'fleet', selected: 'n3' }), key)).toContain('the bar is on a cluster');
  });

  /** What the palette answers to a line, with the bar of Fleet on the cluster. */
  function asked(cluster: string, line: string) {
    const fleet = full({ view: 'fleet', cursor: { fleet: cluster } });
    return pressed(fleet, ':', ...line, 'enter');
  }

  it.each(['failover n2', 'maintenance n3', 'rollback 40'])(
    'asked for by name in Fleet, %j acts on the cluster under the bar or says why not',
    (line) => {
      const [other, effects] = asked('dr-site', line);
      expect(other.overlay).toBeNull();
      expect(effects.some((e) => e.kind === 'plan' || e.kind === 'preflight')).toBe(false);
      expect(other.toast?.text).toContain(
        'the bar is on dr-site, and this would act on prod-eu: Enter goes there first',
      );
      const [own, plans] = asked('prod-eu', line);
      expect(own.overlay?.kind).toMatch(/action|change/);
      expect(plans.some((e) => e.kind === 'plan' || e.kind === 'preflight')).toBe(true);
    },
  );

  it('says so in the palette already', () => {
    const noteIn = (cluster: string) => {
      const chooser = { kind: 'chooser', purpose: 'palette', text: 'failover n2', at: 0 } as const;
      return choices(full({ view: 'fleet', cursor: { fleet: cluster } }), chooser)[0]?.note;
    };
    expect(noteIn('dr-site')).toMatch(/^closed: the bar is on dr-site/);
    expect(noteIn('prod-eu')).toBe('best candidate');
  });
});
