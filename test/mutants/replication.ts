/** Planted bugs of replication, commits, memberships, snapshots, and of what is applied. */
import type { Mutant } from './mutant.ts';

const GOLDEN = 'suite:test/golden/raft/transcripts.test.ts';

export const REPLICATION: readonly Mutant[] = [
  {
    id: 'commit-of-an-earlier-term',
    sentence: 'A leader commits an entry of an earlier term because a majority holds it (figure 8).',
    edits: [
      {
        file: 'src/raft/replication.ts',
        find: ' || log.term(index) !== core.term) return false;',
        replace: ') return false;',
      },
    ],
    by: 'sim',
    row: 'B4',
  },
  {
    id: 'own-copy-before-sync',
    sentence: 'The leader counts its own copy of an entry before its disk has it.',
    edits: [
      {
        file: 'src/raft/replication.ts',
        find: 'id === core.nodeId ? log.durable : (leader.peers.get(id)?.match ?? 0),',
        replace: 'id === core.nodeId ? log.lastIndex : (leader.peers.get(id)?.match ?? 0),',
      },
    ],
    by: 'sim',
  },
  {
    id: 'append-acknowledged-before-sync',
    sentence: 'A follower acknowledges entries before its disk has them.',
    edits: [
      {
        file: 'src/raft/follower.ts',
        find: '  core.sendDurable(m.from, body, m.fromInstance);\n',
        replace: '  core.send(m.from, body, m.fromInstance);\n',
      },
    ],
    by: 'sim',
  },
  {
    id: 'commit-beyond-the-match',
    sentence: 'A follower commits as far as the leader says, whatever its own log holds there.',
    edits: [
      {
        file: 'src/raft/follower.ts',
        find: 'core.log.commitTo(Math.min(commit, core.matched))',
        replace: 'core.log.commitTo(Math.min(commit, core.log.lastIndex))',
      },
    ],
    by: 'sim',
    row: 'B5',
  },
  {
    id: 'commit-beyond-the-log',
    sentence: 'A follower commits as far as the leader says, also behind the end of its own log.',
    edits: [
      {
        file: 'src/raft/follower.ts',
        find: 'core.log.commitTo(Math.min(commit, core.matched))',
        replace: 'core.log.commitTo(commit > core.log.lastIndex ? commit : Math.min(commit, core.matched))',
      },
    ],
    by: 'suite:test/paper/raft.test.ts',
    row: 'B29',
  },
  {
    id: 'match-of-an-earlier-term',
    sentence: 'What matched the leader of the last term is taken to match the new one.',
    edits: [
      {
        file: 'src/raft/roles.ts',
        find: '  core.supported.clear();\n  core.matched = 0;',
        replace: '  core.supported.clear();',
      },
    ],
    by: 'sim',
    row: 'B5',
  },
  {
    id: 'append-without-previous-term',
    sentence: 'An append fits wherever the log is long enough.',
    edits: [
      {
        file: 'src/raft/raft-log-manager.ts',
        find: 'if (!this.matches(slice.prev)) return null;',
        replace: 'if (slice.prev.index > this.lastIndex) return null;',
      },
    ],
    by: 'suite:test/paper/raft.test.ts',
  },
  {
    id: 'old-append-truncates',
    sentence: 'An append removes all that lies behind it, also when it is old and agrees.',
    edits: [
      {
        file: 'src/raft/raft-log-manager.ts',
        find: 'const conflict = slice.entries.findIndex((entry) => this.term(entry.index) !== entry.term);',
        replace: 'const conflict = slice.entries.length === 0 ? -1 : 0;',
      },
    ],
    by: 'sim',
    row: 'B3',
  },
  {
    id: 'late-acknowledgement-vouches',
    sentence: 'The late acknowledgement of an overwritten entry vouches for what took its place.',
    edits: [
      {
        file: 'src/raft/raft-log-manager.ts',
        find: '    for (const write of this.#writes) write.last = Math.min(write.last, last);\n',
        replace: '',
      },
    ],
    by: 'suite:test/unit/raft/raft-log-manager.test.ts',
  },
  {
    id: 'acknowledgement-of-another-session',
    sentence: 'Acknowledgements of an earlier term and session move the match of this one.',
    edits: [
      {
        file: 'src/raft/raft-consensus.ts',
        find: "if (m.term < core.term) return;\n    if (m.kind === 'vote-response') {",
        replace:
          "if (m.term < core.term && m.kind !== 'append-response') return;\n    if (m.kind === 'vote-response') {",
      },
      {
        file: 'src/raft/leader.ts',
        find: 'peer === undefined || peer.session !== m.session ||',
        replace: 'peer === undefined ||',
      },
    ],
    by: 'suite:test/unit/raft/raft-consensus.test.ts',
    row: 'B28',
  },
  {
    id: 'refusal-taken-for-a-match',
    sentence: 'The hint of a refused append counts as what the follower holds.',
    edits: [
      {
        file: 'src/raft/leader.ts',
        find: 'peer.reject(m.index, hint.index);',
        replace: 'peer.accept(hint.index, core.log.firstIndex);',
      },
    ],
    by: 'sim',
  },
  {
    id: 'joint-commit-by-one-half',
    sentence: 'In a joint configuration the majority of the new voters commits alone.',
    edits: [
      {
        file: 'src/raft/quorum.ts',
        find: 'return Math.min(majorityValue(electorate.voters, measure), majorityValue(electorate.outgoing, measure));',
        replace: 'return majorityValue(electorate.voters, measure);',
      },
    ],
    by: 'sim',
    row: 'B11',
  },
  {
    id: 'learner-counted',
    sentence: 'The copies of learners count for a commit.',
    edits: [
      {
        file: 'src/raft/replication.ts',
        find: 'const index = quorumValue(core.membership, (id) =>\n    id === core.nodeId ? log.durable',
        replace:
          'const { voters, learners, outgoing } = core.membership;\n  const index = quorumValue({ voters: [...voters, ...learners], outgoing }, (id) =>\n    id === core.nodeId ? log.durable',
      },
    ],
    by: 'sim',
  },
  {
    id: 'membership-in-force-when-committed',
    sentence: 'A configuration is in force when it is committed, not when it is appended.',
    edits: [
      {
        file: 'src/raft/core.ts',
        find: 'return this.configs.latest().membership;',
        replace: 'return this.configs.committed().membership;',
      },
    ],
    by: 'sim',
  },
  {
    id: 'membership-not-rolled-back',
    sentence: 'A configuration whose entry was cut from the log stays in force.',
    edits: [
      {
        file: 'src/raft/follower.ts',
        find: 'changed = core.configs.truncate(merged.cutAt);',
        replace: 'changed = core.configs.isSettled();',
      },
    ],
    by: GOLDEN,
  },
  {
    id: 'voters-change-at-once',
    sentence: 'Voters change in one entry, and before the leader has committed in its term.',
    edits: [
      {
        file: 'src/raft/membership.ts',
        find: "return ready({ voters, outgoing: m.voters, learners: m.learners, learnersNext: [] });\n    }\n    case 'replace'",
        replace:
          "return ready({ voters, outgoing: [], learners: m.learners, learnersNext: [] });\n    }\n    case 'replace'",
      },
      {
        file: 'src/raft/membership.ts',
        find: 'outgoing: m.voters,\n        learners: without(m.learners, change.nodeId),',
        replace: 'outgoing: [],\n        learners: without(m.learners, change.nodeId),',
      },
      {
        file: 'src/raft/leader.ts',
        find: 'return core.log.commit >= leader.termStart && core.configs.isSettled() && !isJoint(core.membership);',
        replace: 'return leader.termStart > 0 && !isJoint(core.membership);',
      },
    ],
    by: 'sim',
    row: 'B8',
  },
  {
    id: 'change-before-own-commit',
    sentence: 'A leader takes a change of membership before it has committed in its term.',
    edits: [
      {
        file: 'src/raft/leader.ts',
        find: 'return core.log.commit >= leader.termStart && core.configs.isSettled()',
        replace: 'return leader.termStart > 0 && core.configs.isSettled()',
      },
    ],
    by: GOLDEN,
    row: 'B8',
  },
  {
    id: 'second-change-before-commit',
    sentence: 'A leader takes a change of membership while the last one is not committed.',
    edits: [
      {
        file: 'src/raft/leader.ts',
        find: 'core.configs.isSettled() && !isJoint(core.membership);',
        replace: '!isJoint(core.membership);',
      },
    ],
    by: GOLDEN,
    row: 'B35',
  },
  {
    id: 'replacement-at-once',
    sentence: 'A learner takes the place of a voter in one entry, with no joint configuration between.',
    edits: [
      {
        file: 'src/raft/membership.ts',
        find: 'incoming],\n    outgoing: m.voters,',
        replace: 'incoming],\n    outgoing: [],',
      },
    ],
    by: 'suite:test/model/lock-step.test.ts',
    row: 'A13',
  },
  {
    id: 'replaced-voter-is-gone',
    sentence: 'A voter that is replaced and was to stay is no learner then, but nobody.',
    edits: [
      {
        file: 'src/raft/membership.ts',
        find: 'learnersNext: change.stays ? [outgoing] : [],',
        replace: 'learnersNext: change.stays ? [] : [],',
      },
    ],
    by: 'suite:test/unit/raft/membership.test.ts',
    row: 'A3',
  },
  {
    id: 'removed-leader-leads-on',
    sentence: 'A leader whose removal is committed goes on leading.',
    edits: [
      {
        file: 'src/raft/leader.ts',
        find: "becomeFollower(core, core.term, null, 'no longer a voter');",
        replace: 'return;',
      },
    ],
    by: GOLDEN,
    row: 'B10',
  },
  {
    id: 'snapshot-beside-a-conflict',
    sentence: 'A snapshot that meets another entry at its place commits that entry.',
    edits: [
      {
        file: 'src/raft/follower.ts',
        find: 'if (log.matches(meta)) {',
        replace: 'if (meta.index <= log.lastIndex) {',
      },
    ],
    by: GOLDEN,
    row: 'B20',
  },
  {
    id: 'covered-snapshot-cuts-the-tail',
    sentence: 'A snapshot of what the log holds already replaces the log, with all that follows it.',
    edits: [
      {
        file: 'src/raft/follower.ts',
        find: 'if (log.matches(meta)) {',
        replace: 'if (log.matches(meta) && log.lastIndex === meta.index) {',
      },
    ],
    by: GOLDEN,
    row: 'B21',
  },
  {
    id: 'snapshot-keeps-the-membership',
    sentence: 'Installing a snapshot leaves the memberships of the replaced log in force.',
    edits: [
      {
        file: 'src/raft/follower.ts',
        find: '      core.configs.reset({ index: meta.membershipIndex, membership: meta.membership });\n',
        replace: '',
      },
    ],
    by: GOLDEN,
    row: 'B20',
  },
  {
    id: 'old-log-read-while-replaced',
    sentence: 'The state machine goes on with the old log while a snapshot replaces it.',
    edits: [
      {
        file: 'src/raft/raft-log-manager.ts',
        find: 'if (this.#isReplacing() || high <= this.#applying || room <= 0) return [];',
        replace: 'if (this.#install !== null || high <= this.#applying || room <= 0) return [];',
      },
    ],
    by: 'sim',
  },
  {
    id: 'applied-ahead-at-start',
    sentence: 'At start everything that a snapshot covers is taken for applied.',
    edits: [
      {
        file: 'src/raft/raft-log-manager.ts',
        find: '    this.#applying = appliedIndex;\n',
        replace: '    this.#applying = this.#commit;\n',
      },
    ],
    by: 'suite:test/unit/raft/raft-log-manager.test.ts',
    row: 'B24',
  },
  {
    id: 'apply-before-sync',
    sentence: 'An entry is applied when it is committed, though the own disk does not have it.',
    edits: [
      {
        file: 'src/raft/raft-log-manager.ts',
        find: 'const high = Math.min(this.#commit, this.#durable);',
        replace: 'const high = this.#commit;',
      },
    ],
    by: 'sim',
  },
  {
    id: 'compacted-before-applied',
    sentence: 'The log is cut behind a snapshot as far as it reaches, whoever still needs it.',
    edits: [
      {
        file: 'src/raft/raft-log-manager.ts',
        find: 'const safe = Math.min(upTo, meta.index, this.#applied);',
        replace: 'const safe = Math.max(upTo, this.#durable);',
      },
    ],
    by: 'sim',
  },
];
