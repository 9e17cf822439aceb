/**
 * Bugs of the system, each a replacement in the text of its sources, and the run that
 * has to find it. None of them is far-fetched: each has been in some system that was
 * sold as consistent.
 */

export interface Edit {
  readonly file: string;
  /** Occurs exactly once. */
  readonly from: string;
  readonly to: string;
}

export interface Bug {
  readonly name: string;
  /** What is wrong. */
  readonly why: string;
  /** Workload and nemesis that show it. */
  readonly workload: string;
  readonly nemesis: string;
  readonly edits: readonly Edit[];
}

/** An acknowledgement as soon as the leader has the entry in its own memory. */
const EARLY_RESULT = `for (const result of results) {
      if ((result.kind as string) === 'accepted') {
        const { index, term } = (result as never as { position: { index: number; term: number } }).position;
        const value = { version: index, term, timestamp: Date.now(), deleted: true };
        this.#take(result.id)?.settle({ proposalId: result.id, index, result: { ok: true, value } });
        continue;
      }
      const code =`;

export const BUGS: readonly Bug[] = [
  {
    name: 'reply-before-commit',
    why: 'a write is acknowledged when the leader has it in memory',
    workload: 'register',
    nemesis: 'kill',
    edits: [
      {
        file: 'daemon/consensus-host.ts',
        from: "const refused = results.filter((r) => r.kind === 'refused');",
        to: 'const refused = results as never[];',
      },
      {
        file: 'daemon/proposals.ts',
        from: `for (const result of results) {
      const code =`,
        to: EARLY_RESULT,
      },
    ],
  },
  {
    name: 'read-without-barrier',
    why: 'a linearizable read is answered from whatever the node has',
    workload: 'register',
    nemesis: 'none',
    edits: [
      {
        file: 'daemon/reads.ts',
        from: 'const index = await this.#consensus.readBarrier(limit);',
        to: 'const index = 0 * limit;',
      },
    ],
  },
  {
    name: 'barrier-without-waiting',
    why: 'a read asks for its index and does not wait until it is applied here',
    workload: 'register',
    nemesis: 'none',
    edits: [
      {
        file: 'daemon/reads.ts',
        from: 'await this.#readable(index, Math.max(1, timeoutMs - (performance.now() - began)));',
        to: 'await Promise.resolve(index + timeoutMs + began);',
      },
    ],
  },
  {
    name: 'shared-read-index',
    why: 'a read joins a round that began before it: the id of a ReadIndex request is used again',
    workload: 'register',
    nemesis: 'pause',
    edits: [
      {
        file: 'daemon/consensus-link.ts',
        from: `    this.#barrierBatch.push(barrier);
    this.#readGatherer.came(0);`,
        to: `    const open = [...this.#barriers.values()].at(-1);
    if (open !== undefined) {
      open.push(barrier);
      return;
    }
    this.#barrierBatch.push(barrier);
    this.#readGatherer.came(0);`,
      },
    ],
  },
  {
    name: 'sql-read-without-barrier',
    why: 'SQL queries read the own state at once, key-values do not',
    workload: 'append',
    nemesis: 'none',
    edits: [
      {
        file: 'daemon/sql-service.ts',
        from: `const read = await context.reads.prepare(readWish(request.level, request.min_index), call.remainingMs());
  const timeoutMs`,
        to: `readWish(request.level, request.min_index);
  const read = context.reads.info('quorum');
  const timeoutMs`,
      },
    ],
  },
  {
    name: 'condition-not-checked',
    why: 'compare and set writes whatever the version is',
    workload: 'cas',
    nemesis: 'none',
    edits: [
      {
        file: 'src/state/kv.ts',
        from: 'if (command.ifVersion !== current)',
        to: 'if (command.ifVersion > Number.MAX_SAFE_INTEGER + current)',
      },
    ],
  },
  {
    name: 'check-then-act',
    why: 'a condition is compared with the leader’s state before the write enters the log, not when it is applied',
    workload: 'cas',
    nemesis: 'none',
    edits: [
      {
        file: 'daemon/routes/data.ts',
        from: `    kind: 'kv-put',
    key,
    value,
    ifVersion: ifMatch(call.headers['if-match']),
  });`,
        to: `    kind: 'kv-put',
    key,
    value,
    ifVersion: checkedNow(context, key, ifMatch(call.headers['if-match'])),
  });`,
      },
      {
        file: 'daemon/routes/data.ts',
        from: 'export async function putKey(',
        to: `function checkedNow(context: NodeContext, key: string, wanted: number | null): null {
  const version = context.reader.get(key).item?.version ?? 0;
  if (wanted !== null && wanted !== version)
    throw new SqlccError('precondition_failed', 'changed', { details: { version } });
  return null;
}

export async function putKey(`,
      },
    ],
  },
  {
    name: 'read-skew',
    why: 'a batch reads key after key and calls it one revision',
    workload: 'register',
    nemesis: 'none',
    edits: [
      {
        file: 'daemon/routes/data.ts',
        from: 'const found = await inTurn(context, call, () => context.reader.batch(body.keys, LIMITS.maxListBytes));',
        to: `const parts = [];
  for (const key of body.keys) {
    parts.push(context.reader.batch([key], LIMITS.maxListBytes));
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  const items = parts.flatMap((part) => part.items);
  const { appliedIndex = 0 } = parts.at(-1) ?? {};
  const found = { items, appliedIndex, truncated: false, asked: body.keys.length };`,
      },
    ],
  },
  {
    name: 'double-apply',
    why: 'the cluster does not recognise a write that is sent again',
    workload: 'append',
    nemesis: 'kill',
    edits: [
      {
        file: 'src/state/state-store.ts',
        from: 'if (answered !== null) return answered;',
        to: 'if (answered !== null && answered.ok === false) return answered;',
      },
      {
        file: 'src/state/sessions.ts',
        from: "store.own('INSERT INTO _sqlcc_replies VALUES (?, ?, ?)')",
        to: "store.own('REPLACE INTO _sqlcc_replies VALUES (?, ?, ?)')",
      },
    ],
  },
  {
    name: 'watch-skips',
    why: 'a watcher does not get the change whose version is right behind the one before it',
    workload: 'watch',
    nemesis: 'none',
    edits: [
      {
        file: 'daemon/key-watch.ts',
        from: 'if (change.version <= position.version) continue;',
        to: 'if (change.version <= position.version + 1) continue;',
      },
    ],
  },
  {
    name: 'watch-resumes-late',
    why: 'a watch that is resumed behind a version begins with what is new now',
    workload: 'watch',
    nemesis: 'kill',
    edits: [
      {
        file: 'daemon/routes/streams.ts',
        from: 'const position: KeyPosition = { selector, version: after };',
        to: 'const position: KeyPosition = { selector, version: Math.max(after, keys.appliedIndex) };',
      },
    ],
  },
  {
    name: 'watch-before-page',
    why: 'the first change of each page comes twice',
    workload: 'watch',
    nemesis: 'none',
    edits: [
      {
        file: 'daemon/routes/streams.ts',
        from: 'return { lines: changes.map(watchLine), ended: false };',
        to: 'return { lines: [...changes.slice(0, 1), ...changes].map(watchLine), ended: false };',
      },
    ],
  },
  {
    name: 'commit-without-quorum',
    why: 'one copy, the leader’s own, commits an entry',
    workload: 'register',
    nemesis: 'partition',
    edits: [
      {
        file: 'src/raft/replication.ts',
        from: `const index = quorumValue(core.membership, (id) =>
    id === core.nodeId ? log.durable : (leader.peers.get(id)?.match ?? 0),
  );`,
        to: `const index = Math.max(
    log.durable,
    quorumValue(core.membership, (id) => leader.peers.get(id)?.match ?? 0),
  );`,
      },
    ],
  },
  {
    name: 'write-behind-log',
    why: 'the log acknowledges at once and writes every 200 ms',
    workload: 'register',
    nemesis: 'kill-all',
    edits: [
      {
        file: 'src/wal/wal.ts',
        from: `    batch.acks.push(ack);
    this.#flush();`,
        to: `    this.#options.schedule(ack);
    setTimeout(() => this.#flush(), 200);`,
      },
    ],
  },
  {
    name: 'refused-though-committed',
    why: 'writes that wait when the quorum is lost are said not to have happened',
    workload: 'register',
    // where others still have a leader the client asks them, and gives the call up before it is refused
    nemesis: 'apart',
    edits: [
      {
        file: 'daemon/proposals.ts',
        from: "this.#reject(id, new SqlccError('outcome_unknown', reason));",
        to: "this.#reject(id, new SqlccError('no_leader', reason));",
      },
    ],
  },
  {
    name: 'self-confident-leader',
    why: 'a leader that nobody answers goes on leading, and confirms reads by itself',
    workload: 'register',
    nemesis: 'partition',
    edits: [
      {
        file: 'src/raft/leader.ts',
        from: 'if (core.now >= silentAt(core, leader)) {',
        to: 'if (core.now >= silentAt(core, leader) + 1000 * core.electionTimeoutMs) {',
      },
      {
        file: 'src/raft/leader.ts',
        from: 'for (const read of leader.reads.confirm(quorumRound(core, leader))) {',
        to: 'for (const read of leader.reads.confirm(leader.reads.round + 0 * quorumRound(core, leader))) {',
      },
    ],
  },
];
