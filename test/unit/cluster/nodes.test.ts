import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/base/index.ts';
import { electionCount, nodeState, SEED_START_STEPS } from '../../../src/cluster/index.ts';
import { campaign, Ledger, NOW, record, started, threeNodes, token } from './world.ts';

describe('bootstrap', () => {
  it('makes a cluster of one node with configuration version 1 and its tokens', () => {
    const { cluster } = threeNodes();
    expect(cluster).toMatchObject({ clusterId: 'c-1', name: 'trial', createdAt: NOW });
    expect(cluster.configs).toMatchObject([{ version: 1, isActive: true, createNode: 'n1' }]);
    expect(Object.keys(cluster.tokens)).toEqual(['t2', 't3']);
  });

  it('is refused where a cluster stands, and everything else is refused before it', () => {
    const ledger = new Ledger();
    const early = ledger.apply({ kind: 'node-stopped', nodeId: 'n1' });
    expect(early).toMatchObject({ ok: false, code: 'failed_precondition' });
    expect(ledger.state).toBeNull();
    const again = threeNodes();
    const { clusterId, name } = again.cluster;
    again.refused(
      {
        kind: 'bootstrap',
        clusterId,
        name,
        node: record('n1'),
        configText: '',
        configHash: 'h1',
        tokens: [],
      },
      'conflict',
    );
  });
});

describe('node-admit', () => {
  it('spends the token in the same step', () => {
    const ledger = threeNodes();
    expect(ledger.cluster.tokens['t2']?.usedBy).toBe('n2');
    const text = ledger.refused(
      { kind: 'node-admit', node: record('n4'), tokenId: 't2' },
      'permission_denied',
    );
    expect(text).toBe('the join token was used by n2');
  });

  it('lets the same instance ask again when the first answer was lost', () => {
    const ledger = threeNodes();
    const value = ledger.done({ kind: 'node-admit', node: record('n2'), tokenId: 't2' });
    expect(value).toMatchObject({ repeated: true });
    expect(ledger.kinds()).toEqual([]);
  });

  it('does not let another key pass for the instance that asked before', () => {
    const ledger = threeNodes();
    const thief = record('n2', { keySha256: 'another' });
    expect(ledger.refused({ kind: 'node-admit', node: thief, tokenId: 't2' }, 'conflict')).toContain(
      'in use',
    );
  });

  it.each([
    ['unknown', 'nope', token('t4'), 'the join token is unknown or was revoked'],
    ['expired', 't4', token('t4', { expires: NOW + 5 }), 'the join token has expired'],
    ['for another id', 't4', token('t4', { nodeId: 'n7' }), 'the join token is for n7, not for n4'],
    [
      'of an observer',
      't4',
      token('t4', { role: 'observer' }),
      'the join token admits a observer, not a voter',
    ],
    ['for access', 't4', token('t4', { kind: 'access' }), 'this token does not admit nodes'],
  ])('refuses a token that is %s', (_why, tokenId, given, message) => {
    const ledger = threeNodes();
    ledger.done({ kind: 'token-create', token: given });
    ledger.now += 10;
    expect(ledger.refused({ kind: 'node-admit', node: record('n4'), tokenId }, 'permission_denied')).toBe(
      message,
    );
  });

  it('names both addresses when the id is in use by another instance', () => {
    const ledger = threeNodes();
    ledger.done({ kind: 'token-create', token: token('t4') });
    const node = record('n2', { instanceId: 'other', host: '10.0.0.9' });
    const text = ledger.refused({ kind: 'node-admit', node, tokenId: 't4' }, 'conflict');
    expect(text).toBe(
      'node id "n2" is in use by the node at 10.0.0.1:5420; the one at 10.0.0.9:5420 needs another',
    );
  });

  it('refuses an address that another node has, and a removed instance', () => {
    const ledger = threeNodes();
    ledger.done({ kind: 'token-create', token: token('t4') });
    const twin = record('n4', { port: record('n3').port });
    expect(ledger.refused({ kind: 'node-admit', node: twin, tokenId: 't4' }, 'conflict')).toContain('n3');
    ledger.done({ kind: 'node-remove', nodeId: 'n2', reason: 'old' });
    ledger.refused({ kind: 'node-admit', node: record('n2'), tokenId: 't4' }, 'failed_precondition');
    ledger.done({ kind: 'node-admit', node: record('n2', { instanceId: 'fresh' }), tokenId: 't4' });
  });

  it('refuses the eighth voter and takes it as observer', () => {
    const ledger = threeNodes();
    for (let n = 4; n <= 7; n++) {
      ledger.done({ kind: 'token-create', token: token(`t${n}`) });
      ledger.done({ kind: 'node-admit', node: record(`n${n}`), tokenId: `t${n}` });
    }
    ledger.done({ kind: 'token-create', token: token('t8', { role: 'observer' }) });
    ledger.refused({ kind: 'node-admit', node: record('n8'), tokenId: 't8' }, 'failed_precondition');
    ledger.done({ kind: 'node-admit', node: record('n8', { suffrage: 'observer' }), tokenId: 't8' });
  });
});

describe('node-started', () => {
  it('tells each of the eight steps and then that it started', () => {
    const ledger = threeNodes();
    const steps = SEED_START_STEPS.map((name, n) => ({ name, ms: n }));
    ledger.done({ ...started('n2'), steps });
    expect(ledger.kinds()).toEqual([...Array<string>(8).fill('node-start-step'), 'node-started']);
    expect(ledger.events.at(-2)?.data).toEqual({ step: 8, steps: 8, name: 'serve', ms: 7 });
    expect(ledger.cluster.nodes['n2']).toMatchObject({ bootCounter: 1, startedAt: NOW, liveness: 'alive' });
  });

  it('is refused for another instance and for a boot counter that goes back', () => {
    const ledger = threeNodes();
    ledger.done(started('n2', 5));
    expect(ledger.refused({ ...started('n2', 6), instanceId: 'copy' }, 'conflict')).toContain('belongs to');
    expect(ledger.refused(started('n2', 4), 'conflict')).toContain('old copy');
    ledger.refused(started('n9'), 'not_found');
  });

  it('is refused for a second address of one start: the folder was copied', () => {
    const ledger = threeNodes();
    ledger.done(started('n2', 3));
    const copy = { ...started('n2', 3), host: '10.0.0.9' };
    const text = ledger.refused(copy, 'conflict');
    expect(text).toContain('10.0.0.1:5420');
    expect(text).toContain('10.0.0.9:5420');
    ledger.done({ ...copy, bootCounter: 4 });
    expect(ledger.cluster.nodes['n2']?.host).toBe('10.0.0.9');
  });

  it('says nothing twice for one start', () => {
    const ledger = threeNodes();
    ledger.done(started('n2', 1));
    expect(ledger.done(started('n2', 1))).toEqual({ repeated: true });
    expect(ledger.kinds()).toEqual([]);
  });
});

describe('node-liveness', () => {
  it('follows the verdict once, and a node that left is not dead', () => {
    const ledger = threeNodes();
    const dead = {
      kind: 'node-liveness',
      nodeId: 'n3',
      liveness: 'dead',
      by: ['n1'],
      cause: 'refused',
    } as const;
    ledger.done(dead);
    expect(ledger.kinds()).toEqual(['node-dead']);
    ledger.done(dead);
    expect(ledger.kinds()).toEqual([]);
    ledger.done({ kind: 'node-stopped', nodeId: 'n2' });
    ledger.done({ ...dead, nodeId: 'n2' });
    expect(ledger.cluster.nodes['n2']?.liveness).toBe('left');
    ledger.done({ ...dead, liveness: 'alive', cause: 'answers again' });
    expect(ledger.kinds()).toEqual(['node-alive']);
  });
});

describe('node-remove', () => {
  it('takes record, maintenance and alerts along and remembers the instance', () => {
    const ledger = threeNodes();
    ledger.done({ kind: 'maintenance-enable', nodeId: 'n3', owner: 'ann', reason: '', forMs: 1000 });
    const who = { id: 'NodeDown:n3', rule: 'NodeDown', nodeId: 'n3' } as const;
    const alert = { ...who, severity: 'warning', condition: 'node_up == 0' } as const;
    ledger.done({ kind: 'alert-transition', alert: { ...alert, state: 'firing', value: 'dead' } });
    ledger.done({ kind: 'node-remove', nodeId: 'n3', reason: 'retired' });
    expect(ledger.cluster).toMatchObject({ maintenance: {}, alerts: [] });
    expect(ledger.cluster.nodes['n3']).toBeUndefined();
    expect(ledger.cluster.removed).toEqual([
      { nodeId: 'n3', instanceId: 'i-n3', keySha256: 'key-of-n3', at: NOW },
    ]);
  });

  it('is refused for the primary', () => {
    threeNodes().refused({ kind: 'node-remove', nodeId: 'n1', reason: '' }, 'failed_precondition');
  });
});

describe('leader-started', () => {
  it('keeps why, and of the newest elections the table of candidates, in the event and the history', () => {
    const ledger = threeNodes();
    const candidates = [
      { nodeId: 'n2', eligible: true, reasons: ['won: n1 connection lost'], lagEntries: 0 },
    ];
    const told = { why: 'the connection to n1 ended; 2 of 3 votes', candidates };
    ledger.done({ kind: 'leader-started', ...campaign('n2', 4), ...told });
    expect(ledger.cluster.elections.at(-1)).toMatchObject(told);
    const event = ledger.events.find((e) => e.index === ledger.index);
    expect(event?.message).toContain(': the connection to n1 ended; 2 of 3 votes');
    expect(event?.data).toMatchObject(told);
    for (let n = 0; n < LIMITS.electionTables; n++)
      ledger.done({ kind: 'leader-started', ...campaign(n % 2 === 0 ? 'n3' : 'n2', 5 + n), ...told });
    const old = ledger.cluster.elections.find((e) => e.term === 4);
    expect(old?.why).toBe(told.why);
    expect(old?.candidates).toBeUndefined();
    expect(ledger.cluster.elections.filter((e) => e.candidates !== undefined)).toHaveLength(
      LIMITS.electionTables,
    );
  });

  it('counts elections beyond those that it remembers', () => {
    const ledger = threeNodes();
    const many = LIMITS.electionHistory + 5;
    for (let n = 0; n < many; n++) ledger.done({ kind: 'leader-started', ...campaign('n2', 4 + n) });
    expect(ledger.cluster.elections).toHaveLength(LIMITS.electionHistory);
    const before = threeNodes().cluster.elections.length;
    expect(electionCount(ledger.cluster)).toBe(before + many);
    // a record of before it was counted
    const { electionCount: _none, ...older } = ledger.cluster;
    expect(electionCount(older)).toBe(LIMITS.electionHistory);
  });

  it('makes the leader the primary, its term the epoch, and tells how the election went', () => {
    const ledger = threeNodes();
    ledger.done({ kind: 'leader-started', ...campaign('n2', 4) });
    expect(ledger.cluster.primary).toEqual({ nodeId: 'n2', epoch: 4, since: NOW });
    expect(ledger.cluster.elections.at(-1)).toMatchObject({ term: 4, nodeId: 'n2', index: ledger.index });
    expect(ledger.events.at(-1)).toMatchObject({
      kind: 'leader-elected',
      message: 'n2 leads term 4 (n1 connection lost, 20 ms without a leader, votes of n2, n3)',
      data: { term: 4, leader_id: 'n2', cause: 'hint', silence_ms: 12, election_ms: 8, votes: ['n2', 'n3'] },
    });
  });

  it('is refused for a term that is over or taken, and silent when repeated', () => {
    const ledger = threeNodes();
    ledger.done({ kind: 'leader-started', ...campaign('n2', 4) });
    ledger.refused({ kind: 'leader-started', ...campaign('n3', 3) }, 'conflict');
    ledger.refused({ kind: 'leader-started', ...campaign('n3', 4) }, 'conflict');
    expect(ledger.done({ kind: 'leader-started', ...campaign('n2', 4) })).toEqual({ repeated: true });
  });

  it('corrects the record of a leader that was held for dead', () => {
    const ledger = threeNodes();
    ledger.done({ kind: 'node-liveness', nodeId: 'n2', liveness: 'dead', by: [], cause: 'silent' });
    ledger.done({ kind: 'leader-started', ...campaign('n2', 4) });
    expect(ledger.kinds()).toEqual(['leader-elected', 'node-alive']);
    expect(ledger.cluster.nodes['n2']?.liveness).toBe('alive');
  });
});

describe('nodeState', () => {
  it.each([
    ['stopped', null, 'STOPPED'],
    ['starting', null, 'STARTING'],
    ['joining', 'learner', 'STARTING'],
    ['running', null, 'STARTING'],
    ['running', 'learner', 'FOLLOWER'],
    ['running', 'pre-candidate', 'CANDIDATE'],
    ['running', 'leader', 'LEADER'],
    ['draining', 'follower', 'FOLLOWER'],
    ['stopping', 'leader', 'SHUTTING_DOWN'],
  ] as const)('%s and %s is %s', (lifecycle, role, state) => {
    expect(nodeState(lifecycle, role)).toBe(state);
  });
});

describe('node-update', () => {
  it('is refused with both values where what it expects was changed meanwhile', () => {
    const ledger = threeNodes();
    const set = (metadata: Record<string, string>, expect?: Record<string, string>) =>
      ({ kind: 'node-update', nodeId: 'n2', metadata, expect: { metadata: expect } }) as const;
    ledger.done(set({ a: '1', b: '2' }, {}));
    expect(ledger.refused(set({ a: '3' }, { a: '1' }), 'conflict')).toBe(
      'the metadata of n2 is a=1, b=2 by now, not a=1',
    );
    // these would read the same
    ledger.refused(set({ a: '3' }, { a: '1, b=2' }), 'conflict');
    ledger.done(set({ a: '3' }, { b: '2', a: '1' }));
    const { zone } = record('n2');
    const move = (to: string, from: string) =>
      ({ kind: 'node-update', nodeId: 'n2', zone: to, expect: { zone: from } }) as const;
    ledger.done(move('east', zone));
    expect(ledger.refused(move('west', zone), 'conflict')).toBe(
      `the zone of n2 is "east" by now, not "${zone}"`,
    );
    expect(ledger.cluster.nodes['n2']).toMatchObject({ zone: 'east', metadata: { a: '3' } });
    ledger.done({ kind: 'node-update', nodeId: 'n2', zone: 'west' });
  });
});
