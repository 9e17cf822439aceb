import { describe, expect, it } from 'vitest';
import { LIMITS, must } from '../../../src/base/index.ts';
import type { ClusterCommand } from '../../../src/cluster/index.ts';
import {
  activeConfig,
  MAX_MAINTENANCE_MS,
  OPERATION_TRANSITIONS,
  runningOperation,
} from '../../../src/cluster/index.ts';
import { NOW, threeNodes, token } from './world.ts';

function begin(id: string, kind: 'failover' | 'remove-node' = 'failover'): ClusterCommand {
  const operation = { id, kind, from: 'n1', to: 'n2', reason: 'trial', forMs: null } as const;
  return { kind: 'operation-begin', operation: { ...operation, candidates: [], phase: 'accepted' } };
}

function put(text: string, ifVersion: number | null) {
  const common = { kind: 'config-put', changes: ['x'], reason: 'trial', createNode: 'n1' } as const;
  return { ...common, text, configHash: `h-${text}`, ifVersion } satisfies ClusterCommand;
}

describe('maintenance', () => {
  const enable = {
    kind: 'maintenance-enable',
    nodeId: 'n2',
    owner: 'ann',
    reason: 'disk',
    forMs: 60_000,
  } as const;

  it('has an owner, a reason, a start and an end', () => {
    const ledger = threeNodes();
    ledger.done(enable);
    const entered = { owner: 'ann', reason: 'disk', since: NOW, expires: NOW + 60_000 };
    expect(ledger.cluster.maintenance).toEqual({ n2: entered });
  });

  it('is extended by its owner and refused to others', () => {
    const ledger = threeNodes();
    ledger.done(enable);
    ledger.now += 1000;
    ledger.done(enable);
    expect(ledger.cluster.maintenance['n2']).toMatchObject({ since: NOW, expires: NOW + 61_000 });
    expect(ledger.refused({ ...enable, owner: 'bob' }, 'conflict')).toBe(
      'n2 is in maintenance by ann already (disk)',
    );
  });

  it.each([0, -1, Number.NaN, MAX_MAINTENANCE_MS + 1])('is refused for %s ms', (forMs) => {
    threeNodes().refused({ ...enable, forMs }, 'invalid_argument');
  });

  it('is left once; leaving it again changes nothing', () => {
    const ledger = threeNodes();
    ledger.done(enable);
    expect(ledger.done({ kind: 'maintenance-disable', nodeId: 'n2', cause: 'expired' })).toEqual({
      changed: true,
    });
    expect(ledger.kinds()).toEqual(['maintenance-disabled']);
    expect(ledger.done({ kind: 'maintenance-disable', nodeId: 'n2', cause: '' })).toEqual({ changed: false });
  });
});

describe('operations', () => {
  it('run one at a time', () => {
    const ledger = threeNodes();
    ledger.done(begin('o1'));
    expect(ledger.refused(begin('o2'), 'conflict')).toContain('o1');
    expect(runningOperation(ledger.cluster)?.id).toBe('o1');
  });

  it('keep how long each phase took and how it went', () => {
    const ledger = threeNodes();
    ledger.done(begin('o1'));
    ledger.now += 5;
    ledger.done({ kind: 'operation-phase', id: 'o1', phase: 'transferring', result: null });
    ledger.now += 7;
    ledger.done({ kind: 'operation-end', id: 'o1', state: 'done', error: null });
    expect(ledger.cluster.operations).toMatchObject([
      {
        state: 'done',
        actor: 'ann',
        endedAt: NOW + 12,
        phases: [
          { name: 'accepted', elapsedMs: 5, result: 'ok' },
          { name: 'transferring', elapsedMs: 7, result: 'done' },
        ],
      },
    ]);
    expect(ledger.events.at(-1)).toMatchObject({
      kind: 'operation-ended',
      data: { elapsed_ms: 12, to: 'n2' },
    });
  });

  it('repeat a phase without saying it twice', () => {
    const ledger = threeNodes();
    ledger.done(begin('o1'));
    expect(ledger.done({ kind: 'operation-phase', id: 'o1', phase: 'accepted', result: null })).toEqual({
      repeated: true,
    });
  });

  it('are cancelled only before they act, and end in every other way after that', () => {
    const acting = { failover: 'transferring', 'remove-node': 'leaving-raft' } as const;
    for (const [kind, phase] of Object.entries(acting) as [keyof typeof acting, string][]) {
      const ledger = threeNodes();
      ledger.done(begin('o1', kind));
      ledger.done({ kind: 'operation-phase', id: 'o1', phase, result: null });
      ledger.refused({ kind: 'operation-end', id: 'o1', state: 'cancelled', error: null }, 'conflict');
      expect(ledger.cluster.operations.at(-1)).toMatchObject({ state: 'running', phase });
      ledger.done({ kind: 'operation-end', id: 'o1', state: 'failed', error: 'no answer' });
      ledger.done(begin('o2', kind));
      ledger.done({ kind: 'operation-end', id: 'o2', state: 'cancelled', error: null });
    }
  });

  it.each(['done', 'failed', 'cancelled', 'unknown'] as const)('stay as they ended: %s', (state) => {
    const ledger = threeNodes();
    ledger.done(begin('o1'));
    ledger.done({ kind: 'operation-end', id: 'o1', state, error: null });
    expect(OPERATION_TRANSITIONS[state]).toEqual([]);
    for (const next of ['done', 'failed', 'cancelled', 'unknown'] as const) {
      ledger.refused({ kind: 'operation-end', id: 'o1', state: next, error: null }, 'failed_precondition');
    }
    ledger.refused({ kind: 'operation-phase', id: 'o1', phase: 'x', result: null }, 'failed_precondition');
    ledger.refused({ kind: 'operation-end', id: 'zz', state: 'done', error: null }, 'not_found');
  });

  it('are kept up to a limit', () => {
    const ledger = threeNodes();
    for (let n = 0; n < LIMITS.operationHistory + 3; n++) {
      ledger.done(begin(`o${n}`));
      ledger.done({ kind: 'operation-end', id: `o${n}`, state: 'done', error: null });
    }
    expect(ledger.cluster.operations).toHaveLength(LIMITS.operationHistory);
    expect(ledger.cluster.operations[0]?.id).toBe('o3');
  });
});

describe('config-put', () => {
  it('makes the next version active and retires the last', () => {
    const ledger = threeNodes();
    expect(ledger.done(put('a', 1))).toEqual({ version: 2, changed: true });
    expect(ledger.cluster.configs.map((c) => [c.version, c.isActive])).toEqual([
      [1, false],
      [2, true],
    ]);
    expect(activeConfig(ledger.cluster)).toMatchObject({ text: 'a', author: 'ann', reason: 'trial' });
    expect(ledger.events.at(-1)).toMatchObject({ kind: 'config-changed', nodeId: 'n1' });
    expect(ledger.events.at(-1)?.message).toMatch(/^configuration version 2 by ann: 1 change$/);
  });

  it('compares the version that it was made for', () => {
    const ledger = threeNodes();
    ledger.done(put('a', 1));
    expect(ledger.refused(put('b', 1), 'conflict')).toBe('the configuration is at version 2, not 1');
    ledger.done(put('b', null));
  });

  it('makes no version of what is in force, and keeps a bounded history', () => {
    const ledger = threeNodes();
    ledger.done(put('a', null));
    expect(ledger.done(put('a', null))).toEqual({ version: 2, changed: false });
    for (let n = 0; n < LIMITS.configVersionsKept + 5; n++) ledger.done(put(`v${n}`, null));
    expect(ledger.cluster.configs).toHaveLength(LIMITS.configVersionsKept);
    ledger.refused(put('x'.repeat(LIMITS.maxConfigBytes + 1), null), 'invalid_argument');
  });
});

describe('a configuration on trial', () => {
  const trial = { withinMs: 60_000, sound: ['n1', 'n2', 'n3'] };
  const revert = {
    kind: 'config-revert',
    version: 2,
    cause: 'n3 died',
    changes: ['y'],
    createNode: 'n2',
  } as const;

  it('is in force, refuses every other one, and stays when it is confirmed', () => {
    const ledger = threeNodes();
    ledger.done({ ...put('a', 1), trial }, { term: 4 });
    expect(ledger.cluster.tentative).toEqual({ version: 2, previous: 1, since: NOW, term: 4, ...trial });
    expect(ledger.cluster.configs.at(-1)).toMatchObject({ isActive: true, confirmation: 'awaited' });
    expect(ledger.refused(put('b', 2), 'failed_precondition')).toMatch(/version 2 is on trial/);
    expect(ledger.refused({ kind: 'config-confirm', version: 3 }, 'conflict')).toMatch(/3 is not on trial/);
    ledger.done({ kind: 'config-confirm', version: 2 });
    expect(ledger.kinds()).toEqual(['config-confirmed']);
    expect(ledger.cluster).not.toHaveProperty('tentative');
    expect(ledger.cluster.configs.map((c) => c.confirmation)).toEqual([undefined, 'confirmed']);
    expect(ledger.refused(revert, 'conflict')).toMatch(/2 was confirmed before/);
    ledger.done(put('b', 2));
  });

  it('is taken back by a new version that says what the one before it said', () => {
    const ledger = threeNodes();
    const [first] = ledger.cluster.configs;
    ledger.done({ ...put('a', 1), trial });
    ledger.done(revert, { actor: 'system' });
    expect(ledger.kinds()).toEqual(['config-reverted', 'config-changed']);
    expect(ledger.cluster).not.toHaveProperty('tentative');
    expect(activeConfig(ledger.cluster)).toMatchObject({
      ...{ version: 3, text: first?.text, configHash: first?.configHash, changes: ['y'] },
      ...{ author: 'system', reason: 'version 2 was taken back: n3 died', createNode: 'n2' },
    });
    expect(ledger.cluster.configs.map((c) => c.confirmation)).toEqual([undefined, 'reverted', undefined]);
    expect(ledger.refused({ kind: 'config-confirm', version: 2 }, 'conflict')).toMatch(
      /2 was reverted before/,
    );
    expect(ledger.cluster.audit.map((a) => a.action).slice(-3)).toEqual([
      ...['config-put', 'config-revert', 'config-confirm'],
    ]);
  });
});

describe('tokens', () => {
  it('are created once and revoked once', () => {
    const ledger = threeNodes();
    ledger.done({ kind: 'token-create', token: token('a1', { kind: 'access', role: 'viewer' }) });
    expect(ledger.cluster.tokens['a1']).toMatchObject({ createdBy: 'ann', created: NOW, usedBy: null });
    ledger.refused({ kind: 'token-create', token: token('a1') }, 'conflict');
    ledger.done({ kind: 'token-revoke', id: 'a1' });
    ledger.refused({ kind: 'token-revoke', id: 'a1' }, 'not_found');
    ledger.refused({ kind: 'token-revoke', id: 'constructor' }, 'not_found');
  });

  it('make room only by those that can do nothing any more', () => {
    const ledger = threeNodes();
    for (let n = 2; n < LIMITS.maxTokens; n++) ledger.done({ kind: 'token-create', token: token(`x${n}`) });
    expect(Object.keys(ledger.cluster.tokens)).toHaveLength(LIMITS.maxTokens);
    ledger.done({ kind: 'token-create', token: token('y1') });
    ledger.done({ kind: 'token-create', token: token('y2') });
    // the two join tokens that n2 and n3 have used made room; now all are good
    ledger.refused({ kind: 'token-create', token: token('y3') }, 'failed_precondition');
    expect(ledger.cluster.tokens['t2']).toBeUndefined();
  });
});

describe('alerts', () => {
  const down = {
    id: 'NodeDown:n3',
    rule: 'NodeDown',
    nodeId: 'n3',
    severity: 'warning',
    condition: 'node_up == 0',
    value: 'dead',
  } as const;

  it('fire once for an incident, however often it is proposed', () => {
    const ledger = threeNodes();
    ledger.done({ kind: 'alert-transition', alert: { ...down, state: 'firing' } });
    expect(ledger.kinds()).toEqual(['alert-fired']);
    ledger.now += 10;
    ledger.done({ kind: 'alert-transition', alert: { ...down, state: 'firing' } });
    expect(ledger.kinds()).toEqual([]);
    expect(ledger.cluster.alerts[0]?.since).toBe(NOW);
  });

  it('about no node in particular are told of the primary, by every node alike', () => {
    const ledger = threeNodes();
    const alert = { ...down, id: 'LeaderDown', rule: 'LeaderDown', nodeId: null, state: 'firing' } as const;
    ledger.done({ kind: 'alert-transition', alert });
    expect(ledger.cluster.alerts[0]).toMatchObject({ nodeId: null });
    expect(ledger.events.at(-1)).toMatchObject({ kind: 'alert-fired', nodeId: 'n1' });
  });

  it('keep their acknowledgement until the next incident', () => {
    const ledger = threeNodes();
    ledger.done({ kind: 'alert-transition', alert: { ...down, state: 'firing' } });
    ledger.done({ kind: 'alert-acknowledge', id: down.id });
    ledger.done({ kind: 'alert-transition', alert: { ...down, state: 'resolved' } });
    expect(ledger.cluster.alerts[0]).toMatchObject({ state: 'resolved', acknowledgedBy: 'ann' });
    ledger.done({ kind: 'alert-transition', alert: { ...down, state: 'firing' } });
    expect(ledger.cluster.alerts[0]).toMatchObject({ state: 'firing', acknowledgedBy: null });
    ledger.refused({ kind: 'alert-acknowledge', id: 'nope' }, 'not_found');
  });

  it('are acknowledged as the incident that was seen; a log of before, which names none, means any', () => {
    const ledger = threeNodes();
    const acknowledge = { kind: 'alert-acknowledge', id: down.id } as const;
    const move = (state: 'firing' | 'resolved') => {
      ledger.now += 1000;
      ledger.done({ kind: 'alert-transition', alert: { ...down, state } });
      return must(ledger.cluster.alerts[0], 'the alert').incident;
    };
    const first = move('firing');
    move('resolved');
    ledger.refused({ ...acknowledge, incident: first }, 'failed_precondition');
    const second = move('firing');
    ledger.refused({ ...acknowledge, incident: first }, 'conflict');
    expect(ledger.cluster.alerts[0]).toMatchObject({ acknowledgedBy: null });
    expect(ledger.done({ ...acknowledge, incident: second })).toEqual({ changed: true });
    expect(ledger.events.at(-1)).toMatchObject({ data: { incident: second, acknowledged_by: 'ann' } });
    const later = threeNodes();
    later.done({ kind: 'alert-transition', alert: { ...down, state: 'firing' } });
    later.done({ kind: 'alert-transition', alert: { ...down, state: 'resolved' } });
    expect(later.done(acknowledge)).toEqual({ changed: true });
  });

  it('lose their acknowledgement to whoever takes back the one that was seen, and is told so', () => {
    const ledger = threeNodes();
    const move = (state: 'firing' | 'resolved') => {
      ledger.now += 1000;
      ledger.done({ kind: 'alert-transition', alert: { ...down, state } });
      return must(ledger.cluster.alerts[0], 'the alert').incident;
    };
    const first = move('firing');
    const back = { kind: 'alert-unacknowledge', id: down.id, incident: first } as const;
    expect(ledger.done(back)).toEqual({ changed: false });
    ledger.done({ kind: 'alert-acknowledge', id: down.id, incident: first });
    ledger.refused({ ...back, id: 'nope' }, 'not_found');
    expect(ledger.refused({ ...back, by: 'bob' }, 'conflict')).toContain('acknowledged by ann, not by bob');
    expect(ledger.done({ ...back, by: 'ann' })).toEqual({ changed: true });
    expect(ledger.cluster.alerts[0]).toMatchObject({ state: 'firing', acknowledgedBy: null });
    expect(ledger.events.at(-1)).toMatchObject({
      ...{ kind: 'alert-unacknowledged', nodeId: down.nodeId },
      data: { incident: first, acknowledged_by: 'ann', taken_back_by: 'ann' },
    });
    expect(ledger.cluster.audit.at(-1)).toMatchObject({
      ...{ action: 'alert-unacknowledge', target: down.id, actor: 'ann' },
      ...{ before: 'firing, acknowledged by ann', after: 'firing, acknowledged by nobody' },
    });
    ledger.done({ kind: 'alert-acknowledge', id: down.id, incident: first });
    move('resolved');
    ledger.refused(back, 'failed_precondition');
    move('firing');
    ledger.refused(back, 'conflict');
  });

  it('do not resolve what never fired, and are bounded', () => {
    const ledger = threeNodes();
    ledger.done({ kind: 'alert-transition', alert: { ...down, state: 'resolved' } });
    expect(ledger.cluster.alerts).toEqual([]);
    for (let n = 0; n < LIMITS.alertHistory + 2; n++) {
      ledger.done({ kind: 'alert-transition', alert: { ...down, id: `a${n}`, state: 'firing' } });
    }
    expect(ledger.cluster.alerts).toHaveLength(LIMITS.alertHistory);
  });
});
