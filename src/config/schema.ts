/**
 * The YAML file, key by key: type, range, default, unit, meaning, and when a change
 * takes effect. Everything else about keys is made from this table: parsing, the
 * reference, the commented sample, the diff. Defaults are the seed's.
 */
import * as z from 'zod';
import { alertRuleSchema, TEMPLATE_LENGTH, templateProblem } from '../alerts/index.ts';
import { isClusterName, parseDuration, parseNodeId, parseSize } from '../base/index.ts';
import type { ChangeEffect } from './cluster-config.ts';

/** What people want to know of a key beside its type. */
export interface KeyInfo {
  readonly doc: string;
  readonly unit?: string;
  readonly effect: ChangeEffect;
  /** Belongs to one node: never part of the replicated configuration. */
  readonly local?: true;
  /** As written in the sample; the default when absent. */
  readonly sample?: string;
}

/** Facts about keys; filled where the schema is declared. */
export const KEYS = z.registry<KeyInfo>();

function text(limit: number): z.ZodString {
  return z.string().min(1, 'is empty').max(limit, `is longer than ${limit} characters`);
}

function whole(low: number, high: number): z.ZodNumber {
  return z.int('is no whole number').min(low, `must be at least ${low}`).max(high, `must be at most ${high}`);
}

const port = (): z.ZodNumber => whole(1, 65_535);

const host = text(253).regex(/^[A-Za-z0-9.:_-]+$/, 'is no host name and no IP address');

const nodeId = z.string().superRefine((value, context) => {
  const parsed = parseNodeId(value);
  if (!parsed.ok) context.addIssue({ code: 'custom', message: `is no node id: ${parsed.reason}` });
});

const clusterName = z.string().refine(isClusterName, {
  message: 'is no cluster name: 1 to 63 letters, digits, spaces, ".", "_", "-", a letter or digit first',
});

/** `100MB`, `1GiB`, or a number of bytes. */
const size = z
  .union([z.string(), z.int()], { error: 'is no size such as 100MB' })
  .transform((value, context) => {
    const bytes = typeof value === 'number' ? value : parseSize(value);
    if (bytes !== undefined && bytes >= 0) return bytes;
    context.addIssue({ code: 'custom', message: 'is no size such as 100MB' });
    return z.NEVER;
  });

/** `10m`, `30s`, or a number of milliseconds; 0, or at least `low` ms and at most 30 days. */
const duration = (low: number) =>
  z.union([z.string(), z.int()], { error: 'is no duration such as 10m' }).transform((value, context) => {
    const ms = typeof value === 'number' ? value : parseDuration(value);
    const isGood = ms !== undefined && (ms === 0 || ms >= low) && ms >= 0 && ms <= 30 * 86_400_000;
    if (isGood) return ms;
    const few = low > 0 ? ` from ${low} ms, or 0,` : '';
    context.addIssue({ code: 'custom', message: `is no duration${few} such as 10m, at most 30d` });
    return z.NEVER;
  });

/**
 * An address, or where a secret is kept: `file:PATH` and `env:NAME` are read by the daemon on each node. A
 * secret itself is refused (relations.ts), because this text is replicated and shown.
 */
const secret = text(2048);

const network = z.strictObject({
  host: host.default('0.0.0.0').register(KEYS, {
    doc: 'Address to listen on',
    effect: 'restart',
    local: true,
  }),
  port: port().default(5433).register(KEYS, {
    doc: 'Port of peers and of the management API',
    effect: 'restart',
    local: true,
  }),
  client_port: port().default(5434).register(KEYS, {
    doc: 'Port for SQL clients',
    effect: 'restart',
    local: true,
  }),
  peer_port: port().optional().register(KEYS, {
    doc: 'Port of consensus between nodes; port + 2 unless given',
    effect: 'restart',
    local: true,
    sample: '5435',
  }),
  advertise_host: host.optional().register(KEYS, {
    doc: 'Address that others reach this node at; host unless given, needed when host is a wildcard',
    effect: 'restart',
    local: true,
    sample: '192.168.1.100',
  }),
  probe_lane: z.enum(['h2', 'udp']).default('h2').register(KEYS, {
    doc: 'What carries liveness probes: the connections, or sealed datagrams to the same port beside them',
    effect: 'restart',
    local: true,
  }),
});

const raft = z.strictObject({
  election_timeout_ms: whole(20, 60_000).default(150).register(KEYS, {
    doc: 'Shortest silence after which a follower campaigns; drawn from this to twice this',
    unit: 'ms',
    effect: 'live',
  }),
  heartbeat_interval_ms: whole(5, 10_000).default(50).register(KEYS, {
    doc: "Time between a leader's heartbeats; at most half of election_timeout_ms",
    unit: 'ms',
    effect: 'live',
  }),
  log_compaction_threshold: whole(10, 10_000_000).default(1000).register(KEYS, {
    doc: 'Snapshot when this many entries and 64 MiB of log or 30 s have passed since the last',
    unit: 'entries',
    effect: 'live',
  }),
});

const replication = z.strictObject({
  sync_replication: z.boolean('is neither true nor false').default(true).register(KEYS, {
    doc: 'Writes wait for a majority; always true with the sqlite engine',
    effect: 'forbidden',
  }),
  min_replicas: whole(1, 100).default(2).register(KEYS, {
    doc: 'Fewer live copies than this is DEGRADED',
    unit: 'nodes',
    effect: 'live',
  }),
  replica_lag_threshold: size.default(100_000_000).register(KEYS, {
    doc: 'A node this far behind, in bytes of log, is DEGRADED and no candidate',
    unit: 'bytes',
    effect: 'live',
    sample: '100MB',
  }),
});

const membership = z.strictObject({
  replace_dead_voter_after: duration(1000).default(0).register(KEYS, {
    doc: 'A voter that is dead this long gives its vote to a spare (a healthy observer); 0 = never',
    unit: 'ms',
    effect: 'live',
  }),
  min_voters: whole(1, 7).default(3).register(KEYS, {
    doc: 'With fewer voters than this no vote is moved by itself',
    unit: 'nodes',
    effect: 'live',
  }),
  replace_cooldown: duration(0).default(600_000).register(KEYS, {
    doc: 'Time between two votes that are moved by themselves',
    unit: 'ms',
    effect: 'live',
    sample: '10m',
  }),
  max_pause: duration(60_000)
    .default(7 * 86_400_000)
    .register(KEYS, {
      doc: 'A pause of the whole cluster lasts this long at most; 0 = none may begin',
      unit: 'ms',
      effect: 'live',
      sample: '7d',
    }),
  max_maintenance: duration(60_000)
    .default(30 * 86_400_000)
    .register(KEYS, {
      doc: 'Maintenance or a drain of a node lasts this long at most; 0 = none may begin',
      unit: 'ms',
      effect: 'live',
      sample: '30d',
    }),
});

const monitoring = z.strictObject({
  enable_metrics: z.boolean('is neither true nor false').default(true).register(KEYS, {
    doc: 'Serve /metrics; the probes of the same port are always served',
    effect: 'live',
  }),
  metrics_port: port().default(9090).register(KEYS, {
    doc: 'Port of metrics and probes, plain HTTP',
    effect: 'restart',
    local: true,
  }),
  metrics_host: host.default('127.0.0.1').register(KEYS, {
    doc: 'Address of metrics and probes; loopback unless given',
    effect: 'restart',
    local: true,
  }),
  health_check_interval_ms: whole(100, 3_600_000).default(5000).register(KEYS, {
    doc: 'Time between full checks: how the other nodes say they are, a durable write, a quorum',
    unit: 'ms',
    effect: 'live',
  }),
  sample_interval_ms: whole(100, 60_000).default(1000).register(KEYS, {
    doc: 'Time between samples of metrics; alerts are evaluated as often',
    unit: 'ms',
    effect: 'live',
  }),
});

const cluster = z.strictObject({
  name: clusterName.register(KEYS, {
    doc: 'Name of the cluster',
    effect: 'forbidden',
    sample: 'sqlcc-cluster-001',
  }),
  node_id: nodeId.register(KEYS, {
    doc: 'Name of this node, unique in the cluster',
    effect: 'forbidden',
    local: true,
    sample: 'node-001',
  }),
  data_dir: text(4096).default('/var/lib/sqlcc/data').register(KEYS, {
    doc: 'Folder of this node: log, snapshots, certificates, database',
    effect: 'restart',
    local: true,
  }),
  engine: z
    .enum(['sqlite', 'postgres'])
    .default('sqlite')
    .register(KEYS, { doc: 'Engine of the data: sqlite is embedded', effect: 'forbidden' }),
  log_level: z.enum(['DEBUG', 'INFO', 'WARN', 'ERROR']).optional().register(KEYS, {
    doc: 'Least level of log lines; the one that each daemon was started with unless given',
    effect: 'live',
  }),
  zone: z.string().max(63, 'is longer than 63 characters').default('').register(KEYS, {
    doc: 'Failure domain of this node, e.g. a rack',
    effect: 'restart',
    local: true,
    sample: 'rack-1',
  }),
  metadata: z
    .record(z.string().min(1).max(63), z.string().max(255))
    .default({})
    .register(KEYS, { doc: 'Free words about this node', effect: 'restart', local: true }),
  network: network.prefault({}),
  raft: raft.prefault({}),
  replication: replication.prefault({}),
  membership: membership.prefault({}),
  monitoring: monitoring.prefault({}),
});

const metricNames = z.array(text(63)).max(100);

/** The seed's `metrics:` block: which metrics are shown, by group. */
const metrics = z.strictObject({
  cluster: metricNames.optional().register(KEYS, { doc: 'Shown metrics of the cluster', effect: 'live' }),
  node: metricNames.optional().register(KEYS, { doc: 'Shown metrics of the node', effect: 'live' }),
  raft: metricNames.optional().register(KEYS, { doc: 'Shown metrics of consensus', effect: 'live' }),
  replication: metricNames.optional().register(KEYS, { doc: 'Shown metrics of replicas', effect: 'live' }),
});

const ADDRESS = '[^<>@,;:"\\\\\\s\\u0000-\\u001f\\u007f]+@[^<>@,;:"\\\\\\s\\u0000-\\u001f\\u007f]+';

/** One mailbox, `a@b` or `Words <a@b>`: what ends a header or starts a second address is none. */
const mailbox = text(254).regex(
  new RegExp(`^(?:[^<>@,;:"\\\\\\u0000-\\u001f\\u007f]*<${ADDRESS}>|${ADDRESS})$`),
  'is no mail address such as ops@example.com or Ops <ops@example.com>',
);

const allow_loopback = z.boolean('is neither true nor false').default(false);

/** A text of a notification; names in double braces stand for facts (docs/notifiers.md). */
const template = text(TEMPLATE_LENGTH)
  .superRefine((value, context) => {
    const problem = templateProblem(value);
    if (problem !== null) context.addIssue({ code: 'custom', message: problem });
  })
  .optional();

const notifiers = z.strictObject({
  email: z
    .strictObject({
      smtp_url: secret,
      from: mailbox,
      to: z.array(mailbox).min(1).max(50),
      require_tls: z.boolean('is neither true nor false').default(true),
      allow_loopback,
      ...{ title: template, text: template },
    })
    .optional()
    .register(KEYS, {
      doc: 'Mail: smtp_url, from, to, require_tls, title, text; secrets as file:PATH or env:NAME',
      effect: 'live',
    }),
  slack: z
    .strictObject({ url: secret, allow_loopback, title: template, text: template })
    .optional()
    .register(KEYS, {
      doc: 'Slack: url of an incoming webhook, as file:PATH or env:NAME, title, text',
      effect: 'live',
    }),
  pagerduty: z
    .strictObject({ routing_key: secret, url: secret.optional(), allow_loopback, text: template })
    .optional()
    .register(KEYS, { doc: 'PagerDuty: routing_key as file:PATH or env:NAME, url, text', effect: 'live' }),
  webhook: z
    .strictObject({ url: secret, allow_loopback })
    .optional()
    .register(KEYS, { doc: 'Any receiver of JSON: url, as file:PATH or env:NAME', effect: 'live' }),
});

/** The whole file of a node. */
export const fileSchema = z.strictObject({
  cluster,
  alerts: z
    .array(alertRuleSchema)
    .max(200)
    .optional()
    .register(KEYS, { doc: 'Alert rules; eight shipped ones unless given', effect: 'live' }),
  metrics: metrics.prefault({}),
  notifiers: notifiers.prefault({}),
});

/** A file as parsed: keys as written, defaults filled in, sizes in bytes. */
export type ConfigFile = z.output<typeof fileSchema>;
