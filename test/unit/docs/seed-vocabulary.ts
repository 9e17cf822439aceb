/**
 * The names of the design document, section by section: classes, methods, fields, values, keys, metrics, rules and
 * commands as they stand there; steps and points of its lists in short words of ours. Taken from the document by
 * hand; ARCHITECTURE.md must have each of them once.
 */
export const SEED_VOCABULARY: Readonly<Record<string, readonly string[]>> = {
  Goals: [
    'high availability',
    'strong consistency',
    'nodes come and go',
    'heals itself',
    'election < 100 ms',
    'fault detected < 5 s',
    'configuration in sync < 10 s',
    'availability 99.99 %',
  ],
  'Kinds of nodes': words(`
    Leader Follower Candidate`),
  NodeManager: words(`
    NodeManager StartNode StopNode JoinCluster LeaveCluster GetNodeStatus UpdateConfig NodeConfig
    ClusterConfig ClusterInfo Status NodeStatus`),
  'NodeState and NodeInfo': words(`
    NodeState STOPPED STARTING FOLLOWER CANDIDATE LEADER SHUTTING_DOWN NodeInfo node_id host port state
    last_heartbeat load_factor capacity metadata`),
  RaftConsensus: words(`
    RaftConsensus state_ current_term_ voted_for_ log_ commit_index_ last_applied_ election_timeout_
    last_activity_ vote_count_ StartElection HandleVoteRequest HandleHeartbeat IsElectionTimeout
    BecomeLeader BecomeFollower VoteRequest term candidate_id last_log_index last_log_term VoteResponse
    HeartbeatRequest HeartbeatResponse AppendEntriesResponse BroadcastToPeers GetMajoritySize
    GetLastLogIndex GetLastLogTerm`),
  DistributedConfig: words(`
    DistributedConfig raft_ configs_ version_map_ SetConfig DeleteConfig GetConfig GetConfigs WatchConfig
    ConfigChangeCallback ConfigVersion version term timestamp`),
  'Keys of the YAML': words(`
    cluster.name cluster.node_id cluster.data_dir cluster.network.host cluster.network.port
    cluster.network.client_port cluster.raft.election_timeout_ms cluster.raft.heartbeat_interval_ms
    cluster.raft.log_compaction_threshold cluster.replication.sync_replication
    cluster.replication.min_replicas cluster.replication.replica_lag_threshold
    cluster.monitoring.enable_metrics cluster.monitoring.metrics_port
    cluster.monitoring.health_check_interval_ms`),
  HealthMonitor: words(`
    HealthMonitor node_healths_ check_interval_ monitor_thread_ running_ StartMonitoring StopMonitoring
    CheckNodeHealth GetAllNodeHealths AddHealthCheckCallback HealthStatus HEALTHY UNHEALTHY UNKNOWN
    DEGRADED NodeHealth status cpu_usage memory_usage disk_usage active_connections query_latency_p95
    last_check issues`),
  MetricsCollector: words(`
    MetricsCollector CollectNodeMetrics CollectClusterMetrics GetRealTimeMetrics ExportMetrics
    RealTimeMetrics NodeMetrics cpu_usage memory_usage disk_io_read disk_io_write active_connections
    queries_per_second query_latency_p50 query_latency_p95 query_latency_p99 ClusterMetrics total_nodes
    healthy_nodes leader_nodes follower_nodes average_load total_queries total_errors cluster_availability`),
  GossipFailureDetector: words(`
    GossipFailureDetector member_map_ last_seen_ gossip_interval_ failure_timeout_ JoinCluster SendGossip
    HandleGossip DetectFailures GetAliveNodes GossipMessage from_node members timestamps version`),
  'Three flows': [
    'start 1: initialise the configuration',
    'start 2: start network services',
    'start 3: join the gossip network',
    'start 4: connect to seed nodes',
    'start 5: discover the members',
    'start 6: join the Raft group',
    'start 7: synchronise the configuration',
    'start 8: serve',
    'election 1: notice the timeout',
    'election 2: become a candidate',
    'election 3: raise the term',
    'election 4: vote for oneself',
    'election 5: send requests for votes',
    'election 6: collect the votes',
    'election 7: lead with a majority',
    'election 8: follow otherwise',
    'fault 1: detect it',
    'fault 2: mark as unavailable',
    'fault 3: elect anew',
    'fault 4: place data anew',
    'fault 5: clients reconnect',
    'fault 6: resume after repair',
  ],
  ConfigUpdateManager: words(`
    ConfigUpdateManager UpdateClusterConfig ValidateConfig ConfigChangeLogEntry type new_config version
    ConfigChangeType UPDATE_CLUSTER AppendLogEntry GenerateVersion WaitForConfigPropagation
    ApplyConfiguration StopOldServices StartNewServices UpdateNetworkConfig UpdateReplicationConfig
    UpdateMonitoringConfig`),
  ConfigVersionManager: words(`
    ConfigVersionInfo version config_hash create_time create_node changes is_active ConfigVersionManager
    CreateNewVersion GetVersionHistory ActivateVersion RollbackVersion`),
  RaftLogManager: words(`
    RaftLogManager AppendLogEntry ReplicateLog HandleAppendEntriesResponse CommitLogEntries GetLogEntry
    GetLastLogEntry LogEntry index term type data timestamp LogEntryType CONFIG_CHANGE MEMBER_CHANGE
    DATA_OPERATION SNAPSHOT`),
  SnapshotManager: words(`
    SnapshotManager CreateSnapshot CompressSnapshot LoadSnapshot VerifySnapshot StartPeriodicSnapshot
    CleanupOldSnapshots GenerateSnapshotPath`),
  Metrics: words(`
    cluster node_count leader_count follower_count cluster_availability config_version node cpu_usage
    memory_usage disk_usage network_connections error_rate query_latency raft current_term log_index
    commit_index applied_index election_count heartbeat_count replication replica_count sync_lag
    replication_rate error_count`),
  Alerts: words(`
    name condition severity actions HighErrorRate LeaderDown HighLatency DiskSpaceLow NodeUnreachable
    email slack pagerduty`),
  Tests: [
    'functions: nodes start and stop',
    'functions: election',
    'functions: faults detected and healed',
    'functions: configuration updated',
    'functions: consistency of data',
    'performance: time of an election',
    'performance: time to recover',
    'performance: configuration in sync',
    'performance: use of resources',
    'stress: many nodes start at once',
    'stress: partitions',
    'stress: extreme faults',
    'stress: stable for long',
    'chaos: random nodes fail',
    'chaos: delays of the network',
    'chaos: resources run out',
    'chaos: wrong configuration',
  ],
  Commands: [
    'cluster init',
    '--cluster-name',
    '--node-id',
    '--host',
    '--port',
    'node start',
    '--config',
    '--data-dir',
    '--log-level',
    'node join',
    '--seed-node',
    'cluster status',
    'node list',
    'node leader',
    'cluster failover',
    'node maintenance enable',
    'cluster config update',
    'cluster config backup',
  ],
  'When something fails': [
    'node: detected and isolated',
    'node: data placed anew',
    'node: clients led elsewhere',
    'partition: the minority stops by itself',
    'partition: data in sync afterwards',
    'partition: consistency verified',
    'configuration: checked',
    'configuration: taken back',
    'configuration: audited',
  ],
};

function words(text: string): readonly string[] {
  return text.trim().split(/\s+/);
}
