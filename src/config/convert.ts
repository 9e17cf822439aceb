/** Between the file's keys and the record inside the walls: the one place that knows both spellings. */
import type { AlertRule } from '../alerts/index.ts';
import { DEFAULT_ALERT_RULES } from '../alerts/index.ts';
import type { Duration, LogLevel } from '../base/index.ts';
import { formatDuration, formatSize, parseDuration, parseSize } from '../base/index.ts';
import type { ClusterConfig, NetworkConfig, NotifierConfig } from './cluster-config.ts';
import { isWildcard } from './relations.ts';
import type { ConfigFile } from './schema.ts';

function networkOf(file: ConfigFile['cluster']['network']): NetworkConfig {
  const { host, port, client_port, peer_port, advertise_host, probe_lane } = file;
  return {
    host,
    port,
    clientPort: client_port,
    peerPort: peer_port ?? port + 2,
    advertiseHost: advertise_host ?? (isWildcard(host) ? null : host),
    probeLane: probe_lane,
  };
}

/** Templates that are given; none is no key. */
function templatesOf({ title, text }: { title?: string | undefined; text?: string | undefined }) {
  return { ...(title === undefined ? {} : { title }), ...(text === undefined ? {} : { text }) };
}

function notifiersOf({ email, slack, pagerduty, webhook }: ConfigFile['notifiers']): NotifierConfig {
  return {
    email:
      email === undefined
        ? null
        : {
            smtpUrl: email.smtp_url,
            from: email.from,
            to: email.to,
            requireTls: email.require_tls,
            allowLoopback: email.allow_loopback,
            ...templatesOf(email),
          },
    slack:
      slack === undefined
        ? null
        : { url: slack.url, allowLoopback: slack.allow_loopback, ...templatesOf(slack) },
    pagerduty:
      pagerduty === undefined
        ? null
        : {
            routingKey: pagerduty.routing_key,
            url: pagerduty.url ?? null,
            allowLoopback: pagerduty.allow_loopback,
            ...templatesOf(pagerduty),
          },
    webhook: webhook === undefined ? null : { url: webhook.url, allowLoopback: webhook.allow_loopback },
  };
}

/** A checked file as the record that everybody reads. */
export function toConfig({ cluster, alerts, metrics, notifiers }: ConfigFile): ClusterConfig {
  const { raft, replication, membership, monitoring } = cluster;
  return {
    name: cluster.name,
    nodeId: cluster.node_id,
    dataDir: cluster.data_dir,
    engine: 'sqlite',
    logLevel: cluster.log_level === undefined ? null : (cluster.log_level.toLowerCase() as LogLevel),
    zone: cluster.zone,
    metadata: cluster.metadata,
    network: networkOf(cluster.network),
    raft: {
      electionTimeoutMs: raft.election_timeout_ms,
      heartbeatIntervalMs: raft.heartbeat_interval_ms,
      logCompactionThreshold: raft.log_compaction_threshold,
    },
    replication: {
      syncReplication: replication.sync_replication,
      minReplicas: replication.min_replicas,
      replicaLagThresholdBytes: replication.replica_lag_threshold,
    },
    membership: {
      replaceDeadVoterAfterMs: membership.replace_dead_voter_after,
      minVoters: membership.min_voters,
      replaceCooldownMs: membership.replace_cooldown,
      maxPauseMs: membership.max_pause,
      maxMaintenanceMs: membership.max_maintenance,
    },
    monitoring: {
      enableMetrics: monitoring.enable_metrics,
      metricsHost: monitoring.metrics_host,
      metricsPort: monitoring.metrics_port,
      healthCheckIntervalMs: monitoring.health_check_interval_ms,
      sampleIntervalMs: monitoring.sample_interval_ms,
    },
    alerts: alerts ?? DEFAULT_ALERT_RULES,
    metrics: {
      cluster: metrics.cluster ?? null,
      node: metrics.node ?? null,
      raft: metrics.raft ?? null,
      replication: metrics.replication ?? null,
    },
    notifiers: notifiersOf(notifiers),
  };
}

/** `100MB` where that says exactly the same, else the number. */
function sizeText(bytes: number): string | number {
  const text = formatSize(bytes).replace(' ', '');
  return parseSize(text) === bytes ? text : bytes;
}

/** `10m` where that says exactly the same. */
export function durationText(ms: Duration): string | number {
  const text = formatDuration(ms);
  if (parseDuration(text) === ms) return ms === 0 ? 0 : text;
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}

function ruleFile({ forMs, actions, ...rule }: AlertRule): Record<string, unknown> {
  return { ...rule, actions: [...actions], ...(forMs === 0 ? {} : { for: `${forMs}ms` }) };
}

function notifiersFile({ email, slack, pagerduty, webhook }: NotifierConfig): Record<string, unknown> {
  const loopback = (allowed: boolean) => (allowed ? { allow_loopback: true } : {});
  return {
    ...(email && {
      email: {
        ...{ smtp_url: email.smtpUrl, from: email.from, to: [...email.to] },
        ...(email.requireTls ? {} : { require_tls: false }),
        ...loopback(email.allowLoopback),
        ...templatesOf(email),
      },
    }),
    ...(slack && {
      slack: { url: slack.url, ...loopback(slack.allowLoopback), ...templatesOf(slack) },
    }),
    ...(pagerduty && {
      pagerduty: {
        routing_key: pagerduty.routingKey,
        ...(pagerduty.url === null ? {} : { url: pagerduty.url }),
        ...loopback(pagerduty.allowLoopback),
        ...templatesOf(pagerduty),
      },
    }),
    ...(webhook && { webhook: { url: webhook.url, ...loopback(webhook.allowLoopback) } }),
  };
}

/** Plain data with the file's keys. */
export interface FileTree {
  readonly [key: string]: unknown;
}

/** The record as the file would say it: every key, also those at their default. */
export function toFile(config: ClusterConfig): FileTree {
  const { network, raft, replication, membership, monitoring, metrics } = config;
  const groups = Object.entries(metrics).filter(([, names]) => names !== null);
  const notifiers = notifiersFile(config.notifiers);
  return {
    cluster: {
      name: config.name,
      node_id: config.nodeId,
      data_dir: config.dataDir,
      engine: config.engine,
      ...(config.logLevel === null ? {} : { log_level: config.logLevel.toUpperCase() }),
      zone: config.zone,
      metadata: { ...config.metadata },
      network: {
        host: network.host,
        port: network.port,
        client_port: network.clientPort,
        peer_port: network.peerPort,
        ...(network.advertiseHost === null ? {} : { advertise_host: network.advertiseHost }),
        ...(network.probeLane === 'h2' ? {} : { probe_lane: network.probeLane }),
      },
      raft: {
        election_timeout_ms: raft.electionTimeoutMs,
        heartbeat_interval_ms: raft.heartbeatIntervalMs,
        log_compaction_threshold: raft.logCompactionThreshold,
      },
      replication: {
        sync_replication: replication.syncReplication,
        min_replicas: replication.minReplicas,
        replica_lag_threshold: sizeText(replication.replicaLagThresholdBytes),
      },
      membership: {
        replace_dead_voter_after: durationText(membership.replaceDeadVoterAfterMs),
        min_voters: membership.minVoters,
        replace_cooldown: durationText(membership.replaceCooldownMs),
        max_pause: durationText(membership.maxPauseMs),
        max_maintenance: durationText(membership.maxMaintenanceMs),
      },
      monitoring: {
        enable_metrics: monitoring.enableMetrics,
        metrics_port: monitoring.metricsPort,
        metrics_host: monitoring.metricsHost,
        health_check_interval_ms: monitoring.healthCheckIntervalMs,
        sample_interval_ms: monitoring.sampleIntervalMs,
      },
    },
    ...(config.alerts === DEFAULT_ALERT_RULES ? {} : { alerts: config.alerts.map(ruleFile) }),
    ...(groups.length === 0 ? {} : { metrics: Object.fromEntries(groups) }),
    ...(Object.keys(notifiers).length === 0 ? {} : { notifiers }),
  };
}
