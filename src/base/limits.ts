/**
 * Every maximum of the system, by name, with what happens at it. A queue, buffer,
 * retry loop or history without a line here is a defect.
 */
export const LIMITS = {
  /**
   * Proposals whose entries are not yet committed, in bytes; above it a proposal is refused as
   * `overloaded`. Less where a second commits less (src/raft/admission.ts).
   */
  maxUncommittedBytes: 64 * 1024 * 1024,
  /** One log entry's data; larger requests are refused before they are proposed. */
  maxEntryBytes: 4 * 1024 * 1024,
  /** Entries' data in one append message. */
  maxAppendBytes: 512 * 1024,
  /**
   * Appends in flight to one follower, in messages and in bytes; above it the leader waits for
   * acknowledgements.
   */
  maxInflightMessages: 128,
  maxInflightBytes: 8 * 1024 * 1024,
  /** Committed entries handed to the state worker and not yet applied, in bytes; above it hand-over waits. */
  maxApplyingBytes: 32 * 1024 * 1024,
  /**
   * What was applied and told to the main thread, with the records that go along, and was not taken there
   * yet, in bytes; above it applying waits.
   */
  maxUnheardBytes: 32 * 1024 * 1024,
  /**
   * What the consensus thread told the main thread and was not taken there yet, in bytes; above it the newest
   * status waits alone, log lines are dropped and counted, and of events of Raft the newest are kept.
   */
  maxUnheardWordBytes: 4 * 1024 * 1024,
  maxHeldRaftEvents: 512,
  /**
   * What the main thread handed to the consensus thread and was not taken there yet, in bytes; above it
   * writes and reads are refused as `overloaded`.
   */
  maxUntakenBytes: 64 * 1024 * 1024,
  /**
   * Inputs waiting for the consensus loop's next turn; above it messages of peers are dropped and sent
   * again.
   */
  maxTurnInputs: 65_536,
  /** Bytes of entries in them, those of one turn; above it likewise. */
  maxTurnInputBytes: 16 * 1024 * 1024,
  /**
   * Bytes handed to the log and not durable yet; above it a leader's proposals wait, and are refused as
   * `overloaded` when they are too many, and appends to a follower are dropped and sent again.
   */
  maxUnwrittenBytes: 32 * 1024 * 1024,
  /**
   * Proposals that one turn of the consensus loop takes, and entries that it sends to one follower, in
   * bytes; the rest waits for the next turn, so that no heartbeat waits behind it.
   */
  maxTurnBytes: 1024 * 1024,
  /** Recent entries that the log keeps in memory, in bytes; older ones are read from their segment. */
  logCacheBytes: 2 * 1024 * 1024,
  /**
   * Log entries kept behind a snapshot for followers that lag a little, and their bytes: what is met first
   * ends it. A live follower that lags more gets ten times as much, then a snapshot.
   */
  trailingEntries: 10_000,
  trailingBytes: 64 * 1024 * 1024,
  walSegmentBytes: 32 * 1024 * 1024,
  /**
   * Bytes written with one sync of the log; further writes wait for the next one. A single larger write goes
   * whole.
   */
  walBatchBytes: 4 * 1024 * 1024,
  /** Saved tails (`.broken`) of the log; the oldest goes. */
  brokenTailsKept: 8,
  /** Writes of data are refused when the data disk has less than this free. */
  minFreeDiskBytes: 64 * 1024 * 1024,
  /**
   * Commands of control (who leads, maintenance, alerts, certificates, configuration) with less than this:
   * they are small, and they are what helps. More than `minFreeOwnBytes`: what begins can be finished.
   */
  minFreeControlBytes: 16 * 1024 * 1024,
  /** Nor does the cluster write anything of its own accord, such as alerts, with less than this. */
  minFreeOwnBytes: 8 * 1024 * 1024,
  snapshotsKept: 2,
  snapshotChunkBytes: 256 * 1024,
  /** Snapshots sent by one node, to all peers together; above it they wait, so that the log does not. */
  snapshotBytesPerSecond: 64 * 1024 * 1024,
  /** Names of hosts whose addresses are remembered; the one used longest ago goes. */
  maxRememberedHosts: 1024,
  /** One frame on a peer or client stream; a longer one closes the session. */
  maxFrameBytes: 8 * 1024 * 1024,
  /** Bytes that may wait for one peer's socket; above it messages are dropped and Raft resends. */
  maxPeerQueueBytes: 16 * 1024 * 1024,
  maxGossipMessageBytes: 64 * 1024,
  /** Updates in one packet of news, in bytes; the rest waits for the next round. */
  maxGossipBatchBytes: 8 * 1024,
  /** News and synchronisation sent by one node in any second; above it they wait (probes do not). */
  maxGossipBytesPerSecond: 64 * 1024,
  /** So much of them at once, out of quiet. A digest of the most bytes for a whole round must fit. */
  maxGossipBurstBytes: 24 * 1024,
  /** A member's word about itself; a longer one is refused. */
  maxGossipDigestBytes: 4096,
  /** Observers' opinions kept of one incarnation; later ones are dropped, which can only delay a verdict. */
  maxGossipOpinions: 32,
  maxMembers: 10_000,
  /** Requests waiting for their commit on one node; above it 429. */
  maxPendingProposals: 16_384,
  maxPendingReads: 16_384,
  maxKeyBytes: 512,
  maxValueBytes: 256 * 1024,
  maxBatchKeys: 1000,
  maxListItems: 10_000,
  /** Keys and values in one answer to a list or a batch, as JSON; it must fit a frame. Then `truncated`. */
  maxListBytes: 6 * 1024 * 1024,
  /** Of such answers so much is read in one turn of the event loop, or one; so many wait for theirs. */
  listBytesPerTurn: 1024 * 1024,
  maxWaitingLists: 1024,
  maxSqlBytes: 1024 * 1024,
  maxSqlStatements: 1000,
  maxSqlRows: 100_000,
  maxSqlResultBytes: 16 * 1024 * 1024,
  /** A SQL read runs at most this long, then its reader is killed. */
  sqlReadTimeoutMs: 30_000,
  /** A write that may run away is tried this long on the leader before it may enter the log. */
  sqlTrialTimeoutMs: 5000,
  /** A database up to this size is copied for the trial of a write; a larger one is judged by the plan. */
  sqlTrialCopyBytes: 256 * 1024 * 1024,
  /** Work that a request may be, by estimate, and still enter the log untried; in steps of about 1 µs. */
  sqlHarmlessSteps: 200_000,
  /** One text or blob inside SQLite; a longer one is a refused statement. */
  maxSqlValueBytes: 16 * 1024 * 1024,
  /** Prepared statements kept a connection; the one longest unused goes. */
  sqlStatementCache: 256,
  /** A longer text is prepared anew each time instead of being kept. */
  sqlCachedTextBytes: 64 * 1024,
  readerHeapMib: 256,
  readerIdleMs: 10_000,
  maxReaders: 4,
  /** Client sessions for exactly-once; the one longest unused (in log order) is evicted. */
  maxSessions: 10_000,
  /** Stored answers of one session, and their bytes; the lowest numbers go, the newest in flight never. */
  maxSessionReplies: 1024,
  maxSessionReplyBytes: 64 * 1024,
  /**
   * How far the numbers of a session's writes in flight may be apart; further writes wait in the client. So
   * many answers are always kept, up to these bytes; above them the larger ones shrink to "it took effect".
   */
  maxSessionInFlight: 256,
  maxSessionInFlightBytes: 1024 * 1024,
  /** Addresses that one client knows; further ones are not learned. */
  maxClientEndpoints: 64,
  /** Body of the largest JSON request, one of SQL. */
  maxBodyBytes: 8 * 1024 * 1024,
  /**
   * Bodies of other requests: ordinary ones, of a value, of a batch of keys, of a configuration (escaped).
   */
  maxPlainBodyBytes: 64 * 1024,
  maxValueBodyBytes: 2 * 1024 * 1024,
  maxBatchBodyBytes: 4 * 1024 * 1024,
  maxConfigBodyBytes: 2 * 1024 * 1024,
  /**
   * Bodies of callers without credentials that are read at once, and how long one may take; then
   * `overloaded`.
   */
  maxAnonymousBodies: 64,
  anonymousBodyMs: 5000,
  maxConfigBytes: 1024 * 1024,
  /**
   * Words (lexical tokens), nesting and aliases of a configuration; beyond them the text is refused unread.
   */
  maxConfigTokens: 10_000,
  maxConfigDepth: 32,
  maxConfigAliases: 16,
  /** Issues reported at once; the rest shows when these are corrected. */
  maxConfigIssues: 100,
  maxHeaderBytes: 16 * 1024,
  /**
   * Applied entries and bytes that wait in memory for one write to the state's file, and for how long; as
   * many more may come while it is being written.
   */
  unsettledEntries: 4096,
  unsettledBytes: 2 * 1024 * 1024,
  unsettledMs: 1000,
  /** Where callers wait for what is applied the parts are smaller by this, and so is what they wait for. */
  servingSettleFactor: 2,
  /** Replicated events kept for resuming streams; readers from before them are told of a gap. */
  eventHistory: 10_000,
  /** Own events (votes, suspicions) kept beside them. */
  ownEventHistory: 2000,
  /** Changes of keys kept for resuming watches, in bytes beside `eventHistory`; older ones are gone. */
  watchHistoryBytes: 8 * 1024 * 1024,
  /** Lines of the audit; the last one that is forgotten stays as the chain's anchor. */
  auditHistory: 1000,
  /** Characters of one text in a line of the audit; the rest is cut off. */
  maxAuditText: 512,
  operationHistory: 200,
  /** A pause of the whole cluster is never longer, whatever `membership.max_pause` says. */
  maxPauseMs: 30 * 86_400_000,
  /** Scheduled operations that wait, and those remembered with them; a further one that waits is refused. */
  maxScheduled: 64,
  scheduleHistory: 200,
  /** How far ahead an operation is scheduled; a later one is refused. */
  maxScheduleAheadMs: 90 * 86_400_000,
  /** A scheduled operation whose time is over by more than this is skipped: nobody expects it any more. */
  scheduleGraceMs: 60_000,
  /** After leadership was given away automatically it is not given away so again before, unless it must. */
  handOverCooldownMs: 60_000,
  /** A change of the Raft group that is refused all this time, without a break, ends its operation. */
  operationRefusedMs: 60_000,
  /** And so does a taker of a vote that was ready and is not any more for so long; it is a spare again. */
  operationSwapMs: 300_000,
  /** Phases kept of one operation; the oldest go. */
  operationPhases: 32,
  /** Alerts remembered; the longest resolved one goes first. */
  alertHistory: 1000,
  /**
   * After a recorded LeaderDown what begins counts as its consequence for so long: the minute that latencies
   * look back, and the way of a reading to the leader.
   */
  leaderDownAftermathMs: 70_000,
  /** Silences in force; more are refused. */
  maxSilences: 200,
  /**
   * Notifications remembered. The oldest that has ended and whose incident is over goes first; while none may
   * go, further alerts wait.
   */
  alertOutbox: 1000,
  /** Deliveries that one log entry changes; the rest follows in the next one. */
  maxDeliverySteps: 100,
  /** Words (lexical tokens) and nesting of one alert condition; a longer or deeper one is refused. */
  maxConditionTokens: 256,
  maxConditionDepth: 32,
  /**
   * Removed instances whose certificates stay refused; the oldest are forgotten after this many (they expire
   * long before).
   */
  removedNodesKept: 10_000,
  /** Values of one metric's label (peers, causes); further ones are counted together, or left out. */
  maxMetricSeries: 64,
  /** Seconds of samples that each node keeps for looking back. */
  historySeconds: 3600,
  /** Points in one answer about it: an hour of many nodes is given in longer steps. */
  historyPoints: 65_000,
  electionHistory: 200,
  /** Of these the newest keep their tables of candidates. */
  electionTables: 16,
  /** What a stream's reader is given at once, in bytes and lines; the rest waits in the history it reads. */
  maxSubscriberBytes: 1024 * 1024,
  maxSubscriberLines: 256,
  maxSubscribers: 256,
  maxTokens: 1000,
  maxUsers: 1000,
  /** Certificates that callers showed a node since its start, of which it can tell. */
  maxSeenCertificates: 512,
  /** Certificates called back that have not ended yet. */
  maxRevocations: 1000,
  /** Control operations (scopes operate and administer) of one identity in a second; then `overloaded`. */
  controlCallsPerSecond: 100,
  /** Refused callers and reasons that are counted apart on one node; all others together. */
  maxDenialRows: 256,
  /** The file of refusals; a full one becomes the older of two, and the older one goes. */
  maxDenialFileBytes: 1024 * 1024,
  /** Identities whose rate is remembered; the one longest unused is forgotten. */
  maxRatedIdentities: 4096,
  maxJoinAttemptsPerMinute: 20,
  maxJoinAttemptsPerAddressPerMinute: 5,
  handshakeTimeoutMs: 5000,
  /** How often connections of HTTP/1.1 are compared with their deadlines: so much later they close. */
  connectionsCheckMs: 1000,
  /** How often it is looked who sends what belongs to no stream: twice a session's window is too much. */
  strayBytesCheckMs: 1000,
  maxSessionsPerServer: 4096,
  /** Descriptors that callers leave to the log, SQLite and other voters; callers beyond are sent away. */
  reservedDescriptors: 32,
  /**
   * Connections of one address that nobody has authenticated, and of those the ones in their TLS handshake;
   * more are closed.
   */
  maxConnectionsPerUnauthenticatedAddress: 64,
  maxHandshakesPerAddress: 16,
  /** TLS handshakes that a node has under way at once with nodes that it dialled, for each port of theirs. */
  maxDialHandshakes: 8,
  /** Calls in flight on one call stream; above it `overloaded`. */
  maxCallsInFlight: 1024,
  /** Bytes of those calls; above it the stream is not read until some are answered. */
  maxCallBytesInFlight: 32 * 1024 * 1024,
  /** Requests that one name or token has under way, over all of its connections to a port; `overloaded`. */
  maxUnderWayBytes: 128 * 1024 * 1024,
  /** Answers that one name or token leaves unread, over all of its connections to a port. */
  maxUnreadBytes: 32 * 1024 * 1024,
  maxStreamsPerSession: 128,
  defaultRequestTimeoutMs: 5000,
  maxRequestTimeoutMs: 600_000,
  configVersionsKept: 100,
  /** One file of a support archive, and all of them before they are packed; more is cut off or left out. */
  maxSupportFileBytes: 8 * 1024 * 1024,
  maxSupportBytes: 64 * 1024 * 1024,
  /**
   * How long a node may stop applying for a comparison of all nodes at one index, and how many results it
   * keeps.
   */
  verifyHoldMs: 3000,
  verificationsKept: 8,
  /** Digests of windows of the log kept for comparison, own ones and early ones of peers; the oldest go. */
  digestsKept: 1024,
  /** Lines of a node's log that it keeps in memory for screens. */
  logTail: 300,
  /** Events that the terminal screen keeps, and CPU samples of one node for its sparkline. */
  screenEvents: 500,
  screenSamples: 60,
  /** Of one recorded session. */
  recordingBytes: 268_435_456,
  /** Answers of single views that the screen keeps. */
  screenAnswers: 120,
  /** Toasts and notices that the screen keeps. */
  screenMessages: 100,
  /** Clusters that the screen's fleet shows. */
  screenContexts: 60,
  /** Rows of nodes in its pictures of the last hour (0.6 KB each) while a picture a minute fits into them. */
  screenRecordRows: 40_000,
  /** And where none would: so many, a picture a minute of a thousand nodes. */
  maxScreenRecordRows: 60_000,
  /** Points of its charts over all nodes (0.1 KB each). */
  screenTracePoints: 60_000,
  /** Clients of a drained node get this long to go by themselves. */
  drainGraceMs: 10_000,
  /** And this long at most. */
  maxDrainGraceMs: 3_600_000,
  /** Voters of one Raft group. */
  maxVoters: 7,
  /** A learner that joined for a vote, or that a person names, gets it when it was caught up for so long. */
  learnerStableMs: 500,
  /**
   * A spare takes a dead voter's vote by itself when it was caught up for so long: nobody looked at it, and
   * one that falls behind again and again would be the next voter to miss.
   */
  spareStableMs: 10_000,
  /** Notifications waiting for one channel; a further one is a dead letter at once. */
  maxQueuedNotifications: 4096,
  /** Notifications under way on one channel, each of another incident; the others wait. */
  notificationsInFlight: 4,
  /** One HTTP exchange, or the opening of a mail connection; then it is tried again. */
  notificationTimeoutMs: 5000,
  /** One attempt whatever it does, a whole mail dialogue for example; then it is cut and tried again. */
  notificationAttemptMs: 30_000,
  /**
   * Ceiling of the wait after the first failed attempt; it doubles up to the second. The wait is drawn from 0
   * to the ceiling.
   */
  notificationBackoffMs: 1000,
  maxNotificationBackoffMs: 60_000,
  /** A notification not delivered this long after it was offered is a dead letter. */
  notificationGiveUpMs: 15 * 60_000,
  /** The longest wait that a receiver may ask for; what is beyond counts as this. */
  maxRetryAfterMs: 300_000,
  /** Bytes read of a receiver's answer; the rest is dropped with its connection. */
  maxReceiverAnswerBytes: 64 * 1024,
  /** Size of a file that holds a secret; a larger one holds something else. */
  maxSecretBytes: 16 * 1024,
} as const;
