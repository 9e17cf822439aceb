import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/base/index.ts';
import { decodeState, encodeState } from '../../../src/cluster/index.ts';
import { type Ledger, NOW, threeNodes, token } from './world.ts';

const add = (ledger: Ledger, name: string, role: string): unknown =>
  ledger.done({ kind: 'user-set', name, role, mode: 'add', reason: '' });
const HOUR = 3_600_000;

describe('users', () => {
  it('are added once, granted another role, revoked and added again', () => {
    const ledger = threeNodes();
    add(ledger, 'root', 'admin');
    add(ledger, 'anna', 'viewer');
    ledger.refused({ kind: 'user-set', name: 'anna', role: 'admin', mode: 'add', reason: '' }, 'conflict');
    ledger.done({ kind: 'user-set', name: 'anna', role: 'operator', mode: 'grant', reason: 'on call' });
    expect(ledger.cluster.users['anna']).toMatchObject({
      role: 'operator',
      isActive: true,
      createdBy: 'ann',
    });
    ledger.done({ kind: 'user-revoke', name: 'anna', reason: 'left' });
    expect(ledger.cluster.users['anna']?.isActive).toBe(false);
    ledger.refused({ kind: 'user-revoke', name: 'anna', reason: '' }, 'not_found');
    ledger.refused(
      { kind: 'user-set', name: 'anna', role: 'viewer', mode: 'grant', reason: '' },
      'not_found',
    );
    add(ledger, 'anna', 'viewer');
    expect(ledger.cluster.users['anna']).toMatchObject({ role: 'viewer', isActive: true });
    const [line] = ledger.cluster.audit.filter((a) => a.action === 'user-revoke' && a.outcome === 'ok');
    expect(line).toMatchObject({
      target: 'user anna',
      reason: 'left',
      before: 'role operator',
      after: 'revoked',
    });
  });

  it('refuses what is no name', () => {
    const ledger = threeNodes();
    for (const name of ['', 'a/b', 'x'.repeat(64), '.hidden'])
      ledger.refused({ kind: 'user-set', name, role: 'viewer', mode: 'add', reason: '' }, 'invalid_argument');
  });

  it('never lose their last administrator, and say how to have another', () => {
    const ledger = threeNodes();
    // whoever has no record may be the administrator of the very beginning
    ledger.refused({ kind: 'user-revoke', name: 'admin', reason: '' }, 'failed_precondition');
    add(ledger, 'root', 'admin');
    ledger.refused({ kind: 'user-revoke', name: 'root', reason: '' }, 'failed_precondition');
    ledger.refused(
      { kind: 'user-set', name: 'root', role: 'viewer', mode: 'grant', reason: '' },
      'failed_precondition',
    );
    ledger.done({ kind: 'user-revoke', name: 'admin', reason: '' });
    add(ledger, 'eve', 'admin');
    ledger.done({ kind: 'user-revoke', name: 'root', reason: '' });
    const result = ledger.apply({ kind: 'user-revoke', name: 'eve', reason: '' });
    expect(result).toMatchObject({ ok: false, details: { remedy: 'sqlcc user add NAME --role admin' } });
  });

  it('take their tokens with them; those of others and of nobody stay', () => {
    const ledger = threeNodes();
    add(ledger, 'root', 'admin');
    const access = { kind: 'access', role: 'viewer' } as const;
    ledger.refused({ kind: 'token-create', token: token('tok0', { ...access, user: 'anna' }) }, 'not_found');
    add(ledger, 'anna', 'viewer');
    ledger.done({ kind: 'token-create', token: token('tok1', { ...access, user: 'anna' }) });
    ledger.done({ kind: 'token-create', token: token('tok2', access) });
    ledger.done({ kind: 'user-revoke', name: 'anna', reason: '' });
    expect(Object.keys(ledger.cluster.tokens)).toContain('tok2');
    expect(Object.keys(ledger.cluster.tokens)).not.toContain('tok1');
  });

  it('are bounded in number', () => {
    const ledger = threeNodes();
    for (let n = 0; n < LIMITS.maxUsers; n++) add(ledger, `u${n}`, 'viewer');
    ledger.refused(
      { kind: 'user-set', name: 'more', role: 'viewer', mode: 'add', reason: '' },
      'failed_precondition',
    );
  });
});

describe('certificate-revoke', () => {
  const revoke = { kind: 'certificate-revoke', reason: 'lost', expires: NOW + HOUR } as const;

  it('takes a serial number or a name of a person, and nothing else', () => {
    const ledger = threeNodes();
    ledger.done({ ...revoke, serial: '4a'.repeat(16), name: null });
    ledger.refused({ ...revoke, serial: '4a'.repeat(16), name: null }, 'conflict');
    ledger.done({ ...revoke, serial: null, name: 'anna' });
    ledger.refused({ ...revoke, serial: null, name: null }, 'invalid_argument');
    ledger.refused({ ...revoke, serial: 'ab', name: 'anna' }, 'invalid_argument');
    ledger.refused({ ...revoke, serial: 'no hex', name: null }, 'invalid_argument');
    ledger.refused({ ...revoke, serial: null, name: 'n1' }, 'failed_precondition');
    expect(ledger.cluster.revoked.map((r) => r.name ?? r.serial)).toEqual(['4a'.repeat(16), 'anna']);
    const actions = ledger.cluster.audit.filter((a) => a.action === 'certificate-revoke');
    expect(actions.map((a) => a.outcome.split(':')[0])).toEqual([
      'ok',
      'conflict',
      'ok',
      'invalid_argument',
      'invalid_argument',
      'invalid_argument',
      'failed_precondition',
    ]);
  });

  it('forgets what has ended by itself, and is bounded', () => {
    const ledger = threeNodes();
    const serial = (n: number): string => n.toString(16).padStart(8, '0');
    for (let n = 0; n < LIMITS.maxRevocations; n++) ledger.done({ ...revoke, serial: serial(n), name: null });
    ledger.refused({ ...revoke, serial: 'ffffffff', name: null }, 'failed_precondition');
    ledger.now += HOUR + 1;
    ledger.done({ ...revoke, serial: 'ffffffff', name: null, expires: ledger.now + HOUR });
    expect(ledger.cluster.revoked).toHaveLength(1);
  });
});

it('format 2 becomes a state with nobody on record', () => {
  const { users: _u, revoked: _r, ...old } = threeNodes().cluster;
  const bytes = Buffer.from(JSON.stringify({ format: 2, state: old }));
  const state = decodeState(bytes);
  expect(state).toMatchObject({ users: {}, revoked: [], pause: null, schedule: [], cooldowns: {} });
  expect(decodeState(encodeState(state))).toEqual(state);
});
