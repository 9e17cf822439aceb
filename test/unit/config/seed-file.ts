/** The configuration of the design document, as it stands there; spaces at the ends of lines and all. */
export const SEED_CLUSTER = `cluster:
  name: "sqlcc-cluster-001"
  node_id: "node-001"
  data_dir: "/var/lib/sqlcc/data"
  
  network:
    host: "0.0.0.0"
    port: 5433
    client_port: 5434
    
  raft:
    election_timeout_ms: 150
    heartbeat_interval_ms: 50
    log_compaction_threshold: 1000
    
  replication:
    sync_replication: true
    min_replicas: 2
    replica_lag_threshold: 100MB
    
  monitoring:
    enable_metrics: true
    metrics_port: 9090
    health_check_interval_ms: 5000
`;

export const SEED_METRICS = `metrics:
  cluster:
    - node_count
    - leader_count
    - follower_count
    - cluster_availability
    - config_version
    
  node:
    - cpu_usage
    - memory_usage
    - disk_usage
    - network_connections
    - query_latency
    - error_rate
    
  raft:
    - current_term
    - log_index
    - commit_index
    - applied_index
    - election_count
    - heartbeat_count
    
  replication:
    - replica_count
    - sync_lag
    - replication_rate
    - error_count
`;

export const SEED_ALERTS = `alerts:
  - name: "HighErrorRate"
    condition: "error_rate > 0.01"
    severity: "critical"
    actions: ["email", "slack"]
    
  - name: "LeaderDown"
    condition: "leader_count == 0"
    severity: "critical"
    actions: ["email", "pagerduty"]
    
  - name: "HighLatency"
    condition: "query_latency_p95 > 1000ms"
    severity: "warning"
    actions: ["slack"]
    
  - name: "DiskSpaceLow"
    condition: "disk_usage > 0.8"
    severity: "warning"
    actions: ["email"]
    
  - name: "NodeUnreachable"
    condition: "healthy_nodes < total_nodes * 0.5"
    severity: "critical"
    actions: ["email", "pagerduty"]
`;
