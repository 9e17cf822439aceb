/** Texts around the configuration: whole ones that replace, backups, assignments, what waits for a restart. */
import { describe, expect, it } from 'vitest';
import {
  assignmentsText,
  backupText,
  checkText,
  checkUpdate,
  configHash,
  DistributedConfig,
  diffTexts,
  readBackup,
  renderSharedConfig,
} from '../../../src/config/index.ts';
import { KEY_LIST } from '../../../src/config/keys.ts';
import { config, LOCAL, OWN } from './loaded.ts';
import { SEED_ALERTS, SEED_CLUSTER, SEED_METRICS } from './seed-file.ts';

const TUNED = renderSharedConfig(
  config(`${SEED_CLUSTER.replace('heartbeat_interval_ms: 50', 'heartbeat_interval_ms: 40')}${SEED_ALERTS}`),
);

describe('checkUpdate of a whole text', () => {
  it('sets what is absent to its default, and keeps what nobody can change', () => {
    const merged = checkUpdate(TUNED, 'cluster: {raft: {election_timeout_ms: 300}}', LOCAL);
    expect(merged.ok && merged.changes.map((c) => c.path)).toEqual(['cluster.raft.election_timeout_ms']);
    const whole = checkUpdate(TUNED, 'cluster: {raft: {election_timeout_ms: 300}}', LOCAL, 'replace');
    expect(whole.ok && whole.changes.map((c) => [c.path, c.from, c.to])).toEqual([
      ['cluster.raft.election_timeout_ms', 150, 300],
      ['cluster.raft.heartbeat_interval_ms', 40, 50],
      ...['HighErrorRate', 'LeaderDown', 'HighLatency', 'DiskSpaceLow', 'NodeUnreachable'].map((name) => [
        `alerts.${name}`,
        expect.objectContaining({ name }),
        null,
      ]),
    ]);
    expect(whole.ok && whole.text).toContain('name: sqlcc-cluster-001');
  });

  it('still refuses another name', () => {
    const result = checkUpdate(TUNED, 'cluster: {name: other}', LOCAL, 'replace');
    expect(result.ok ? [] : result.issues.map((i) => i.path)).toEqual(['cluster.name']);
  });

  it('changes nothing with the text in force', () => {
    expect(checkUpdate(TUNED, TUNED, LOCAL, 'replace')).toMatchObject({ ok: true, changes: [], text: TUNED });
  });
});

describe('checkText', () => {
  it.each([
    ['a whole file', SEED_CLUSTER],
    ['all blocks of the seed', `${SEED_CLUSTER}${SEED_METRICS}${SEED_ALERTS}`],
    ['alerts alone', SEED_ALERTS],
    ['one key', 'cluster: {raft: {heartbeat_interval_ms: 40}}'],
  ])('accepts %s', (_what, text) => {
    expect(checkText(text)).toEqual([]);
  });

  it.each([
    ['no YAML', 'cluster: [', 1],
    ['no map', '- a', 1],
    ['a wrong key', 'cluster:\n  raft:\n    hearbeat_interval_ms: 40\n', 3],
    ['a wrong relation', 'cluster:\n  raft:\n    heartbeat_interval_ms: 400\n', 3],
  ])('refuses %s with its line', (_what, text, line) => {
    expect(checkText(text).map((i) => i.line)).toEqual([line]);
  });
});

describe('diffTexts', () => {
  it('tells what the newer text changes and when', () => {
    const plain = renderSharedConfig(OWN);
    expect(diffTexts(plain, TUNED)[0]).toEqual({
      ...{ path: 'cluster.raft.heartbeat_interval_ms', from: 50, to: 40, effect: 'live' },
    });
    expect(diffTexts(TUNED, TUNED)).toEqual([]);
  });
});

describe('a backup', () => {
  const head = {
    ...{ clusterId: 'c0ffee', clusterName: 'prod', version: 7, takenAt: '2026-01-02T03:04:05.678Z' },
    configHash: configHash(TUNED),
  };
  const backup = backupText(head, TUNED);

  it('comes back as it was taken, and loads as a configuration', () => {
    expect(readBackup(backup)).toEqual({ ok: true, head, text: TUNED });
    expect(readBackup(`\ufeff${backup.replaceAll('\n', '\r\n')}`)).toMatchObject({ ok: true, head });
    expect(checkText(backup)).toEqual([]);
  });

  it.each([
    ['changed text', backup.replace('interval_ms: 40', 'interval_ms: 41'), /hash is .*, the head says/],
    ['no head', TUNED, /does not begin with/],
    ['no cluster', backup.replace(/# cluster_id.*\n/, ''), /lacks cluster_id/],
    ['no version', backup.replace('version: 7', 'version: seven'), /lacks/],
  ])('is refused with %s', (_what, text, reason) => {
    const read = readBackup(text);
    expect(read.ok ? '' : read.reason).toMatch(reason);
  });
});

describe('assignmentsText', () => {
  it('makes an update of keys, with or without the word cluster', () => {
    const made = assignmentsText([
      'raft.heartbeat_interval_ms=40',
      'cluster.replication.replica_lag_threshold=1GiB',
      'notifiers.webhook.url=env:HOOK',
      'metrics.node=[cpu_usage, memory_usage]',
    ]);
    const checked = made.ok ? checkUpdate(renderSharedConfig(OWN), made.text, LOCAL) : null;
    expect(checked?.ok && checked.changes.map((c) => [c.path, c.to])).toEqual([
      ['cluster.raft.heartbeat_interval_ms', 40],
      ['cluster.replication.replica_lag_threshold', 1_073_741_824],
      ['metrics.node', ['cpu_usage', 'memory_usage']],
      ['notifiers.webhook.url', 'env:HOOK'],
    ]);
  });

  it('leaves it to the check to say which part of a key is wrong', () => {
    const issues = (text: string) => {
      const made = assignmentsText([text]);
      const checked = made.ok ? checkUpdate(renderSharedConfig(OWN), made.text, LOCAL) : null;
      return checked?.ok === false ? checked.issues.map((i) => i.message) : [];
    };
    expect(issues('raft.nope=3')).toEqual(['unknown key "nope" in cluster.raft']);
    expect(issues('raf.heartbeat_interval_ms=3')).toEqual(['unknown key "raf" in cluster']);
    expect(issues('metrics.nope=[cpu_usage]')).toEqual(['unknown key "nope" in metrics']);
  });

  it.each(['raft', '=40', 'raft..x=1', '.=1'])('refuses %s', (text) => {
    expect(assignmentsText([text]).ok).toBe(false);
  });

  it('leaves wrong keys and values to the check, and makes no key that attacks', () => {
    const made = assignmentsText([
      'raft.hearbeat_interval_ms=40',
      'raft.election_timeout_ms=[',
      '__proto__.a=1',
    ]);
    const checked = made.ok ? checkUpdate(renderSharedConfig(OWN), made.text, LOCAL) : null;
    expect(checked?.ok === false && checked.issues.map((i) => i.message)).toEqual(['"__proto__" is no key']);
    expect(({} as { a?: unknown }).a).toBeUndefined();
  });
});

describe('DistributedConfig.pending', () => {
  it('is what the file of the node changed, whatever is replicated', () => {
    const inForce = new DistributedConfig(OWN);
    inForce.apply({ version: 2, text: TUNED });
    expect(inForce.pending(OWN)).toEqual([]);
    const edited = SEED_CLUSTER.replace('port: 5433', 'port: 6433').replace('cluster-001', 'cluster-002');
    expect(inForce.pending(config(edited))).toEqual([
      { path: 'cluster.network.port', from: 5433, to: 6433, effect: 'restart' },
      { path: 'cluster.network.peer_port', from: 5435, to: 6435, effect: 'restart' },
    ]);
  });

  it('needs no replicated key, because those that can change at all change at once', () => {
    const late = KEY_LIST.filter((k) => k.info.effect === 'restart' && k.info.local !== true);
    expect(late.map((k) => k.path)).toEqual([]);
  });
});
