import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
// its sentences name keys
import '../../../tui/keymap.ts';
import { must, SqlccError } from '../../../src/base/index.ts';
import { clientDesk, configText } from '../../../tui/feed/client-desk.ts';
import type { ChangeAct } from '../../../tui/model/change-plan.ts';
import type { DeskClient } from '../../../tui/options.ts';

/** A client that notes its calls and answers with `answers` by the name of the method. */
function clientOf(answers: Record<string, unknown>) {
  const calls: unknown[][] = [];
  const method =
    (name: string) =>
    async (...args: unknown[]) => {
      calls.push([name, ...args]);
      return answers[name];
    };
  const names = [
    'config',
    'putConfig',
    'rollbackConfig',
    'confirmConfig',
    'configDiff',
    'acknowledgeAlert',
    'audit',
  ];
  const alerting = {
    silence: method('silence'),
    unsilence: method('unsilence'),
    explain: method('explain'),
    unacknowledge: method('unacknowledge'),
  };
  const steering = { pause: method('pause'), resume: method('resume') };
  const client = { ...Object.fromEntries(names.map((n) => [n, method(n)])), alerting, steering };
  return { calls, desk: clientDesk(client as unknown as DeskClient) };
}

const config = { version: { version: 41 } };
const change = (path: string, effect = 'live') => ({ path, from: 1, to: 2, effect });

describe('configText', () => {
  it('configText nests keys under cluster and reads values as YAML', () => {
    expect(configText('raft.heartbeat_interval_ms=40 network.tags=[a,b]')).toBe(
      'cluster:\n  raft:\n    heartbeat_interval_ms: 40\n  network:\n    tags:\n      - a\n      - b\n',
    );
    expect(configText('cluster.name=prod eu')).toBe('cluster:\n  name: prod eu\n');
  });

  it('configText refuses what is no assignment and no file, with a sentence', () => {
    expect(() => configText('raft')).toThrow(/"raft" is no key=value/);
    expect(() => configText('raft..x=1')).toThrow(/empty key/);
    expect(() => configText('@/no/such/file.yaml')).toThrow(/can't be read/);
  });
});

describe('clientDesk', () => {
  it('what a node tells itself is asked of the one that is looked through', async () => {
    const { calls, desk } = clientOf({ audit: { records: [] }, explain: {} });
    await desk.read({ slice: 'audit', arg: '' }, 'n5');
    await desk.read({ slice: 'explain', arg: 'NodeDown' }, 'n5');
    await desk.read({ slice: 'audit', arg: '' }, null);
    expect(calls).toEqual([
      ['audit', { node: 'n5' }],
      ['explain', 'NodeDown', { node: 'n5' }],
      ['audit', {}],
    ]);
  });

  it('a dry run is bound to the version in force, and the change to the same', async () => {
    const put = { changes: [change('a.b')], notes: [], version: 42, tentative: null };
    const { calls, desk } = clientOf({ config, putConfig: put });
    const act = { kind: 'apply', text: 'a.b=2', confirmMs: 60_000 } as const;
    const plan = await desk.preflight(act);
    expect(plan).toMatchObject({ allowed: true, arm: null, base: 41, effects: ['a.b: 1 → 2 (live)'] });
    expect(calls[1]).toMatchObject(['putConfig', { dryRun: true, ifVersion: 41 }]);
    await desk.act({ act, reason: ' why ', base: plan.base });
    expect(calls[2]).toMatchObject(['putConfig', { ifVersion: 41, reason: 'why', confirmWithinMs: 60_000 }]);
  });

  it('a whole text is bound to the version that it was written from, and replaces it', async () => {
    const put = { changes: [change('a.b')], notes: [], version: 44, tentative: null };
    const { calls, desk } = clientOf({ config: { ...config, text: 'cluster: {}\n' }, putConfig: put });
    expect(await desk.read({ slice: 'text', arg: '' })).toEqual({ version: 41, text: 'cluster: {}\n' });
    const file = join(mkdtempSync(join(tmpdir(), 'sqlcc-desk-')), 'v39.yaml');
    onTestFinished(() => rmSync(dirname(file), { recursive: true }));
    writeFileSync(file, 'cluster: {name: x}\n');
    const act = { kind: 'apply', text: `@${file}`, confirmMs: null, wholeOf: 39 } as const;
    const text = 'cluster: {name: x}\n';
    expect((await desk.preflight(act)).base, 'not 41: somebody may have changed it since').toBe(39);
    expect(calls.at(-1)).toEqual(['putConfig', { text, dryRun: true, ifVersion: 39, replace: true }]);
    const { text: checked } = await desk.preflight(act);
    writeFileSync(file, 'cluster: {name: saved meanwhile}\n');
    await desk.act({ act, reason: '', base: 39, text: checked });
    expect(calls.at(-1), 'what was shown').toEqual(['putConfig', { text, ifVersion: 39, replace: true }]);
  });

  it('what takes a change back is refused where somebody has changed it again', async () => {
    const putConfig = { changes: [], notes: [], version: 41, tentative: null };
    const answers = { config, configDiff: { changes: [change('a.b')] }, putConfig };
    const undo = (active: number) =>
      ({ kind: 'rollback', version: 40, active, confirmMs: null, undoes: 'change' }) as const;
    expect((await clientOf(answers).desk.preflight(undo(41))).base).toBe(41);
    const late = clientOf(answers).desk.preflight(undo(40));
    await expect(late).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringMatching(/^v41 was made/),
    });
  });

  it('a rollback that touches raft must be typed, a forbidden or an empty one is refused', async () => {
    const act = { kind: 'rollback', version: 40, active: 41, confirmMs: null } as const;
    const put = { changes: [], notes: ['n5 does not answer'], version: 41, tentative: null };
    const clientWith = (changes: unknown[]) => clientOf({ config, configDiff: { changes }, putConfig: put });
    const plan = (changes: unknown[]) => clientWith(changes).desk.preflight(act);
    expect((await plan([change('cluster.raft.heartbeat_interval_ms')])).arm).toBe('v40');
    expect((await plan([change('cluster.monitoring.interval_ms')])).arm).toBeNull();
    expect((await plan([change('cluster.name', 'forbidden')])).allowed).toBe(false);
    expect((await plan([])).allowed).toBe(false);
  });

  it('a rollback is checked on the live nodes before it is armed, where nothing else forbids it', async () => {
    const act = { kind: 'rollback', version: 40, active: 41, confirmMs: null } as const;
    const put = { changes: [], notes: ['n5 does not answer'], version: 41, tentative: null };
    const old = { ...config, text: 'cluster: {}\n' };
    const asked = (changes: unknown[]) => clientOf({ config: old, configDiff: { changes }, putConfig: put });
    const free = asked([change('cluster.monitoring.interval_ms')]);
    const plan = await free.desk.preflight(act);
    expect(plan.checks).toMatchObject([
      { name: 'valid', result: 'pass', text: 'valid on every live node' },
      { name: 'note', result: 'warn', text: 'n5 does not answer' },
    ]);
    expect(free.calls.slice(-2)).toEqual([
      ['config', 40],
      ['putConfig', { text: 'cluster: {}\n', dryRun: true, ifVersion: 41, replace: true }],
    ]);
    const closed = asked([change('cluster.name', 'forbidden')]);
    expect((await closed.desk.preflight(act)).checks[0]).toMatchObject({
      result: 'warn',
      text: expect.stringContaining('not asked'),
    });
    expect(closed.calls.map(([name]) => name)).toEqual(['config', 'configDiff']);
  });

  it('a rollback that a node would not run with is a plan that is not allowed, and says why', async () => {
    const act = { kind: 'rollback', version: 40, active: 41, confirmMs: null } as const;
    const client = {
      config: async () => ({ ...config, text: 'cluster: {}\n' }),
      configDiff: async () => ({ changes: [change('a.b')] }),
      putConfig: async () => Promise.reject(new SqlccError('config_invalid', 'n3 has no file ca.pem')),
    };
    const plan = await clientDesk(client as unknown as DeskClient).preflight(act);
    expect(plan).toMatchObject({
      allowed: false,
      checks: [{ result: 'fail', text: 'n3 has no file ca.pem' }],
    });
  });

  it('a configuration tells what takes it back, and none while it is on trial', async () => {
    const trial = { version: 42, previous: 41, expires: '2026-03-04T12:05:31.000Z' };
    const answer = { changes: [], notes: [], version: 42, tentative: null };
    const undone = async (act: ChangeAct, tentative: object | null = null, base: number | null = 41) => {
      const answers = { putConfig: { ...answer, tentative }, rollbackConfig: { ...answer, tentative } };
      return (await clientOf(answers).desk.act({ act, reason: '', base })).undo;
    };
    const apply = { kind: 'apply', text: 'a.b=2', confirmMs: null } as const;
    const rollback = { kind: 'rollback', version: 39, active: 41, confirmMs: null } as const;
    const back = { kind: 'rollback', version: 41, active: 42, confirmMs: null };
    expect(await undone(apply)).toEqual({ ...back, undoes: 'change' });
    expect(await undone(rollback)).toEqual({ ...back, undoes: 'rollback' });
    expect(await undone({ ...rollback, undoes: 'rollback' }), 'forward, then back').toEqual({
      ...{ ...back, undoes: 'change' },
    });
    expect(await undone(apply, trial), 'on trial').toBeNull();
    expect(await undone(apply, null, null), 'bound to no version').toBeNull();
    expect(await undone({ kind: 'confirm', version: 42, previous: 41 })).toEqual({
      ...back,
      undoes: 'change',
    });
  });

  it('an acknowledgement is of the incident on the screen', async () => {
    const { calls, desk } = clientOf({ acknowledgeAlert: {} });
    const act = { kind: 'ack', id: 'a1', incident: '1772625600000', label: 'NodeDown on n5' } as const;
    // an older node does not say whose it is: then it is not taken back from here
    expect(await desk.act({ act, reason: '', base: null })).toEqual({
      words: 'acknowledged NodeDown on n5',
      undo: null,
    });
    expect(calls).toEqual([['acknowledgeAlert', 'a1', { incident: '1772625600000' }]]);
  });

  it('an own acknowledgement tells how it is taken back, and of another’s whose it is', async () => {
    const incident = '1772625600000';
    const label = 'NodeDown on n5';
    const act = { kind: 'ack', id: 'a1', incident, label } as const;
    const own = clientOf({ acknowledgeAlert: { acknowledged_by: 'anna', changed: true } });
    const { undo } = await own.desk.act({ act, reason: '', base: null });
    expect(undo).toEqual({ kind: 'unack', id: 'a1', incident, by: 'anna', label });
    const taken = await own.desk.act({ act: must(undo, 'a way back'), reason: '', base: null });
    expect(taken).toEqual({ words: `${label}: acknowledged by nobody any more`, undo: null });
    expect(own.calls.at(-1)).toEqual(['unacknowledge', 'a1', { incident, by: 'anna' }]);
    const other = clientOf({ acknowledgeAlert: { acknowledged_by: 'bob', changed: false } });
    expect(await other.desk.act({ act, reason: '', base: null })).toEqual({
      words: `${label}: acknowledged by bob already`,
      undo: null,
    });
  });

  it('a silence tells how it is taken back', async () => {
    const { desk } = clientOf({ silence: { id: 's9' } });
    const act = { kind: 'silence', rule: 'NodeDown', nodeId: 'n5', forMs: 3_600_000 } as const;
    expect(await desk.act({ act, reason: '', base: null })).toEqual({
      words: 'silenced NodeDown on n5 for 1h',
      undo: { kind: 'unsilence', id: 's9', label: 'NodeDown on n5' },
    });
  });

  it('a pause is as long as is allowed unless a length is chosen, and says until when', async () => {
    const pause = { owner: 'anna', reason: 'move', since: '', expires: '2026-03-04T13:00:00.000Z' };
    const { calls, desk } = clientOf({ pause: { pause } });
    const act = { kind: 'pause', forMs: null } as const;
    const { words } = await desk.act({ act, reason: ' move ', base: null });
    expect(words).toBe('paused until 13:00:00: leadership and members stay where they are');
    await desk.act({ act: { kind: 'pause', forMs: 900_000 }, reason: 'move', base: null });
    await desk.act({ act: { kind: 'resume', by: 'anna' }, reason: '', base: null });
    expect(calls).toEqual([
      ['pause', { reason: 'move' }],
      ['pause', { reason: 'move', forMs: 900_000 }],
      ['resume', {}],
    ]);
  });
});
