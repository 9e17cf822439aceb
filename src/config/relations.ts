/**
 * What single keys can't say: relations between them, and what this version does not do. Checked on raw
 * values, so that one wrong key hides no other.
 */
import { DEFAULT_ALERT_RULES } from '../alerts/index.ts';
import type { ClusterConfig, ConfigIssue } from './cluster-config.ts';
import type { Readable } from './issues.ts';
import { issueAtKey, valueAt } from './issues.ts';
import { keyAt } from './keys.ts';

type Rule = (read: Readable) => ConfigIssue[];

/** The number at `path`, or its default; undefined when something else stands there. */
function numberAt(read: Readable, path: string): number | undefined {
  const value = valueAt(read.value, path.split('.')) ?? keyAt(path)?.fallback;
  return typeof value === 'number' ? value : undefined;
}

const timing: Rule = (read) => {
  const beat = 'cluster.raft.heartbeat_interval_ms';
  const interval = numberAt(read, beat);
  const timeout = numberAt(read, 'cluster.raft.election_timeout_ms');
  if (interval === undefined || timeout === undefined || interval * 2 <= timeout) return [];
  const message = `heartbeat_interval_ms ${interval} × 2 is more than election_timeout_ms ${timeout}`;
  return [
    issueAtKey(read, beat, message, `at most ${Math.floor(timeout / 2)}, or raise election_timeout_ms`),
  ];
};

const ports: Rule = (read) => {
  const main = numberAt(read, 'cluster.network.port');
  const given: [string, number | undefined][] = [
    ['cluster.network.port', main],
    ['cluster.network.client_port', numberAt(read, 'cluster.network.client_port')],
    [
      'cluster.network.peer_port',
      numberAt(read, 'cluster.network.peer_port') ?? (main === undefined ? undefined : main + 2),
    ],
    ['cluster.monitoring.metrics_port', numberAt(read, 'cluster.monitoring.metrics_port')],
  ];
  const issues: ConfigIssue[] = [];
  const taken = new Map<number, string>();
  for (const [path, port] of given) {
    if (port === undefined) continue;
    const other = taken.get(port);
    if (other !== undefined) {
      issues.push(
        issueAtKey(
          read,
          path,
          `${path} ${port} is the port of ${other} too`,
          'give each its own; peer_port is port + 2 unless given',
        ),
      );
    }
    taken.set(port, path);
  }
  if (main !== undefined && main <= 65_535 && main + 2 > 65_535 && given[2]?.[1] === main + 2) {
    const message = `cluster.network.peer_port would be ${main + 2}`;
    issues.push(issueAtKey(read, 'cluster.network.port', message, 'give a peer_port of its own'));
  }
  return issues;
};

const engine: Rule = (read) => {
  const issues: ConfigIssue[] = [];
  if (valueAt(read.value, ['cluster', 'engine']) === 'postgres') {
    const message = 'engine postgres is not built yet';
    issues.push(issueAtKey(read, 'cluster.engine', message, 'use engine: sqlite, the embedded engine'));
  }
  if (valueAt(read.value, ['cluster', 'replication', 'sync_replication']) === false) {
    const message = 'sync_replication: false is not possible with engine sqlite';
    const hint = 'remove it: an acknowledged write is always on a majority';
    issues.push(issueAtKey(read, 'cluster.replication.sync_replication', message, hint));
  }
  return issues;
};

const alertNames: Rule = (read) => {
  const rules = valueAt(read.value, ['alerts']);
  if (!Array.isArray(rules)) return [];
  const seen = new Set<unknown>();
  return rules.flatMap((rule: unknown, n) => {
    const name = valueAt(rule, ['name']);
    if (name === undefined || !seen.has(name)) {
      seen.add(name);
      return [];
    }
    return [
      issueAtKey(read, `alerts.${n}.name`, `two alert rules are named "${String(name)}"`, 'rename one'),
    ];
  });
};

const LOOPBACK = /^(localhost|127\.|0\.|\[?::1\]?$|0x7f|2130706433)/i;
const REFERENCE = /^(file:.+|env:[A-Za-z_][A-Za-z0-9_]*)$/;

/**
 * True for an address that is itself a secret: it carries a credential, or whoever knows it may post there.
 * The configuration is replicated and every viewer may read it.
 */
function isSecret(key: string, url: URL): boolean {
  const credential = url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '';
  return credential || (/^(slack|webhook)\./.test(key) && !LOOPBACK.test(url.hostname));
}

function targetIssue(read: Readable, key: string, value: string): ConfigIssue[] {
  const path = `notifiers.${key}`;
  const plain = `${path} is a secret in plain text, and every viewer may read the configuration`;
  const issue = (message: string, hint: string) => [issueAtKey(read, path, message, hint)];
  if (key === 'pagerduty.routing_key') return issue(plain, KEEP_APART);
  const allowed = key.startsWith('email') ? /^smtps?:$/ : /^https?:$/;
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || !allowed.test(url.protocol)) {
    const hint = 'give a URL, or file:PATH or env:NAME where one is kept';
    return issue(`${path} is no URL that can be called`, hint);
  }
  if (isSecret(key, url)) return issue(plain, KEEP_APART);
  const mayLoop = valueAt(read.value, [...path.split('.').slice(0, -1), 'allow_loopback']) === true;
  if (mayLoop || !LOOPBACK.test(url.hostname)) return [];
  return issue(`${path} points at this machine`, 'add allow_loopback: true if it is meant');
}

const KEEP_APART = 'keep it on each node: file:PATH or env:NAME';

/** Where notifications go. Messages never repeat the value: it may be what should not have been written. */
const targets: Rule = (read) => {
  const keys = ['email.smtp_url', 'slack.url', 'pagerduty.routing_key', 'pagerduty.url', 'webhook.url'];
  return keys.flatMap((key) => {
    const value = valueAt(read.value, ['notifiers', ...key.split('.')]);
    return typeof value !== 'string' || REFERENCE.test(value) ? [] : targetIssue(read, key, value);
  });
};

const RULES: readonly Rule[] = [timing, ports, engine, alertNames, targets];

/** Everything that is wrong between keys. */
export function relationIssues(read: Readable): ConfigIssue[] {
  return RULES.flatMap((rule) => rule(read));
}

/** An address that says "all of this machine" and means nothing to others. */
export function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::' || host === '[::]';
}

/** Alerts that name a channel which is not there: whoever relies on it is not called. */
export function unsentActions({ alerts, notifiers }: Pick<ClusterConfig, 'alerts' | 'notifiers'>): string[] {
  const wanted = new Set(alerts === DEFAULT_ALERT_RULES ? [] : alerts.flatMap((rule) => rule.actions));
  return [...wanted]
    .filter((action) => notifiers[action] === null)
    .map(
      (action) => `alerts use the action "${action}", notifiers.${action} is not configured: nothing is sent`,
    );
}

/** What may be as it is and yet surprise somebody. */
export function warningsOf(config: ClusterConfig): string[] {
  const { host, advertiseHost } = config.network;
  const reach = `network.host is ${host}: give network.advertise_host, or others can't reach this node`;
  return [...(advertiseHost === null ? [reach] : []), ...unsentActions(config)];
}
