/** What is done first about an alert that fires, by what its condition reads; docs/runbooks says more. */

const OF_READING: Readonly<Record<string, string>> = {
  leader_count: '"sqlcc cluster status --stale": start voters that are dead; all live: "sqlcc doctor" on two',
  node_up: 'on its machine: "systemctl start sqlcc"; where it ends again, "sqlcc doctor --config FILE"',
  healthy_nodes: '"sqlcc node list -o wide" says which are not, and why',
  error_rate:
    '"sqlcc node show NODE", "sqlcc metrics --node NODE"; of all nodes: what else "sqlcc alert list" has',
  query_latency_p95: '"sqlcc node check --all --now": a slow disk, a late event loop, or else the statements',
  disk_usage: '"sqlcc node list -o wide": DISK-USED is what the data takes; make room, or move the leader',
  sync_lag: '"sqlcc node list -w 2s": wait while it shrinks; else "sqlcc node check NODE --now"',
  certificate_expires_in:
    'restart its daemon: it renews as it starts, where a voter can sign; of all nodes at once it may be ' +
    'the CA: "sqlcc cert list"',
  person_certificates_expiring:
    '"sqlcc cert list" says whose; its holder renews it, "sqlcc cert renew --self", while it is good; once ' +
    'it has ended: "sqlcc cert issue" on a voter',
  clock_offset: 'on its machine: "sqlcc doctor --config FILE" compares clocks; start the time service there',
  fsync: 'on its machine: "iostat -x 1" says who else writes; where it leads, "sqlcc cluster failover"',
  diverged: '"sqlcc cluster verify" says what differs; keep its clients away: "sqlcc node drain NODE"',
  maintenance_expiring: '"sqlcc node maintenance status": end what is done, or give it more time',
};

/** Of what names the same thing. */
const AS: Readonly<Record<string, string>> = {
  leader_nodes: 'leader_count',
  query_latency_p50: 'query_latency_p95',
  query_latency_p99: 'query_latency_p95',
  person_certificate_expires_in: 'person_certificates_expiring',
};

/** One sentence for each reading that has one, in the order of the condition. */
export function firstSteps(condition: string): string[] {
  const names = condition.match(/[a-z][a-z0-9_]*/g) ?? [];
  const steps = names.flatMap((name) => OF_READING[AS[name] ?? name] ?? []);
  return [...new Set(steps)];
}
