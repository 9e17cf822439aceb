/**
 * The configuration inside the walls: camel case, bytes and milliseconds, every
 * default filled in. The YAML that it comes from is described in schema.ts.
 */
import type { AlertRule } from '../alerts/index.ts';
import type { LogLevel, NodeId } from '../base/index.ts';

export interface NetworkConfig {
  /** Address to listen on; may be a wildcard. */
  readonly host: string;
  readonly port: number;
  readonly clientPort: number;
  /** Consensus between nodes; `port` + 2 unless given. */
  readonly peerPort: number;
  /** Address that others reach this node at; null when `host` is a wildcard and none was given. */
  readonly advertiseHost: string | null;
  /** What carries probes of liveness: connections, or datagrams to UDP `port` where both ends do. */
  readonly probeLane: 'h2' | 'udp';
}

export interface RaftConfig {
  readonly electionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  /** Entries after which a snapshot may be made. */
  readonly logCompactionThreshold: number;
}

export interface ReplicationConfig {
  /** Always true with the embedded engine. */
  readonly syncReplication: boolean;
  /** Fewer live copies than this is DEGRADED. */
  readonly minReplicas: number;
  /** A node further behind, in bytes of log, is DEGRADED and no candidate. */
  readonly replicaLagThresholdBytes: number;
}

/** What the cluster does by itself about its voters. */
export interface MembershipConfig {
  /** A voter that has been dead this long gives its vote to a spare, ms; 0 = never. */
  readonly replaceDeadVoterAfterMs: number;
  /** With fewer voters no vote is moved by itself. */
  readonly minVoters: number;
  /** Between two votes that are moved by themselves, ms. */
  readonly replaceCooldownMs: number;
  /** Longest pause of the whole cluster, ms; 0 = none may begin. */
  readonly maxPauseMs: number;
  /** Longest maintenance or drain of a node, ms; 0 = none may begin. */
  readonly maxMaintenanceMs: number;
}

export interface MonitoringConfig {
  readonly enableMetrics: boolean;
  readonly metricsHost: string;
  readonly metricsPort: number;
  readonly healthCheckIntervalMs: number;
  readonly sampleIntervalMs: number;
}

/** Which metrics `/metrics` shows, by group of the seed; null = all. */
export type MetricSelection = Readonly<
  Record<'cluster' | 'node' | 'raft' | 'replication', readonly string[] | null>
>;

/** Texts of one's own, as templates; without them the usual ones. */
export interface MessageTemplates {
  /** One line: the subject of a mail. */
  readonly title?: string;
  /** One sentence: the summary of an incident. */
  readonly text?: string;
}

export interface NotifierConfig {
  readonly email:
    | ({
        smtpUrl: string;
        from: string;
        to: readonly string[];
        /** Without TLS nothing is sent; does not count for a server on this machine. */
        requireTls: boolean;
        allowLoopback: boolean;
      } & MessageTemplates)
    | null;
  readonly slack: ({ url: string; allowLoopback: boolean } & MessageTemplates) | null;
  readonly pagerduty:
    | ({ routingKey: string; url: string | null; allowLoopback: boolean } & Pick<MessageTemplates, 'text'>)
    | null;
  readonly webhook: { url: string; allowLoopback: boolean } | null;
}

export interface ClusterConfig {
  readonly name: string;
  readonly nodeId: NodeId;
  readonly dataDir: string;
  readonly engine: 'sqlite';
  /** null: the one that the daemon was started with. */
  readonly logLevel: LogLevel | null;
  readonly zone: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly network: NetworkConfig;
  readonly raft: RaftConfig;
  readonly replication: ReplicationConfig;
  readonly membership: MembershipConfig;
  readonly monitoring: MonitoringConfig;
  readonly alerts: readonly AlertRule[];
  readonly metrics: MetricSelection;
  readonly notifiers: NotifierConfig;
}

/** One thing that is wrong with a configuration; line and column count from 1. */
export interface ConfigIssue {
  readonly line: number;
  readonly column: number;
  /** Dotted keys, e.g. `cluster.raft.heartbeat_interval_ms`; '' = the whole file. */
  readonly path: string;
  readonly message: string;
  readonly hint: string;
  /** What was written, and a caret below the place; for values that are a language of their own. */
  readonly excerpt?: readonly string[];
}

export type ParsedConfig =
  | { readonly ok: true; readonly config: ClusterConfig; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly issues: readonly ConfigIssue[] };

/** When a changed key takes effect: at once, at the node's next start, or never (it can't be changed). */
export type ChangeEffect = 'live' | 'restart' | 'forbidden';

export interface ConfigChange {
  readonly path: string;
  readonly from: unknown;
  readonly to: unknown;
  readonly effect: ChangeEffect;
}

/** Keys that belong to one node, as it runs with them now. */
export interface LocalKeys {
  readonly nodeId: NodeId;
  readonly dataDir: string;
  readonly network: NetworkConfig;
}

/** What an update does with keys that its text does not name: leaves them, or sets them to their default. */
export type UpdateMode = 'merge' | 'replace';

export type CheckedUpdate =
  | {
      readonly ok: true;
      /** YAML of the whole replicated configuration after the update. */
      readonly text: string;
      readonly configHash: string;
      readonly changes: readonly ConfigChange[];
      readonly notes: readonly string[];
    }
  | { readonly ok: false; readonly issues: readonly ConfigIssue[] };
