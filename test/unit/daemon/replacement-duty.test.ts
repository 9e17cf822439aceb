import { describe, expect, it } from 'vitest';
import { type ReplacementSources, replacementWords } from '../../../daemon/replacement-duty.ts';
import { NOW, record, threeNodes, token } from '../cluster/world.ts';

const POLICY = { replaceDeadVoterAfterMs: 60_000, minVoters: 3, replaceCooldownMs: 60_000 };
const LATE = NOW + 60_000;

/** n2 has been dead for a minute; n4 follows without a vote and has been caught up for so long. */
function words(caughtUpMs: number | null, role: 'leader' | 'follower' = 'leader'): string | null {
  const ledger = threeNodes();
  ledger.done({ kind: 'token-create', token: token('t', { role: 'observer' }) });
  ledger.done({ kind: 'node-admit', node: record('n4', { suffrage: 'observer' }), tokenId: 't' });
  ledger.done({ kind: 'node-liveness', nodeId: 'n2', liveness: 'dead', by: ['n1'], cause: 'test' });
  const member = (nodeId: string) => ({ nodeId, instanceId: nodeId, address: `${nodeId}:1` });
  const sources = {
    raft: {
      role,
      membership: {
        voters: ['n1', 'n2', 'n3'].map(member),
        ...{ outgoing: [], learners: [member('n4')], learnersNext: [] },
      },
      membershipCommitted: true,
      peers: [{ nodeId: 'n4', caughtUpMs }],
    },
    memberOf: (nodeId: string) => ({
      liveness: nodeId === 'n2' ? 'dead' : 'alive',
      digest: { health: 'HEALTHY' },
    }),
  };
  return replacementWords(ledger.cluster, POLICY, sources as unknown as ReplacementSources, LATE);
}

describe('replacementWords', () => {
  it('lets a spare take a dead voter’s vote that has been caught up for ten seconds, none before', () => {
    expect(words(10_000)).toBe('n4 takes the vote of n2');
    expect(words(9999)).toMatch(
      /^n2 keeps its vote for now: no spare is ready: n4 is caught up for .* of 10s$/,
    );
    expect(words(null)).toBe('n2 keeps its vote for now: no spare is ready: n4 has not caught up');
  });

  it('is asked of followers too, who do not know how far a spare is', () => {
    expect(words(null, 'follower')).toBe('n4 takes the vote of n2 when it has caught up');
  });
});
