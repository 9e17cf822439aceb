/** Planted bugs of votes, terms, roles and reads. */
import type { Mutant } from './mutant.ts';

const GOLDEN = 'suite:test/golden/raft/transcripts.test.ts';

export const ELECTIONS: readonly Mutant[] = [
  {
    id: 'vote-before-sync',
    sentence: 'A granted vote leaves before it is on disk.',
    edits: [
      {
        file: 'src/raft/election.ts',
        find: 'core.sendDurable(m.from, body, m.fromInstance);',
        replace: 'core.send(m.from, body, m.fromInstance);',
      },
    ],
    by: 'sim',
    row: 'B1',
  },
  {
    id: 'candidacy-before-sync',
    sentence: 'A candidate asks for votes before its own is on disk.',
    edits: [
      {
        file: 'src/raft/election.ts',
        find: "core.sendDurable(id, { kind: 'vote', last, reason });",
        replace: "core.send(id, { kind: 'vote', last, reason });",
      },
    ],
    by: 'sim',
  },
  {
    id: 'own-vote-before-sync',
    sentence: 'The own vote counts when it was written, not when it is durable.',
    edits: [
      {
        file: 'src/raft/roles.ts',
        find: 'core.voteToken = Number.POSITIVE_INFINITY;',
        replace: 'core.ballot.record(core.nodeId, true);',
      },
    ],
    by: GOLDEN,
    row: 'B2',
  },
  {
    id: 'vote-not-persisted',
    sentence: 'The term is written, the vote in it is not.',
    edits: [
      {
        file: 'src/raft/raft-consensus.ts',
        find: 'const hardState = changed ? { term, votedFor } : null;',
        replace: 'const hardState = changed ? { term, votedFor: null } : null;',
      },
    ],
    by: 'sim',
  },
  {
    id: 'term-not-persisted',
    sentence: 'A new term is written only together with a vote.',
    edits: [
      {
        file: 'src/raft/raft-consensus.ts',
        find: 'const changed = term !== core.persisted.term || votedFor !== core.persisted.votedFor;',
        replace: 'const changed = votedFor !== null && votedFor !== core.persisted.votedFor;',
      },
    ],
    by: 'sim',
  },
  {
    id: 'vote-cleared-in-same-term',
    sentence: 'Stepping back within a term takes back the vote given in it.',
    edits: [
      {
        file: 'src/raft/roles.ts',
        find: 'if (term > core.term) adoptTerm(core, term);',
        replace: 'if (term > core.term) adoptTerm(core, term);\n  else core.votedFor = null;',
      },
    ],
    by: 'sim',
    row: 'B6',
  },
  {
    id: 'two-votes-in-a-term',
    sentence: 'A voter gives its vote to whoever asks, also the second in a term.',
    edits: [
      {
        file: 'src/raft/election.ts',
        find: "else if (core.votedFor === null ? core.leaderId !== null : core.votedFor !== m.from) refusal = 'voted';\n",
        replace: '',
      },
    ],
    by: 'sim',
  },
  {
    id: 'vote-without-log-check',
    sentence: 'A voter elects a candidate whose log is behind its own.',
    edits: [
      {
        file: 'src/raft/election.ts',
        find: "refusal = 'voted';\n  else if (!core.log.isUpToDate(m.last)) refusal = 'log';",
        replace: "refusal = 'voted';",
      },
    ],
    by: 'sim',
  },
  {
    id: 'no-log-check-at-all',
    sentence: 'Neither pre-votes nor votes look at the log of a candidate.',
    edits: [
      {
        file: 'src/raft/raft-log-manager.ts',
        find: 'return comparePositions(position, this.last) >= 0;',
        replace: 'return comparePositions(position, position) >= 0;',
      },
    ],
    by: 'sim',
  },
  {
    id: 'log-check-by-length',
    sentence: 'The longer log wins an election, whatever the terms of the last entries.',
    edits: [
      {
        file: 'src/raft/raft-log-manager.ts',
        find: 'return comparePositions(position, this.last) >= 0;',
        replace: 'return position.index >= this.last.index;',
      },
    ],
    by: 'sim',
    row: 'B7',
  },
  {
    id: 'voter-asks-its-own-configuration',
    sentence: 'A node that its own configuration calls a learner votes for nobody.',
    edits: [
      {
        file: 'src/raft/election.ts',
        find: "if (!core.hasOwnIdentity() || core.log.isInstalling) refusal = 'not-ready';",
        replace: "if (!core.isCountedVoter() || core.log.isInstalling) refusal = 'not-ready';",
      },
    ],
    by: GOLDEN,
    row: 'B9',
  },
  {
    id: 'stale-votes-counted',
    sentence: 'Votes of an earlier term count in the election of this one.',
    edits: [
      {
        file: 'src/raft/raft-consensus.ts',
        find: "if (m.term < core.term) return;\n    if (m.kind === 'vote-response') {",
        replace: "if (m.kind === 'vote-response') {",
      },
    ],
    by: 'sim',
  },
  {
    id: 'joint-vote-by-one-half',
    sentence: 'In a joint configuration the majority of the new voters elects alone.',
    edits: [
      {
        file: 'src/raft/quorum.ts',
        find: "return incoming === 'won' && outgoing === 'won' ? 'won' : 'pending';",
        replace: 'return incoming;',
      },
    ],
    by: 'sim',
    row: 'B11',
  },
  {
    id: 'half-is-a-majority',
    sentence: 'Half of an even number of voters is a majority.',
    edits: [
      {
        file: 'src/raft/quorum.ts',
        find: 'return Math.floor(n / 2) + 1;',
        replace: 'return Math.ceil(n / 2);',
      },
    ],
    by: 'sim',
  },
  {
    id: 'wiped-disk-votes',
    sentence: 'A node with an empty disk votes and answers as the voter that it replaced.',
    edits: [
      {
        file: 'src/raft/core.ts',
        find: 'return self === undefined || self.instanceId === this.instanceId;',
        replace: 'return self === undefined || self.instanceId !== undefined;',
      },
      {
        file: 'src/raft/raft-consensus.ts',
        find: 'if (known === undefined || known.instanceId === m.fromInstance) return true;',
        replace: 'if (known === undefined || known.instanceId !== undefined) return true;',
      },
      {
        file: 'src/raft/raft-consensus.ts',
        find: "if (m.toInstance !== '' && m.toInstance !== core.instanceId) return false;\n",
        replace: '',
      },
      {
        file: 'src/raft/leader.ts',
        find: ' || peer.instanceId !== m.fromInstance) return null;',
        replace: ') return null;',
      },
    ],
    by: 'sim',
  },
  {
    id: 'read-without-round',
    sentence: 'A leader answers a read without asking whether it still leads.',
    edits: [
      {
        file: 'src/raft/leader.ts',
        find: 'leader.reads.confirm(quorumRound(core, leader))',
        replace: 'leader.reads.confirm(quorumRound(core, leader) + 1)',
      },
    ],
    by: 'suite:test/model/lock-step.test.ts',
  },
  {
    id: 'read-of-an-old-round',
    sentence: 'A read is confirmed by answers to a round that was sent before it was asked.',
    edits: [
      {
        file: 'src/raft/read-index.ts',
        find: 'this.#round = this.#broadcast + 1;',
        replace: 'this.#round = Math.max(1, this.#broadcast);',
      },
    ],
    by: 'sim',
    rules: ['Linearizability'],
  },
  {
    id: 'read-before-own-commit',
    sentence: 'A new leader answers reads before it has committed an entry of its own term.',
    edits: [
      {
        file: 'src/raft/leader.ts',
        find: 'const commit = core.log.commit >= leader.termStart ? core.log.commit : null;',
        replace: 'const { commit } = core.log;',
      },
    ],
    by: 'sim',
    row: 'B13',
    rules: ['Linearizability'],
  },
  {
    id: 'read-by-any-follower',
    sentence: 'The answer of one follower confirms a read, however many voters there are.',
    edits: [
      {
        file: 'src/raft/replication.ts',
        find: 'id === core.nodeId ? leader.reads.round : (leader.peers.get(id)?.ackedRound ?? 0),',
        replace:
          'id === core.nodeId ? leader.reads.round : Math.max(...[...leader.peers.values()].map((p) => p.ackedRound)),',
      },
    ],
    by: 'sim',
    row: 'B12',
    rules: ['Linearizability'],
  },
  {
    id: 'read-request-number-reused',
    sentence: 'A forwarded read takes the answer to an earlier one for its own.',
    edits: [
      {
        file: 'src/raft/follower.ts',
        find: 'const requestId = ++core.requestId;',
        replace: 'const requestId = core.requestId;',
      },
    ],
    by: 'sim',
    rules: ['Linearizability'],
  },
  {
    id: 'prevote-without-log-check',
    sentence: 'Pre-votes are granted to a candidate that could not win.',
    edits: [
      {
        file: 'src/raft/election.ts',
        find: "  if (!core.log.isUpToDate(m.last)) return 'log';\n  if (remainingLease",
        replace: '  if (remainingLease',
      },
    ],
    by: 'sim',
  },
  {
    id: 'prevote-without-lease',
    sentence: 'A voter that hears its leader grants pre-votes to others.',
    edits: [
      {
        file: 'src/raft/election.ts',
        find: "  if (remainingLease(core, m.from) > 0) return 'lease';\n",
        replace: '',
      },
    ],
    by: GOLDEN,
    row: 'B16',
  },
  {
    id: 'hint-outlives-heartbeat',
    sentence: 'Evidence that the leader is gone counts on although the leader was heard since.',
    edits: [
      {
        file: 'src/raft/election.ts',
        find: '  core.lastWord.heard(core.now);\n  core.leaseVoid = false;\n',
        replace: '  core.lastWord.heard(core.now);\n',
      },
    ],
    by: GOLDEN,
    row: 'A11',
  },
  {
    id: 'vote-without-stickiness',
    sentence: 'A voter that hears its leader follows any request of a newer term.',
    edits: [
      {
        file: 'src/raft/raft-consensus.ts',
        find: "if (m.reason !== 'transfer' && m.term > core.term && remainingLease(core, m.from) > 0) return;\n",
        replace: '',
      },
    ],
    by: 'suite:test/paper/raft.test.ts',
    row: 'B16',
  },
  {
    id: 'leader-without-quorum-leads-on',
    sentence: 'A leader that no majority answers goes on leading.',
    edits: [
      {
        file: 'src/raft/leader.ts',
        find: 'if (core.now >= silentAt(core, leader)) {',
        replace: 'if (core.now >= silentAt(core, leader) + 1e9) {',
      },
    ],
    by: GOLDEN,
    row: 'B19',
  },
  {
    id: 'timeout-now-without-log-check',
    sentence: 'The target of a hand-over stands although it lacks entries.',
    edits: [
      {
        file: 'src/raft/follower.ts',
        find: '  if (core.log.lastIndex < m.expectedLast.index || !core.log.matches(m.expectedLast)) return;\n',
        replace: '',
      },
    ],
    by: 'suite:test/unit/raft/raft-consensus.test.ts',
  },
  {
    id: 'lower-term-unanswered',
    sentence: 'A candidate of a lower term gets no answer and never learns the newer one.',
    edits: [
      {
        file: 'src/raft/election.ts',
        find: '  const refusal = preVoteRefusal(core, m);\n',
        replace: "  const refusal = preVoteRefusal(core, m);\n  if (refusal === 'term') return;\n",
      },
    ],
    by: GOLDEN,
    row: 'B17',
  },
  {
    id: 'stranded-peer-hears-nothing',
    sentence: 'A node in a higher term leaves the words of a leader in a lower one unanswered.',
    edits: [
      {
        file: 'src/raft/raft-consensus.ts',
        find: '      core.send(m.from, { ...body, round: 0, session }, m.fromInstance);\n      return;',
        replace: '      return body;',
      },
    ],
    by: GOLDEN,
    row: 'B18',
  },
];
