import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SEED_ALERT_RULES } from '../../../src/alerts/index.ts';
import { LIMITS } from '../../../src/base/index.ts';
import type { ClusterConfig } from '../../../src/config/index.ts';
import {
  configHash,
  diffConfigs,
  parseConfig,
  renderConfig,
  renderSharedConfig,
} from '../../../src/config/index.ts';
import { METRICS } from '../../../src/metrics/index.ts';
import { SEED_ALERTS, SEED_CLUSTER, SEED_METRICS } from './seed-file.ts';

function parsed(text: string): ClusterConfig {
  const result = parseConfig(text, { source: 'test' });
  expect(result).toMatchObject({ ok: true });
  if (!result.ok) throw new TypeError('does not parse');
  return result.config;
}

const SMALL = 'cluster: {name: trial, node_id: n1}\n';

describe('parseConfig', () => {
  it("loads the seed's file verbatim", () => {
    expect(parsed(SEED_CLUSTER)).toMatchObject({
      name: 'sqlcc-cluster-001',
      nodeId: 'node-001',
      dataDir: '/var/lib/sqlcc/data',
      engine: 'sqlite',
      network: { host: '0.0.0.0', port: 5433, clientPort: 5434, peerPort: 5435, advertiseHost: null },
      raft: { electionTimeoutMs: 150, heartbeatIntervalMs: 50, logCompactionThreshold: 1000 },
      replication: { syncReplication: true, minReplicas: 2, replicaLagThresholdBytes: 100_000_000 },
      monitoring: { enableMetrics: true, metricsPort: 9090, healthCheckIntervalMs: 5000 },
    });
  });

  it("loads the seed's alerts and metrics in the same file, and its rules are the shipped ones", () => {
    const config = parsed(SEED_CLUSTER + SEED_METRICS + SEED_ALERTS);
    expect(config.alerts).toEqual(SEED_ALERT_RULES);
    const known = new Set([...METRICS.map((m) => m.id), 'query_latency']);
    const named = Object.values(config.metrics).flatMap((names) => names ?? []);
    expect(named).toHaveLength(21);
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });

  it("has the seed's values as defaults", () => {
    const small = parsed('cluster: {name: sqlcc-cluster-001, node_id: node-001}');
    expect(diffConfigs(small, parsed(SEED_CLUSTER))).toEqual([]);
  });

  it('drops a byte order mark and does not mind comments, anchors within bounds, and CRLF', () => {
    expect(parsed(`\ufeff${SMALL}`)).toEqual(parsed(SMALL));
    expect(parsed('# x\r\ncluster:\r\n  name: &n trial # y\r\n  node_id: n1\r\n').name).toBe('trial');
  });

  it('warns of an action without a notifier and of a wildcard that nobody can reach', () => {
    const result = parseConfig(SEED_CLUSTER + SEED_ALERTS, { source: 'f.yaml' });
    expect(result.ok && result.warnings).toHaveLength(4);
    expect(result.ok && result.warnings[0]).toMatch(/^f\.yaml: network\.host is 0\.0\.0\.0/);
    const named = `${SMALL}notifiers: {slack: {url: "env:HOOK"}}\n`;
    expect(parsed(named).notifiers.slack).toEqual({ url: 'env:HOOK', allowLoopback: false });
  });

  it.each([
    'pagerduty: {routing_key: "R0S3CRET"}',
    'pagerduty: {routing_key: "env:"}',
    'pagerduty: {routing_key: "env:KEY", url: "https://u:R0S3CRET@pd.example"}',
    'slack: {url: "https://hooks.example/services/R0S3CRET"}',
    'webhook: {url: "https://hooks.example/R0S3CRET"}',
    'webhook: {url: "http://127.0.0.1:9/?key=R0S3CRET", allow_loopback: true}',
    'email: {smtp_url: "smtps://me:R0S3CRET@mail.example", from: a@b, to: [c@d]}',
    'email: {smtp_url: "R0S3CRET", from: a@b, to: [c@d]}',
    'slack: {url: [R0S3CRET], allow_loopback: R0S3CRET}',
  ])('refuses a secret in plain text and does not repeat it: %s', (notifier) => {
    const result = parseConfig(`${SMALL}notifiers: {${notifier}}\n`, { source: 'test' });
    expect(result.ok).toBe(false);
    expect(JSON.stringify(result)).not.toContain('R0S3CRET');
  });

  it.each([
    ['ops@example.com', true],
    ['Ops on call <ops@example.com>', true],
    ['a@b\\r\\nBcc: c@d', false],
    ['Ops\\nBcc: c@d <a@b>', false],
    ['a@b, c@d', false],
    ['a@b\\n', false],
    ['nobody', false],
  ])('takes one mail address where one belongs: %s', (address, taken) => {
    for (const [from, to] of [
      [address, 'a@b'],
      ['a@b', address],
    ]) {
      const email = `email: {smtp_url: "env:MAIL", from: "${from}", to: ["${to}"]}`;
      expect(parseConfig(`${SMALL}notifiers: {${email}}\n`, { source: 'test' }).ok).toBe(taken);
    }
  });

  it('asks mail servers for TLS unless it is told otherwise, also when written again', () => {
    const email = 'email: {smtp_url: "env:MAIL", from: a@b, to: [c@d]';
    expect(parsed(`${SMALL}notifiers: {${email}}}\n`).notifiers.email?.requireTls).toBe(true);
    const lax = parsed(`${SMALL}notifiers: {${email}, require_tls: false}}\n`);
    expect(lax.notifiers.email?.requireTls).toBe(false);
    expect(parsed(renderConfig(lax)).notifiers).toEqual(lax.notifiers);
  });

  it('takes templates of notifications, keeps them when it is written again, and refuses what they can not name', () => {
    const slack = (rest: string) => `${SMALL}notifiers: {slack: {url: "env:S", ${rest}}}\n`;
    const config = parsed(slack('title: "{{ rule }}", text: "{{summary}} see wiki"'));
    expect(config.notifiers.slack).toMatchObject({ title: '{{ rule }}', text: '{{summary}} see wiki' });
    expect(parsed(renderConfig(config)).notifiers.slack).toEqual(config.notifiers.slack);
    for (const [wrong, why] of [
      ['{{ rle }}', /names \{\{ rle \}\}, which is none of kind, severity, rule,/],
      ['{{ rule', /braces that are not closed/],
      ['rule }}', /not opened/],
      ['x'.repeat(1001), /longer than 1000/],
      ['', /is empty/],
    ] as const) {
      const result = parseConfig(slack(`text: "${wrong}"`), { source: 'test' });
      expect(result.ok ? [] : result.issues, wrong).toMatchObject([
        { path: 'notifiers.slack.text', message: expect.stringMatching(why), line: expect.any(Number) },
      ]);
    }
  });

  it.each([
    'pagerduty: {routing_key: "file:/run/secrets/pd", url: "https://pd.example/v2"}',
    'slack: {url: "file:/run/secrets/slack"}',
    'webhook: {url: "http://127.0.0.1:9/hook", allow_loopback: true}',
    'email: {smtp_url: "smtp://mail.example:25", from: a@b, to: [c@d]}',
  ])('takes an address that is no secret and a place where one is kept: %s', (notifier) => {
    expect(parseConfig(`${SMALL}notifiers: {${notifier}}\n`, { source: 'test' })).toMatchObject({ ok: true });
  });

  it.each([
    [`${SMALL}#${'x'.repeat(LIMITS.maxConfigBytes)}`, /bytes, at most/],
    [`a: ${'['.repeat(40)}`, /nested too deep/],
    [Array.from({ length: 40 }, (_, n) => `${' '.repeat(n)}k:`).join('\n'), /nested deeper than 32/],
    [Array.from({ length: 5000 }, (_, n) => `k${n}: 1`).join('\n'), /more than 10000 words/],
  ])('refuses a text out of bounds', (text, message) => {
    const result = parseConfig(text, { source: 'test' });
    expect(result).toMatchObject({ ok: false, issues: [{ message: expect.stringMatching(message) }] });
  });

  it('answers any text with a configuration or issues that have a place', () => {
    const piece = fc.constantFrom(
      '*a',
      '&a ',
      '!x ',
      ':',
      ' ',
      '\n',
      '- ',
      '[',
      '{',
      ']',
      '}',
      '"',
      "'",
      '|',
      '?',
    );
    const word = fc.constantFrom(
      'cluster',
      'name',
      'raft',
      '<<: *a',
      '---\n',
      '#',
      '\t',
      '1',
      '~',
      '%',
      '\r',
      '\0',
    );
    const soup = fc.array(fc.oneof(piece, word), { maxLength: 40 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.oneof(soup, fc.string({ maxLength: 80 })), (text) => {
        const result = parseConfig(text, { source: 'test' });
        if (result.ok) return;
        expect(result.issues.length).toBeGreaterThan(0);
        for (const { line, column } of result.issues)
          expect(Math.min(line, column)).toBeGreaterThanOrEqual(1);
      }),
      { numRuns: 3000 },
    );
  });

  it('takes little time for 64 KiB of the worst', () => {
    const size = 65_536;
    const worst = [
      ...['[', '{a: ', '- ', '? ', '&a ', '*a ', "'", ':', '\n', '---\n', '#'].map((part) =>
        part.repeat(Math.floor(size / part.length)),
      ),
      Array.from({ length: 6000 }, (_, n) => `k${n}: v`).join('\n'),
    ];
    const cpuMs = (): number => (process.cpuUsage().user + process.cpuUsage().system) / 1000;
    const once = (text: string): number => {
      const began = cpuMs();
      parseConfig(text, { source: 'test' });
      return cpuMs() - began;
    };
    // time of the processor, the best of some runs (5 ms at a load of 10), is what the text costs
    const best = worst.map((text) => Math.min(...Array.from({ length: 8 }, () => once(text))));
    expect(Math.max(...best)).toBeLessThan(40);
  });
});

describe('renderConfig', () => {
  const port = fc.integer({ min: 1000, max: 9000 });
  const config = fc.record({
    zone: fc.constantFrom('', 'rack-1', 'yes', '0', ': x'),
    timeout: fc.integer({ min: 20, max: 60_000 }),
    bytes: fc.nat(2_000_000_000),
    metadata: fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), fc.string({ maxLength: 20 }), { maxKeys: 3 }),
    port,
  });

  it('parses back to an equal configuration', () => {
    fc.assert(
      fc.property(config, ({ zone, timeout, bytes, metadata, port: base }) => {
        const start = parsed(SMALL);
        const made: ClusterConfig = {
          ...start,
          zone,
          metadata,
          network: {
            ...start.network,
            port: base,
            clientPort: base + 1,
            peerPort: base + 2,
            host: '10.0.0.1',
            advertiseHost: '10.0.0.1',
          },
          raft: {
            ...start.raft,
            electionTimeoutMs: timeout,
            heartbeatIntervalMs: Math.min(10_000, Math.max(5, timeout >> 2)),
          },
          replication: { ...start.replication, replicaLagThresholdBytes: bytes },
        };
        const again = parsed(renderConfig(made));
        expect(diffConfigs(made, again)).toEqual([]);
        expect(again).toEqual(made);
      }),
      { numRuns: 100 },
    );
  });

  it('leaves out what belongs to one node when it is shared', () => {
    const text = renderSharedConfig(parsed(SEED_CLUSTER));
    for (const key of ['node_id', 'data_dir', 'network', 'metrics_port', 'zone'])
      expect(text).not.toContain(key);
    expect(text).toContain('replica_lag_threshold: 100MB');
  });
});

describe('configHash', () => {
  it('counts meaning, not spelling', () => {
    expect(configHash('a: 1\nb: [x, y]\n')).toBe(configHash('# note\nb:\n  - x\n  - "y"\na: 1\n'));
    expect(configHash('a: 1')).not.toBe(configHash('a: 2'));
    expect(configHash('a: "1"')).not.toBe(configHash('a: 1'));
  });

  it('takes any text', () => {
    expect(configHash('{')).toMatch(/^[0-9a-f]{64}$/);
    expect(configHash('')).toMatch(/^[0-9a-f]{64}$/);
  });
});
