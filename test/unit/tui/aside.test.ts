/** Nodes in maintenance, or drained, are said above every view. */
import { describe, expect, it } from 'vitest';
import { START, status } from '../../tui/recording.ts';
import { full, live, press, send } from './model-kit.ts';
import { screenText } from './screen-text.ts';

const HOUR = { owner: 'anna', reason: 'kernel update', since: '', expires: '' };

const HOUR_LEFT = { ...HOUR, expires: new Date(START + 3_600_000).toISOString() };

/** A sound cluster with these nodes set aside for an hour from now. */
function sound(patch: Readonly<Record<string, 'maintenance' | 'drain'>>) {
  const told = status();
  const entry = { ...HOUR, expires: new Date(START + 3_600_000).toISOString() };
  const nodes = told.nodes.map((n) => ({ ...n, maintenance: null, ...toldOf(patch[n.node_id], entry) }));
  return live(status({ nodes, cluster: { ...told.cluster, health: 'healthy', reasons: [] } }));
}

/** Ill for reasons that fit into a line. */
const FEW = { ...status().cluster, reasons: ['n5 is dead', 'alert NodeDown on n5 is firing'] };

function short(patch: Parameters<typeof full>[0] = {}) {
  return send(full(patch), { type: 'status', status: status({ cluster: FEW }), now: START })[0];
}

function toldOf(what: 'maintenance' | 'drain' | undefined, entry: typeof HOUR) {
  return what === undefined ? {} : { [what]: entry };
}

const banner = (model: ReturnType<typeof live>, columns = 120) =>
  screenText(model, columns, 36).split('\n')[2];

describe('a node that is set aside', () => {
  it('is in the banner with the time left and the key that ends it, whatever else stands there', () => {
    expect(banner(sound({ n3: 'maintenance' }))).toMatch(
      /healthy .* n3 in maintenance 1h left: M on it ends it/,
    );
    expect(banner(sound({ n3: 'drain' }), 80)).toMatch(/n3 drained 1h left: E on it ends it/);
    const two = sound({ n2: 'maintenance', n3: 'drain' });
    expect(banner(two)).toMatch(/n2 in maintenance 1h left and 1 more: M on it/);
    expect(banner(short({ view: 'raft' }))).toMatch(/degraded: n5 is dead .* n6 in maintenance 48m left/);
    expect(banner(full(), 80), 'where there is less room').toMatch(
      /degraded: n5 is dead.* n6 MAINT 48m left/,
    );
    const grave = {
      health: 'critical' as const,
      reasons: ['no leader is known to any node, 3 of 5 voters are dead'],
    };
    const lost = live(status({ cluster: { ...status().cluster, ...grave } }));
    expect(banner(lost, 200)).toMatch(/NO WRITES: no leader .* n6 in maintenance 48m left/);
    expect(banner(lost, 80), 'which does not cut short what is critical').toMatch(
      /NO WRITES: no leader is known to any node, 3 of 5 voters are dead[^M]*$/,
    );
    expect(banner(sound({}))).not.toMatch(/MAINT|maintenance|drain/);
  });

  it('gives way to the reason where that would have too few cells, and counts who else is aside', () => {
    const caller = { id: 'bob', role: 'viewer', scopes: ['read-cluster' as const] };
    const looks = live(status({ caller, cluster: FEW }));
    expect(banner(looks, 80)).toMatch(/degraded: n5 is dead · alert Nod.*READ-ONLY \(viewer\)/);
    expect(banner(looks, 80)).not.toContain('MAINT');
    expect(banner(looks, 120)).toMatch(/n5 is dead .* n6 MAINT 48m left READ-ONLY/);
    const tentative = { version: 42, previous: 41, expires: new Date(START + 60_000).toISOString() };
    const trial = live(status({ config: { version: 42, tentative }, cluster: FEW }));
    expect(banner(trial, 80)).toMatch(/degraded: n5 is dead .* firing +v42 trial 1m00s: K $/);
    const nodes = status().nodes.map((n) => (n.node_id === 'n2' ? { ...n, maintenance: HOUR_LEFT } : n));
    expect(banner(live(status({ nodes })), 80)).toMatch(/n5 is dead.* n2 MAINT 1h left \+1 /);
  });

  it('does not cut short that nodes disagree on who leads', () => {
    const views = ['n1', 'n2', 'n3', 'n4', 'n6'].map((node_id) => {
      const [leader_id, term] = node_id === 'n6' ? ['n6', 8] : ['n1', 9];
      return { node_id, leader_id, term, error: null };
    });
    const told = { type: 'views' as const, views: { schemaVersion: 1 as const, agree: false, views } };
    const split = send(full(), told, told)[0];
    expect(banner(split, 80)).toMatch(
      /^ !! VIEWS DISAGREE {2}n6: n6 t8 · n1 n2 n3 n4: n1 t9 {3}v compares *$/,
    );
    expect(banner(split, 120)).toMatch(/DISAGREE {2}n6: n6 t8 .* n6 in maintenance 48m left: M on it/);
  });

  it('has a blank before it at each width, and before what else stands at the right edge', () => {
    for (let columns = 80; columns <= 180; columns++) {
      expect(banner(short(), columns), `${columns}`).toMatch(/firing +n6 |… e reads on n6 MAINT/);
      expect(banner(short({ readOnly: true }), columns), `${columns}`).toMatch(
        /firing +(n6|READ-ONLY) |[^ ] n6 .*READ-ONLY|reads on READ-ONLY/,
      );
      const past = press(full({ readOnly: true }), '{');
      expect(banner(past, columns), `${columns}`).toMatch(/ READ-ONLY/);
    }
  });
});
