import { describe, expect, it } from 'vitest';
import { verifyChain } from '../../../src/audit/index.ts';
import { LIMITS } from '../../../src/base/index.ts';
import { decodeState, encodeState, membershipAudited, STATE_FORMAT } from '../../../src/cluster/index.ts';
import { NOW, threeNodes } from './world.ts';

describe('audit', () => {
  it('tells who did what to whom, from where, also what was refused', () => {
    const ledger = threeNodes();
    const origin = { from: '10.9.8.7', credential: 'certificate:0a1b' };
    ledger.done({ kind: 'node-remove', nodeId: 'n3', reason: 'retired' }, { actor: 'bob', origin });
    ledger.apply({ kind: 'node-remove', nodeId: 'n1', reason: 'oops' }, { actor: 'eve' });
    expect(ledger.cluster.audit.slice(-2)).toMatchObject([
      {
        actor: 'bob',
        ...origin,
        action: 'node-remove',
        target: 'n3',
        reason: 'retired',
        before: expect.stringContaining('voter 10.0.0.1:5430'),
        after: null,
        outcome: 'ok',
        index: ledger.index - 1,
      },
      {
        actor: 'eve',
        ...{ from: '', credential: '' },
        action: 'node-remove',
        target: 'n1',
        outcome: expect.stringContaining('failed_precondition'),
      },
    ]);
    // what was refused left everything as it was
    const refused = ledger.cluster.audit.at(-1);
    expect(refused?.before).toBe(refused?.after);
    expect(refused?.before).not.toBeNull();
  });

  it('tells before and after of every kind of control', () => {
    const ledger = threeNodes();
    const last = () => ledger.cluster.audit.at(-1);
    expect(ledger.cluster.audit[0]).toMatchObject({ before: null, after: 'cluster c-1', actor: 'ann' });
    ledger.done({ kind: 'node-update', nodeId: 'n2', zone: 'b', metadata: { rack: '7' } });
    expect(last()).toMatchObject({
      before: expect.stringMatching(/zone ""$/),
      after: expect.stringMatching(/zone "b" rack=7$/),
    });
    ledger.done({ kind: 'maintenance-enable', nodeId: 'n2', owner: 'ann', reason: 'disk', forMs: 60_000 });
    expect(last()).toMatchObject({ before: null, after: 'by ann until 2023-11-14T22:14:20.000Z' });
    ledger.done({ kind: 'maintenance-disable', nodeId: 'n2', cause: 'expired' });
    expect(last()).toMatchObject({ after: null, before: expect.stringContaining('by ann') });
    const put = { changes: ['x'], reason: 'why', createNode: 'n1', ifVersion: null };
    ledger.done({ kind: 'config-put', text: 'a: 1\n', configHash: 'h2', ...put });
    expect(last()).toMatchObject({
      before: 'version 1, hash h1',
      after: 'version 2, hash h2',
      reason: 'why',
    });
    ledger.done({ kind: 'token-revoke', id: 't2' });
    expect(last()).toMatchObject({ before: expect.stringContaining('used by n2'), after: null });
    const operation = { id: 'o1', kind: 'failover', from: 'n1', to: 'n2', reason: 'r' } as const;
    const more = { candidates: [], forMs: null, phase: 'accepted' };
    ledger.done({ kind: 'operation-begin', operation: { ...operation, ...more } });
    expect(last()).toMatchObject({ before: null, after: 'running, phase accepted', reason: 'r' });
    ledger.done({ kind: 'operation-end', id: 'o1', state: 'cancelled', error: null });
    expect(last()).toMatchObject({ before: 'running, phase accepted', after: 'cancelled, phase accepted' });
  });

  it('is a chain that a flipped byte in the stored state breaks at its line', () => {
    const ledger = threeNodes();
    for (let n = 0; n < 20; n++) ledger.done({ kind: 'node-update', nodeId: 'n2', zone: `zone-${n}` });
    const bytes = encodeState(ledger.cluster);
    const whole = decodeState(bytes);
    expect(verifyChain(whole.auditAnchor, whole.audit)).toMatchObject({ ok: true });
    const text = Buffer.from(bytes).toString('latin1');
    for (const n of [3, 11, 19]) {
      // zone-N stands before and after in two lines; the first of them is the line that set it
      const at = text.indexOf(`zone \\"zone-${n}\\"`);
      expect(at).toBeGreaterThan(0);
      const damaged = Buffer.from(bytes);
      damaged[at] = 'y'.charCodeAt(0);
      const state = decodeState(damaged);
      const set = whole.audit.find((line) => line.after?.includes(`"zone-${n}"`));
      expect(verifyChain(state.auditAnchor, state.audit)).toMatchObject({ ok: false, seq: set?.seq });
    }
  });

  it('notes changes of the Raft group, and nothing where nothing changed', () => {
    const { cluster } = threeNodes();
    const at = { index: 90, term: 4, timestamp: NOW };
    const changed = membershipAudited(cluster, { before: 'voters n1', after: 'voters n1, n2' }, at);
    expect(changed.audit.at(-1)).toMatchObject({
      ...{ action: 'raft-membership', actor: 'system', index: 90, target: 'term 4' },
      ...{ before: 'voters n1', after: 'voters n1, n2' },
    });
    expect(verifyChain(changed.auditAnchor, changed.audit).ok).toBe(true);
    expect(membershipAudited(cluster, { before: 'voters n1', after: 'voters n1' }, at)).toBe(cluster);
  });

  it('leaves out what the cluster does by itself, is bounded, and stays whole behind its anchor', () => {
    const ledger = threeNodes();
    const before = ledger.cluster.audit.length;
    ledger.done({ kind: 'node-stopped', nodeId: 'n3' });
    expect(ledger.cluster.audit).toHaveLength(before);
    for (let n = 0; n < LIMITS.auditHistory + 5; n++)
      ledger.done({ kind: 'node-update', nodeId: 'n2', zone: `z${n}` });
    const { audit, auditAnchor } = ledger.cluster;
    expect(audit).toHaveLength(LIMITS.auditHistory);
    expect(auditAnchor.seq).toBe(before + 5);
    expect(verifyChain(auditAnchor, audit)).toMatchObject({ ok: true });
    expect(verifyChain({ ...auditAnchor, hash: auditAnchor.hash.replace(/^./, 'x') }, audit)).toMatchObject({
      ok: false,
      seq: before + 6,
    });
  });

  it('cuts long texts of callers off', () => {
    const ledger = threeNodes();
    ledger.done({ kind: 'node-remove', nodeId: 'n3', reason: 'r'.repeat(5000) });
    expect(ledger.cluster.audit.at(-1)?.reason).toHaveLength(LIMITS.maxAuditText);
  });
});

describe('decodeState', () => {
  it('ties the lines of a state of before the chain together, alike on every node', () => {
    const { auditAnchor: _anchor, audit: _audit, ...rest } = threeNodes().cluster;
    const line = { index: 2, at: NOW, actor: 'ann', action: 'bootstrap', target: 'trial', reason: '' };
    const old = { ...rest, audit: [1, 2, 3].map((n) => ({ ...line, index: n, outcome: 'ok' })) };
    const bytes = Buffer.from(JSON.stringify({ format: 1, state: old }));
    const state = decodeState(bytes);
    expect(state.audit).toHaveLength(3);
    expect(state.audit[2]).toMatchObject({ ...line, index: 3, seq: 3, from: '', before: null });
    expect(verifyChain(state.auditAnchor, state.audit)).toMatchObject({ ok: true, head: { seq: 3 } });
    expect(encodeState(state)).toEqual(encodeState(decodeState(bytes)));
    expect(JSON.parse(Buffer.from(encodeState(state)).toString())).toMatchObject({ format: STATE_FORMAT });
  });

  it('says of a wish that never came to the record how it was refused', () => {
    const ledger = threeNodes();
    const note = {
      kind: 'audit-note',
      action: 'operation-refused',
      target: 'failover → n9',
      reason: 'r',
    } as const;
    ledger.done({ ...note, after: null, outcome: 'not_found: no node "n9"' });
    ledger.done({ ...note, action: 'log-level', after: 'DEBUG' });
    const lines = ledger.cluster.audit
      .slice(-2)
      .map((line) => `${line.action} ${line.actor}: ${line.outcome}`);
    expect(lines).toEqual(['operation-refused ann: not_found: no node "n9"', 'log-level ann: ok']);
  });
});
